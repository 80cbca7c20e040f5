"""Open a page that asks for a secret in the browser, and keep the secret from others on this machine."""

from __future__ import annotations

import secrets
import time
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from threading import Lock, Thread

WAIT_S = 120.0  # for the browser, which may be slow to start


def open_once(address: str) -> None:
    """Open an address in the browser, which is told it by a server that answers once.

    What a browser is started with, everybody on the machine can read.

    Args:
        address: with its secret.
    """
    ticket = f"/{secrets.token_urlsafe()}"
    told = Lock()  # is taken by who is told
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering_once(ticket, address, told))
    thread = Thread(target=_serve, args=(server, told), daemon=True)
    thread.start()  # before: browsers of terminals run in the call that opens them
    webbrowser.open(f"http://127.0.0.1:{server.server_port}{ticket}")


def _serve(server: HTTPServer, told: Lock) -> None:
    server.timeout, deadline = 1.0, time.monotonic() + WAIT_S
    with server:
        while time.monotonic() < deadline and not told.locked():
            server.handle_request()


def _answering_once(ticket: str, address: str, told: Lock) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Sends who knows the ticket to the address."""

        def do_GET(self) -> None:
            if self.path != ticket or not told.acquire(blocking=False):
                self.send_error(404)
                return
            self.send_response(302)
            self.send_header("Location", address)
            self.send_header("Cache-Control", "no-store")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: what is printed is for people."""

    return Handler

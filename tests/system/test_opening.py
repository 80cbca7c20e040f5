import http.client
import socket
from urllib.parse import urlsplit

import pytest

from vidcolor_utils.system import opening

SECRET = "http://127.0.0.1:8866/?token=secret"


def answer(address: str) -> tuple[int, str | None]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", parts.path)
    response = connection.getresponse()
    return response.status, response.getheader("Location")


def test_a_browser_is_told_the_secret_once_and_not_started_with_it(monkeypatch):
    opened = []

    def browser(address):
        """One in a terminal: it works while it is opened."""
        opened.append(address)
        opened.append(answer(address + "x"))
        opened.append(answer(address))

    monkeypatch.setattr(opening.webbrowser, "open", browser)
    opening.open_once(SECRET)
    address, other, first = opened
    assert "secret" not in address and other == (404, None) and first == (302, SECRET)
    with pytest.raises(OSError):
        for _ in range(20):  # up to the end of its server
            assert answer(address) == (404, None)


def test_a_connection_on_which_nothing_is_asked_keeps_nobody_waiting(monkeypatch):
    answers = []

    def browser(address):
        """One that opens connections ahead, and asks on the second."""
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname, parts.port), timeout=10):
            answers.append(answer(address))

    monkeypatch.setattr(opening.webbrowser, "open", browser)
    opening.open_once(SECRET)
    assert answers == [(302, SECRET)]


def test_a_browser_that_never_comes_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(opening, "WAIT_S", 0.0)
    opened = []
    monkeypatch.setattr(opening.webbrowser, "open", opened.append)
    opening.open_once(SECRET)
    with pytest.raises(OSError):
        for _ in range(20):
            answer(opened[0])

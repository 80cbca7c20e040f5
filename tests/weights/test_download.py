"""Downloads from a server on this machine: whole, gone on with, redirected, broken."""

from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from vidcolor_utils.weights.download import NetworkError, download

CONTENT = bytes(range(256)) * 4


class Server(BaseHTTPRequestHandler):
    """`/file` honours ranges, `/whole` does not, `/short` promises more than it sends."""

    def do_GET(self):
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://example.invalid/file")
            self.end_headers()
        elif self.path == "/none":
            self.send_error(404)
        elif self.path == "/file" and start >= len(CONTENT):
            self.send_error(416)
        else:
            ranged = self.path == "/file" and start > 0
            body = CONTENT[start:] if ranged else CONTENT
            self.send_response(206 if ranged else 200)
            self.send_header("Content-Length", str(len(body) + (self.path == "/short")))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def address():
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetched(url, part):
    told = []
    download(url, part, writing=lambda path: nullcontext(), progress=lambda *step: told.append(step))
    return part.read_bytes(), told


@pytest.mark.parametrize(("path", "have"), [("file", 0), ("file", 100), ("whole", 100)])
def test_a_file_is_whole_whatever_was_there_of_it(address, tmp_path, path, have):
    part = tmp_path / "part"
    part.write_bytes(CONTENT[:have])
    content, told = fetched(f"{address}/{path}", part)
    assert content == CONTENT and told[-1] == (1024, 1024)


def test_what_is_complete_stays(address, tmp_path):
    (tmp_path / "part").write_bytes(CONTENT)
    assert fetched(f"{address}/file", tmp_path / "part") == (CONTENT, [])


@pytest.mark.parametrize(
    ("path", "said"), [("none", "404"), ("away", "only https"), ("short", "broke after 1024 of 1025 bytes")]
)
def test_what_goes_wrong_is_said_in_a_few_words(address, tmp_path, path, said):
    with pytest.raises(NetworkError, match=said):
        fetched(f"{address}/{path}", tmp_path / "part")


def test_only_https_beyond_this_machine(tmp_path):
    for url in ("http://example.invalid/file", "file:///etc/hostname", "ftp://example.invalid/file"):
        with pytest.raises(NetworkError, match="only https"):
            fetched(url, tmp_path / "part")

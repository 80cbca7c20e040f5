"""Download a file over https, going on from what is there of it."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any

from vidcolor_utils.system.errors import VidcolorError
from vidcolor_utils.system.progress import Progress

TIMEOUT_S = 30  # of silence
CHUNK_BYTES = 1 << 18
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")

Writing = Callable[[Path], AbstractContextManager[None]]  # turns what goes wrong with the file into an error


class NetworkError(VidcolorError):
    """A download failed; the message says how, in a few words."""


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where `_check_url` allows."""

    def redirect_request(self, *answer: Any) -> urllib.request.Request | None:
        *_, url = answer
        _check_url(url)
        return super().redirect_request(*answer)


def _check_url(url: str) -> None:
    """Allow https; http only within this machine, where nobody can listen in."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS):
        raise NetworkError("only https is allowed")


def download(url: str, part: Path, *, writing: Writing, progress: Progress) -> None:
    """Append to `part` what is missing of it, as far as file sizes can tell.

    Args:
        url: https.
        part: the file.
        writing: wraps whatever is done to `part`.
        progress: called with the bytes that are there and, if known, how many there will be.

    Raises:
        NetworkError: if it cannot be fetched.
    """
    _check_url(url)
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "vidcolor"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with urllib.request.build_opener(_SafeRedirects).open(request, timeout=TIMEOUT_S) as response:
            _receive(response, part, have, writing, progress)
    except urllib.error.HTTPError as error:
        if not have or error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise NetworkError(f"the server answers {error.code} {error.reason}") from None
        # There is nothing behind what we have: it is complete, or wrong, and its checksum will tell.
    except urllib.error.URLError as error:
        raise NetworkError(getattr(error.reason, "strerror", None) or str(error.reason)) from None
    except (OSError, http.client.HTTPException) as error:
        raise NetworkError(str(error) or type(error).__name__) from None


def _receive(
    response: http.client.HTTPResponse,
    part: Path,
    have: int,
    writing: Writing,
    progress: Progress,
) -> None:
    if response.status != http.client.PARTIAL_CONTENT:
        have = 0  # the server sends all of it, asked or not
    length = response.headers.get("Content-Length")
    total = have + int(length) if length and length.isdecimal() else None
    with _opened(part, "ab" if have else "wb", writing) as file:
        while chunk := response.read(CHUNK_BYTES):
            with writing(part):
                file.write(chunk)
            have += len(chunk)
            progress(have, total)
    if total is not None and have < total:
        raise NetworkError(f"the connection broke after {have} of {total} bytes; try again to go on from there")


@contextmanager
def _opened(path: Path, mode: str, writing: Writing) -> Iterator[IO[bytes]]:
    with writing(path):
        file = path.open(mode)
    try:
        yield file
    finally:
        with writing(path):
            file.close()

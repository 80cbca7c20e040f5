"""Outputs that are either complete or not there, and what else is done with files as such.

Locks on them, walks over folders, what is hidden there, and the sha256 of a file, alone or beside it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO

from vidcolor_utils.system.errors import BusyError, InputError, OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

REMOVED_WHILE_HELD = fcntl is not None  # Windows removes no open file
MOST_TRIES = 10  # to hold a file that others remove meanwhile, or whose file system numbers it anew each time
LONGEST_NAME = 255  # bytes, of one name on the file systems in use


@contextmanager
def writing(path: str | Path, *, advice: str = "") -> Iterator[None]:
    """Turn what the system says when `path` cannot be written into an `OutputError`, with `advice` at its end."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}){advice}") from None


@contextmanager
def finished_file(
    path: str | Path, *, source: str | Path | None = None, shown: str | Path | None = None
) -> Iterator[Path]:
    """Give a path beside `path` to write to, and rename it to `path` when the block ends well.

    If the block raises, or is interrupted, what was written is removed and `path` stays as it was.

    Args:
        path: the output.
        source: the input it is made from, which must be another file.
        shown: how messages call the output, if not by its path.

    Raises:
        InputError: if `path` is `source`.
        OutputError: if the folder of `path` is missing or not writable, or the rename fails.
    """
    path = followed(path)
    check_target(path, source)
    part = hidden_beside(path, path.stem, f".part-{os.getpid()}{path.suffix}")
    try:
        yield part
        with writing(shown or path):
            os.replace(part, path)
    finally:
        with suppress(OSError):  # what went wrong before is what counts
            part.unlink()


def followed(path: str | Path) -> Path:
    """A path, or the file that it leads to if it is a link: that is what is written, and the link stays."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else Path(path)


def is_same_file(first: str | Path, second: str | Path) -> bool:
    """Tell whether two paths lead to one file; what is not there is none."""
    return os.path.exists(first) and os.path.exists(second) and os.path.samefile(first, second)


def hold(path: Path) -> IO[bytes]:
    """Open a file that one process at a time may hold: until it closes it, or ends in whatever way.

    Where the system or the file system knows no such locks (POSIX), everybody may.

    Raises:
        BlockingIOError: if another one holds it.
        OSError: if it cannot be opened.
    """
    for tries in count(1):
        file = path.open("ab")
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise
        except OSError:
            pass
        if fcntl is None or _leads_to(path, file) or tries == MOST_TRIES:
            break
        file.close()  # whoever held it has removed it meanwhile: the next one would hold another file
    return file


@contextmanager
def alone(lock: Path, *, shown: Path) -> Iterator[None]:
    """Keep other runs off a place, by a file that is there for as long as the block runs.

    Args:
        lock: the file.
        shown: how messages call the place.

    Raises:
        BusyError: if another run is at work there.
        OutputError: if the file cannot be written.
    """
    with writing(shown):
        try:
            held = hold(lock)
        except BlockingIOError:
            raise BusyError(f"{shown}: another run is at work there: wait for it, or end it") from None
    try:
        with held:
            try:
                yield
            finally:
                if REMOVED_WHILE_HELD:  # so that it is nobody else's
                    _discard(lock)
    finally:
        if not REMOVED_WHILE_HELD:
            _discard(lock)


def _discard(lock: Path) -> None:
    with suppress(OSError):  # what went wrong before is what counts
        lock.unlink()


def _leads_to(path: Path, file: IO[bytes]) -> bool:
    with suppress(OSError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False


def hidden_beside(path: Path, name: str, ending: str) -> Path:
    """A hidden path beside `path` for what is on its way to become it: a dot, the name, and the ending.

    A name that file systems would not take with all that is cut, and told from others by a part of its hash.
    """
    room = LONGEST_NAME - len(os.fsencode(f".{ending}"))
    if len(os.fsencode(name)) > room:
        mark = f"~{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
        name = os.fsencode(name)[: room - len(mark)].decode(errors="ignore") + mark
    return path.with_name(f".{name}{ending}")


def files_below(folder: Path, *, but: Path | None = None) -> Iterator[Path]:
    """Yield the files of a folder and of those below it, each folder once, wherever links lead; none is hidden.

    Args:
        folder: where to look.
        but: a folder that is passed over, with all that lies in it, unless `folder` does.
    """
    seen = set[Path]()
    own = but.resolve() if but and not folder.resolve().is_relative_to(but.resolve()) else None
    for name, folders, names in os.walk(folder, followlinks=True, onerror=_tell_passed_over):
        here, place = Path(name), Path(name).resolve()
        if place in seen or (own and place.is_relative_to(own)):
            folders.clear()
            continue
        seen.add(place)
        visible = (each for each in folders if not is_hidden(here / each))
        folders[:] = sorted(visible, key=lambda each: ((here / each).is_symlink(), each))
        yield from (here / each for each in names if not is_hidden(here / each))


def _tell_passed_over(error: OSError) -> None:
    log.warning("%s: passed over: %s", error.filename, error.strerror)


def is_hidden(path: Path) -> bool:
    """Tell by its name whether a file is not for users: what is on its way, or what macOS lays beside a file."""
    return path.name.startswith(".")


def write_json(
    path: str | Path,
    content: Mapping,
    *,
    indent: int | None = 2,
    sort_keys: bool = False,
    shown: str | Path | None = None,
) -> None:
    """Write a JSON file that appears complete or not at all; `shown` and errors are those of `finished_file`."""
    with finished_file(path, shown=shown) as part, writing(shown or path):
        part.write_text(json.dumps(content, indent=indent, sort_keys=sort_keys) + "\n")


def check_target(path: Path, source: str | Path | None) -> None:
    """Check that `path` can be written, as far as that can be told beforehand; raises as `finished_file` does."""
    if source is not None and is_same_file(path, source):
        raise InputError(f"{path}: input and output are the same file")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file")
    if not path.parent.is_dir():
        raise OutputError(f"{path.parent}: no such folder; make it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{path.parent}: nothing can be written there: no permission, or a read-only disk")


def file_sha256(path: str | Path) -> str:
    """Hash a file of any size; returns 64 hex digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sidecar(path: str | Path) -> str:
    """Write the sha256 of a file to `path` + ".sha256", as sha256sum does, and return it."""
    digest = file_sha256(path)
    _sidecar(path).write_text(f"{digest}  {Path(path).name}\n", "utf-8")
    return digest


def read_checked(path: str | Path) -> bytes:
    """Read a file of weights; if its ".sha256" lies beside it, the content must match.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if the content is not what its sha256 says.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file of weights; if it came with the package, reinstall that")
    content, sidecar = path.read_bytes(), _sidecar(path)
    if sidecar.exists() and sidecar.read_text("utf-8", "replace").split()[:1] != [
        hashlib.sha256(content).hexdigest()
    ]:
        raise InputError(f"{path}: damaged: its sha256 is not the one in {sidecar.name}")
    return content


def _sidecar(path: str | Path) -> Path:
    return Path(f"{path}.sha256")

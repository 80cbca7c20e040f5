"""The errors that this package raises on purpose; each message is one line that names what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class VidcolorError(Exception):
    """Base of the errors a user can cause or cure; the command line prints it as one line."""

    exit_code = 1


class InputError(VidcolorError):
    """The input (a file, a folder, an option) is wrong. The command line exits with 2."""

    exit_code = 2


class OptionError(InputError, ValueError):
    """An option has a value that it cannot have; found before any file is touched. Exit code 2."""


class OutputError(VidcolorError):
    """The output cannot be written: no such folder, no permission, no space. Exit code 1."""


class BusyError(OutputError):
    """Another run is at work where the output goes: it is a matter of waiting."""


class RefusedError(OutputError):
    """A container refuses what it is given, and would again: not a matter of space or permission."""


class UnreadableError(OutputError):
    """A file that was written cannot be read back.

    Attributes:
        path: the file.
    """

    def __init__(self, message: str, path: Path | None = None):
        super().__init__(message)
        self.path = path


NO_MEMORY = "there is not enough memory for it"
OF_OPENCV = -4  # its code for the same


def is_want_of_memory(error: BaseException) -> bool:
    """Tell whether memory was all that was missing, by what Python, NumPy or OpenCV raises."""
    return isinstance(error, MemoryError) or getattr(error, "code", None) == OF_OPENCV


class NoMemoryError(VidcolorError):
    """There is not enough memory. Exit code 1."""


@contextmanager
def telling_of(original: Path, copy: Path) -> Iterator[None]:
    """Have the errors of a block name an original where they would name its copy; the two may be one."""
    try:
        yield
    except VidcolorError as error:
        raise type(error)(str(error).replace(str(copy), str(original))) from None

"""A file that comes in pieces, and whether all of it is there."""

from __future__ import annotations

from pathlib import Path

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import writing

MAX_MEGABYTES = 500
MEGABYTE = 1_000_000


class Incoming:
    """A file that was announced.

    Args:
        name: as the visitor knows it.
        size: its bytes.
        max_megabytes: largest file taken.

    Raises:
        InputError: if it is empty or too large.
    """

    def __init__(self, name: str, size: int, max_megabytes: float = MAX_MEGABYTES):
        if not isinstance(size, int) or size <= 0:  # a page may say anything
            raise InputError(f"{name}: the file is empty")
        if size > max_megabytes * MEGABYTE:
            raise InputError(
                f"{name}: this file of {size / MEGABYTE:.0f} MB is too large, the page takes up to "
                f"{max_megabytes:g} MB: choose a smaller one, or cut the film into parts"
            )
        self.name, self.size, self.received = name, size, 0

    @property
    def complete(self) -> bool:
        """Whether all its bytes are there."""
        return self.received == self.size

    def append(self, piece: bytes | memoryview, path: Path) -> None:
        """Write the next bytes to the end of a file.

        Raises:
            InputError: if there are more than it was to have.
            OutputError: if there is no room for them.
        """
        self.received += len(piece)
        if self.received > self.size:
            raise InputError(f"{self.name}: more bytes came than the file has: choose it again")
        with writing(self.name), path.open("ab") as file:
            file.write(piece)

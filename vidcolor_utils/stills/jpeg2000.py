"""What a JPEG 2000 says of itself that Pillow does not tell: the bits of its numbers, and its colour profile."""

from __future__ import annotations

import struct
from collections.abc import Iterator

START, SIZE = b"\xff\x4f", b"\xff\x51"  # markers of a codestream (ISO 15444-1, annex A)
COMPONENTS_AT = 40  # bytes from its start: how many there are, and three bytes for each
RESTRICTED, ANY = 2, 3  # methods by which a box of colour holds an ICC profile (annex I, and ISO 15444-2)


def bits_of_jpeg2000(content: bytes) -> list[int]:
    """Tell the bits of a number of each component; none if that cannot be read."""
    codestream = content if content[:2] == START else _box(content, b"jp2c")
    if codestream is None or codestream[:4] != START + SIZE:
        return []
    try:
        (count,) = struct.unpack_from(">H", codestream, COMPONENTS_AT)
        depths = struct.unpack_from(">" + "Bxx" * count, codestream, COMPONENTS_AT + 2)
    except struct.error:  # cut off
        return []
    return [(depth & 0x7F) + 1 for depth in depths]


def profile_of_jpeg2000(content: bytes) -> bytes | None:
    """Find the ICC profile of a JPEG 2000, None if it has none."""
    for name, box in _boxes(_box(content, b"jp2h") or memoryview(b"")):
        if name == b"colr" and box[:1] in (bytes([RESTRICTED]), bytes([ANY])):
            return bytes(box[3:])
    return None


def _box(content: bytes, wanted: bytes) -> memoryview | None:
    return next((box for name, box in _boxes(memoryview(content)) if name == wanted), None)


def _boxes(content: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield name and content of the boxes that follow each other; one of length 0 goes to the end."""
    place = 0
    while place + 16 <= len(content):
        length, name = struct.unpack_from(">I4s", content, place)
        head = 8
        if length == 1:
            (length,), head = struct.unpack_from(">Q", content, place + 8), 16
        end = place + length if length else len(content)
        if end < place + head:  # damaged
            return
        yield name, content[place + head : end]
        place = end

"""Damaged films: ways to break small files in many formats."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from records.films import HEIGHT, WIDTH

HEADER = 4096  # bytes at either end, where most formats describe themselves
# Fields that declare sizes, counts and times, by what stands before them.
DECLARING = (
    b"tkhd mvhd mdhd stsd stts stsc stsz stco ctts elst avc1 hvc1 hdlr strf strh avih idx1 fmt  IHDR".split()
)
EXTREMES = (
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x00\x00\xea\x60",
    b"\x60\xea\x00\x00",
    b"\x00\x00\x00\x00",
)


def flip_bits(content: bytearray, rng: random.Random) -> bytearray:
    """Flip up to 64 bits anywhere."""
    for _ in range(rng.choice((1, 4, 16, 64))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def flip_header_bits(content: bytearray, rng: random.Random) -> bytearray:
    """Flip up to 64 bits where the format is described: at the start and the end."""
    reach = min(HEADER, len(content))
    for _ in range(rng.choice((1, 4, 16, 64))):
        place = rng.randrange(reach)
        content[place if rng.random() < 0.5 else len(content) - 1 - place] ^= 1 << rng.randrange(8)
    return content


def truncate(content: bytearray, rng: random.Random) -> bytearray:
    """Cut the file anywhere."""
    return content[: rng.randrange(len(content))]


def drop_middle(content: bytearray, rng: random.Random) -> bytearray:
    """Take a piece out."""
    start = rng.randrange(len(content))
    return content[:start] + content[start + rng.randrange(1, len(content)) :]


def blank(content: bytearray, rng: random.Random) -> bytearray:
    """Overwrite a piece with zeros or with noise."""
    start = rng.randrange(len(content))
    length = min(len(content) - start, rng.choice((16, 256, 4096)))
    content[start : start + length] = bytes(length) if rng.random() < 0.5 else rng.randbytes(length)
    return content


def declare_extremes(content: bytearray, rng: random.Random) -> bytearray:
    """Set fields that declare sizes, counts or times to huge numbers or to zero."""
    names = [name for name in DECLARING if name in content]
    for _ in range(rng.choice((1, 2, 4))):
        start = content.find(rng.choice(names)) if names else rng.randrange(min(512, len(content)))
        place = min(max(0, start) + 4 + rng.randrange(96), len(content) - 4)
        content[place : place + 4] = rng.choice(EXTREMES)
    return content


def declare_huge_frames(content: bytearray, rng: random.Random) -> bytearray:
    """Set width and height to 60000 wherever they seem to stand; files that say them otherwise lose a few bits."""
    changed = bytes(content)
    for width in (2, 4):
        for order in ("little", "big"):
            for first, second in ((WIDTH, HEIGHT), (HEIGHT, WIDTH)):
                small = first.to_bytes(width, order) + second.to_bytes(width, order)
                changed = changed.replace(small, (60000).to_bytes(width, order) * 2)
    changed = changed.replace(f"W{WIDTH} H{HEIGHT}".encode(), b"W60000 H60000")
    return bytearray(changed) if changed != content else flip_header_bits(content, rng)


def swap_header(content: bytearray, rng: random.Random, other: bytes) -> bytearray:
    """Give the file the beginning of another one."""
    length = rng.choice((8, 32, 256, HEADER))
    return bytearray(other[:length]) + content[length:]


MUTATIONS: tuple[Callable, ...] = (
    flip_bits,
    flip_header_bits,
    truncate,
    drop_middle,
    blank,
    declare_extremes,
    declare_huge_frames,
    swap_header,
)


def mutate(films: list[Path], rng: random.Random) -> tuple[Path, str, bytes]:
    """Break one of the films.

    Returns:
        The film, the name of what was done to it, and the bytes that are left.
    """
    film, mutation = rng.choice(films), rng.choice(MUTATIONS)
    content = bytearray(film.read_bytes())
    more = (rng.choice(films).read_bytes(),) if mutation is swap_header else ()
    return film, mutation.__name__, bytes(mutation(content, rng, *more))

import struct

import pytest
from PIL import Image

from vidcolor_utils.stills.jpeg2000 import bits_of_jpeg2000, profile_of_jpeg2000


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


def codestream(*bits: int) -> bytes:
    """The start of one: its size, and the depth of each component, less one (ISO 15444-1, A.5.1)."""
    components = b"".join(bytes([depth - 1, 1, 1]) for depth in bits)
    size = struct.pack(">HHIIIIIIIIH", 38 + 3 * len(bits), 0, 8, 8, 0, 0, 8, 8, 0, 0, len(bits))
    return b"\xff\x4f\xff\x51" + size + components


@pytest.mark.parametrize("bits", [(8,), (12, 12, 12), (10, 10, 10, 1)])
def test_the_bits_of_each_component(bits):
    last = struct.pack(">I4s", 0, b"jp2c") + codestream(*bits)  # a length of 0: up to the end
    long = struct.pack(">I4sQ", 1, b"jp2c", 16 + len(codestream(*bits))) + codestream(*bits)
    for content in (codestream(*bits), box(b"jP  ", b"\r\n\x87\n" * 2) + last, long + box(b"xml ", b"<a/>" * 4)):
        assert bits_of_jpeg2000(content) == list(bits)


def test_a_profile_is_found_whatever_stands_before_it():
    enumerated = box(b"colr", bytes([1, 0, 0, 0, 0, 0, 16]))
    header = box(b"ihdr", bytes(14)) + enumerated + box(b"colr", bytes([2, 0, 0]) + b"profile of many bytes")
    content = box(b"jP  ", b"\r\n\x87\n" * 2) + box(b"jp2h", header)
    assert profile_of_jpeg2000(content) == b"profile of many bytes"
    assert profile_of_jpeg2000(content.replace(b"\2\0\0profile", b"\1\0\0profile")) is None


@pytest.mark.parametrize("content", [b"", b"\xff\x4f", codestream(8, 8)[:44], b"\0\0\0\5jp2c" + bytes(20)])
def test_what_is_damaged_says_nothing(content):
    assert bits_of_jpeg2000(content) == [] and profile_of_jpeg2000(content) is None


def test_a_file_as_pillow_writes_it(tmp_path):
    Image.new("RGB", (32, 24)).save(tmp_path / "a.jp2")
    content = (tmp_path / "a.jp2").read_bytes()
    assert bits_of_jpeg2000(content) == [8, 8, 8] and profile_of_jpeg2000(content) is None

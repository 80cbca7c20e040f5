"""Colour profiles for tests."""

import struct

from PIL import ImageCms

# XYZ of red, green and blue under D50.
ADOBE_RGB = (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)
PROPHOTO = (0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249)


def gray_profile(gamma: float) -> bytes:
    """An ICC profile of gray: a header, one white point and one power curve (ICC.1, u8Fixed8Number)."""
    white = b"XYZ \0\0\0\0" + b"".join(round(v * 65536).to_bytes(4, "big") for v in (0.9642, 1.0, 0.8249))
    curve = b"curv\0\0\0\0" + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big") + bytes(2)
    text = b"desc\0\0\0\0" + (5).to_bytes(4, "big") + b"gray\0" + bytes(79)
    tags, place = [], 128 + 4 + 3 * 12
    for name, content in ((b"wtpt", white), (b"kTRC", curve), (b"desc", text)):
        tags.append(name + place.to_bytes(4, "big") + len(content).to_bytes(4, "big"))
        place += len(content)
    body = (3).to_bytes(4, "big") + b"".join(tags) + white + curve + text
    head = bytearray(128)
    head[0:4], head[8:12], head[12:24] = (128 + len(body)).to_bytes(4, "big"), b"\x02\x40\0\0", b"mntrGRAYXYZ "
    head[36:40], head[68:80] = b"acsp", white[8:20]
    return bytes(head) + body


def linear_profile() -> bytes:
    """An ICC profile of RGB with the primaries of sRGB, in which numbers are light; it is called sRGB."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    curve = profile.index(b"para")  # ICC.1: signature, 4 zeros, kind of function, 2 zeros, gamma
    return profile[: curve + 8] + bytes(4) + b"\0\1\0\0" + profile[curve + 16 :]


def wide_profile(colorants) -> bytes:
    """An ICC profile of RGB with other primaries than sRGB, and another name."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    names = b"rXYZ", b"gXYZ", b"bXYZ"
    for name, start, size in struct.iter_unpack(">4sII", profile[132 : 132 + 12 * profile[131]]):
        if name in names:
            numbers = colorants[names.index(name)]
            profile[start + 8 : start + 20] = struct.pack(">3i", *(round(each * 65536) for each in numbers))
        if name == b"desc":
            profile[start : start + size] = profile[start : start + size].replace(
                "sRGB".encode("utf-16-be"), "Wide".encode("utf-16-be")
            )
    return bytes(profile)

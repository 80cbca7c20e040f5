import cv2
import numpy as np

from vidcolor_utils.film.keyframes.cleaning import cleaned
from vidcolor_utils.pairs.synthetic import render_clip
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb, to_uint8

RGB = render_clip(0, frames=1, size=(121, 215))[0]  # odd sides
GRAY = to_uint8(luma_from_rgb(RGB))
AB = lab_from_rgb(RGB)[..., 1:]


def coded(quality):
    """The picture larger and coded, as it comes back: its ab and its luma, in the size of the frame."""
    height, width = GRAY.shape
    large = cv2.resize(RGB, (width * 6 // 5, height * 6 // 5))
    _, code = cv2.imencode(".jpg", large[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    rgb = cv2.resize(cv2.imdecode(code, cv2.IMREAD_COLOR), (width, height), interpolation=cv2.INTER_AREA)[
        ..., ::-1
    ]
    return lab_from_rgb(np.ascontiguousarray(rgb))[..., 1:], luma_from_rgb(rgb.astype(np.float32))


def error(ab):
    return float(np.square(ab - AB).mean())


def test_what_coding_did_to_colours_is_taken_out():
    for quality in (45, 60, 75):
        ab, seen = coded(quality)
        made = cleaned(ab, GRAY, seen)
        assert made.shape == AB.shape and made.dtype == np.float32
        assert error(made) < 0.9 * error(ab)


def test_the_luma_of_the_frame_is_looked_at():
    ab, seen = coded(60)
    other = np.ascontiguousarray(GRAY[:, ::-1])
    assert error(cleaned(ab, GRAY, seen)) < 0.9 * error(cleaned(ab, other, seen))

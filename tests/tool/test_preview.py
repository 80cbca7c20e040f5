from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from tests.helpers.films import combing, moving_disc, woven
from vidcolor_utils.film.look import Hint
from vidcolor_utils.pictures.chroma import PQ, shown_luma
from vidcolor_utils.pictures.show import GAP, LABEL_HEIGHT
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.tool import preview
from vidcolor_utils.tool.preview import preview_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.description import ColorDescription
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span
from vidcolor_utils.video.writer import VideoWriter


class Plain:
    """One colour, whatever the frame. Counts the frames it is asked for."""

    asked = 0

    def predict_ab(self, lumas):
        self.asked += len(lumas)
        return np.full((len(lumas), 12, 16, 2), 20, np.float32)


def test_the_strip_shows_gray_above_colour_and_asks_for_no_more_frames(make_video, tmp_path):
    source, colorizer = make_video(frames=60, size=(48, 64)), Plain()
    report = preview_file(source, tmp_path / "strip.png", colorizer, count=4)
    rgb = read_image(tmp_path / "strip.png").rgb.astype(int)
    height = preview.WIDTH * 48 // 64
    assert report.frames == colorizer.asked == 4
    assert rgb.shape[1] in range(4 * preview.WIDTH + 3 * GAP, 4 * preview.WIDTH + 3 * GAP + 2)
    gray, color = (
        rgb[start : start + height, : preview.WIDTH] for start in (LABEL_HEIGHT, LABEL_HEIGHT + height + 8)
    )
    assert np.ptp(gray, axis=-1).max() == 0 and np.ptp(color, axis=-1).mean() > 10


@pytest.mark.parametrize("gop", [1, 12, 250])
def test_frames_are_those_of_their_times_wherever_key_frames_lie(make_video, tmp_path, monkeypatch, gop):
    source, shown = make_video(frames=50, options={"g": str(gop)}), []
    monkeypatch.setattr(preview, "time_text", lambda seconds: shown.append(seconds) or str(seconds))
    preview_file(source, tmp_path / "strip.png", Plain(), count=5)
    np.testing.assert_allclose(shown, [0.2, 0.6, 1.0, 1.4, 1.8], atol=0.041)


def test_a_long_film_is_sought_not_decoded(make_video, tmp_path, monkeypatch):
    source, decoded = make_video(frames=400, options={"g": "10"}), []
    close = VideoReader.__exit__
    monkeypatch.setattr(
        VideoReader, "__exit__", lambda self, *error: decoded.append(self.counts.decoded) or close(self)
    )
    preview_file(source, tmp_path / "strip.jpg", Plain(), count=3)
    assert sum(decoded) < 80


def test_a_film_with_a_long_pause_shows_as_many_frames_as_were_asked_for(make_video, tmp_path, monkeypatch):
    times, shown = [*range(0, 120, 4), *range(6000, 6120, 4)], []
    source = make_video("in.mkv", frames=60, times=times)
    monkeypatch.setattr(preview, "time_text", lambda seconds: shown.append(seconds) or str(seconds))
    assert preview_file(source, tmp_path / "strip.png", Plain(), count=4).frames == 4
    assert shown == sorted(shown) and shown[0] < 2 and shown[-1] > 59
    preview_file(source, tmp_path / "part.png", Plain(), count=4, span=Span(0.5, 50))
    assert len(shown) == 8 and min(shown[4:]) > 0.4 and max(shown[4:]) < 2


def test_a_short_film_shows_each_frame_once(make_video, tmp_path):
    assert preview_file(make_video(frames=3), tmp_path / "strip.png", Plain(), count=12).frames == 3


def test_an_interlaced_film_is_looked_at_without_its_fields(make_interlaced, tmp_path, monkeypatch):
    source = make_interlaced(woven(moving_disc(24, 48, 64)[..., 0], "top"), "top")
    lumas, predict = [], Plain.predict_ab
    monkeypatch.setattr(Plain, "predict_ab", lambda self, shown: lumas.extend(shown) or predict(self, shown))
    for restore in (False, True):
        preview_file(source, tmp_path / "strip.png", Plain(), count=3, restore=restore)
    assert len(lumas) == 6 and combing(np.stack(lumas[3:])) < 0.6 * combing(np.stack(lumas[:3]))


def test_a_rotated_film_stands_upright(make_video, tmp_path):
    preview_file(make_video(size=(48, 96), rotation=90), tmp_path / "strip.png", Plain(), count=1)
    height, width = read_image(tmp_path / "strip.png").rgb.shape[:2]
    assert width == preview.WIDTH and height > 4 * width


def test_wrong_names_are_refused(make_video, tmp_path):
    with pytest.raises(InputError, match="an image is written to a file that ends in"):
        preview_file(make_video(), tmp_path / "strip.mp4", Plain(), count=3)
    Image.new("L", (20, 20)).save(tmp_path / "in.png")
    with pytest.raises(InputError, match="a preview is for videos"):
        preview_file(tmp_path / "in.png", tmp_path / "strip.png", Plain(), count=3)
    with pytest.raises(ValueError, match="count"):
        preview_file(make_video(), tmp_path / "strip.png", Plain(), count=0)


def test_what_goes_through_a_film_is_not_previewed(make_video, tmp_path):
    for options in ({"keyframes": tmp_path}, {"hints": (Hint(0.0, 5, 5, "#ff0000"),)}):
        with pytest.raises(OptionError, match="shows no key frames and no points"):
            preview_file(make_video(), tmp_path / "strip.png", **options)


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_a_film_that_does_not_say_how_long_it_is_is_previewed_to_its_end(tmp_path, name):
    frames = [Image.fromarray(rgb) for rgb in moving_disc(9, 48, 64)]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100)
    report = preview_file(tmp_path / name, tmp_path / "strip.png", Plain(), count=3)
    assert report.frames == 3


def test_a_part_is_previewed(make_video, tmp_path, monkeypatch):
    source, shown = make_video(frames=50), []
    monkeypatch.setattr(preview, "time_text", lambda seconds: shown.append(seconds) or str(seconds))
    preview_file(source, tmp_path / "strip.png", Plain(), count=4, span=Span(1.2, 1.6))
    np.testing.assert_allclose(shown, [1.25, 1.35, 1.45, 1.55], atol=0.051)
    with pytest.raises(InputError, match="no frame between the start and the end"):
        preview_file(source, tmp_path / "strip.png", Plain(), span=Span(7.0))


def test_networks_and_eyes_are_shown_hdr_as_usual_video(tmp_path, monkeypatch):
    seen, predict = [], Plain.predict_ab
    monkeypatch.setattr(Plain, "predict_ab", lambda self, lumas: seen.extend(lumas) or predict(self, lumas))
    hdr = {"bit_depth": 10, "encoding": Encoding("h265"), "colors": ColorDescription(9, 9, PQ)}
    with VideoWriter(tmp_path / "hdr.mp4", (64, 96), rate=Fraction(25), **hdr) as writer:
        luma = np.full((64, 96), 64 + 876 * 58 // 100, np.uint16)  # of diffuse white, as PQ codes it
        gray = np.full(writer.chroma_shape, 512, np.uint16)
        for pts in range(4):
            writer.write_planes(luma, gray, gray, pts)
    preview_file(tmp_path / "hdr.mp4", tmp_path / "strip.png", Plain(), count=2)
    rgb = read_image(tmp_path / "strip.png").rgb
    assert np.mean(seen) == pytest.approx(float(shown_luma(np.full((1, 1), 0.58, np.float32), PQ)[0, 0]), abs=0.02)
    assert np.median(rgb[LABEL_HEIGHT + 20, : preview.WIDTH]) == pytest.approx(255 * np.mean(seen), abs=3)

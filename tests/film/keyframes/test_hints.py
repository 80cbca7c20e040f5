import pickle

import cv2
import numpy as np
import pytest

from tests.helpers.keyed import panned, write_film
from vidcolor_utils.film.keyframes.carrier import GrayFilm
from vidcolor_utils.film.keyframes.hints import HintedColors, chroma_of, laid_over, layer_of
from vidcolor_utils.film.keyframes.propagate import CarryFrame, reach
from vidcolor_utils.film.keyframes.source import colors_of
from vidcolor_utils.film.look import PLAIN, Hint, Look
from vidcolor_utils.pictures.color import lab_from_rgb
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.times import Span

RED = "#c03020"


class Gray:
    """No colours."""

    def predict_ab(self, lumas):
        return np.zeros((len(lumas), 24, 32, 2), np.float32)

    def fingerprint(self):
        return {"gray": 1}


@pytest.fixture
def film(make_video):
    """A disc that crosses the frame from left to right; in the 6th frame it is at (32, 24)."""
    return make_video(frames=11, size=(96, 128))


def redness(path):
    """Lab a of each frame, (T, h, w)."""
    return np.stack([lab_from_rgb(rgb)[..., 1] for rgb in iter_rgb(path)])


def test_a_point_colours_the_thing_it_is_on_through_the_shot(film, tmp_path):
    output = tmp_path / "out.mp4"
    colorize_file(film, output, Gray(), hints=(Hint(0.2, 64, 48, RED),))
    a = redness(output)
    for number in (2, 5, 8):
        x = round(128 * (number + 1) / 12)
        assert a[number, 38:58, x - 8 : x + 8].mean() > 25
        far = np.abs(np.arange(128) - x) > 45
        assert np.abs(a[number][:, far]).mean() < 4


def test_two_points_and_several_times(film, tmp_path):
    output = tmp_path / "out.mp4"
    hints = (Hint(0.2, 64, 48, RED), Hint(0.2, 10, 90, "#2040c0"), Hint(0.32, 97, 48, "#20a040"))
    colorize_file(film, output, Gray(), hints=hints)
    lab = np.stack([lab_from_rgb(rgb) for rgb in iter_rgb(output)])
    assert lab[8, 40:56, 90:104, 1].mean() < -5  # the later point lies over the earlier one
    assert lab[5, 80:, :10, 2].mean() < -10


def test_points_of_three_times_take_one_pass_over_the_film(film, tmp_path, monkeypatch):
    passes, frames_from = [], GrayFilm.frames_from

    def counted(self, seconds):
        for number, frame in enumerate(frames_from(self, seconds)):
            if number == 0:
                passes.append(round(frame.seconds, 2))
            yield frame

    monkeypatch.setattr(GrayFilm, "frames_from", counted)
    hints = (Hint(0.2, 64, 48, RED), Hint(0.32, 97, 48, "#20a040"), Hint(0.04, 10, 90, "#2040c0"))
    colorize_file(film, tmp_path / "out.mp4", Gray(), hints=hints)
    assert passes == [0.0]


def test_a_segment_in_which_no_point_counts_reads_nothing_more(film, tmp_path, monkeypatch):
    monkeypatch.setattr("vidcolor_utils.film.keyframes.carrier.shot_around", lambda *_: Span(0.3, 0.44))
    output = tmp_path / "out.mp4"
    colorize_file(film, output, Gray(), hints=(Hint(0.36, 107, 48, RED),))
    a = redness(output)
    assert np.abs(a[:7]).max() < 6 and a[9, 40:56, 100:112].mean() > 20


def test_points_are_settings_and_travel_to_other_processes(film):
    hints = (Hint(0.2, 64, 48, RED),)
    colors = colors_of(film, Look(hints=hints), Gray())
    assert type(colors) is HintedColors and colors.settings()["hints"] == hints
    assert "hints" not in colors_of(film, PLAIN, Gray()).settings()
    assert type(pickle.loads(pickle.dumps(colors_of(film, Look(hints=hints))))) is HintedColors


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        (Hint(0.2, 128, 5, RED), "is not in the picture"),
        (Hint(9.0, 5, 5, RED), "at 0:00.440, before 0:09"),
    ],
)
def test_points_that_are_nowhere(film, tmp_path, hint, message):
    with pytest.raises(InputError, match=message):
        colorize_file(film, tmp_path / "out.mp4", Gray(), hints=(hint,))
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(("height", "width"), [(536, 1280), (720, 960)])
def test_a_point_colours_what_lies_between_black_bars_of_a_large_film(tmp_path, height, width):
    small = panned(3)
    frames = [np.zeros((720, 1280, 3), np.uint8) for _ in small]
    top, left = (720 - height) // 2, (1280 - width) // 2
    for frame, rgb in zip(frames, small, strict=True):
        frame[top : top + height, left : left + width] = cv2.resize(rgb, (width, height))
    film, output = write_film(tmp_path / "film.mp4", frames), tmp_path / "out.mp4"
    colorize_file(film, output, Gray(), hints=(Hint(0.0, 640, 360, RED),))
    a = redness(output)
    assert (
        a[:, 355:365, 635:645].mean() > 15
        and np.abs(a[:, : max(0, top - 4), : max(0, left - 4)]).max(initial=0) < 3
    )


def test_regions_that_overlap_share():
    ones = np.ones((4, 4), np.float32)
    layer = layer_of([(ones, "#ff0000"), (ones, "#0000ff")])
    both = np.add(chroma_of("#ff0000"), chroma_of("#0000ff")) / 2
    np.testing.assert_allclose(layer[0, 0], (*both, 1), rtol=1e-5)
    np.testing.assert_allclose(layer_of([(ones / 2, "#ff0000")])[..., 2], 0.5)


def test_where_nothing_arrived_the_colours_below_stay():
    gray, ab = np.full((48, 64), 90, np.uint8), np.full((12, 16, 2), 7, np.float32)
    (reached,) = reach([CarryFrame(gray, None, True)])
    assert laid_over(ab, reached, np.zeros((48, 64), np.float32)) is ab


def test_a_layer_lies_over_the_colours_as_far_as_its_share():
    rgb = panned(1)[0]
    gray, ab = rgb[..., 1].copy(), np.full((96, 128, 2), 7, np.float32)
    region = np.zeros(gray.shape, np.float32)
    region[:, :64] = 1
    (reached,) = reach([CarryFrame(gray, layer_of([(region, RED)]), True)])
    result = laid_over(ab, reached, gray.astype(np.float32) / 255)
    np.testing.assert_allclose(result[:, :60], np.broadcast_to(chroma_of(RED), (96, 60, 2)), atol=0.5)
    np.testing.assert_allclose(result[:, 68:], 7, atol=0.5)

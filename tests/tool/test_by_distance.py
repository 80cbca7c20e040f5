from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.film.keyframes.album import key_name
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.by_distance import DistanceRow, distance_from, plot_of, score_by_distance, write_plot
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.times import Span
from vidcolor_utils.video.writer import VideoWriter

SHOTS = np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3), np.uint8)
SHOTS[1] //= 3
SHOTS[2] = 255 - SHOTS[2] // 3


@pytest.fixture
def film(make_video):
    return make_video(frames=9, size=(64, 96))


@pytest.fixture
def keys(film, tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    Image.fromarray(next(iter_rgb(film))).save(folder / key_name(1, 0.0))
    return folder


def test_rows_go_from_the_key_frame_on(film, keys, tmp_path):
    colorize_file(film, tmp_path / "out.mp4", GrayColorizer(), keyframes=keys)
    rows = score_by_distance(film, tmp_path / "out.mp4", keys)
    assert [(row.name, row.frames) for row in rows] == [("0", 1), ("1 to 2", 2), ("3 to 5", 3), ("6 to 10", 3)]
    assert rows[0].psnr_ab > rows[-1].psnr_ab and rows[0].mae_ab < rows[-1].mae_ab
    assert rows[0].chroma == pytest.approx(1, abs=0.1)


def test_the_truth_is_perfect_at_any_distance(film, keys):
    rows = score_by_distance(film, film, keys)
    assert [(row.mae_ab, row.chroma) for row in rows] == [(0, 1)] * 4


def test_distance_is_to_the_nearest_key_frame_of_the_same_shot():
    shots = [Span(0.0, 2.0), Span(0.0, 2.0), Span(2.0, 9.0)]
    times = [0.0, 1.0, 2.2]
    assert [distance_from(seconds, times, shots, 25) for seconds in (0.0, 0.4, 0.8, 1.96, 2.0)] == [
        0,
        10,
        5,
        24,
        5,
    ]
    assert distance_from(9.5, times, shots, 25) is None


def test_a_key_frame_is_of_the_shot_that_it_begins_though_its_name_rounds_its_time(tmp_path):
    film, folder = tmp_path / "film.mp4", tmp_path / "keys"
    with VideoWriter(film, (64, 96), rate=Fraction(24), time_base=Fraction(1, 24), encoding=Encoding()) as writer:
        for index in range(20):  # the second shot begins at 0.41667, which is 0.417, the third at 0.58333: 0.583
            writer.write_rgb(np.roll(SHOTS[(index >= 10) + (index >= 14)], index, axis=1), index)
    folder.mkdir()
    Image.fromarray(list(iter_rgb(film))[14]).save(folder / key_name(3, 14 / 24))
    rows = score_by_distance(film, film, folder)
    assert [(row.name, row.frames) for row in rows] == [
        ("0", 1),
        ("1 to 2", 2),
        ("3 to 5", 3),
        ("no key frame", 14),
    ]


@pytest.mark.parametrize("other", [{"frames": 8, "size": (64, 96)}, {"frames": 9, "size": (48, 64)}])
def test_films_that_do_not_match_are_refused(film, keys, make_video, other):
    with pytest.raises(InputError, match=r"other\.mp4"):
        score_by_distance(film, make_video("other.mp4", **other), keys)


def test_an_animation_is_a_film_here_too(film, keys, tmp_path):
    first, *others = map(Image.fromarray, iter_rgb(film))
    for name, frames in (("out.webp", others), ("short.webp", others[:3])):
        first.save(tmp_path / name, save_all=True, append_images=frames, duration=40, lossless=True)
    assert max(row.mae_ab for row in score_by_distance(film, tmp_path / "out.webp", keys)) < 0.5
    with pytest.raises(InputError, match=r"short\.webp: has not as many"):
        score_by_distance(film, tmp_path / "short.webp", keys)


def test_the_plot_is_svg_that_says_what_it_shows(tmp_path):
    rows = [DistanceRow(0, 0, 1, 40.0, 1.0, 1.0), DistanceRow(1, 2, 2, 30.0, 2.0, 0.9)]
    rows.append(DistanceRow(None, None, 3, 20.0, 5.0, None))
    write_plot(tmp_path / "plot.svg", rows)
    text = (tmp_path / "plot.svg").read_text()
    root = ElementTree.fromstring(text)
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert "0: 40.0 dB, 1 to 2: 30.0 dB" in title.text and "no key frame" not in text
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == 2
    assert ElementTree.fromstring(plot_of([])) is not None

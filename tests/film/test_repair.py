"""One span of an earlier result is made anew, and all else stays."""

import re

import numpy as np
import pytest

from tests.helpers.films import (
    FRAMES,
    SEGMENT_S,
    Interrupted,
    crash_after,
    decoded,
    frame_times,
    packets_of,
    write_part,
)
from vidcolor_utils.film import repair
from vidcolor_utils.film.work_folder import work_folder_path
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.times import Span

ONLY = Span(1.0, 1.6)  # frames 25 to 39


class Plain:
    """One colour for all frames."""

    def __init__(self, a):
        self.a = a

    def predict_ab(self, lumas):
        return np.full((len(lumas), 12, 16, 2), (self.a, 0), np.float32)

    def fingerprint(self):
        return {"plain": self.a}


def of_intra(name):
    """Encoding whose frames are all coded by themselves, in any container that holds it."""
    return Encoding("prores") if name.endswith(".mov") else Encoding()


@pytest.fixture
def film(make_video):
    return make_video("in.mp4", frames=FRAMES, sound="aac")


@pytest.fixture(params=["out.mp4", "out.mkv", "out.mov"])
def earlier(request, film, tmp_path):
    output = tmp_path / request.param
    colorize_file(film, output, Plain(30), segment_s=SEGMENT_S, encoding=of_intra(output.name))
    return output


class Rising(Plain):
    """A colour of its own for every frame."""

    def predict_ab(self, lumas):
        shades = 3 * np.arange(self.a, self.a + len(lumas), dtype=np.float32)
        self.a += len(lumas)
        return np.stack(np.broadcast_arrays(shades[:, None, None], np.zeros((1, 12, 16), np.float32)), -1)


def test_frames_of_uneven_times_keep_their_own_colours(tmp_path):
    write_part(tmp_path / "held.mp4", frames=20, hold=20)  # a frame is shown for a second on the mean
    look = {"every": 1, "strength": 0.0, "encoding": Encoding(crf=1)}
    colorize_file(tmp_path / "held.mp4", tmp_path / "out.mkv", Rising(0), **look)
    before = v_plane(decoded(tmp_path / "out.mkv"))
    colorize_file(tmp_path / "held.mp4", tmp_path / "out.mkv", Plain(-30), only=Span(0.4, 0.5), **look)
    after = v_plane(decoded(tmp_path / "out.mkv"))
    assert np.flatnonzero(np.abs(after - before) > 3).tolist() == [10, 11, 12]


def repaired(film, output, **options):
    return colorize_file(
        film, output, Plain(-30), only=ONLY, segment_s=SEGMENT_S, encoding=of_intra(output.name), **options
    )


def v_plane(frames):
    """Mean of V of each frame, as decoded to 4:2:0 8 bits."""
    height = frames.shape[1] * 2 // 3
    return frames[:, height:].reshape(len(frames), 2, -1)[:, 1].mean(axis=1)


def test_times_of_numpy_are_times(film, tmp_path):
    output = tmp_path / "out.mp4"
    colorize_file(film, output, Plain(30), segment_s=SEGMENT_S)
    before = decoded(output)
    colorize_file(film, output, Plain(-30), only=Span(*np.float32(ONLY)), segment_s=SEGMENT_S)
    after = decoded(output)
    np.testing.assert_array_equal(after[:22], before[:22])
    assert v_plane(after)[30] < v_plane(before)[30] - 5


def test_the_span_has_new_colours_and_the_rest_is_the_same_to_the_bit(film, earlier):
    before, sound = decoded(earlier), packets_of(earlier, "audio")
    report = repaired(film, earlier)
    after = decoded(earlier)
    assert packets_of(earlier, "audio") == sound
    assert frame_times(earlier) == pytest.approx([number / 25 for number in range(FRAMES)], abs=1e-3)
    is_intra = earlier.suffix == ".mov"
    first = 40 - report.frames  # in the others the encoder may have let frames before the span wait for one in it
    assert first == 25 if is_intra else 22 <= first <= 25
    outside = np.r_[:first, 40:FRAMES]
    np.testing.assert_array_equal(after[outside], before[outside])
    assert (v_plane(after)[25:40] < 120).all() and (v_plane(after)[outside] > 136).all()
    assert len(report.warnings) == (first < 25)


def test_frames_that_cannot_be_copied_keep_their_colours(film, tmp_path):
    output = tmp_path / "out.mp4"
    colorize_file(film, output, Plain(30))  # one segment: nothing behind the span can be cut off
    before = decoded(output)
    (warning,) = colorize_file(film, output, Plain(-30), only=ONLY).warnings
    after = decoded(output)
    more = int(re.search(r"(\d+) frames", warning)[1]) - (FRAMES - 40)  # before the span
    assert 0 <= more <= 3
    np.testing.assert_array_equal(after[: 25 - more], before[: 25 - more])
    assert np.abs(v_plane(after) - v_plane(before))[40:].max() < 1 and (v_plane(after)[25:40] < 120).all()


@pytest.mark.parametrize(("codec", "name"), [("h265", "out.mp4"), ("av1", "out.mkv")])
def test_other_codecs(make_video, tmp_path, codec, name):
    film, output = make_video(frames=FRAMES, size=(64, 96)), tmp_path / name
    look = {"segment_s": SEGMENT_S, "encoding": Encoding(codec)}
    colorize_file(film, output, Plain(30), **look)
    before = decoded(output)
    report = colorize_file(film, output, Plain(-30), only=ONLY, **look)
    after = decoded(output)
    changed = [number for number in range(FRAMES) if not np.array_equal(before[number], after[number])]
    assert len(after) == FRAMES and changed[0] >= 20 and changed[-1] < 60 and report.frames >= len(changed)
    assert (v_plane(after)[25:40] < 120).all()


def test_an_interrupted_repair_goes_on(film, tmp_path):
    whole, output = tmp_path / "whole.mp4", tmp_path / "out.mp4"
    for path in (whole, output):
        colorize_file(film, path, Plain(30), segment_s=SEGMENT_S)
    long = {"only": Span(0.4, 2.4), "segment_s": SEGMENT_S}
    colorize_file(film, whole, Plain(-30), **long)
    before = output.read_bytes()
    with pytest.raises(Interrupted):
        colorize_file(film, output, Plain(-30), progress=crash_after(30), **long)
    assert output.read_bytes() == before and (work_folder_path(output) / "000000.json").exists()
    counted = []
    colorize_file(film, output, Plain(-30), progress=lambda done, total: counted.append(done), **long)
    assert counted[0] > 20 and not work_folder_path(output).exists()
    np.testing.assert_array_equal(decoded(output), decoded(whole))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"frames": FRAMES - 20}, "other frames"),
        ({"size": (48, 66)}, "another size"),
        ({"frames": 20}, "no frame in the span"),
    ],
)
def test_a_result_of_another_film_is_refused(film, make_video, tmp_path, other, message):
    output = tmp_path / "out.mp4"
    colorize_file(make_video("other.mp4", **{"frames": FRAMES} | other), output, Plain(30))
    before = output.read_bytes()
    with pytest.raises(InputError, match=message):
        repaired(film, output)
    assert output.read_bytes() == before


@pytest.mark.parametrize("earlier", [Encoding(crf=30), Encoding("h265")])
def test_another_way_of_coding_is_refused_before_anything_is_coloured(film, tmp_path, earlier):
    output, colored = tmp_path / "out.mp4", []
    colorize_file(film, output, Plain(30), encoding=earlier)
    before = output.read_bytes()
    with pytest.raises(InputError, match="in another way"):
        colorize_file(
            film,
            output,
            Plain(-30),
            only=ONLY,
            progress=lambda done, total: colored.append(done),
            encoding=Encoding(),
        )
    assert output.read_bytes() == before and not colored
    assert not work_folder_path(output).exists()


def test_without_an_earlier_result_there_is_nothing_to_repair(film, tmp_path):
    with pytest.raises(InputError, match="no earlier result"):
        repaired(film, tmp_path / "out.mp4")


def test_places_to_cut_at():
    order = [0, 3, 1, 2, 4, 7, 5, 6]
    assert repair._ends(order) == [0, 1, 4, 5, 8]
    assert repair._begins(order, [True, False, False, False, True, False, False, False]) == [0, 4, 8]
    open_group = [0, 4, 1, 2, 3, 5]  # what follows the second key frame needs the first one
    assert repair._begins(open_group, [True, True, False, False, False, False]) == [0, 6]

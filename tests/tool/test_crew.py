"""How many processes colour a film where nobody has said it; cores and memory are made up."""

from fractions import Fraction

import pytest
from PIL import Image

from tests.helpers.command import run_vidcolor
from vidcolor_utils.film.look import Hint, Look
from vidcolor_utils.tool import crew
from vidcolor_utils.tool.crew import CORES_EACH, affordable, workers_for
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.times import WHOLE, Span

PLENTY = 64_000_000_000


@pytest.fixture
def film(make_video):
    return make_video(frames=100)


@pytest.fixture
def large(monkeypatch):
    """A machine of sixteen cores."""
    monkeypatch.setattr(crew, "usable_cores", lambda: 16)
    monkeypatch.setattr(crew, "free_memory", lambda: PLENTY)


def hours(film, seconds, size=(1280, 720)):
    """What is known of a film like this one, so long and large."""
    width, height = size
    return video_info(film)._replace(frames=round(25 * seconds), rate=Fraction(25), width=width, height=height)


@pytest.mark.parametrize(
    ("cores", "workers"), [(1, 1), (2, 1), (4, 1), (2 * CORES_EACH - 1, 1), (8, 2), (16, 4), (64, 16)]
)
def test_each_has_its_share_of_the_cores(film, cores, workers):
    assert affordable(hours(film, 3600), WHOLE, 30.0, cores, PLENTY) == workers


@pytest.mark.parametrize(("seconds", "workers"), [(5, 1), (59.9, 1), (60, 2), (119, 3), (3600, 4)])
def test_each_has_a_whole_segment(film, seconds, workers):
    assert affordable(hours(film, seconds), WHOLE, 30.0, 16, PLENTY) == workers
    assert affordable(hours(film, 3600), Span(10, 10 + seconds), 30.0, 16, PLENTY) == workers


def test_each_has_memory_by_the_size_of_frames(film):
    def at(size, memory):
        return affordable(hours(film, 3600, size), WHOLE, 30.0, 16, memory)

    small, large = (1280, 720), (3840, 2160)
    assert at(small, 10_000_000_000) == 4 and at(small, 1_000_000_000) == 1
    assert at(large, 6_000_000_000) < 4 and at(large, None) == 4
    assert affordable(hours(film, 3600)._replace(frames=None, duration_s=None), WHOLE, 30.0, 16, None) == 1
    unsaid = hours(film, 3600)._replace(frames=None, duration_s=3600.0)  # as Matroska leaves it
    assert affordable(unsaid, WHOLE, 30.0, 16, None) == affordable(hours(film, 3600), WHOLE, 30.0, 16, None) > 1


def test_a_long_film_gets_several(film, large, tmp_path):
    assert workers_for(film, tmp_path / "out.mp4", look=Look(), segment_s=1.0) == 4
    assert workers_for(film, tmp_path / "out.mp4", look=Look(), segment_s=1.0, span=Span(0, 2.0)) == 2
    assert workers_for(film, tmp_path / "out.mp4", look=Look(), segment_s=1.0, only=Span(0, 1.0)) == 1
    assert workers_for(film, tmp_path / "out.mp4", look=Look()) == 1


@pytest.mark.parametrize(
    "look", [Look(method="zhang"), Look(keyframes="keys"), Look(hints=(Hint(0.0, 1, 1, "#ff0000"),))]
)
def test_what_costs_more_in_several_stays_in_one(film, large, tmp_path, look):
    assert workers_for(film, tmp_path / "out.mp4", look=look, segment_s=1.0) == 1


def test_a_gpu_is_not_shared(film, large, tmp_path, monkeypatch):
    hardware = Encoding(encoder="nvenc")
    assert workers_for(film, tmp_path / "out.mp4", look=Look(), segment_s=1.0, encoding=hardware) == 1
    monkeypatch.setattr(crew, "uses_accelerator", lambda device: device == "auto")
    assert workers_for(film, tmp_path / "out.mp4", look=Look(), segment_s=1.0) == 1
    assert workers_for(film, tmp_path / "out.mp4", look=Look(device="cpu"), segment_s=1.0) == 4


def test_what_is_no_film_stays_in_one(large, tmp_path):
    Image.new("L", (16, 16)).save(tmp_path / "in.png")
    (tmp_path / "bad.mp4").write_bytes(b"text")
    for name in ("in.png", "bad.mp4", "none.mp4", "%05d.png"):
        assert workers_for(tmp_path / name, tmp_path / "out.mp4", look=Look()) == 1


def test_few_cores_need_no_look_at_the_film(film, tmp_path, monkeypatch):
    monkeypatch.setattr(crew, "usable_cores", lambda: 2 * CORES_EACH - 1)
    monkeypatch.setattr(crew, "video_info", lambda source: pytest.fail("the film was read"))
    assert workers_for(film, tmp_path / "out.mp4", look=Look(), segment_s=1.0) == 1


def as_if_large():
    crew.usable_cores = lambda: 8
    crew.free_memory = lambda: PLENTY


def test_the_command_says_so_in_one_line_and_asks_nobody_who_has_said(film, tmp_path):
    words = ("colorize", film, "--segment", 2, "--quality", "fast", "-o")
    by_itself = run_vidcolor(*words, tmp_path / "2.mp4", before=as_if_large)
    told = run_vidcolor(*words, tmp_path / "1.mp4", "--workers", "1", before=as_if_large)
    assert by_itself.stderr.splitlines() == ["vidcolor: 2 processes work on this film, as with --workers 2"]
    assert told.stderr == "" and (by_itself.returncode, told.returncode) == (0, 0)
    assert (tmp_path / "1.mp4").read_bytes() == (tmp_path / "2.mp4").read_bytes()

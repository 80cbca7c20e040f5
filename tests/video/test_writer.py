import os
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.helpers.films import planes_of
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.video.codecs import CODECS, Encoding
from vidcolor_utils.video.description import ColorDescription
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.writer import VideoWriter


def test_writer_keeps_luma_lossless_in_every_range(tmp_path):
    luma = np.random.default_rng(0).integers(0, 256, (48, 64), dtype=np.uint8)
    chroma = np.full((24, 32), 128, np.uint8)
    for full_range in (False, True):
        path = tmp_path / f"{full_range}.mp4"
        settings = {"encoding": Encoding(crf=0), "full_range": full_range, "colors": ColorDescription(6)}
        with VideoWriter(path, (48, 64), rate=Fraction(25), **settings) as writer:
            writer.write_planes(luma, chroma, chroma, pts=0)
        np.testing.assert_array_equal(next(planes_of(path))[0], luma)
        info = video_info(path)
        assert info.full_range == full_range and info.matrix == "BT.601"


def test_a_film_whose_end_cannot_be_written_is_closed(tmp_path, monkeypatch):
    def fail():
        raise OSError(28, "No space left on device")

    film = tmp_path / "film.mkv"
    writer = VideoWriter(film, (48, 64), rate=Fraction(25))
    with pytest.raises(OutputError, match="No space left"), writer:
        for number in range(9):
            writer.write_rgb(np.zeros((48, 64, 3), np.uint8), number)
        monkeypatch.setattr(writer, "_mux_last", fail)
    assert film.exists() and str(film) not in [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]


def test_odd_size_is_kept(tmp_path):
    with VideoWriter(tmp_path / "odd.mp4", (49, 65), rate=Fraction(25)) as writer:
        writer.write_rgb(np.zeros((49, 65, 3), np.uint8), 0)
    assert next(iter_rgb(tmp_path / "odd.mp4")).shape == (49, 65, 3)


def test_mp4_can_start_playing_before_it_is_loaded(tmp_path):
    with VideoWriter(tmp_path / "a.mp4", (48, 64), rate=Fraction(25)) as writer:
        writer.write_rgb(np.zeros((48, 64, 3), np.uint8), 0)
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_writer_names_the_containers_it_knows(tmp_path):
    with pytest.raises(InputError, match=r"\.mp4"):
        VideoWriter(tmp_path / "a.xyz", (48, 64), rate=Fraction(25))


def test_a_film_of_less_than_a_millisecond_can_be_played(tmp_path):
    settings = {"rate": Fraction(25), "time_base": Fraction(1, 16_777_215)}
    with VideoWriter(tmp_path / "a.mov", (48, 64), **settings) as writer:
        for number in range(3):
            writer.write_rgb(np.zeros((48, 64, 3), np.uint8), 512 * number)
    assert len(list(iter_rgb(tmp_path / "a.mov"))) == 3


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("begin", [0, 37])
@pytest.mark.parametrize("frames", [16, 27, 33])
def test_a_film_of_uneven_times_lasts_as_long_as_it_says(tmp_path, codec, begin, frames):
    steps = np.random.default_rng(frames).integers(1, 60, frames - 1)
    times = [begin, *(begin + np.cumsum(steps))]
    settings = {"rate": Fraction(25), "time_base": Fraction(1, 600), "encoding": Encoding(codec, preset="medium")}
    with VideoWriter(tmp_path / "a.mp4", (64, 64), **settings) as writer:
        for index, pts in enumerate(times):
            writer.write_rgb(np.full((64, 64, 3), 7 * index, np.uint8), int(pts))
    length_s = (times[-1] + 24 - begin) / 600  # the last frame lasts as long as one of the rate
    header = (tmp_path / "a.mp4").read_bytes().partition(b"mvhd")[2]
    unit, length = struct.unpack(">II", header[12:20])  # after version, flags and two dates
    with av.open(str(tmp_path / "a.mp4")) as film:
        (stream,) = film.streams.video
        lengths = [
            length / unit - begin / 600,
            film.duration / av.time_base,
            float(stream.duration * stream.time_base),
        ]
        shown = [round(frame.time * 600) for frame in film.decode(video=0)]
    assert [shown[-1] - shown[0], *lengths] == pytest.approx([times[-1] - begin, *[length_s] * 3], abs=1e-4)


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="there is no telling here")
@pytest.mark.parametrize("codec", CODECS)
def test_no_encoder_makes_the_process_a_real_time_one(tmp_path, codec):
    def real_time() -> set[str]:
        threads = os.listdir("/proc/self/task")
        return {thread for thread in threads if os.sched_getscheduler(int(thread)) != os.SCHED_OTHER}

    before = real_time()  # of tests that code AV1 by FFmpeg alone
    path = tmp_path / f"out.{'mov' if codec == 'prores' else 'mkv'}"
    with VideoWriter(path, (64, 64), rate=Fraction(25), encoding=Encoding(codec)) as writer:
        writer.write_rgb(np.zeros((64, 64, 3), np.uint8), 0)
        assert real_time() <= before

"""A folder of few and tiny photographs; how fast it is is left to `make bench`."""

import numpy as np
import pytest
from PIL import Image

from records.speed import photographs
from records.speed.photographs import bench_folder, time_parts, write_photographs
from vidcolor_utils.system.errors import VidcolorError


def test_a_folder_is_held_against_its_parts(monkeypatch):
    monkeypatch.setattr(photographs, "time_parts", lambda paths, output: (0.25 * len(paths), 2.0, 0.5))
    monkeypatch.setattr(photographs, "usable_cores", lambda: 2)
    speed = bench_folder(3, (48, 64), 2)
    assert (speed["photographs"], speed["height"], speed["width"]) == (3, 48, 64)
    # Each takes 0.5 + 2 + 0.5 seconds of two cores.
    assert speed["ratio"] == pytest.approx(speed["per_second"] * 3 / 2)


def test_a_photograph_that_fails_is_no_speed(monkeypatch):
    def write(folder, count, size):
        paths = write_photographs(folder, count, size)
        paths[0].write_bytes(b"nothing")
        return paths

    monkeypatch.setattr(photographs, "write_photographs", write)
    monkeypatch.setattr(photographs, "time_parts", lambda paths, output: (1.0, 1.0, 1.0))
    with pytest.raises(VidcolorError, match=r"000\.jpg"):
        bench_folder(2, (48, 64), 1)


def test_photographs_are_of_their_size_and_differ(tmp_path):
    paths = write_photographs(tmp_path / "made", 3, (48, 64))
    pictures = [np.asarray(Image.open(path)) for path in paths]
    assert len({picture.tobytes() for picture in pictures}) == 3
    assert all(picture.shape == (48, 64, 3) and picture.std() > 10 for picture in pictures)


def test_parts_are_measured_by_the_work_of_the_processor(tmp_path):
    paths = write_photographs(tmp_path / "made", 2, (48, 64))
    read_s, network_s, write_s = time_parts(paths, tmp_path / "out.jpg")
    assert 0 < read_s < network_s and 0 < write_s < network_s
    assert (tmp_path / "out.jpg").exists()

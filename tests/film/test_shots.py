from math import inf

import av
import numpy as np
import pytest

from vidcolor_utils.film import shots
from vidcolor_utils.film.shots import shot_around
from vidcolor_utils.system.errors import InputError


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Three shots of 20 frames at 25 frames a second."""
    path = tmp_path_factory.mktemp("shots") / "film.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "8"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for index in range(60):
            rng = np.random.default_rng(index // 20)
            picture = np.kron(rng.random((12, 17)), np.ones((8, 8)))[:, index % 20 // 3 :][:, :128] * 255
            frame = av.VideoFrame.from_ndarray(np.uint8(picture), format="gray").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("window", [0.1, 10.0])
@pytest.mark.parametrize(
    ("seconds", "span"),
    [(0, (-inf, 0.8)), (0.5, (-inf, 0.8)), (0.8, (0.8, 1.6)), (1.59, (0.8, 1.6)), (2.39, (1.6, inf))],
)
def test_the_shot_is_found_wherever_the_search_begins(film, monkeypatch, window, seconds, span):
    monkeypatch.setattr(shots, "WINDOW_S", window)
    assert shot_around(film, seconds) == pytest.approx(span)


def test_a_known_shot_spares_the_search_of_what_lies_before(film, monkeypatch):
    looked_at = []

    class Counted(shots.Cuts):
        def __call__(self, gray):
            looked_at.append(gray)
            return super().__call__(gray)

    monkeypatch.setattr(shots, "Cuts", Counted)
    first = shot_around(film, 0.0)
    before = len(looked_at)
    assert shot_around(film, 1.2, [first]) == pytest.approx((0.8, 1.6))
    assert before == len(looked_at) - before == 21  # twenty frames, and the one that ends them


def test_a_time_behind_the_end_is_refused(film):
    with pytest.raises(InputError, match=r"ends at 0:02.400, before 0:03.000"):
        shot_around(film, 3)

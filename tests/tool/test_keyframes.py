from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from tests.helpers.keyed import ab_of, panned
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.film.keyframes.album import time_in_name
from vidcolor_utils.pictures.color import has_color
from vidcolor_utils.stills.images import StillImage, read_image, write_image
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.folder.colorize import colorize_folder
from vidcolor_utils.tool.keyframes import write_key_frames
from vidcolor_utils.video.files import iter_rgb

SHOT = 10  # frames
RATE = 25


@pytest.fixture(scope="module")
def truth():
    """Two shots in colour, the second at dusk: a cut that gray shows."""
    return [*panned(SHOT), *((0.4 * rgb).astype(np.uint8) for rgb in panned(SHOT, seed=1))]


@pytest.fixture(scope="module")
def film(truth, tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(RATE), options={"crf": "8", "preset": "veryfast"})
        stream.height, stream.width, stream.pix_fmt = *truth[0].shape[:2], "yuv420p"
        for rgb in truth:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture
def keys(film, truth, tmp_path):
    """One frame of the first shot in colour; that of the second is still gray."""
    folder = write_key_frames(film, tmp_path / "keys", per_shot=1).folder
    first = sorted(folder.glob("*.png"))[0]
    Image.fromarray(truth[round(time_in_name(first) * RATE)]).save(first)
    return folder


def chroma_of(path):
    return [np.abs(ab_of(rgb)).mean() for rgb in iter_rgb(path)]


def test_a_gray_picture_of_each_shot_is_written_with_a_page_that_shows_it(film, tmp_path):
    written = write_key_frames(film, tmp_path / "keys", per_shot=1)
    pictures = sorted(written.folder.glob("*.png"))
    assert [each.shot for each in written.chosen] == [1, 2] and len(pictures) == 2
    assert [time_in_name(path) < SHOT / RATE for path in pictures] == [True, False]
    rgb = read_image(pictures[0]).rgb
    assert rgb.shape == (96, 128, 3) and np.ptp(rgb, axis=-1).max() == 0
    page = (written.folder / "index.html").read_text()
    assert all(path.name in page for path in pictures) and "Shot 2, 0:00." in page


def test_a_page_of_somebody_else_is_not_replaced(film, tmp_path):
    for _ in range(2):
        write_key_frames(film, tmp_path / "keys", at=[0.2])
    (tmp_path / "keys" / "index.html").write_text("mine")
    with pytest.raises(InputError, match=r"index\.html: is there and no page of key frames"):
        write_key_frames(tmp_path / "not_looked_at.mp4", tmp_path / "keys", at=[0.2])
    assert (tmp_path / "keys" / "index.html").read_text() == "mine"


def test_times_choose_frames_and_one_behind_the_end_is_refused(film, tmp_path):
    written = write_key_frames(film, tmp_path / "keys", at=np.array([0.21, 0.5]))
    assert [each.seconds for each in written.chosen] == pytest.approx([0.2, 0.48])
    assert "<figcaption>0:00.480</figcaption>" in (written.folder / "index.html").read_text()
    with pytest.raises(InputError, match=r"ends at 0:00.\d+, before 0:09"):
        write_key_frames(film, tmp_path / "more", at=[9])


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"per_shot": 0}, "`per_shot` must be"),
        ({"at": [-1]}, "`at` must be"),
        ({"at": [float("nan")]}, "`at` must be"),
        ({"every": 9, "per_shot": 2}, "Give one of them"),
        ({"every": 9, "at": [0.1]}, "Give one of them"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(film, tmp_path, choice, told):
    with pytest.raises(OptionError, match=told):
        write_key_frames(film, tmp_path / "keys", **choice)
    assert not (tmp_path / "keys").exists()


def test_an_animation_has_key_frames_and_takes_their_colours(truth, tmp_path):
    animation = tmp_path / "moving.webp"
    first, *others = map(Image.fromarray, truth[:SHOT])
    first.save(animation, save_all=True, append_images=others, duration=40, lossless=True)
    (chosen,) = write_key_frames(animation, tmp_path / "keys", per_shot=1).chosen
    (picture,) = (tmp_path / "keys").glob("*.png")
    write_image(picture, StillImage(truth[round(chosen.seconds * RATE)], None))
    colorize_file(animation, tmp_path / "out.mp4", GrayColorizer(), keyframes=tmp_path / "keys")
    assert min(chroma_of(tmp_path / "out.mp4")) > 2
    with pytest.raises(InputError, match=r"moving\.webp: ends at 0:00.4"):
        write_key_frames(animation, tmp_path / "more", at=[9])


def test_a_picture_that_is_in_colour_already_is_kept(film, keys):
    before = {path: path.read_bytes() for path in keys.glob("*.png")}
    assert len(write_key_frames(film, keys, per_shot=1).kept) == 1
    assert {path: path.read_bytes() for path in keys.glob("*.png")} == before


def test_a_picture_of_which_a_small_part_is_coloured_is_kept_and_used(film, tmp_path):
    written = write_key_frames(film, tmp_path / "keys", at=[0.2])
    (path,) = written.folder.glob("*.png")
    rgb = read_image(path).rgb.copy()
    height, width = rgb.shape[:2]
    rgb[: height // 7, : width // 7] = (120, 80, 80)
    write_image(path, StillImage(rgb, None))
    assert has_color(rgb)
    before = path.read_bytes()
    assert write_key_frames(film, tmp_path / "keys", at=[0.2]).kept == [path]
    assert path.read_bytes() == before


def test_the_shot_of_a_key_frame_takes_its_colours_and_no_other_does(film, truth, keys, tmp_path):
    report = colorize_file(film, tmp_path / "out.mp4", GrayColorizer(), keyframes=keys)
    assert report.frames == len(truth) and report.warnings == ()
    chroma = chroma_of(tmp_path / "out.mp4")
    true = [np.abs(ab_of(rgb)).mean() for rgb in truth]
    np.testing.assert_allclose(chroma[:SHOT], true[:SHOT], rtol=0.25)
    assert max(chroma[SHOT:]) < 0.5


def test_segments_see_key_frames_of_other_segments(film, keys, tmp_path):
    colorize_file(film, tmp_path / "whole.mp4", GrayColorizer(), keyframes=keys)
    colorize_file(film, tmp_path / "parts.mp4", GrayColorizer(), keyframes=keys, segment_s=4 / RATE)
    whole, parts = (np.stack(list(iter_rgb(tmp_path / name))) for name in ("whole.mp4", "parts.mp4"))
    assert np.abs(whole.astype(int) - parts).mean() < 2
    assert min(chroma_of(tmp_path / "parts.mp4")[:SHOT]) > 5


def test_a_picture_of_another_scene_changes_nothing_and_is_named(film, truth, keys, tmp_path):
    wrong = sorted(keys.glob("*.png"))[0]
    Image.fromarray(panned(1, seed=5)[0]).save(wrong)
    report = colorize_file(film, tmp_path / "out.mp4", GrayColorizer(), keyframes=keys)
    assert wrong.name in report.warnings[0] and "not used" in report.warnings[0]
    assert max(chroma_of(tmp_path / "out.mp4")) < 0.5


def test_what_cannot_be_is_said_in_a_line(film, keys, tmp_path):
    Image.fromarray(panned(1)[0]).save(tmp_path / "still.png")
    with pytest.raises(OptionError, match="key frames and points are for videos"):
        colorize_file(tmp_path / "still.png", tmp_path / "out.png", GrayColorizer(), keyframes=keys)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        colorize_file(film, tmp_path / "out.mp4", GrayColorizer(), keyframes=tmp_path / "nowhere")
    assert not (tmp_path / "out.mp4").exists()


def test_key_frames_of_one_film_are_not_for_a_folder(film, keys, tmp_path):
    with pytest.raises(OptionError, match="key frames and points are of one film"):
        colorize_folder(film.parent, tmp_path / "out", keyframes=keys)
    assert not (tmp_path / "out").exists()

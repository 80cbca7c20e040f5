from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from vidcolor_utils.app.sheet import ContactSheet
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.film.keyframes.album import time_in_name
from vidcolor_utils.film.look import PLAIN
from vidcolor_utils.system.errors import InputError

RATE, SHOT = 25, 8
RED = "#c03020"


@pytest.fixture(scope="module")
def made(gray_film, tmp_path_factory):
    return ContactSheet(gray_film, tmp_path_factory.mktemp("sheet"))


@pytest.fixture
def sheet(made):
    yield made
    for number, frame in enumerate(made.frames):
        made.take_out(number)
        frame.points.clear()


def png(rgb: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return file.getvalue()


def send(sheet: ContactSheet, number: int, content: bytes, name: str = "mine.png") -> None:
    sheet.begin_picture(number, name, len(content))
    for start in range(0, len(content), 5000):
        sheet.append(content[start : start + 5000])


def true_frame(sheet, truth, number: int) -> np.ndarray:
    return truth[round(sheet.frames[number].seconds * RATE)]


def test_each_shot_has_a_gray_frame_with_its_number_and_time(sheet):
    assert [frame.shot for frame in sheet.frames] == [1, 2]
    assert [frame.seconds < SHOT / RATE for frame in sheet.frames] == [True, False]
    assert sheet.frames[0].title.startswith("shot 1, 0:00.")
    for frame in sheet.frames:
        shown = np.asarray(Image.open(frame.shown).convert("RGB")).astype(int)
        assert shown.shape == (96, 128, 3) and np.ptp(shown, axis=-1).max() < 3
        assert frame.described()["shown"] == frame.shown.stat().st_size


def test_a_frame_is_saved_as_it_is_in_the_film_to_be_coloured(sheet, truth):
    path = sheet.saved(1)
    assert path.name.startswith("shot_0002_") and time_in_name(path) == pytest.approx(sheet.frames[1].seconds)
    assert Image.open(path).size == (128, 96)
    assert not list(path.parent.glob("shot_0000*"))


def test_a_picture_colours_its_shot_and_no_other(sheet, truth):
    before = sheet.edits, sheet.frames[0].version
    assert sheet.added_to(PLAIN).keyframes is None
    send(sheet, 0, png(true_frame(sheet, truth, 0)))
    frame = sheet.frames[0]
    assert sheet.added_to(PLAIN).keyframes and frame.name == "mine.png" and sheet.incoming is None
    assert (sheet.edits, frame.version) == (before[0] + 1, before[1] + 1)
    assert [path.suffix for path in sheet.keys.iterdir()] == [".png"]
    assert np.ptp(np.asarray(Image.open(frame.shown)).astype(int), axis=-1).mean() > 10  # it is shown in colour
    colors = [
        np.ptp(moment.rgb.astype(int), axis=-1).mean()
        for number in (0, 1)
        for moment in sheet.moments(number, GrayColorizer())
    ]
    assert min(colors[:4]) > 10 and max(colors[4:]) <= 1


def test_another_picture_takes_its_place_and_can_be_taken_out(sheet, truth):
    rgb = true_frame(sheet, truth, 0)
    send(sheet, 0, png(rgb))
    file = BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=90)
    send(sheet, 0, file.getvalue(), "better.JPG")
    assert [path.suffix for path in sheet.keys.iterdir()] == [".jpg"] and sheet.frames[0].name == "better.JPG"
    edits = sheet.edits
    for _ in range(2):  # a second click
        sheet.take_out(0)
    assert sheet.edits == edits + 1
    assert sheet.added_to(PLAIN).keyframes is None and list(sheet.keys.iterdir()) == []
    assert np.ptp(np.asarray(Image.open(sheet.frames[0].shown)).astype(int), axis=-1).max() < 3


def test_pictures_that_do_not_do_are_named_and_forgotten(sheet, truth):
    gray = np.repeat(true_frame(sheet, truth, 0)[..., 1:2], 3, axis=-1)
    for content, name, message in (
        (png(truth[12]), "beach.png", "^beach.png: not used: it does not look like the frame of shot 1, 0:00"),
        (png(gray), "gray.png", "^gray.png: not used: this picture is gray"),
        (b"Dear reader" * 9, "letter.png", "^letter.png: "),
    ):
        with pytest.raises(InputError, match=message) as error:
            send(sheet, 0, content, name)
        assert str(sheet.keys.parent) not in str(error.value)
        assert sheet.added_to(PLAIN).keyframes is None and sheet.incoming is None
    for name, size, message in (
        ("film.mp4", 9, "not a picture"),
        ("a.png", 0, "empty"),
        ("a.png", 10**9, "too large"),
    ):
        with pytest.raises(InputError, match=message):
            sheet.begin_picture(0, name, size)
    sheet.begin_picture(0, "mine.png", 9)
    with pytest.raises(InputError, match="too large"):
        sheet.begin_picture(0, "a.png", 10**9)
    with pytest.raises(
        InputError, match="no picture was announced"
    ):  # bytes of the refused one are not mine.png's
        sheet.append(b"1")


def test_points_are_listed_and_removed(sheet):
    before = sheet.edits
    sheet.add_point(1, 0.5, 0.25, RED)
    sheet.add_point(1, 0.25, 0.5, "#2040c0")
    (first, second) = sheet.hints
    assert first[1:] == (64, 24, RED) and first.at == sheet.frames[1].seconds
    key = sheet.frames[1].described()["points"][0]["key"]
    for _ in range(2):  # a second click, before the browser knows that it is gone
        sheet.remove_point(1, key)
    assert sheet.hints == (second,) and sheet.edits == before + 3
    assert [point["color"] for point in sheet.frames[1].described()["points"]] == ["#2040c0"]
    sheet.add_point(1, 0.5, 0.25, RED)
    assert sheet.frames[1].points[-1].key != key
    with pytest.raises(InputError, match="not in the picture"):
        sheet.add_point(1, 1.5, 0.5, RED)


def test_a_point_at_the_very_edge_is_in_the_last_pixel(sheet):
    sheet.add_point(0, 1.0, 1.0, RED)
    sheet.add_point(0, 0.0, 0.0, RED)
    assert [hint[1:3] for hint in sheet.hints] == [(127.5, 95.5), (0, 0)]


def test_a_frame_that_is_not_there_is_refused(sheet):
    with pytest.raises(InputError, match="no such frame"):
        sheet.frame(2)

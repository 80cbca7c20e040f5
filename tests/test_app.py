from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vidcolor_utils.app import FilmDesk, duration_text, progress_text
from vidcolor_utils.errors import InputError
from vidcolor_utils.video_io import iter_rgb, video_info


class Teal:
    """A colorizer that paints everything in one colour."""

    def predict_ab(self, lumas):
        ab = np.empty((len(lumas), 8, 8, 2), np.float32)
        ab[...] = -20, -10
        return ab


@pytest.fixture
def desk():
    desk = FilmDesk(colorizer=Teal(), max_megabytes=1)
    yield desk
    desk.close()


def hand_in(desk: FilmDesk, path: Path, piece: int = 1000) -> None:
    content = path.read_bytes()
    desk.begin(path.name, len(content))
    for start in range(0, len(content), piece):
        assert not desk.complete
        desk.append(content[start : start + piece])
    assert desk.complete


def folder_of(desk: FilmDesk) -> Path:
    return Path(desk._folder.name)


def test_a_film_goes_from_pieces_to_colour_with_its_sound(desk, make_video):
    hand_in(desk, make_video("my film, 2.mov", frames=6, sound="aac"))
    info = desk.open()
    assert (info.width, info.height, info.sound) == (64, 48, ("aac",))
    told = []
    colored = desk.colorize(saturation=1.0, strength=0.5, told=lambda *news: told.append(news))
    assert colored.name == "my_film_2_color.mp4"
    assert colored.warnings == ()
    result = video_info(colored.film)
    assert (result.frames, result.sound) == (6, ("aac",))
    mean = np.mean(list(iter_rgb(colored.film)), axis=(0, 1, 2))
    assert mean[2] > mean[0] + 20  # teal
    comparison = video_info(colored.comparison)
    assert (comparison.width, comparison.height) == (64, 96)
    assert [share for share, _ in told] == pytest.approx([frame / 6 for frame in range(1, 7)])


def test_the_preview_shows_the_saturation(desk, make_video):
    hand_in(desk, make_video())
    desk.open()

    def colorfulness(saturation: float) -> float:
        picture = np.asarray(Image.open(BytesIO(desk.preview(saturation=saturation)))).astype(int)
        return np.abs(picture[..., 0] - picture[..., 2]).mean()

    assert colorfulness(0.0) < 1 < colorfulness(1.0) < 0.7 * colorfulness(2.0)


def test_files_go_away_with_the_next_film_and_at_the_end(desk, make_video):
    path = make_video()
    hand_in(desk, path)
    first = folder_of(desk)
    assert (first / "source").read_bytes() == path.read_bytes()
    hand_in(desk, path)
    second = folder_of(desk)
    assert second != first and not first.exists()
    desk.close()
    assert not second.exists()
    with pytest.raises(InputError, match="choose a file first"):
        desk.preview()


def test_what_is_raised_while_it_is_told_ends_the_work(desk, make_video):
    class Enough(Exception):
        pass

    def told(share: float, words: str) -> None:
        raise Enough

    hand_in(desk, make_video())
    desk.open()
    with pytest.raises(Enough):
        desk.colorize(strength=0.5, told=told)
    assert not (folder_of(desk) / "color.mp4").exists()


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("film.mp4", 0, "film.mp4: the file is empty"),
        ("film.mp4", 2_500_000, "film.mp4: this file of 2 MB is too large, the page takes up to 1 MB"),
        ("photo.JPG", 1000, "photo.JPG: a picture; the page takes videos"),
    ],
)
def test_unfit_files_are_refused_before_they_are_sent(desk, name, size, message):
    with pytest.raises(InputError, match=message):
        desk.begin(name, size)
    assert desk._folder is None
    with pytest.raises(InputError, match="choose the file again"):
        desk.append(b"1234")


def test_a_file_that_is_no_video_is_named_as_the_visitor_knows_it(desk, tmp_path):
    text = tmp_path / "letter.mp4"
    text.write_text("Dear reader, " * 500)
    hand_in(desk, text)
    folder = folder_of(desk)
    with pytest.raises(InputError, match=r"^letter\.mp4: not a video that can be read") as error:
        desk.open()
    assert str(folder) not in str(error.value)
    assert not folder.exists()


def test_incomplete_and_overlong_films_are_refused(desk):
    desk.begin("film.mp4", 10)
    desk.append(b"12345")
    with pytest.raises(InputError, match="not complete"):
        desk.open()
    with pytest.raises(InputError, match="more bytes"):
        desk.append(b"123456")


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(InputError, match="max_megabytes must be above 0"):
        FilmDesk(max_megabytes=0)


def test_progress_in_words():
    assert progress_text(1, 101, 0.0) == (1 / 101, "frame 1 of 101")
    assert progress_text(26, 101, 5.0) == (26 / 101, "frame 26 of 101, about 15 s left")
    assert progress_text(3, None, 1.0) == (0.0, "frame 3")
    assert progress_text(12, 10, 1.0) == (1.0, "frame 12 of 12, about 0 s left")  # the file held more than it said


def test_durations_in_words():
    assert [duration_text(seconds) for seconds in (0.4, 59, 61, 3540, 3900)] == [
        *("0 s", "59 s", "1 min", "59 min", "1 h 5 min"),
    ]

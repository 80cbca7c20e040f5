import errno
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.films import moving_disc
from tests.helpers.keyed import ab_of, error
from vidcolor_utils.app.desk import FilmDesk
from vidcolor_utils.film.look import Look
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.video.files import iter_rgb, video_info


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
    assert desk.open() == "64 x 48 pixels, 0.24 s, 25 frames a second, with sound"
    told = []
    colored = desk.colorize(Look(strength=0.5), progress=lambda *news: told.append(news))
    assert colored.name == "my_film_2_color.mp4"
    assert colored.warnings == ()
    result = video_info(colored.film)
    assert (result.frames, result.sound) == (6, ("aac",))
    mean = np.mean(list(iter_rgb(colored.film)), axis=(0, 1, 2))
    assert mean[2] > mean[0] + 20  # teal
    comparison = video_info(colored.comparison)
    assert (comparison.width, comparison.height) == (64, 96)
    assert told == [(frame, 6) for frame in range(1, 7)]


def colored(jpeg: bytes) -> float:
    """How far red and blue are apart in the lower half of a picture, which is the one in colour."""
    picture = np.asarray(Image.open(BytesIO(jpeg))).astype(int)
    lower = picture[picture.shape[0] // 2 + 20 :]
    return np.abs(lower[..., 0] - lower[..., 2]).mean()


def test_the_preview_has_a_picture_for_each_moment(desk, make_video):
    hand_in(desk, make_video(frames=20))
    desk.open()
    pictures = [Image.open(BytesIO(jpeg)) for jpeg in desk.preview()]
    assert [picture.size for picture in pictures] == [(320, 2 * 240 + 4 + 22)] * 4


def photograph(folder: Path) -> Path:
    ramp = np.tile(np.linspace(40, 220, 60).astype(np.uint8), (40, 1))
    Image.fromarray(ramp).save(folder / "grandmother.JPG", "JPEG", quality=95)
    return folder / "grandmother.JPG"


def test_a_photograph_goes_from_pieces_to_colour(desk, tmp_path):
    hand_in(desk, photograph(tmp_path))
    assert desk.open() == "a photograph of 60 x 40 pixels"
    (preview,) = desk.preview(Look(saturation=2.0, strength=0.5))  # as it was set for a film before
    assert colored(preview) > 20
    result = desk.colorize(Look(strength=0.5))
    assert result.name == "grandmother_color.jpg" and result.warnings == ()
    after, comparison = (np.asarray(Image.open(path)).astype(int) for path in (result.film, result.comparison))
    assert after.shape == (40, 60, 3) and (after[..., 2] - after[..., 0]).mean() > 10  # teal
    assert comparison.shape == (80, 60, 3) and np.ptp(comparison[:38], axis=-1).max() < 4


def test_a_photograph_in_a_format_that_is_only_read_comes_back_in_another(desk, tmp_path):
    Image.open(photograph(tmp_path)).save(tmp_path / "old.pgm")
    hand_in(desk, tmp_path / "old.pgm")
    assert desk.open() == "a photograph of 60 x 40 pixels" and len(desk.preview()) == 1
    result = desk.colorize()
    assert result.name == "old_color.png" and np.asarray(Image.open(result.film)).shape == (40, 60, 3)


@pytest.mark.parametrize("suffix", [".webp", ".png", ".gif"])
def test_an_animation_is_a_film_whatever_its_name_says(desk, tmp_path, suffix):
    frames = [Image.fromarray(gray) for gray in moving_disc(5, 48, 64)]
    frames[0].save(tmp_path / f"moving{suffix}", save_all=True, append_images=frames[1:], duration=100)
    hand_in(desk, tmp_path / f"moving{suffix}")
    assert desk.open().startswith("64 x 48 pixels") and desk.is_film
    assert len(desk.preview()) == 4
    result = desk.colorize()
    assert result.name == "moving_color.mp4" and video_info(result.film).frames == 5


def test_the_preview_shows_the_saturation(desk, make_video):
    hand_in(desk, make_video())
    desk.open()

    def colorfulness(saturation: float) -> float:
        return np.mean([colored(jpeg) for jpeg in desk.preview(Look(saturation=saturation))])

    assert colorfulness(0.0) < 1 < colorfulness(1.0) < 0.7 * colorfulness(2.0)


def true_png(desk: FilmDesk, truth: list[np.ndarray], number: int) -> bytes:
    file = BytesIO()
    Image.fromarray(truth[round(desk.sheet.frames[number].seconds * 25)]).save(file, "PNG")
    return file.getvalue()


def test_a_picture_and_a_point_change_the_strips_and_the_film(desk, gray_film, truth):
    hand_in(desk, gray_film)
    desk.open()
    told = []
    sheet = desk.look_for_shots(lambda *news: told.append(news))
    assert told[-1] == (len(truth), len(truth)) and desk.look_for_shots() is sheet  # which stays
    before = [desk.strip(number) for number in (0, 1)]
    plain = list(iter_rgb(desk.colorize().film))

    content = true_png(desk, truth, 0)
    sheet.begin_picture(0, "mine.png", len(content))
    with pytest.raises(InputError, match="too large"):
        desk.begin("other.mp4", 10**9)
    assert sheet.incoming is None  # the browser no longer sends mine.png
    sheet.begin_picture(0, "mine.png", len(content))
    sheet.append(content)
    sheet.add_point(1, 0.5, 0.5, "#ff2010")
    after = [desk.strip(number) for number in (0, 1)]
    for old, new in zip(before, after, strict=True):
        assert [time for time, _ in old] == [time for time, _ in new]
        assert all(first != second for (_, first), (_, second) in zip(old, new, strict=True))
    result = desk.colorize()
    assert result.warnings == ()
    frames = list(iter_rgb(result.film))
    for rgb, teal, true in zip(frames[:8], plain, truth, strict=False):
        assert error(ab_of(rgb), true) < 0.5 * error(ab_of(teal), true)
    at_point = [rgb[44:52, 60:68, 0].astype(int) - rgb[44:52, 60:68, 2] for rgb in frames[8:]]
    assert np.mean(at_point) > 10  # red rather than teal
    assert desk.sheet.keys.exists()  # what the visitor did stays when the result is made


def test_only_an_open_film_has_shots(desk, tmp_path):
    with pytest.raises(InputError, match="choose a file first"):
        desk.look_for_shots()
    with pytest.raises(InputError, match="not looked for yet"):
        desk.strip(0)
    hand_in(desk, photograph(tmp_path))
    desk.open()
    assert not desk.is_film


def test_files_go_away_with_the_next_film_and_at_the_end(desk, make_video):
    path = make_video()
    hand_in(desk, path)
    first = folder_of(desk)
    assert (first / "source.mp4").read_bytes() == path.read_bytes()
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

    def progress(done: int, total: int | None) -> None:
        raise Enough

    hand_in(desk, make_video())
    desk.open()
    with pytest.raises(Enough):
        desk.colorize(progress=progress)
    assert [path.name for path in folder_of(desk).iterdir()] == ["source.mp4"]  # nothing to go on with, either


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("film.mp4", 0, "film.mp4: the file is empty"),
        ("film.mp4", 2_500_000, "film.mp4: this file of 2 MB is too large, the page takes up to 1 MB"),
    ],
)
def test_unfit_files_are_refused_before_they_are_sent(desk, name, size, message):
    with pytest.raises(InputError, match=message):
        desk.begin(name, size)
    assert desk._folder is None
    with pytest.raises(InputError, match="choose it again"):
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


def test_a_disk_that_is_full_is_told_and_nothing_stays_on_it(desk, monkeypatch):
    def full(self, *_):
        raise OSError(errno.ENOSPC, "No space left on device")

    desk.begin("film.mp4", 100)
    folder = folder_of(desk)
    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputError, match=r"^film\.mp4: cannot be written \(No space left on device\)$"):
        desk.append(b"x" * 50)
    assert not folder.exists() and desk.received == 0


def test_no_message_names_the_temporary_folder(desk, make_video):
    hand_in(desk, make_video())
    desk.open()
    folder = folder_of(desk)
    assert desk.in_plain_words(f"{folder / 'color.mp4'}: no room") == "color.mp4: no room"
    assert desk.in_plain_words(f"{desk._source}: damaged") == "clip.mp4: damaged"


def test_a_scan_of_several_pages_says_so(desk, tmp_path):
    pages = [Image.new("L", (64, 48), 90) for _ in range(3)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    hand_in(desk, tmp_path / "scan.tif")
    assert desk.open() == "a photograph of 64 x 48 pixels, the first of 3"

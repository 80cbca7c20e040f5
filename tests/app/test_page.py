import re
import struct
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import traitlets
from PIL import Image

from vidcolor_utils.video.files import video_info

pytest.importorskip("anywidget")
from vidcolor_utils.app.page import PIECE, ColorizePage

WAIT_S = 30


class Teal:
    def predict_ab(self, lumas):
        return np.full((len(lumas), 8, 8, 2), -15, np.float32)


class Browser:
    """Does what the scripts of the page do, without a browser."""

    def __init__(self, page: ColorizePage):
        self.page, self.file, self.received, self.answers = page, b"", b"", 0
        page.send = self.hear

    def say(self, buffers: tuple = (), **message: object) -> None:
        self.page._hear(self.page, message, list(buffers))

    def hear(self, message: dict, buffers: tuple = ()) -> None:
        if message["kind"] == "alive":
            self.answers += 1
        elif message["kind"] == "more":
            start = message["start"]
            self.say([memoryview(self.file[start : start + message["length"]])], kind="piece", start=start)
        else:
            assert message["start"] == len(self.received)
            self.received += buffers[0]

    def drop(self, name: str, content: bytes) -> None:
        self.file = content
        self.say(kind="begin", name=name, size=len(content))

    def wait(self, stage: str) -> None:
        deadline = time.monotonic() + WAIT_S
        while self.page.stage != stage:
            assert time.monotonic() < deadline, (self.page.stage, self.page.problem)
            time.sleep(0.01)

    def stop_at(self, stage: str) -> None:
        """Press the button that stops, as soon as the page is at a stage."""
        self.page.observe(lambda change: self.say(kind="stop") if change["new"] == stage else None, "stage")

    def wait_until_idle(self) -> None:
        deadline = time.monotonic() + WAIT_S
        done = []
        self.page._tasks.put(lambda: done.append(True))
        while not done:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def browser():
    page = ColorizePage(max_megabytes=3, colorizer=Teal())
    yield Browser(page)
    page._desk.close()


def test_from_drop_to_download(browser, make_video, tmp_path):
    page = browser.page
    browser.drop("film.mp4", make_video(sound="aac").read_bytes())
    browser.wait("ready")
    assert page.film == "64 x 48 pixels, 0.24 s, 25 frames a second, with sound" and page.name == "film.mp4"
    first = page.preview
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in first) and page.problem == ""
    page.saturation = 2.0
    browser.wait_until_idle()
    assert page.preview != first
    browser.say(kind="colorize")
    browser.wait("done")
    assert (page.result["name"], page.result["type"]) == ("film_color.mp4", "video/mp4")
    assert page.result["saturation"] == 2.0  # so that the page can tell when it is no longer what is set
    browser.say(kind="get", file="film", start=0)
    browser.wait_until_idle()
    assert len(browser.received) == page.result["film"]
    saved = tmp_path / "saved.mp4"
    saved.write_bytes(browser.received)
    assert (video_info(saved).frames, video_info(saved).sound) == (6, ("aac",))


def test_a_second_click_while_the_first_waits_or_runs_is_none(browser, make_video):
    stages = []
    browser.drop("film.mp4", make_video().read_bytes())
    browser.wait("ready")
    browser.page.observe(lambda change: stages.append(change["new"]), "stage")
    browser.page._tasks.put(lambda: time.sleep(0.2))
    for _ in range(3):
        browser.say(kind="colorize")
    browser.wait("done")
    browser.wait_until_idle()
    assert stages == ["working", "done"]
    browser.say(kind="colorize")
    browser.wait_until_idle()
    assert stages == ["working", "done"] * 2


def test_a_file_that_cannot_be_taken_costs_nothing_that_is_there(browser, make_video):
    browser.drop("film.mp4", make_video().read_bytes())
    browser.wait("ready")
    browser.say(kind="colorize")
    browser.wait("done")
    result = browser.page.result
    for size in (0, 10**9):
        browser.say(kind="begin", name="other.mp4", size=size)
        browser.wait_until_idle()
        assert (browser.page.stage, browser.page.result, browser.page.name) == ("done", result, "film.mp4")
        assert "other.mp4" in browser.page.problem
    assert browser.page._files["film"].exists()


def test_it_answers_while_it_works(browser):
    browser.page._tasks.put(lambda: time.sleep(0.5))
    browser.say(kind="alive")
    assert browser.answers == 1


def test_films_larger_than_a_piece_come_in_order(browser, make_video):
    video = make_video().read_bytes()
    padding = 2 * PIECE
    content = video + struct.pack(">I4s", padding, b"free") + bytes(padding - 8)  # readers pass over it
    browser.drop("film.mp4", content)
    browser.wait("ready")
    assert Path(browser.page._desk._folder.name, "source.mp4").read_bytes() == content


def test_shots_are_shown_given_colours_and_saved(browser, gray_film, truth):
    page = browser.page
    browser.drop("film.mp4", gray_film.read_bytes())
    browser.wait("ready")
    assert page.is_film and page.sheet == []
    browser.say(kind="shots")
    browser.wait_until_idle()
    assert page.stage == "ready" and [frame["title"][:6] for frame in page.sheet] == ["Shot 1", "Shot 2"]
    browser.say(kind="get", file="sheet-1-0", start=0)
    browser.wait_until_idle()
    assert len(browser.received) == page.sheet[1]["shown"] and browser.received.startswith(b"\xff\xd8")

    browser.say(kind="choose", frame=0)
    browser.wait_until_idle()
    before = page.strip
    assert before["frame"] == 0 and len(before["moments"]) == 4 and page.busy == ""
    browser.received = b""
    browser.say(kind="save", frame=0)
    browser.wait_until_idle()
    browser.say(kind="get", file="frame-0", start=0)
    browser.wait_until_idle()
    assert page.saved["name"].startswith("shot_0001") and len(browser.received) == page.saved["size"]

    for number, name in ((1, "wrong.png"), (0, "mine.png")):
        browser.file = png_of(page, truth, 0)
        browser.say(kind="picture", frame=number, name=name, size=len(browser.file))
        browser.wait_until_idle()
        browser.wait_until_idle()  # of the piece that was asked for
        assert ("wrong.png: not used: it does not look like" in page.problem) == (name == "wrong.png")
    assert page.sheet[0]["picture"] == "mine.png" and page.edits == 1
    assert page.strip["moments"] != before["moments"]

    browser.say(kind="edit", edit="point", frame=0, values=[0.5, 0.5, "#ff0000"])
    browser.say(kind="edit", edit="unpoint", frame=0, values=[0])  # its key
    browser.say(kind="edit", edit="take_out", frame=0, values=[])
    browser.wait_until_idle()
    assert page.edits == 4 and page.strip["moments"] == before["moments"]
    browser.say(kind="colorize")
    browser.wait("done")
    assert page.result["edits"] == 4
    browser.say(kind="edit", edit="point", frame=1, values=[2.0, 0.5, "#ff0000"])
    browser.wait_until_idle()
    assert page.stage == "done" and "not in the picture" in page.problem


def test_what_the_browser_asks_for_again_and_again_is_sent_once_and_after_the_work(browser, gray_film):
    browser.drop("film.mp4", gray_film.read_bytes())
    browser.wait("ready")
    browser.say(kind="shots")
    for frame in (0, 1):
        browser.say(kind="save", frame=frame)
        browser.wait_until_idle()
    browser.say(kind="colorize")
    for file in ("frame-0", "frame-1"):
        browser.received = b""
        for _ in range(3):
            browser.say(kind="get", file=file, start=0)
        browser.wait_until_idle()
        assert browser.received.startswith(b"\x89PNG") and browser.received.endswith(b"IEND\xaeB`\x82")
    assert browser.page.stage == "done" and browser.page.problem == ""
    assert browser.page.saved["size"] == len(browser.received)


def png_of(page: ColorizePage, truth: list[np.ndarray], number: int) -> bytes:
    file = BytesIO()
    Image.fromarray(truth[round(page._desk.sheet.frames[number].seconds * 25)]).save(file, "PNG")
    return file.getvalue()


def test_the_search_for_shots_can_be_stopped(browser, gray_film):
    browser.drop("film.mp4", gray_film.read_bytes())
    browser.wait("ready")
    browser.stop_at("looking")
    browser.say(kind="shots")
    browser.wait_until_idle()
    assert (browser.page.stage, browser.page.sheet) == ("ready", [])


def test_its_scripts_make_one_module():
    assert ColorizePage._esm.count("export default") == 1 and "class Sheet " in ColorizePage._esm


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("notes.txt", b"hello" * 99, "notes.txt: not a video that can be read"),
        ("film.mp4", bytes(3_000_001), "too large"),
        ("film.mp4", b"", "film.mp4: the file is empty"),
    ],
)
def test_a_wrong_file_gives_a_sentence_and_the_next_one_works(browser, make_video, name, content, problem):
    browser.drop(name, content)
    browser.wait_until_idle()
    browser.wait("waiting")
    assert problem in browser.page.problem
    browser.drop("film.mp4", make_video().read_bytes())
    browser.wait("ready")
    assert browser.page.problem == ""


def test_stopping_goes_back_to_the_open_film(browser, make_video):
    browser.drop("film.mp4", make_video(frames=30).read_bytes())
    browser.wait("ready")
    browser.stop_at("working")
    browser.say(kind="colorize")
    browser.wait_until_idle()
    assert (browser.page.stage, browser.page.result) == ("ready", {})


def test_cancelling_while_the_file_comes_forgets_it(browser):
    browser.page.send = lambda message, buffers=(): None  # the browser sends nothing more
    browser.drop("film.mp4", bytes(2_000_000))
    browser.wait("receiving")
    folder = Path(browser.page._desk._folder.name)
    browser.say(kind="stop")
    browser.wait("waiting")
    assert not folder.exists() and browser.page.name == ""


def test_a_file_that_the_browser_cannot_read_is_given_up(browser, make_video):
    """A folder, or a file that goes away: its pieces never come."""
    browser.say(kind="begin", name="holidays", size=4096)
    browser.wait("receiving")
    browser.say(kind="lost")
    browser.wait("waiting")
    assert browser.page.problem.startswith("holidays: cannot be read: it is a folder") and browser.page.name == ""
    browser.drop("film.mp4", make_video().read_bytes())
    browser.wait("ready")
    assert browser.page.problem == ""


def test_what_nobody_expected_is_a_sentence_too(browser, make_video, monkeypatch):
    browser.drop("film.mp4", make_video().read_bytes())
    browser.wait("ready")
    monkeypatch.setattr(browser.page._desk, "colorize", lambda *look, **options: 1 / 0)
    browser.say(kind="colorize")
    browser.wait_until_idle()
    assert browser.page.stage == "ready"
    assert "ZeroDivisionError" in browser.page.problem


def test_messages_of_a_film_given_up_do_nothing(browser):
    browser.say([memoryview(b"1234")], kind="piece", start=0)
    browser.say(kind="get", file="film", start=0)
    browser.wait_until_idle()
    assert (browser.page.stage, browser.page.problem, browser.received) == ("waiting", "", b"")


def test_the_sliders_end_where_the_page_says(browser):
    page = browser.page
    limits = page.get_state(["usual", "most"])
    sliders = re.findall(r"""this\.slider\("(\w+)", "[^"]+", [a-z]+\)""", ColorizePage._esm)
    assert set(sliders) == set(limits["most"]) == set(limits["usual"])
    for name, most in limits["most"].items():
        setattr(page, name, most)
        with pytest.raises(traitlets.TraitError):
            setattr(page, name, most + 0.01)

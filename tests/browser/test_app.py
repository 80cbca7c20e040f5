"""The page for people who do not code, from drop to download, in the browser."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import psutil
import pytest
from pages import Visit, read_canvases
from playwright.sync_api import expect
from servers import TOKEN, server, temporary_folder

from vidcolor_utils.system.builtin import builtin_clip
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.streams import keep_streams
from vidcolor_utils.video.writer import VideoWriter

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
SIZE = (360, 640)  # of the film, height and width: small, as the machine may be
FRAMES, LONG_FRAMES = 40, 132  # of what is coloured to its end, and of what is cancelled
SHOT_FRAMES, SHOT_SIZE = 12, (180, 320)  # of a film of two shots
RED, BLUE = "#d02010", "#2040e0"
WIDTHS, HEIGHT = (1400, 1000, 400), 900  # of the window: a large screen, a small one, a phone
CLOSED_S = 30  # a page that is closed leaves no files after this
DROP = """(root, [name, data]) => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  root.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def app(home: Path) -> Iterator[str]:
    """The page as `vidcolor-app` opens it, but with a known token and no browser of its own."""
    with server(
        "vidcolor_utils.app.serving", "--no-browser", f"--Voila.token={TOKEN}", home=home, folder=home
    ) as address:
        yield address


@pytest.fixture
def visit_app(chromium, app) -> Iterator[Callable[[int], Visit]]:
    """Open the page in a window of some width: `visit_app(1400)`."""
    visits = []

    def open_(width: int) -> Visit:
        visits.append(Visit(chromium, f"{app}/?token={TOKEN}", (width, HEIGHT)))
        wait_for_stage(visits[-1].page, "waiting")
        return visits[-1]

    yield open_
    for each in visits:
        each.close()


@pytest.fixture(scope="module")
def old_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The start of a real clip with sound, made gray and small."""
    return make_gray(tmp_path_factory.mktemp("film") / "old film.mp4", FRAMES)


@pytest.fixture(scope="module")
def long_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of it."""
    return make_gray(tmp_path_factory.mktemp("film") / "long film.mp4", LONG_FRAMES)


def make_gray(path: Path, frames: int) -> Path:
    with (
        VideoReader(builtin_clip("bigbuckbunny")) as reader,
        VideoWriter(path, SIZE, rate=reader.info.rate, time_base=reader.time_base) as writer,
    ):
        keep_streams(reader, writer)
        lumas = reader.luma_frames(lambda packet: writer.write_packet(packet, reader.start))
        for frame in islice(lumas, frames):
            write_gray(writer, frame.luma, SIZE, frame.pts)
    return path


@pytest.fixture(scope="module")
def two_shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two real shots of half a second, gray and small."""
    path = tmp_path_factory.mktemp("film") / "two shots.mp4"
    with VideoWriter(path, SHOT_SIZE, rate=24) as writer:
        for shot, clip in enumerate(("bikes", "bigbuckbunny")):
            with VideoReader(builtin_clip(clip)) as reader:
                for number, frame in enumerate(islice(reader.luma_frames(), SHOT_FRAMES)):
                    write_gray(writer, frame.luma, SHOT_SIZE, shot * SHOT_FRAMES + number)
    return path


def write_gray(writer: VideoWriter, luma: np.ndarray, size: tuple[int, int], pts: int) -> None:
    height, width = size
    neutral = np.full((height // 2, width // 2), 128, np.uint8)
    writer.write_planes(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), neutral, neutral, pts=pts)


def test_from_drop_to_download(visit_app, home, old_film, tmp_path, screenshots):
    visit = visit_app(WIDTHS[0])
    page = visit.page
    assert page.title() == "Colorize your film"
    drop(page, old_film)
    root = wait_for_stage(page, "ready")
    assert old_film.name in root.locator("header").inner_text()
    assert "640 x 360 pixels" in root.locator("header").inner_text()
    assert root.get_by_role("img", name="Preview").count() == 4
    for _ in each_width(page):
        assert_nothing_is_cut(root)
    strengthen(root, "1.5")
    root.get_by_label("Calm").fill("0.5")
    button(root, "Colorize").click()
    root = wait_for_stage(page, "done")
    assert any(re.search(rf"frame \d+ of {FRAMES}, about .* left", words) for words in visit.outputs())
    canvas = root.locator("canvas[data-drawn]")
    canvas.wait_for()
    assert_is_in_view(page, canvas, button(root, "Download"))
    for width in each_width(page):
        wait_until(lambda width=width: 0.7 * width < canvas.bounding_box()["width"] <= width)
        canvas.scroll_into_view_if_needed()
        assert_is_in_view(page, canvas, button(root, "Download"))
        assert_the_divider_parts_gray_from_colour(root)
        assert_nothing_is_cut(root)
        page.screenshot(path=screenshots / f"app_{width}.png")
        before = canvas.bounding_box()["y"]
        page.mouse.wheel(0, 2000)
        wait_until(lambda before=before: canvas.bounding_box()["y"] < before)
        assert_is_in_view(page, button(root, "Download"))
    assert_is_in_colour(download(page, root, tmp_path / "old_film_color.mp4"), old_film)
    assert visit.complaints() == [] and visit.asked_elsewhere() == []
    assert len(visitors_folders(home)) == 1
    page.close(run_before_unload=True)
    assert_removed(home)


def test_changed_settings_make_the_result_an_older_one(visit_app, two_shots, home):
    visit, others = visit_app(1000), visitors_folders(home)
    page = visit.page
    drop(page, two_shots)
    button(wait_for_stage(page, "ready"), "Colorize").press("Enter")
    root = wait_for_stage(page, "done")
    wait_until(lambda: page.evaluate("document.activeElement.textContent").startswith("Download"))
    assert "older" not in root.locator("header").inner_text()
    root.get_by_label("Strength of the colours").fill("2")
    root.get_by_label("Strength of the colours").dispatch_event("change")
    root.get_by_text("what you see is older").wait_for()
    said = len(visit.outputs())
    button(root, "Colorize again").click()
    wait_until(lambda: any("Colorizing" in words for words in visit.outputs()[said:]))
    root = wait_for_stage(page, "done")
    assert "older" not in root.locator("header").inner_text()
    own = set(visitors_folders(home)) - set(others)
    assert_leaving_is_asked(page, "dismiss")
    said = len(visit.outputs())
    button(root, "Colorize again").click()  # who stays has lost nothing
    wait_until(lambda: any("Colorizing" in words for words in visit.outputs()[said:]))
    wait_for_stage(page, "done")
    assert_leaving_is_asked(page, "accept")
    wait_for_stage(page, "waiting")
    wait_until(lambda: not own & set(visitors_folders(home)))  # the program behind the page that was left ends


def assert_leaving_is_asked(page: Page, answer: str) -> None:
    """Load the page anew, and answer the browser's question."""
    with page.expect_event("dialog", predicate=lambda dialog: getattr(dialog, answer)() is None) as asked:
        page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"


def test_a_photograph_from_drop_to_download(visit_app, tmp_path, screenshots):
    ramp = np.linspace(30, 220, 640).astype(np.uint8)
    picture = np.tile(ramp, (480, 1))
    cv2.circle(picture, (320, 240), 120, 200, -1)
    cv2.imwrite(str(tmp_path / "grandmother.jpg"), picture)
    visit = visit_app(400)
    page = visit.page
    drop(page, tmp_path / "grandmother.jpg")
    root = wait_for_stage(page, "ready")
    assert "a photograph of 640 x 480 pixels" in root.locator("header").inner_text()
    root.get_by_label("Strength of the colours").fill("2")
    button(root, "Colorize").click()
    root = wait_for_stage(page, "done")
    canvas = root.locator("canvas[data-drawn]")
    canvas.wait_for()
    assert_is_in_view(page, canvas, button(root, "Download"))
    assert_the_divider_parts_gray_from_colour(root, least=2)
    assert root.get_by_role("button", name="Pause").count() == 0
    page.screenshot(path=screenshots / "app_photograph.png")
    saved = cv2.imread(str(download(page, root, tmp_path / "grandmother_color.jpg")))
    assert saved.shape == (480, 640, 3) and spread(saved.astype(int)) > 2
    assert visit.complaints() == [] and visit.asked_elsewhere() == []


def test_cancelling_leaves_no_file(visit_app, home, long_film):
    others = visitors_folders(home)  # of pages that were closed only now
    page = visit_app(400).page
    drop(page, long_film)
    button(wait_for_stage(page, "ready"), "Colorize").click()
    working = wait_for_stage(page, "working")
    page.get_by_text(re.compile(rf"frame \d+ of {LONG_FRAMES}")).wait_for()
    assert_nothing_is_cut(working)
    button(working, "Cancel").click()
    root = wait_for_stage(page, "ready")
    (folder,) = set(visitors_folders(home)) - set(others)
    assert [path.name for path in folder.iterdir()] == ["source.mp4"]
    assert button(root, "Download").count() == 0 and button(root, "Colorize").is_enabled()


def test_a_picture_and_a_point_change_the_strip_of_their_shots_and_the_result(
    visit_app, two_shots, tmp_path, screenshots
):
    visit = visit_app(1400)
    page = visit.page
    drop(page, two_shots)
    root = wait_for_stage(page, "ready")
    button(root, "Show its shots").click()
    first, second = (page.get_by_role("button", name=name) for name in ("Shot 1", "Shot 2"))
    first.click()
    before = wait_for_strip(root)
    picture = reddened(save_frame(page, root, tmp_path / "mine.png"))
    root.locator("input[type=file][accept*=tif][hidden]").set_input_files(picture)
    first.get_by_text("your picture").wait_for()
    wait_for_strip(root, lambda strip: redness(strip) > redness(before) + 30)

    second.click()
    plain = wait_for_strip(root)
    root.locator("input[type=file][accept*=tif][hidden]").set_input_files(picture)
    sentence = "mine.png: not used: it does not look like the frame of shot 2"
    page.get_by_role("alert").get_by_text(sentence).wait_for()
    assert_is_in_view(page, page.get_by_role("alert"))
    for color, put, share in ((RED, click_at, 0.2), (BLUE, walk_to, 0.84)):
        root.locator("input[type=color]").fill(color)
        put(root, share)
    button(root, f"Remove point 1, {RED}").click()
    second.get_by_text("1 point", exact=True).wait_for()
    expect(button(root, f"Remove point 1, {BLUE}")).to_be_focused()  # the keyboard keeps its place
    wait_for_strip(root, lambda strip: redness(strip) < redness(plain) - 3)
    for width in each_width(page):
        root.get_by_role("img", name="This shot at").last.scroll_into_view_if_needed()
        assert_nothing_is_cut(root)
        page.screenshot(path=screenshots / f"app_shots_{width}.png")

    button(root, "Colorize").click()
    root = wait_for_stage(page, "done")
    frames = list(iter_rgb(download(page, root, tmp_path / "two_shots_color.mp4")))
    assert len(frames) == 2 * SHOT_FRAMES
    assert redness(frames[:SHOT_FRAMES]) > 30 and redness(frames[SHOT_FRAMES:]) < redness(plain) - 3
    button(root, "Close").click()
    expect(second).to_be_focused()
    second.click()
    wait_for_strip(root)  # which is the one of before
    first.click()
    button(root, "Leave my picture out").click()
    root.get_by_text("what you see is older").wait_for()
    expect(button(root, "Use a coloured picture")).to_be_focused()
    asked = []
    for answer, stage in (("dismiss", "done"), ("accept", "ready")):
        page.once("dialog", lambda asks, answer=answer: asked.append(asks.message) or getattr(asks, answer)())
        drop(page, two_shots, "done")
        root = wait_for_stage(page, stage)
    assert len(asked) == 2 and all("will be gone" in words for words in asked)
    assert visit.complaints() == [] and visit.asked_elsewhere() == []


def wait_for_strip(root: Locator, holds: Callable[[list[np.ndarray]], bool] = bool) -> list[np.ndarray]:
    """Wait until moments of a shot of which something holds are shown and no others come; return them, RGB int."""
    found: list[np.ndarray] = []

    def is_there() -> bool:
        found[:] = read_canvases(root.get_by_role("img", name="This shot at"))
        others = root.locator(".vidcolor-strip[data-old]").count()
        return len(found) == 4 and holds(found) and not others

    wait_until(is_there)
    return found


def test_a_page_whose_program_does_not_answer_says_so(visit_app, two_shots):
    visit = visit_app(400)
    drop(visit.page, two_shots)
    root = wait_for_stage(visit.page, "ready")
    kernels = kernels_of_this_test()
    lost = root.get_by_role("alert").get_by_text("does not answer")
    for kernel in kernels:
        kernel.suspend()
    lost.wait_for()
    assert_nothing_is_cut(root)
    for kernel in kernels:
        kernel.resume()
    lost.wait_for(state="hidden")
    for kernel in kernels:
        kernel.kill()
    lost.wait_for()


def kernels_of_this_test() -> list[psutil.Process]:
    processes = psutil.Process().children(recursive=True)
    return [each for each in processes if any("ipykernel_launcher" in word for word in each.cmdline())]


def test_wrong_and_too_large_files_give_a_sentence(visit_app, tmp_path):
    visit = visit_app(1000)
    page = visit.page
    (tmp_path / "letter.mp4").write_text("Dear reader, this is no film. " * 99)
    with (tmp_path / "long.mp4").open("wb") as file:
        file.truncate(500_000_001)  # a hole: takes no space
    for name, sentence in (
        ("letter.mp4", "letter.mp4: not a video that can be read"),
        ("long.mp4", "long.mp4: this file of 500 MB is too large, the page takes up to 500 MB"),
    ):
        page.locator(".vidcolor-page input[type=file]").set_input_files(tmp_path / name)
        page.get_by_role("alert").get_by_text(sentence).wait_for()
        wait_for_stage(page, "waiting")
    page.evaluate(
        "() => { Blob.prototype.arrayBuffer = () => Promise.reject(new Error()); }"
    )  # as a folder's does
    (tmp_path / "holidays").write_text("a folder")
    drop(page, tmp_path / "holidays")
    page.get_by_role("alert").get_by_text("holidays: cannot be read: it is a folder").wait_for()
    wait_for_stage(page, "waiting")
    assert visit.complaints() == []


def drop(page: Page, path: Path, stage: str = "waiting") -> None:
    """Drop a file onto the page, as from a file manager."""
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    wait_for_stage(page, stage).evaluate(DROP, [path.name, content])


def each_width(page: Page) -> Iterator[int]:
    """Make the window narrower step by step, and as wide as it was."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        yield width
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})


def strengthen(root: Locator, strength: str) -> None:
    """Set the strength of the colours, and wait for the new preview."""
    previews = root.get_by_role("img", name="Preview")
    before = previews.first.get_attribute("src")
    root.get_by_label("Strength of the colours").fill(strength)
    wait_until(lambda: previews.first.get_attribute("src") != before)


def button(root: Locator, name: str) -> Locator:
    return root.get_by_role("button", name=name)


def download(page: Page, root: Locator, path: Path) -> Path:
    """Press the button, and save under a path whose name must be the one that the page offers."""
    with page.expect_download() as expected:
        button(root, "Download").click()
    assert expected.value.suggested_filename == path.name
    expected.value.save_as(path)
    return path


def assert_nothing_is_cut(root: Locator) -> None:
    """No sideways scrolling; every control is whole, in the window, and large enough for a finger."""
    width = root.page.evaluate("innerWidth")
    assert root.page.evaluate("document.documentElement.scrollWidth") <= width
    for control in root.locator("button:visible, input:visible").all():
        box = control.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] >= 44, control.inner_text()
        assert control.evaluate("node => node.scrollWidth <= node.clientWidth + 1"), control.inner_text()


def save_frame(page: Page, root: Locator, path: Path) -> Path:
    with page.expect_download() as expected:
        button(root, "Save this frame").click()
    assert re.fullmatch(r"shot_0001_0-00-00\.\d{3}\.png", expected.value.suggested_filename)
    expected.value.save_as(path)
    return path


def reddened(path: Path) -> Path:
    """Colour a gray picture."""
    gray = cv2.imread(str(path))
    assert gray.shape == (*SHOT_SIZE, 3) and spread(gray.astype(int)) == 0
    cv2.imwrite(str(path), np.clip(gray * [0.5, 0.7, 1.4], 0, 255).astype(np.uint8))
    return path


def click_at(root: Locator, share: float) -> None:
    """Click the frame, at a share of its height, and wait until the point is listed and marked there."""
    with a_point_more(root, share):
        frame = root.locator(".vidcolor-frame-of-shot img")
        box = frame.bounding_box()
        frame.click(position={"x": box["width"] / 2, "y": box["height"] * share})


def walk_to(root: Locator, share: float) -> None:
    """Do the same with the arrow keys, whose steps are a fiftieth, and a tenth with Shift."""
    with a_point_more(root, share):
        frame = root.get_by_role("application", name="The frame")
        tens, ones = divmod(round((share - 0.5) * 50), 5)
        for key in [*["Shift+ArrowDown"] * tens, *["ArrowDown"] * ones, "Enter"]:
            frame.press(key)


@contextmanager
def a_point_more(root: Locator, share: float) -> Iterator[None]:
    count = root.get_by_role("button", name="Remove point").count()
    yield
    root.get_by_text(f"Point {count + 1}").wait_for()
    box = root.locator(".vidcolor-frame-of-shot img").bounding_box()
    mark = root.locator(".vidcolor-marks span").last.bounding_box()
    assert mark["y"] + mark["height"] / 2 == pytest.approx(box["y"] + share * box["height"], abs=2)
    assert mark["x"] + mark["width"] / 2 == pytest.approx(box["x"] + box["width"] / 2, abs=2)


def redness(pictures: list[np.ndarray]) -> float:
    """How far red lies above blue, of 255."""
    return float(np.mean([picture[..., 0].mean() - picture[..., 2].mean() for picture in pictures]))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within five minutes"
        time.sleep(0.1)


def assert_is_in_view(page: Page, *shown: Locator) -> None:
    height = page.evaluate("innerHeight")
    for each in shown:
        box = each.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height + 1, each


def wait_for_stage(page: Page, stage: str) -> Locator:
    root = page.locator(f".vidcolor-page[data-stage={stage}]")
    try:
        root.wait_for(timeout=300_000)
    except Exception as error:
        there = page.locator(".vidcolor-page")
        raise AssertionError(f"{there.get_attribute('data-stage')}, not {stage}: {there.inner_text()}") from error
    return root


def assert_the_divider_parts_gray_from_colour(root: Locator, least: float = 10) -> None:
    canvas = root.locator("canvas[data-drawn]")
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    height = box["y"] + box["height"] / 2
    for start, end in ((0.5, 0.3), (0.3, 0.7)):
        root.page.mouse.move(box["x"] + box["width"] * start, height)
        root.page.mouse.down()
        root.page.mouse.move(box["x"] + box["width"] * end, height, steps=5)
        root.page.mouse.up()
        assert (
            root.get_by_role("slider", name="Gray on the left").get_attribute("aria-valuenow") == f"{end:.0%}"[:-1]
        )
        wait_until_drawn(canvas)
        picture = read_canvases(canvas)[0]
        width = picture.shape[1]
        assert spread(picture[:, : int((end - 0.02) * width)]) < 2
        assert spread(picture[:, int((end + 0.02) * width) :]) > least


def wait_until_drawn(canvas: Locator) -> None:
    """Wait for two drawings more: the second began after what was done before."""
    drawn = int(canvas.get_attribute("data-drawn"))
    wait_until(lambda: int(canvas.get_attribute("data-drawn")) >= drawn + 2)


def spread(picture: np.ndarray) -> float:
    """How far red, green and blue are apart, of 255, on average: near 0 for gray."""
    return float(np.ptp(picture, axis=-1).mean())


def assert_is_in_colour(film: Path, gray: Path) -> None:
    info, before = video_info(film), video_info(gray)
    assert (info.width, info.height, info.frames, info.sound) == (640, 360, before.frames, ("aac",))
    for colored, original in islice(zip(iter_rgb(film), iter_rgb(gray), strict=True), 0, None, 13):
        assert spread(colored.astype(int)) > 10 > 2 > spread(original.astype(int))


def visitors_folders(home: Path) -> list[Path]:
    return list(temporary_folder(home).glob("vidcolor-app-*/vidcolor-*"))


def assert_removed(home: Path) -> None:
    deadline = time.monotonic() + CLOSED_S
    while visitors_folders(home):
        assert time.monotonic() < deadline, "the visitor's files are still there"
        time.sleep(0.2)

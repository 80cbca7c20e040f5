"""The page for people who do not code, from drop to download, in the browser."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from pages import Visit, read_canvases
from servers import REPOSITORY, TOKEN, server, temporary_folder

from vidcolor_utils.demo import demo_clip
from vidcolor_utils.kept_streams import keep_streams
from vidcolor_utils.video_io import VideoReader, iter_rgb, video_info
from vidcolor_utils.video_writer import VideoWriter

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
NOTEBOOK = "06_colorize_your_film.ipynb"
SIZE = (360, 640)  # of the film, height and width: small, as the machine may be
CLOSED_S = 30  # a page that is closed leaves no files after this
DROP = """(root, [name, data]) => {
  const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  root.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def app(home: Path) -> Iterator[str]:
    """Voila as `make app` starts it, but with a known token and no browser of its own."""
    command = ("voila", NOTEBOOK, "--no-browser", f"--Voila.token={TOKEN}")
    with server(*command, home=home, folder=REPOSITORY / "notebooks") as address:
        yield address


@pytest.fixture
def visit_app(chromium, app) -> Iterator[Visit]:
    visit = Visit(chromium, f"{app}/?token={TOKEN}")
    visit.page.locator(".vidcolor-page[data-stage=waiting]").wait_for()
    yield visit
    visit.close()


@pytest.fixture
def old_film(tmp_path: Path) -> Path:
    """A real clip with sound, made gray and small."""
    path = tmp_path / "old film.mp4"
    height, width = SIZE
    neutral = np.full((height // 2, width // 2), 128, np.uint8)
    with (
        VideoReader(demo_clip("bigbuckbunny")) as reader,
        VideoWriter(path, SIZE, rate=reader.info.rate, time_base=reader.time_base) as writer,
    ):
        keep_streams(reader, writer)
        for frame in reader.luma_frames(lambda packet: writer.write_packet(packet, reader.start)):
            luma = cv2.resize(frame.luma, (width, height), interpolation=cv2.INTER_AREA)
            writer.write_planes(luma, neutral, neutral, pts=frame.pts)
    return path


def test_from_drop_to_download(visit_app, home, old_film, tmp_path, screenshots):
    page = visit_app.page
    content = base64.b64encode(old_film.read_bytes()).decode("ascii")
    wait_for_stage(page, "waiting").evaluate(DROP, [old_film.name, content])
    root = wait_for_stage(page, "ready")
    assert "640 x 360 pixels" in root.locator(".vidcolor-film").inner_text()
    preview = root.get_by_role("img", name="Frames of the film")
    assert preview.evaluate("image => image.naturalWidth") > 1000
    root.get_by_label("Saturation").fill("1.5")
    root.get_by_label("Steadiness").fill("0.5")
    root.get_by_role("button", name="Colorize").click()
    page.get_by_text(re.compile(r"frame \d+ of 132, about .* left")).wait_for()
    root = wait_for_stage(page, "done")
    assert_the_divider_parts_gray_from_colour(root)
    page.screenshot(path=screenshots / "app.png", full_page=True)
    with page.expect_download() as download:
        root.get_by_role("button", name="Download old_film_color.mp4").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert_is_in_colour(saved, old_film)
    assert visit_app.complaints() == []
    assert len(visitors_folders(home)) == 1
    page.close(run_before_unload=True)
    assert_removed(home)


def test_wrong_and_too_large_files_give_a_sentence(visit_app, tmp_path):
    page = visit_app.page
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
    assert visit_app.complaints() == []


def wait_for_stage(page: Page, stage: str) -> Locator:
    root = page.locator(f".vidcolor-page[data-stage={stage}]")
    root.wait_for(timeout=300_000)
    return root


def assert_the_divider_parts_gray_from_colour(root: Locator) -> None:
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
        root.page.wait_for_timeout(500)  # to be drawn
        picture = read_canvases(canvas)[0]
        width = picture.shape[1]
        assert spread(picture[:, : int((end - 0.02) * width)]) < 2
        assert spread(picture[:, int((end + 0.02) * width) :]) > 10


def spread(picture: np.ndarray) -> float:
    """How far red, green and blue are apart, of 255, on average: near 0 for gray."""
    return float(np.ptp(picture, axis=-1).mean())


def assert_is_in_colour(film: Path, gray: Path) -> None:
    info, before = video_info(film), video_info(gray)
    assert (info.width, info.height, info.frames, info.sound) == (640, 360, before.frames, ("aac",))
    for colored, original in islice(zip(iter_rgb(film), iter_rgb(gray), strict=True), 0, None, 40):
        assert spread(colored.astype(int)) > 10 > 2 > spread(original.astype(int))


def visitors_folders(home: Path) -> list[Path]:
    return list(temporary_folder(home).glob("vidcolor-*"))


def assert_removed(home: Path) -> None:
    deadline = time.monotonic() + CLOSED_S
    while visitors_folders(home):
        assert time.monotonic() < deadline, "the visitor's files are still there"
        time.sleep(0.2)

"""The frame scrubber in front ends that people use: the frame shown is the frame asked for, in step, smoothly."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import numpy as np
import pytest
from numbered import FRAMES, numbered_clips
from pages import ScrubberPage, Visit
from PIL import Image
from servers import REPOSITORY, environment

pytest.importorskip("anywidget")
from tests.helpers.scrubbers import encoded_frame
from vidcolor_utils.course.scrubber import FrameScrubber

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser
LAST = FRAMES - 1
RATE = 30.0
OUT = {"": "out/course", "small_": "out/small"}  # where chapters of each size leave what they made
SMOOTH = 20  # frames drawn in a second
TRIES, PLAY_S = 6, 2.0  # a busy machine stutters now and then
SHOW = (
    "from numbered import numbered_clips\nfrom vidcolor_utils.course.scrubber import FrameScrubber\n"
    f"scrubber = FrameScrubber(numbered_clips(), rate={RATE})\nscrubber"
)


@pytest.fixture(scope="module")
def expected() -> dict[str, list[np.ndarray]]:
    """Decoded frames of each clip, as the browser must show them."""
    scrubber = FrameScrubber(numbered_clips())
    return {
        name: [
            np.asarray(Image.open(BytesIO(encoded_frame(scrubber, name, index))).convert("RGB")).astype(int)
            for index in range(FRAMES)
        ]
        for name in scrubber.names
    }


def write_notebook(folder: Path, name: str, *cells: str) -> str:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / f"{name}.ipynb")
    return f"{name}.ipynb"


def assert_shows(scrubber: ScrubberPage, expected: dict[str, list[np.ndarray]], index: int) -> None:
    scrubber.wait_for_frame(index)
    panels = scrubber.panels()
    assert len(panels) == len(expected)
    for panel, (name, frames) in zip(panels, expected.items(), strict=True):
        assert np.abs(panel - frames[index]).max() <= 2, f"{name} does not show frame {index}"


def assert_scrubs(scrubber: ScrubberPage, expected: dict[str, list[np.ndarray]]) -> None:
    assert_shows(scrubber, expected, 0)
    for keys, index in (
        *(("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10)),
        *(("End", LAST), ("ArrowRight", LAST), ("Home", 0), ("PageUp", 10)),
    ):
        scrubber.press(keys)
        assert_shows(scrubber, expected, index)
    for _ in range(15):
        scrubber.press("ArrowRight")
    assert_shows(scrubber, expected, 25)
    dragged_to = scrubber.drag_to(0.8)
    assert 0.75 * LAST < dragged_to < 0.85 * LAST
    assert_shows(scrubber, expected, dragged_to)


def assert_plays(scrubber: ScrubberPage, expected: dict[str, list[np.ndarray]]) -> None:
    """Every drawing is in step and as labelled, the best second is smooth; where it stops is what it shows."""
    best = 0
    for _ in range(TRIES):
        drawings = scrubber.play_for(PLAY_S)
        assert len(drawings) > 2, "it does not play"
        times, labels = drawings[:, 0], drawings[:, 1]
        assert (drawings[:, 2:] == labels[:, None]).all(), "panels out of step, or not what the label says"
        moved = times[1:][np.diff(labels) != 0]
        best = max(best, *(np.count_nonzero((moved >= start) & (moved < start + 1000)) for start in moved))
        if best >= SMOOTH:
            break
    assert best >= SMOOTH, f"only {best} frames in the best second"
    assert_shows(scrubber, expected, scrubber.frame())


def assert_shows_differences(scrubber: ScrubberPage, expected: dict[str, list[np.ndarray]]) -> None:
    scrubber.press("d")
    scrubber.wait_for_caption("|ours \u2212 true| \u00d7 4")
    index = scrubber.frame()
    first, *others = (frames[index] for frames in expected.values())
    for panel, frame in zip(scrubber.panels()[1:], others, strict=True):
        assert np.abs(panel - np.minimum(255, 4 * np.abs(frame - first))).max() <= 8
    scrubber.press("d")
    scrubber.wait_for_caption("ours")


def assert_enlarges_and_divides(scrubber: ScrubberPage, expected: dict[str, list[np.ndarray]]) -> None:
    shown, index = scrubber.root.get_by_label("What to show"), scrubber.frame()
    small = scrubber.root.locator("canvas").first.bounding_box()["width"]
    shown.select_option("ours, large")
    (large,) = scrubber.panels()
    assert np.abs(large - expected["ours"][index]).max() <= 2
    assert scrubber.root.locator("canvas").bounding_box()["width"] > 1.5 * small

    shown.select_option("two, with a divider")
    scrubber.root.get_by_label("Clip on the right").select_option("ours")
    box = scrubber.root.locator("canvas").bounding_box()
    middle = box["y"] + box["height"] / 2
    scrubber.page.mouse.move(box["x"] + box["width"] / 2, middle)
    scrubber.page.mouse.down()
    scrubber.page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    scrubber.page.mouse.up()
    scrubber.page.wait_for_timeout(500)  # to be drawn
    (both,) = scrubber.panels()
    border = both.shape[1] // 4
    for part, name in ((np.s_[:, : border - 2], "true"), (np.s_[:, border + 2 :], "ours")):
        assert np.abs(both[part] - expected[name][index][part]).max() <= 2, name

    shown.select_option("all side by side")
    assert "frames/s" in scrubber.root.get_by_label("Speed").inner_text()
    assert scrubber.root.get_by_text("Keys: left and right").is_visible()
    scrubber.take_keyboard()


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_it_scrubs_and_plays_in_a_live_notebook(front_end, home, visit, expected, screenshots):
    name = write_notebook(
        home / "work",
        f"live_{front_end}",
        SHOW,
        "scrubber.playing = True",
        "scrubber.playing = False",
        "print(scrubber.frame)",
        "scrubber.frame = 7",
    )
    seen = visit(front_end, name)
    seen.run_cell(0)
    scrubber = seen.scrubber()
    assert_scrubs(scrubber, expected)
    assert_plays(scrubber, expected)
    assert_shows_differences(scrubber, expected)
    assert_enlarges_and_divides(scrubber, expected)
    seen.page.screenshot(path=screenshots / f"scrubber_{front_end}.png")

    seen.run_cell(1)  # Python plays ...
    seen.page.wait_for_timeout(1000)
    seen.run_cell(2)  # ... and stops
    scrubber.root.get_by_role("button", name="Play").wait_for()
    seen.page.wait_for_timeout(500)
    stopped_at = scrubber.frame()
    seen.run_cell(3)
    assert seen.printed(3) == str(stopped_at)
    assert_shows(scrubber, expected, stopped_at)
    seen.run_cell(4)
    assert_shows(scrubber, expected, 7)
    assert seen.complaints() == []


def test_it_scrubs_and_plays_in_voila(home, visit, expected, screenshots):
    seen = visit("voila", write_notebook(home / "work", "page", SHOW))
    scrubber = seen.scrubber()
    assert_scrubs(scrubber, expected)
    assert_plays(scrubber, expected)
    seen.page.screenshot(path=screenshots / "scrubber_voila.png")
    assert seen.complaints() == []


def test_it_plays_on_in_a_saved_notebook_and_is_a_strip_where_nobody_trusts_it(home, visit, expected, screenshots):
    name = write_notebook(home / "work", "saved", SHOW)
    path = home / "work" / name
    live = visit("lab", name)
    live.run_cell(0)
    live.scrubber().press("Shift+ArrowRight")
    assert_shows(live.scrubber(), expected, 10)
    live.save()
    wait_until(lambda: any(state.get("frame") == 10 for state in widget_states(path)))
    live.shut_down_kernels()
    live.close()

    saved = visit("lab", name)
    scrubber = saved.scrubber()
    assert_shows(scrubber, expected, 10)
    scrubber.press("Home")
    assert_scrubs(scrubber, expected)
    assert_plays(scrubber, expected)
    assert saved.complaints() == []

    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("somebody else's"))  # so that it is not the trusted one
    nbformat.write(notebook, home / "work" / "foreign.ipynb")
    foreign = visit("lab", "foreign.ipynb")
    assert_is_a_strip(foreign.page.locator(".jp-OutputArea-output img"))
    assert foreign.page.locator(".vidcolor-scrubber").count() == 0
    foreign.page.screenshot(path=screenshots / "scrubber_untrusted.png")
    assert foreign.complaints() == []


def test_it_is_a_strip_in_an_exported_page(home, chromium, screenshots):
    name = write_notebook(home / "work", "exported", SHOW)
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", name]
    # Without saved widgets, which an exported page would fetch code from the network for.
    options = ["--ExecutePreprocessor.store_widget_state=False"]
    subprocess.run([*command, *options], cwd=home / "work", env=environment(home), check=True, timeout=300)
    seen = Visit(chromium, (home / "work" / "exported.html").as_uri())
    assert_is_a_strip(seen.page.locator(".jp-OutputArea-output img"))
    seen.close()


def assert_is_a_strip(image: Locator) -> None:
    image.wait_for()
    assert image.evaluate("image => image.naturalWidth") == 6 * 160 + 5 * 4
    assert image.bounding_box()["width"] > 400


@pytest.mark.parametrize("name", ["04_results", "05_beyond_the_report"])
def test_it_works_in_the_course(name, home, visit, screenshots):
    runs = [size for size, out in OUT.items() if (REPOSITORY / out / f"{name}.json").exists()]
    if not runs:
        pytest.skip(f"{name} was not run here: `make test` and `make test-course` run it")
    lay_out_course(home / "work", OUT[runs[0]])
    seen = visit("lab", f"notebooks/{runs[0]}{name}.ipynb")
    seen.run_all_cells()
    scrubber = seen.scrubber()
    scrubber.wait_for_frame(0)
    before = scrubber.panels()
    assert min(panel.std() for panel in before) > 5, "an empty panel"
    scrubber.press("ArrowRight")
    scrubber.wait_for_frame(1)
    assert all((panel != old).any() for panel, old in zip(scrubber.panels(), before, strict=True))
    assert len(set(scrubber.play_for(PLAY_S)[:, 1])) > 2, "it does not play"
    scrubber.root.screenshot(path=screenshots / f"{name}.png")
    assert seen.complaints() == []


def lay_out_course(folder: Path, out: str) -> None:
    """Copy what the course's notebooks read and show, so that their own results stay as they are."""
    for part in ("notebooks", "data", "docs", out):
        shutil.copytree(REPOSITORY / part, folder / part, dirs_exist_ok=True)


def widget_states(path: Path) -> list[dict]:
    """States of the widgets saved in a notebook."""
    saved = nbformat.read(path, as_version=4).metadata.get("widgets", {})
    state = saved.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    return [widget["state"] for widget in state.values()]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.2)

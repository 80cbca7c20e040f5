"""The frame scrubber in front ends that people use: the frame shown is the frame asked for, in step, smoothly."""

from __future__ import annotations

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
import pytest
from numbered import FRAMES, numbered_clips
from pages import ScrubberPage
from PIL import Image

pytest.importorskip("anywidget")
from vidcolor_utils.widgets import FrameScrubber

pytestmark = pytest.mark.browser
LAST = FRAMES - 1
RATE = 30.0
SMOOTH = 20.0  # drawings a second that look like motion
TRIES, PLAY_S = 4, 2.0  # a busy machine may stutter in one try, not in all
SHOW = (
    "from numbered import numbered_clips\nfrom vidcolor_utils.widgets import FrameScrubber\n"
    f"scrubber = FrameScrubber(numbered_clips(), rate={RATE})\nscrubber"
)


@pytest.fixture(scope="module")
def expected() -> dict[str, list[np.ndarray]]:
    """Decoded frames of each clip, as the browser must show them."""
    scrubber = FrameScrubber(numbered_clips())
    return {
        name: [
            np.asarray(Image.open(BytesIO(scrubber.frame_jpeg(name, index))).convert("RGB")).astype(int)
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
        *(("End", LAST), ("ArrowRight", LAST), ("Home", 0), ("PageDown", 10)),
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
    """Every drawing is in step and as labelled; one of a few tries is smooth; where it stops is what it shows."""
    rates = []
    while len(rates) < TRIES and max(rates, default=0) < SMOOTH:
        drawings = scrubber.play_for(PLAY_S)
        assert len(drawings) > 2, "it does not play"
        labels = drawings[:, 1]
        assert (drawings[:, 2:] == labels[:, None]).all(), "panels out of step, or not what the label says"
        rates.append(1000 * np.count_nonzero(np.diff(labels)) / (drawings[-1, 0] - drawings[0, 0]))
    assert max(rates) >= SMOOTH, f"frames a second: {rates}"
    assert max(rates) <= 1.1 * RATE, f"faster than asked for: {rates}"
    assert_shows(scrubber, expected, scrubber.frame())


def assert_shows_differences(scrubber: ScrubberPage, expected: dict[str, list[np.ndarray]]) -> None:
    scrubber.press("d")
    scrubber.root.get_by_text("|ours \u2212 true| \u00d7 4").wait_for()
    index = scrubber.frame()
    first, *others = (frames[index] for frames in expected.values())
    for panel, frame in zip(scrubber.panels()[1:], others, strict=True):
        assert np.abs(panel - np.minimum(255, 4 * np.abs(frame - first))).max() <= 8
    scrubber.press("d")
    scrubber.root.get_by_text("ours", exact=True).wait_for()


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
def test_it_scrubs_and_plays_in_a_live_notebook(front_end, home, visit, expected, screenshots):
    name = write_notebook(home / "work", f"live_{front_end}", SHOW, "scrubber.playing = True",
                          "scrubber.playing = False", "print(scrubber.frame)", "scrubber.frame = 7")
    seen = visit(front_end, name)
    seen.run_cell(0)
    scrubber = seen.scrubber()
    assert_scrubs(scrubber, expected)
    assert_plays(scrubber, expected)
    assert_shows_differences(scrubber, expected)
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

"""What a test does on a page: run cells, work the scrubber, read pixels, look at the console."""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numbered import BLOCK, LEVELS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator

TIMEOUT_MS = 120_000
LONG_MS = 600_000
DRAWN_S = 20
WIDE = (1280, 900)
# What the front ends themselves say on every page, whatever the notebook holds.
FRONT_END_NOISE = (
    r"^Plugin \S+ .*(is taking too long|took [\d.]+ms) to activate",  # JupyterLab on a slow machine
    # Notebook 7.6, with an empty notebook too:
    r"^Menu entry for command '\S+' is duplicated",
    r"^\[yjs#509\] Not same Y\.Doc",
    r"^Cannot read properties of undefined \(reading 'schema'\)",
    r"^Command 'filebrowser:open-path' not registered",
    # Voila 0.5: icons and formulas that it would fetch, and extensions of a newer JupyterLab than it holds.
    r"^Failed to load resource: net::ERR_\w+ \(https://",
    r"^(\[ Federation Runtime \] Version|Unsatisfied version|No satisfying version) ",
    r"^Failed to create module: package: @jupyter-notebook/lab-extension",
    r"^Error: The getter for the shared module is not a function",
)

# All pixels of each canvas or picture, through a copy: reading a canvas itself would make Chromium warn.
READ_CANVASES = """(canvases) => canvases.filter((canvas) => canvas.complete !== false).map((canvas) => {
  const [width, height] = [canvas.naturalWidth ?? canvas.width, canvas.naturalHeight ?? canvas.height];
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  let text = "";
  for (let i = 0; i < data.length; i += 4096) text += String.fromCharCode(...data.subarray(i, i + 4096));
  return [height, width, btoa(text)];
})"""
# Notes the time, the label and the frame number in the pixels of every panel, each time the label changes.
RECORD = """(root, [block, levels]) => {
  const middle = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const number = (canvas) => {
    middle.drawImage(canvas, block / 2, block / 2, 1, 1, 0, 0, 1, 1);
    return Math.round(middle.getImageData(0, 0, 1, 1).data[0] / levels);
  };
  window.drawings = [];
  window.recorder = new MutationObserver(() => window.drawings.push(
    [performance.now(), Number(root.dataset.frame), ...[...root.querySelectorAll("canvas")].map(number)]));
  window.recorder.observe(root, { attributes: true, attributeFilter: ["data-frame"] });
}"""
# Notes each text of every <output>, in order: who looks now and then misses one that stands for half a second.
NOTE_OUTPUTS = """() => {
  window.outputs = [];
  new MutationObserver(() => document.querySelectorAll("output").forEach(({ textContent }) => {
    if (window.outputs.at(-1) !== textContent) window.outputs.push(textContent);
  })).observe(document, { subtree: true, childList: true, characterData: true });
}"""
# The indicators on the page say "idle" before there is a kernel, too.
KERNEL_IS_READY = """() => {
  const kernel = [...(window.jupyterapp?.shell.widgets("main") ?? [])]
    .map((widget) => widget.sessionContext?.session?.kernel).find(Boolean);
  return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
STOP_RECORDING = "() => { window.recorder.disconnect(); return window.drawings; }"


def read_canvases(canvases: Locator) -> list[np.ndarray]:
    """Return the pixels of each canvas, or each picture that is loaded, int (H, W, 3)."""
    return [
        np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3].astype(int)
        for height, width, data in canvases.evaluate_all(READ_CANVASES)
    ]


class Visit:
    """One page of a browser, and what its console said.

    Args:
        browser: opens the page.
        address: of the page.
        size: width and height of the window, in pixels.

    Attributes:
        requests: addresses of all that the page has asked for.
    """

    def __init__(self, browser: Browser, address: str, size: tuple[int, int] = WIDE):
        viewport = dict(zip(("width", "height"), size, strict=True))
        self.context = browser.new_context(viewport=viewport, accept_downloads=True)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.set_default_timeout(TIMEOUT_MS)
        self._console: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._console.append(f"uncaught: {error}"))
        self.page.add_init_script(f"({NOTE_OUTPUTS})()")
        self.page.goto(address)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._console.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def complaints(self) -> list[str]:
        """Errors and warnings on the console, without what the front end says on every page."""
        known = re.compile("|".join(f"(?:{noise})" for noise in FRONT_END_NOISE))
        return [line for line in self._console if not known.search(line.partition(": ")[2])]

    def asked_elsewhere(self) -> list[str]:
        """Addresses of other hosts that the page has asked for something."""
        ours = urlsplit(self.page.url).netloc
        named = [(address, urlsplit(address)) for address in self.requests]
        return [address for address, parts in named if parts.scheme in ("http", "https") and parts.netloc != ours]

    def outputs(self) -> list[str]:
        """What the <output> of the page has said so far, however shortly."""
        return self.page.evaluate("window.outputs")

    def run_cell(self, index: int) -> None:
        """Run a code cell of JupyterLab or Notebook and wait until it is done."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(index)
        prompt = cell.locator(".jp-InputPrompt")
        self.page.wait_for_function(KERNEL_IS_READY)
        before = prompt.inner_text()
        cell.locator(".jp-InputArea-editor").click()
        self.page.keyboard.press("Control+Enter")
        done = re.compile(rf"^\[(?!{re.escape(before.strip('[]:'))}\])\d+\]:")
        prompt.filter(has_text=done).wait_for()
        self.page.keyboard.press("Escape")

    def run_all_cells(self) -> None:
        """Run the notebook and wait until no cell is waiting or running."""
        self.page.wait_for_function(KERNEL_IS_READY)
        self.page.locator(".jp-Notebook .jp-Cell").first.click()  # the command is for the notebook in use
        self.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
        waiting = self.page.locator(".jp-InputPrompt").filter(has_text="*")
        waiting.first.wait_for(state="attached")
        waiting.first.wait_for(state="detached", timeout=LONG_MS)

    def save(self) -> None:
        """Save the notebook with its widgets, for which a box in JupyterLab's settings must be ticked."""
        self.page.evaluate("jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState')")
        self.page.evaluate(
            "Promise.all([...jupyterapp.shell.widgets('main')].map((widget) => widget.context?.save()))"
        )

    def shut_down_kernels(self) -> None:
        """End all kernels."""
        self.page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")

    def printed(self, index: int) -> str:
        """Return the text below a cell."""
        return (
            self.page.locator(".jp-Notebook .jp-Cell")
            .nth(index)
            .locator(".jp-OutputArea-output pre")
            .inner_text()
            .strip()
        )

    def scrubber(self) -> ScrubberPage:
        """Wait for the one scrubber of the page."""
        root = self.page.locator(".vidcolor-scrubber")
        root.wait_for()
        root.scroll_into_view_if_needed()
        scrubber = ScrubberPage(root)
        scrubber.take_keyboard()
        return scrubber

    def close(self) -> None:
        """Close the page and forget its cookies."""
        self.context.close()


class ScrubberPage:
    """The frame scrubber, as seen and touched in the browser."""

    def __init__(self, root: Locator):
        self.root = root
        self.page = root.page
        self.slider = root.locator("input[type=range]")

    def take_keyboard(self) -> None:
        """Click a picture until the slider keeps the keyboard: a notebook that has just run takes it back."""
        deadline = time.monotonic() + DRAWN_S
        focused = False
        while not focused:
            assert time.monotonic() < deadline, "clicking a picture does not give the slider the keyboard"
            self.root.locator("canvas").first.click()
            self.page.wait_for_timeout(500)
            focused = self.slider.evaluate("slider => slider === document.activeElement")

    def wait_for_caption(self, text: str) -> None:
        """Wait for a panel of exactly this name."""
        self.root.locator("figcaption").filter(has_text=re.compile(f"^{re.escape(text)}$")).wait_for()

    def press(self, keys: str) -> None:
        """Press keys while the slider has the keyboard."""
        self.slider.press(keys)

    def drag_to(self, share: float) -> int:
        """Drag the slider by its handle to a share of its length, in steps; returns its frame number."""
        box = self.slider.bounding_box()
        count = int(self.slider.get_attribute("max"))
        middle = box["y"] + box["height"] / 2
        start = box["x"] + 8 + (box["width"] - 16) * int(self.slider.input_value()) / count
        end = box["x"] + box["width"] * share
        self.page.mouse.move(start, middle)
        self.page.mouse.down()
        self.page.mouse.move(end, middle, steps=12)
        self.page.mouse.up()
        return int(self.slider.input_value())

    def wait_for_frame(self, index: int) -> None:
        """Wait until the label says that a frame is drawn and none is awaited."""
        deadline = time.monotonic() + DRAWN_S
        while self.frame() != index or self.root.get_attribute("aria-busy") != "false":
            assert time.monotonic() < deadline, f"frame {index} was asked for, {self.frame()} is shown"
            self.page.wait_for_timeout(50)

    def frame(self) -> int:
        """Return the frame that the label says is drawn."""
        return int(self.root.get_attribute("data-frame"))

    def panels(self) -> list[np.ndarray]:
        """Return the pixels of each panel, int (H, W, 3)."""
        return read_canvases(self.root.locator("canvas"))

    def play_for(self, seconds: float) -> np.ndarray:
        """Play and stop again; returns a row per drawing: milliseconds, label, number in each panel."""
        self.root.evaluate(RECORD, [BLOCK, LEVELS])
        self.press("Space")
        self.page.wait_for_timeout(1000 * seconds)
        self.press("Space")
        return np.array(self.page.evaluate(STOP_RECORDING))

"""The page of `06_colorize_your_film`: drop a film, preview, set, colorize, compare, download.

`FilmDesk` does the work; here it meets the browser (`app_page.js`). What takes time runs in one thread of its own,
task after task, so that the page stays alive. Films come and go in pieces of a megabyte, each asked for by the
side that receives it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import anywidget
import traitlets

from vidcolor_utils.app import MAX_MEGABYTES, FilmDesk, Told, duration_text
from vidcolor_utils.colorizer import Colorizer
from vidcolor_utils.errors import VidcolorError
from vidcolor_utils.saturation import LARGEST
from vidcolor_utils.steady import STRENGTH
from vidcolor_utils.video_io import VideoInfo

FOLDER = Path(__file__).parent
PIECE = 1 << 20  # bytes; a web socket takes ten times as much
TELL_S = 0.25  # how often the page hears of progress
STRONGEST = 0.98  # of the steadiness; at 1 colours would never change

STAGES = ("waiting", "receiving", "opening", "ready", "working", "done")
WAITING, RECEIVING, OPENING, READY, WORKING, DONE = STAGES


class Stopped(Exception):
    """The visitor wants no more of it."""


class ColorizePage(anywidget.AnyWidget):
    """A page on which a visitor colorizes a film.

    Args:
        max_megabytes: largest film taken.
        colorizer: predicts the chroma; if not given, the network that ships.

    Attributes:
        stage: one of `STAGES`.
        problem: a sentence that says what is wrong or should be known, or nothing.
        film: a description of the open film.
        preview: JPEG, a few frames gray above colour.
        saturation: factor on the colours, set by the visitor.
        strength: of the steadiness, set by the visitor.
        share: of the colorizing done, in [0, 1].
        words: the same in words.
        result: name and size in bytes of the colour film, and the size of the comparison.

    Raises:
        InputError: if `max_megabytes` is not above 0.
    """

    _esm = FOLDER / "app_page.js"
    _css = FOLDER / "app_page.css"

    max_megabytes = traitlets.Float().tag(sync=True)
    stage = traitlets.Unicode(WAITING).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    film = traitlets.Unicode().tag(sync=True)
    preview = traitlets.Bytes().tag(sync=True)
    saturation = traitlets.Float(1.0, min=0.0, max=LARGEST).tag(sync=True)
    strength = traitlets.Float(STRENGTH, min=0.0, max=STRONGEST).tag(sync=True)
    share = traitlets.Float().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)

    def __init__(self, *, max_megabytes: float = MAX_MEGABYTES, colorizer: Colorizer | None = None):
        self._desk = FilmDesk(max_megabytes=max_megabytes, colorizer=colorizer)
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._stop = threading.Event()
        self._files: dict[str, Path] = {}
        super().__init__(max_megabytes=max_megabytes)
        self.on_msg(self._hear)
        self.observe(self._ask_for_preview, "saturation")
        threading.Thread(target=self._work, daemon=True).start()

    def __repr__(self) -> str:
        return f"ColorizePage({self.stage})"

    def _hear(self, _: ColorizePage, message: dict, pieces: list[memoryview]) -> None:
        """Queue what the browser asks for; stopping does not wait."""
        kind = message["kind"]
        if kind == "stop":
            self._stop.set()
        elif kind == "begin":
            self._tasks.put(lambda: self._begin(message["name"], message["size"]))
        elif kind == "piece":
            self._tasks.put(lambda: self._append(message["start"], pieces[0]))
        elif kind == "colorize":
            self._tasks.put(self._colorize)
        elif kind == "get":
            self._tasks.put(lambda: self._hand_out(message["file"], message["start"]))

    def _begin(self, name: str, size: int) -> None:
        self.stage, self.problem, self.film, self.preview, self.result = WAITING, "", "", b"", {}
        self._files = {}
        self._desk.begin(name, size)
        self.stage = RECEIVING
        self._ask_for_more()

    def _append(self, start: int, piece: memoryview) -> None:
        if self.stage != RECEIVING or start != self._desk.received:
            return  # of a film that was given up
        self._desk.append(piece)
        if not self._desk.complete:
            self._ask_for_more()
            return
        self.stage = OPENING
        self.film = describe(self._desk.open())
        self._show_preview(self.saturation)
        self.stage = READY

    def _ask_for_more(self) -> None:
        self.send({"kind": "more", "start": self._desk.received, "length": PIECE})

    def _ask_for_preview(self, change: dict) -> None:
        self._tasks.put(lambda: self._show_preview(change["new"]))

    def _show_preview(self, saturation: float) -> None:
        if self.film and saturation == self.saturation:  # else the slider has moved on
            self.preview = self._desk.preview(saturation=saturation)

    def _colorize(self) -> None:
        self._stop.clear()
        self.problem, self.result, self._files, self.share, self.words = "", {}, {}, 0.0, "starting"
        self.stage = WORKING
        try:
            colored = self._desk.colorize(saturation=self.saturation, strength=self.strength, told=self._teller())
        except Stopped:
            self.stage = READY
            return
        self._files = {"film": colored.film, "comparison": colored.comparison}
        sizes = {name: path.stat().st_size for name, path in self._files.items()}
        self.problem, self.result = " ".join(colored.warnings), {"name": colored.name, **sizes}
        self.stage = DONE

    def _teller(self) -> Told:
        """Give a function that tells the page how far the work is, now and then."""
        last = 0.0

        def told(share: float, words: str) -> None:
            nonlocal last
            if self._stop.is_set():
                raise Stopped
            if time.monotonic() - last >= TELL_S:
                last = time.monotonic()
                self.share, self.words = share, words

        return told

    def _hand_out(self, name: str, start: int) -> None:
        if name not in self._files:
            return  # of a film that was given up
        with self._files[name].open("rb") as file:
            file.seek(start)
            self.send({"kind": "piece", "file": name, "start": start}, [file.read(PIECE)])

    def _work(self) -> None:
        while True:
            task = self._tasks.get()
            try:
                task()
            except VidcolorError as error:
                self._give_up(str(error))
            except Exception as error:  # a visitor sees no traceback, and must not wait for ever
                self._give_up(f"This should not have happened: {type(error).__name__}: {error}")

    def _give_up(self, problem: str) -> None:
        self.problem = problem
        self.stage = READY if self.film else WAITING


def describe(info: VideoInfo) -> str:
    """Say what a film is: size, length, rate, sound."""
    parts = [f"{info.width} x {info.height} pixels"]
    if info.duration_s:
        parts.append(duration_text(info.duration_s))
    parts += [f"{float(info.rate):.4g} frames a second", f"sound: {', '.join(info.sound) or 'none'}"]
    return ", ".join(parts)

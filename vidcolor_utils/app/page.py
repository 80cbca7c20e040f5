"""The page of `06_colorize_your_film`: drop a film or photograph, preview, set, colorize, compare, download.

`FilmDesk` does the work; here it meets the browser (`page.js`). What takes time runs in one thread of its own,
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

from vidcolor_utils.app.desk import MAX_MEGABYTES, FilmDesk
from vidcolor_utils.app.words import progress_text
from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.colorizers.defaults import LARGEST_SATURATION
from vidcolor_utils.film.look import PLAIN, Look
from vidcolor_utils.system.errors import VidcolorError
from vidcolor_utils.system.progress import Progress

FOLDER = Path(__file__).parent
PIECE = 1 << 20  # bytes; a web socket takes ten times as much
TELL_S = 0.25  # how often the page hears of progress
KINDS = {".mp4": "video/mp4", ".jpg": "image/jpeg"}  # of the comparison
STRONGEST = 0.98  # of the steadiness; at 1 colours would never change

STAGES = ("waiting", "receiving", "opening", "ready", "working", "done")
WAITING, RECEIVING, OPENING, READY, WORKING, DONE = STAGES


class Stopped(Exception):
    """The visitor wants no more of it."""


class ColorizePage(anywidget.AnyWidget):
    """A page on which a visitor colorizes a film or a photograph.

    Args:
        max_megabytes: largest file taken.
        colorizer: predicts the chroma; if not given, the network that ships.

    Attributes:
        stage: one of `STAGES`.
        problem: a sentence that says what is wrong or should be known, or nothing.
        name: of the visitor's file.
        film: a description of the open film or photograph.
        preview: JPEGs, a few frames or the photograph, each gray above colour.
        saturation: factor on the colours, set by the visitor.
        strength: of the steadiness, set by the visitor.
        share: of the colorizing done, in [0, 1].
        words: the same in words.
        result: `name` and size in bytes (`film`) of what was coloured, size and type of the comparison, and the
            `saturation` and `strength` that it was made with.

    Raises:
        InputError: if `max_megabytes` is not above 0.
    """

    _esm = FOLDER / "page.js"
    _css = FOLDER / "page.css"

    max_megabytes = traitlets.Float().tag(sync=True)
    stage = traitlets.Unicode(WAITING).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    film = traitlets.Unicode().tag(sync=True)
    preview = traitlets.List(traitlets.Bytes()).tag(sync=True)
    saturation = traitlets.Float(PLAIN.saturation, min=0.0, max=LARGEST_SATURATION).tag(sync=True)
    strength = traitlets.Float(PLAIN.strength, min=0.0, max=STRONGEST).tag(sync=True)
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
            self._tasks.put(self._stop_receiving)
        elif kind == "begin":
            self._tasks.put(lambda: self._begin(message["name"], message["size"]))
        elif kind == "piece":
            self._tasks.put(lambda: self._append(message["start"], pieces[0]))
        elif kind == "colorize":
            self._tasks.put(self._colorize)
        elif kind == "get":
            self._tasks.put(lambda: self._hand_out(message["file"], message["start"]))

    def _begin(self, name: str, size: int) -> None:
        self.stage, self.problem, self.film, self.preview, self.result = WAITING, "", "", [], {}
        self._files, self.name = {}, ""
        self._desk.begin(name, size)
        self.name = name
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
        self.film = self._desk.open()
        self._show_preview(self.saturation)
        self.stage = READY

    def _stop_receiving(self) -> None:
        if self.stage == RECEIVING:
            self._desk.close()
            self.stage, self.name = WAITING, ""

    def _ask_for_more(self) -> None:
        self.send({"kind": "more", "start": self._desk.received, "length": PIECE})

    def _ask_for_preview(self, change: dict) -> None:
        self._tasks.put(lambda: self._show_preview(change["new"]))

    def _show_preview(self, saturation: float) -> None:
        if self.film and saturation == self.saturation:  # else the slider has moved on
            self.preview = self._desk.preview(Look(saturation=saturation))

    def _colorize(self) -> None:
        self._stop.clear()
        self.problem, self.result, self._files, self.share, self.words = "", {}, {}, 0.0, "starting"
        self.stage = WORKING
        look = Look(saturation=self.saturation, strength=self.strength)
        try:
            colored = self._desk.colorize(look, progress=self._teller())
        except Stopped:
            self.stage = READY
            return
        self._files = {"film": colored.film, "comparison": colored.comparison}
        sizes = {name: path.stat().st_size for name, path in self._files.items()}
        kind = KINDS[colored.comparison.suffix]
        self.problem = " ".join(colored.warnings)
        settings = {"saturation": look.saturation, "strength": look.strength}
        self.result = {"name": colored.name, "type": kind, **sizes, **settings}
        self.stage = DONE

    def _teller(self) -> Progress:
        """Give what tells the page now and then how far the work is."""
        first: float | None = None  # when the first frame was done: loading is not part of the rate
        last = 0.0

        def tell(done: int, total: int | None) -> None:
            nonlocal first, last
            if self._stop.is_set():
                raise Stopped
            now = time.monotonic()
            first = first or now
            if now - last >= TELL_S:
                last = now
                self.share, self.words = progress_text(done, total, now - first)

        return tell

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
        if not self.film:
            self.name = ""

"""The page of `06_colorize_your_film`: drop a film or photograph, preview, set, colorize, compare, download.

`FilmDesk` does the work; here it meets the browser (`SCRIPTS`). What takes time runs in one thread of its own,
task after task, so that the page stays alive. Films come and go in pieces of a megabyte, each asked for by the
side that receives it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import traitlets

from vidcolor_utils.app.desk import FilmDesk
from vidcolor_utils.app.incoming import MAX_MEGABYTES
from vidcolor_utils.app.sheet import ContactSheet
from vidcolor_utils.app.threaded import Tasks, ThreadedWidget
from vidcolor_utils.app.words import Stopped, telling
from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.colorizers.defaults import LARGEST_SATURATION
from vidcolor_utils.film.look import PLAIN, Look
from vidcolor_utils.system.errors import VidcolorError
from vidcolor_utils.system.progress import Progress

FOLDER = Path(__file__).parent
SCRIPTS = ("transfer", "comparison", "sheet", "page")  # one module in the browser
PIECE = 1 << 20  # bytes; a web socket takes ten times as much
RESULTS = ("film", "comparison")
KINDS = {".mp4": "video/mp4", ".jpg": "image/jpeg"}  # of the comparison
EDITS: dict[str, Callable[..., None]] = {
    "point": ContactSheet.add_point,
    "unpoint": ContactSheet.remove_point,
    "take_out": ContactSheet.take_out,
}
# Of these no second one is taken while the first waits or runs, if what is named here is the same.
ONCE: dict[str, tuple[str, ...]] = {"colorize": (), "shots": (), "save": ("frame",), "get": ("file", "start")}
STRONGEST = 0.98  # of the steadiness; at 1 colours would never change

STAGES = ("waiting", "receiving", "opening", "ready", "looking", "working", "done")
WAITING, RECEIVING, OPENING, READY, LOOKING, WORKING, DONE = STAGES


class ColorizePage(ThreadedWidget):
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
        saturation, strength: factor on the colours, and that of the steadiness, set by the visitor.
        usual, most: what these two are by default, and at most.
        share: of the colorizing, or of the search for shots, in [0, 1]; `words` says the same.
        result: `name` and size in bytes (`film`) of what was coloured, size and type of the comparison, and the
            `saturation`, `strength` and `edits` that it was made with.
        is_film: whether what is open has shots.
        sheet: the frames of the contact sheet, see `SheetFrame.described`; empty until the visitor asks for it.
        edits: how often the visitor changed something on it.
        strip: moments of the shot of a `frame` of it, each a `time` and a `picture`, a JPEG.
        busy: what is being done to the shot, in words, or nothing.
        saved: `frame`, `name` and `size` of the frame that the visitor wants to have.

    Raises:
        InputError: if `max_megabytes` is not above 0.
    """

    _esm = "\n".join((FOLDER / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    _css = FOLDER / "page.css"

    max_megabytes = traitlets.Float().tag(sync=True)
    stage = traitlets.Unicode(WAITING).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    film = traitlets.Unicode().tag(sync=True)
    preview = traitlets.List(traitlets.Bytes()).tag(sync=True)
    saturation = traitlets.Float(PLAIN.saturation, min=0.0, max=LARGEST_SATURATION).tag(sync=True)
    strength = traitlets.Float(PLAIN.strength, min=0.0, max=STRONGEST).tag(sync=True)
    usual = traitlets.Dict({"saturation": PLAIN.saturation, "strength": PLAIN.strength}).tag(sync=True)
    most = traitlets.Dict({"saturation": LARGEST_SATURATION, "strength": STRONGEST}).tag(sync=True)
    share = traitlets.Float().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
    is_film = traitlets.Bool().tag(sync=True)
    sheet = traitlets.List(traitlets.Dict()).tag(sync=True)
    edits = traitlets.Int().tag(sync=True)
    strip = traitlets.Dict().tag(sync=True)
    busy = traitlets.Unicode().tag(sync=True)
    saved = traitlets.Dict().tag(sync=True)

    def __init__(self, *, max_megabytes: float = MAX_MEGABYTES, colorizer: Colorizer | None = None):
        self._desk = FilmDesk(max_megabytes=max_megabytes, colorizer=colorizer)
        self._tasks = Tasks()
        self._stop = threading.Event()
        self._files: dict[str, Path] = {}
        self._chosen = -1  # number of the frame of the sheet that is looked at
        super().__init__(max_megabytes=max_megabytes)
        self.on_msg(self._hear)
        self.observe(self._ask_for_preview, "saturation")
        threading.Thread(target=self._work, daemon=True).start()

    def __repr__(self) -> str:
        return f"ColorizePage({self.stage})"

    def _hear(self, _: ColorizePage, message: dict, pieces: list[memoryview]) -> None:
        """Queue what the browser asks for; stopping does not wait, nor does the answer that somebody is here."""
        kind = message["kind"]
        if kind == "alive":
            self.send({"kind": "alive"})
            return
        if kind == "stop":
            self._stop.set()
            self._tasks.put(self._stop_receiving)
            return
        if kind == "choose":
            self._chosen = message["frame"]
        tasks: dict[str, Callable[[], None]] = {
            "begin": lambda: self._begin(message["name"], message["size"]),
            "piece": lambda: self._append(message["start"], pieces[0]),
            "lost": self._desk.give_up,
            "colorize": self._colorize,
            "get": lambda: self._hand_out(message["file"], message["start"]),
            "shots": self._look_for_shots,
            "choose": lambda: self._show_strip(message["frame"]),
            "save": lambda: self._save(message["frame"]),
            "picture": lambda: self._begin_picture(message["frame"], message["name"], message["size"]),
            "edit": lambda: self._edit(message["edit"], message["frame"], message["values"]),
        }
        name = (kind, *(message[each] for each in ONCE[kind])) if kind in ONCE else None
        self._tasks.put(tasks[kind], name)

    def _begin(self, name: str, size: int) -> None:
        self._desk.begin(name, size)  # complains before anything is lost
        self.stage, self.problem, self.film, self.preview, self.result = WAITING, "", "", [], {}
        self.is_film, self.sheet, self.strip, self.saved, self._chosen = False, [], {}, {}, -1
        self._files, self.name, self.edits, self.busy = {}, name, 0, ""
        self.stage = RECEIVING
        self._ask_for_more(0)

    def _append(self, start: int, piece: memoryview) -> None:
        if self.stage in (READY, DONE) and self.sheet:
            self._append_picture(start, piece)
        if self.stage != RECEIVING or start != self._desk.received:
            return  # of a film that was given up
        self._desk.append(piece)
        if not self._desk.complete:
            self._ask_for_more(self._desk.received)
            return
        self.stage = OPENING
        self.film = self._desk.open()
        self.is_film = self._desk.is_film
        self._show_preview(self.saturation)
        self.stage = READY

    def _stop_receiving(self) -> None:
        if self.stage == RECEIVING:
            self._desk.close()
            self.stage, self.name = WAITING, ""

    def _ask_for_more(self, start: int) -> None:
        self.send({"kind": "more", "start": start, "length": PIECE})

    def _ask_for_preview(self, change: dict) -> None:
        self._tasks.put(lambda: self._show_preview(change["new"]))

    def _show_preview(self, saturation: float) -> None:
        if self.film and saturation == self.saturation:  # else the slider has moved on
            self.preview = self._desk.preview(Look(saturation=saturation))
            self._show_strip(self._chosen)

    def _look_for_shots(self) -> None:
        """Make the contact sheet."""
        self._begin_work(LOOKING)
        try:
            self._desk.look_for_shots(self._teller())
            self._show_sheet()
        except Stopped:
            pass
        self.stage = self._resting

    def _show_sheet(self) -> None:
        sheet = self._desk.sheet
        self.sheet, self.edits = [frame.described() for frame in sheet.frames], sheet.edits

    def _show_strip(self, number: int) -> None:
        if number != self._chosen or not self.sheet or number < 0:
            return  # the visitor has moved on
        self.busy = "Colouring this shot \u2026"
        moments = self._desk.strip(number, Look(saturation=self.saturation))
        pictures = [{"time": time, "picture": picture} for time, picture in moments]
        self.strip, self.busy = {"frame": number, "moments": pictures}, ""

    def _save(self, number: int) -> None:
        path = self._desk.sheet.saved(number)
        self._files[f"frame-{number}"] = path
        self.saved = {}
        self.saved = {"frame": number, "name": path.name, "size": path.stat().st_size}

    def _begin_picture(self, number: int, name: str, size: int) -> None:
        self.problem = ""
        self._desk.sheet.begin_picture(number, name, size)
        self.busy = "Reading the picture \u2026"
        self._ask_for_more(0)

    def _append_picture(self, start: int, piece: memoryview) -> None:
        sheet = self._desk.sheet
        if sheet.incoming is None or start != sheet.incoming.received:
            return  # of a picture that was given up
        sheet.append(piece)
        if sheet.incoming:
            self._ask_for_more(sheet.incoming.received)
            return
        self.busy = ""
        self._show_sheet()
        self._show_strip(self._chosen)

    def _edit(self, edit: str, number: int, values: list) -> None:
        """Do to a frame of the sheet what one of `EDITS` does."""
        self.problem = ""
        EDITS[edit](self._desk.sheet, number, *values)
        self._show_sheet()
        self._show_strip(number)

    def _begin_work(self, stage: str) -> None:
        self._stop.clear()
        self.problem, self.share, self.words = "", 0.0, "starting"
        self.stage = stage

    @property
    def _resting(self) -> str:
        """The stage while nothing goes on."""
        return DONE if self.result else READY if self.film else WAITING

    def _colorize(self) -> None:
        self.result = {}
        for name in RESULTS:
            self._files.pop(name, None)
        self._begin_work(WORKING)
        edits = self.edits
        look = Look(saturation=self.saturation, strength=self.strength)
        try:
            colored = self._desk.colorize(look, progress=self._teller())
        except Stopped:
            self.stage = READY
            return
        files = dict(zip(RESULTS, (colored.film, colored.comparison), strict=True))
        sizes = {name: path.stat().st_size for name, path in files.items()}
        self._files |= files  # beside frames that were saved, which may still be asked for
        self.problem = " ".join(colored.warnings)
        settings = {"saturation": look.saturation, "strength": look.strength, "edits": edits}
        self.result = {"name": colored.name, "type": KINDS[colored.comparison.suffix], **sizes, **settings}
        self.stage = DONE

    def _teller(self) -> Progress:
        """Give what tells the page now and then how far the work is, and ends it when the visitor wants that."""

        def tell(share: float, words: str) -> None:
            self.share, self.words = share, words

        return telling(tell, self._stop)

    def _hand_out(self, name: str, start: int) -> None:
        path = self._file(name)
        if path is None:
            return  # of a film that was given up
        with path.open("rb") as file:
            file.seek(start)
            self.send({"kind": "piece", "file": name, "start": start}, [file.read(PIECE)])

    def _file(self, name: str) -> Path | None:
        """What the browser calls by a name: a result, or `sheet-` and number and version of a frame."""
        frames = self._desk.sheet.frames if self.sheet else []
        shown = {f"sheet-{number}-{frame.version}": frame.shown for number, frame in enumerate(frames)}
        return (self._files | shown).get(name)

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
        self.problem, self.busy = self._desk.in_plain_words(problem), ""
        self.stage = self._resting
        if not self.film:
            self.name = ""

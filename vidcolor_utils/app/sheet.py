"""The contact sheet of a film: frames of its shots, each of which may be given a picture in colour, or points."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.app.incoming import MAX_MEGABYTES, Incoming
from vidcolor_utils.app.strip import GivenPicture, Moment, ShotStrip
from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.film.keyframes.album import key_name
from vidcolor_utils.film.keyframes.choose import Shot, choose, find_shots
from vidcolor_utils.film.look import Hint, Look
from vidcolor_utils.pictures.color import has_color
from vidcolor_utils.pictures.show import to_width
from vidcolor_utils.stills.images import StillImage, is_image, read_image, write_image
from vidcolor_utils.system.errors import InputError, VidcolorError
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.system.times import time_text
from vidcolor_utils.tool.keyframes import gray_picture, write_key_frames
from vidcolor_utils.video.reader import VideoReader

WIDTH = 640  # pixels, of a frame on the sheet, at most


class Point(NamedTuple):
    """A place in a frame, as shares of its width and height in [0, 1], and a colour as #rrggbb.

    `key` is what the browser calls it by: its place in a list changes while the browser's words are on their way.
    """

    key: int
    x: float
    y: float
    color: str


@dataclass
class SheetFrame:
    """A frame on the sheet.

    Attributes:
        shot: from 1.
        seconds: when it is shown.
        shown: the picture of it on the sheet, a JPEG; the visitor's if there is one.
        picture: the visitor's picture.
        name: what the visitor calls it.
        points: the visitor's points.
        version: another one whenever `shown` is.
    """

    shot: int
    seconds: float
    shown: Path
    picture: Path | None = None
    name: str = ""
    points: list[Point] = field(default_factory=list)
    version: int = 0

    @property
    def title(self) -> str:
        """What to call it."""
        return f"shot {self.shot}, {time_text(self.seconds)}"

    def described(self) -> dict:
        """Tell a browser what is to be known; `shown` is the size of that file."""
        return {
            "title": self.title.capitalize(),
            "shown": self.shown.stat().st_size,
            "version": self.version,
            "picture": self.name,
            "points": [point._asdict() for point in self.points],
        }


class ContactSheet:
    """Frames of a film, chosen as `vidcolor keyframes` does, and what a visitor did to them.

    Args:
        source: the film.
        folder: for what belongs to the sheet; it is made.
        progress: called after every frame of the film that is looked at; what it raises ends the search.
        max_megabytes: largest picture taken.

    Attributes:
        frames: the frames, by time.
        edits: how often the visitor changed something.
        incoming: the picture that is on its way.

    Raises:
        InputError: if the film cannot be read or sought in.
    """

    def __init__(
        self, source: Path, folder: Path, progress: Progress = silent, *, max_megabytes: float = MAX_MEGABYTES
    ):
        self._source, self._folder, self._max_megabytes = source, folder, max_megabytes
        self._shots: list[Shot] = list(find_shots(source, progress))
        self._strip = ShotStrip(source)
        self.edits = 0
        self.incoming: Incoming | None = None
        self._coming_for = 0  # number of its frame
        self._keys = count()  # of points
        for each in (self.keys, folder / "shown"):
            each.mkdir(parents=True, exist_ok=True)
        self.frames = [self._frame(*chosen) for chosen in choose(self._shots)]
        with VideoReader(source) as reader:
            self._size = reader.info.width, reader.info.height
            self._pixel_aspect = reader.info.shown_pixel_aspect
            for frame in self.frames:
                self._show(frame, reader)

    @property
    def keys(self) -> Path:
        """The folder of the visitor's pictures, as `Look.keyframes` takes it."""
        return self._folder / "keys"

    def added_to(self, look: Look) -> Look:
        """A look with the visitor's pictures and points."""
        has_pictures = any(frame.picture for frame in self.frames)
        return replace(look, keyframes=self.keys if has_pictures else None, hints=self.hints)

    @property
    def hints(self) -> tuple[Hint, ...]:
        """The visitor's points, as `Look.hints` takes them."""
        return tuple(hint for frame in self.frames for hint in self._hints_of(frame))

    def frame(self, number: int) -> SheetFrame:
        """Give a frame.

        Raises:
            InputError: if there is none of this number.
        """
        if not 0 <= number < len(self.frames):
            raise InputError("there is no such frame: choose one of those that are shown")
        return self.frames[number]

    def saved(self, number: int) -> Path:
        """Write a frame as it is in the film, gray, to be coloured elsewhere; return the PNG file."""
        frame = self.frame(number)
        folder = write_key_frames(self._source, self._folder / "saved", at=[frame.seconds]).folder
        written = folder / key_name(0, frame.seconds)
        return written.rename(folder / key_name(frame.shot, frame.seconds))

    def begin_picture(self, number: int, name: str, size: int) -> None:
        """Announce a picture in colour of a frame.

        Args:
            number: of the frame.
            name: the picture's file name.
            size: its bytes.

        Raises:
            InputError: if there is no such frame, or the file is no picture, empty or too large.
        """
        self.incoming = None  # of one that was on its way no more comes, even if this one is refused
        self.frame(number)
        if not is_image(name):
            raise InputError(f"{name}: not a picture that can be read: choose a PNG or JPEG file")
        self.incoming, self._coming_for = Incoming(name, size, self._max_megabytes), number
        self._arriving.unlink(missing_ok=True)

    def append(self, piece: bytes | memoryview) -> None:
        """Take the next bytes of the picture; the last ones have it colour the shot of its frame.

        Raises:
            InputError: if no picture was announced, there are more bytes than it was to have, or it cannot be
                read, is gray, or shows something else; it is forgotten then.
        """
        if self.incoming is None:
            raise InputError("no picture was announced: choose it again")
        incoming = self.incoming
        try:
            incoming.append(piece, self._arriving)
            if incoming.complete:
                self._use(self.frame(self._coming_for), self._arriving, incoming.name)
        except VidcolorError as error:
            message = str(error).replace(str(self._arriving), incoming.name)
            self.incoming = None
            raise InputError(message) from None
        self.incoming = None if incoming.complete else incoming

    def _use(self, frame: SheetFrame, picture: Path, name: str) -> None:
        """Have a picture colour the shot of its frame; the file is moved, that of before goes."""
        rgb = read_image(picture).rgb
        if not has_color(rgb):
            raise InputError(f"{name}: not used: this picture is gray; colour it first")
        if not self._strip.fits(GivenPicture(frame.seconds, rgb)):
            raise InputError(f"{name}: not used: it does not look like the frame of {frame.title}")
        self._remove_picture(frame)
        frame.picture = self.keys / Path(key_name(frame.shot, frame.seconds)).with_suffix(picture.suffix)
        frame.name = name
        shutil.move(picture, frame.picture)
        self._write_shown(frame, rgb)
        self._note(frame)

    def take_out(self, number: int) -> None:
        """Leave a frame's picture out again; nothing happens if it has none."""
        frame = self.frame(number)
        if not frame.picture:
            return
        self._remove_picture(frame)
        with VideoReader(self._source) as reader:
            self._show(frame, reader)
        self._note(frame)

    def add_point(self, number: int, x: float, y: float, color: str) -> None:
        """Give a place of a frame a colour.

        Args:
            number: of the frame.
            x: share of its width.
            y: share of its height.
            color: as #rrggbb.

        Raises:
            InputError: if the place is not in the picture, black bars apart, or there is no such frame.
        """
        frame, point = self.frame(number), Point(next(self._keys), x, y, color)
        if not self._strip.shows(self._hint(frame, point)):
            raise InputError("this point is not in the picture: choose a place inside it")
        frame.points.append(point)
        self.edits += 1

    def remove_point(self, number: int, key: int) -> None:
        """Take the point with a key away again; nothing happens if it is gone already."""
        frame = self.frame(number)
        left = [point for point in frame.points if point.key != key]
        self.edits += len(left) < len(frame.points)
        frame.points = left

    def moments(self, number: int, colorizer: Colorizer) -> list[Moment]:
        """Colour a few moments of the shot of a frame, see `ShotStrip`."""
        frame = self.frame(number)
        same = [each for each in self.frames if each.shot == frame.shot]
        pictures = [GivenPicture(each.seconds, read_image(each.picture).rgb) for each in same if each.picture]
        hints = [hint for each in same for hint in self._hints_of(each)]
        times = self._shots[frame.shot - 1].times
        found = self._strip.moments(times, frame.seconds, pictures=pictures, hints=hints, colorizer=colorizer)
        shape = partial(to_width, pixel_aspect=self._pixel_aspect)
        return [each._replace(rgb=shape(each.rgb, each.rgb.shape[1])) for each in found]

    @property
    def _arriving(self) -> Path:
        """Where the picture goes that is on its way."""
        name = self.incoming.name if self.incoming else ""
        return self._folder / ("arriving" + Path(name).suffix.lower())

    def _frame(self, shot: int, seconds: float) -> SheetFrame:
        return SheetFrame(shot, seconds, (self._folder / "shown" / key_name(shot, seconds)).with_suffix(".jpg"))

    def _show(self, frame: SheetFrame, reader: VideoReader) -> None:
        picture = gray_picture(next(reader.frames_from(frame.seconds)), reader)
        self._write_shown(frame, picture)

    def _write_shown(self, frame: SheetFrame, rgb: np.ndarray) -> None:
        shown = to_width(rgb, min(WIDTH, rgb.shape[1]), self._pixel_aspect)
        write_image(frame.shown, StillImage(shown, None))

    def _remove_picture(self, frame: SheetFrame) -> None:
        if frame.picture:
            frame.picture.unlink(missing_ok=True)
        frame.picture, frame.name = None, ""

    def _note(self, frame: SheetFrame) -> None:
        frame.version += 1
        self.edits += 1

    def _hints_of(self, frame: SheetFrame) -> list[Hint]:
        return [self._hint(frame, point) for point in frame.points]

    def _hint(self, frame: SheetFrame, point: Point) -> Hint:
        x, y = (_place(*each) for each in zip((point.x, point.y), self._size, strict=True))
        return Hint(frame.seconds, x, y, point.color)


def _place(share: float, length: int) -> float:
    """Where in a row of pixels a share of it is; the whole of it, its very edge, is in the last pixel."""
    return min(share * length, length - 0.5) if share <= 1 else share * length

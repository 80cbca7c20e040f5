"""A visitor's film, from upload to download: what the page of `06_colorize_your_film` does, without the page."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from vidcolor_utils.colorize import colorize_file
from vidcolor_utils.colorizer import Colorizer, FrameColorizer
from vidcolor_utils.comparison import write_comparison
from vidcolor_utils.errors import InputError, VidcolorError
from vidcolor_utils.image_io import is_image
from vidcolor_utils.kept_streams import container_for
from vidcolor_utils.preview import preview_file
from vidcolor_utils.video_io import VideoInfo, video_info

MAX_MEGABYTES = 500
MEGABYTE = 1_000_000
PREVIEW_FRAMES = 4
UNSAFE = re.compile(r"[^\w.-]+")  # what does not belong into a file name that a page offers

Done = TypeVar("Done")
Told = Callable[[float, str], None]  # share done in [0, 1], and the same in words


class Colored(NamedTuple):
    """What became of a film.

    Attributes:
        film: the colour video.
        name: what to call it when it is saved.
        comparison: the start of the film as it came (above) and in colour (below), see `write_comparison`.
        warnings: what the visitor should know.
    """

    film: Path
    name: str
    comparison: Path
    warnings: tuple[str, ...]


class FilmDesk:
    """Takes one film at a time in pieces, previews it, colorizes it.

    Files lie in a temporary folder of this object alone. They are removed when the next film comes, by `close`,
    and at the latest when Python ends.

    Args:
        max_megabytes: largest film taken.
        colorizer: predicts the chroma; if not given, the network that ships is loaded when it is first needed.

    Example:
        >>> desk = FilmDesk()
        >>> desk.begin("film.mp4", len(content))
        >>> desk.append(content)
        >>> desk.open()
        >>> colored = desk.colorize(saturation=1.2)
    """

    def __init__(self, *, max_megabytes: float = MAX_MEGABYTES, colorizer: Colorizer | None = None):
        if max_megabytes <= 0:
            raise InputError(f"max_megabytes must be above 0. Received: {max_megabytes}")
        self._max_megabytes, self._colorizer = max_megabytes, colorizer
        self._folder: tempfile.TemporaryDirectory | None = None
        self._name, self._size, self._received = "", 0, 0
        self._info: VideoInfo | None = None

    @property
    def received(self) -> int:
        """Bytes of the film that are there."""
        return self._received

    @property
    def complete(self) -> bool:
        """Whether all bytes of the announced film are there."""
        return self._folder is not None and self._received == self._size

    def begin(self, name: str, size: int) -> None:
        """Announce a film; what is left of the one before is removed.

        Args:
            name: its file name.
            size: its bytes.

        Raises:
            InputError: if it is empty, too large, or a picture by its name.
        """
        self.close()
        self._name, self._size = name, size
        if size <= 0:
            raise InputError(f"{name}: the file is empty")
        if size > self._max_megabytes * MEGABYTE:
            raise InputError(
                f"{name}: this file of {size / MEGABYTE:.0f} MB is too large, "
                f"the page takes up to {self._max_megabytes:g} MB: "
                "cut it shorter, or use `vidcolor colorize`, which has no limit"
            )
        if is_image(name):
            raise InputError(f"{name}: a picture; the page takes videos: use `vidcolor colorize`, it takes both")
        self._folder = tempfile.TemporaryDirectory(prefix="vidcolor-", ignore_cleanup_errors=True)

    def append(self, piece: bytes | memoryview) -> None:
        """Take the next bytes of the film.

        Raises:
            InputError: if no film was announced, or there are more bytes than it was to have.
        """
        if self._folder is None:
            raise InputError("no film was announced: choose the file again")
        self._received += len(piece)
        if self._received > self._size:
            name = self._name
            self.close()
            raise InputError(f"{name}: more bytes came than the file has: choose it again")
        with self._path("source").open("ab") as file:
            file.write(piece)

    def open(self) -> VideoInfo:
        """Look at the film once it is complete.

        Raises:
            InputError: if bytes are missing or it is no video that can be read; it is removed then.
        """
        if not self.complete:
            raise InputError(f"{self._name or 'the film'}: not complete: choose the file again")
        try:
            info = self._info = self._in_plain_words(lambda: video_info(self._path("source")))
        except VidcolorError:
            self.close()
            raise
        return info

    def preview(self, *, saturation: float = 1.0) -> bytes:
        """Return a JPEG with a few frames of the film, gray above colour.

        Raises:
            InputError: if no film is open, or its frames cannot be had.
        """
        self._need_film()
        picture = self._path("preview.jpg")
        self._in_plain_words(
            lambda: preview_file(
                self._path("source"), picture, PREVIEW_FRAMES, self._loaded(), saturation=saturation
            )
        )
        return picture.read_bytes()

    def colorize(self, *, saturation: float = 1.0, strength: float, told: Told | None = None) -> Colored:
        """Colorize the film.

        Args:
            saturation: factor on the colours, see `colorize_file`.
            strength: of the steadiness, see `colorize_file`.
            told: called after every frame; what it raises ends the work.

        Raises:
            InputError: if no film is open or it cannot be colorized.
            OutputError: if there is no room for the result.
        """
        info = self._need_film()
        total = info.frames or round((info.duration_s or 0) * info.rate) or None
        started = None  # when the first frame was done: loading is not part of the rate

        def progress(done: int, _: int | None) -> None:
            nonlocal started
            started = started or time.monotonic()
            if told:
                told(*progress_text(done, total, time.monotonic() - started))

        suffix = container_for(self._path("source"))
        film, comparison = self._path(f"color{suffix}"), self._path("comparison.mp4")
        report = self._in_plain_words(
            lambda: colorize_file(
                self._path("source"),
                film,
                self._loaded(),
                saturation=saturation,
                strength=strength,
                progress=progress,
            )
        )
        self._in_plain_words(lambda: write_comparison(self._path("source"), film, comparison))
        stem = UNSAFE.sub("_", Path(self._name).stem) or "film"
        warnings = tuple(self._without_folder(warning) for warning in report.warnings)
        return Colored(film, f"{stem}_color{suffix}", comparison, warnings)

    def close(self) -> None:
        """Remove all files; a new film may begin."""
        if self._folder is not None:
            self._folder.cleanup()
        self._folder, self._info, self._received, self._size = None, None, 0, 0

    def _loaded(self) -> Colorizer:
        self._colorizer = self._colorizer or FrameColorizer()
        return self._colorizer

    def _need_film(self) -> VideoInfo:
        if self._info is None:
            raise InputError("no film is open: choose a file first")
        return self._info

    def _path(self, name: str) -> Path:
        if self._folder is None:
            raise InputError("no film is open: choose a file first")
        return Path(self._folder.name) / name

    def _in_plain_words(self, work: Callable[[], Done]) -> Done:
        """Do something; errors name the visitor's file instead of its place in the temporary folder."""
        try:
            return work()
        except VidcolorError as error:
            raise type(error)(self._without_folder(str(error))) from None

    def _without_folder(self, message: str) -> str:
        return message.replace(str(self._path("source")), self._name)


def progress_text(done: int, total: int | None, elapsed_s: float) -> tuple[float, str]:
    """Tell how far a work is.

    Args:
        done: frames done, at least 1; the clock started when the first was.
        total: frames in all, if known.
        elapsed_s: seconds on the clock.

    Returns:
        Share done in [0, 1], 0 if nobody knows; and words, with the time that remains once it can be told.

    Example:
        >>> progress_text(26, 101, 5.0)
        (0.257..., 'frame 26 of 101, about 15 s left')
    """
    if total is None:
        return 0.0, f"frame {done}"
    total = max(done, total)
    words = f"frame {done} of {total}"
    if done > 1 and elapsed_s > 0:
        words += f", about {duration_text(elapsed_s / (done - 1) * (total - done))} left"
    return done / total, words


def duration_text(seconds: float) -> str:
    """Write a duration for people: 40 s, 3 min, 1 h 5 min.

    Example:
        >>> duration_text(3900)
        '1 h 5 min'
    """
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

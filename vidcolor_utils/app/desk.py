"""A visitor's film or photograph, from upload to download: what the page of notebook 06 does, without the page.

What the visitor does to single shots of a film is in `sheet`.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from vidcolor_utils.app.comparison import jpeg, write_comparison, write_still_comparison
from vidcolor_utils.app.incoming import MAX_MEGABYTES, Incoming
from vidcolor_utils.app.remembering import Looks
from vidcolor_utils.app.sheet import ContactSheet
from vidcolor_utils.app.words import in_words
from vidcolor_utils.colorizers.base import Colorizer, SaturatedColorizer
from vidcolor_utils.film.look import PLAIN, Look
from vidcolor_utils.pictures.show import side_by_side
from vidcolor_utils.stills.images import is_still, read_image, written_suffix
from vidcolor_utils.stills.pages import num_pages
from vidcolor_utils.system.errors import InputError, VidcolorError
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.system.times import time_text
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.preview import preview_columns
from vidcolor_utils.tool.stand import readable_film
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.streams import container_for

PREVIEW_FRAMES = 4
SHEET = "sheet"  # folder of the contact sheet
UNSAFE = re.compile(r"[^\w.-]+")  # what does not belong into a file name that a page offers
NO_FILE = "nothing is open: choose a file first"
NO_SHEET = "the shots of this film were not looked for yet: press the button for that first"


class Colored(NamedTuple):
    """What became of a film or photograph.

    Attributes:
        film: the same in colour.
        name: what to call it when it is saved.
        comparison: a video or picture of it as it came (above) and in colour (below), see `write_comparison`.
        warnings: what the visitor should know.
    """

    film: Path
    name: str
    comparison: Path
    warnings: tuple[str, ...]


class FilmDesk:
    """Takes one film or photograph at a time in pieces, previews it, colorizes it.

    Files lie in a temporary folder of this object alone. They are removed when the next film comes, by `close`,
    and at the latest when Python ends.

    Args:
        max_megabytes: largest file taken; above 0, or it raises `InputError`.
        colorizer: predicts the chroma; if not given, the network that ships is loaded when it is first needed.
    """

    def __init__(self, *, max_megabytes: float = MAX_MEGABYTES, colorizer: Colorizer | None = None):
        if max_megabytes <= 0:
            raise InputError(f"max_megabytes must be above 0. Received: {max_megabytes}")
        self._max_megabytes, self._looks = max_megabytes, Looks(colorizer)
        self._folder: tempfile.TemporaryDirectory | None = None
        self._name, self._source, self._is_photograph = "", Path(), False
        self._incoming: Incoming | None = None
        self._sheet: ContactSheet | None = None
        self._frames: int | None = None  # of the open film; 1 for a photograph, 0 if the film does not say

    @property
    def received(self) -> int:
        """Bytes of the film that are there."""
        return self._incoming.received if self._incoming else 0

    @property
    def complete(self) -> bool:
        """Whether all bytes of the announced film are there."""
        return self._incoming is not None and self._incoming.complete

    def begin(self, name: str, size: int) -> None:
        """Announce a film; what is left of the one before is removed.

        Args:
            name: its file name.
            size: its bytes.

        Raises:
            InputError: if it is empty or too large.
        """
        if self._sheet is not None:
            self._sheet.incoming = None  # of that picture no more comes, even if this file is refused
        incoming = Incoming(name, size, self._max_megabytes)  # complains before what is there goes
        self.close()
        self._name = name
        self._folder = tempfile.TemporaryDirectory(prefix="vidcolor-", ignore_cleanup_errors=True)
        # Its suffix, together with what it holds, tells photographs from films.
        self._source = self._path("source" + UNSAFE.sub("", Path(name).suffix.lower()))
        self._incoming = incoming

    def append(self, piece: bytes | memoryview) -> None:
        """Take the next bytes of the film.

        Raises:
            InputError: if no film was announced, or there are more bytes than it was to have.
            OutputError: if there is no room for them; all of it is removed then.
        """
        if self._incoming is None:
            raise InputError("no file was announced: choose it again")
        try:
            self._incoming.append(piece, self._source)
        except VidcolorError:
            self.close()
            raise

    def give_up(self) -> None:
        """Forget what is on its way, which the browser cannot read; raises `InputError`, which says so."""
        incoming = self._incoming if self._sheet is None else self._sheet.incoming
        if self._sheet is not None:
            self._sheet.incoming = None
        elif not self.complete:
            self.close()
        if incoming is not None:
            raise InputError(f"{incoming.name}: cannot be read: it is a folder, or was changed or moved meanwhile")

    def open(self) -> str:
        """Look at the file once it is complete.

        Returns:
            What it is, in words.

        Raises:
            InputError: if bytes are missing or it cannot be read; it is removed then.
        """
        if not self.complete:
            raise InputError(f"{self._name or 'the file'}: not complete: choose it again")
        try:
            with self._naming_the_file():
                return self._look()
        except VidcolorError:
            self.close()
            raise

    def _look(self) -> str:
        self._is_photograph = is_still(self._source)
        self._source = readable_film(self._source, self._path(""))
        if self._is_photograph:
            self._frames = 1
            height, width = read_image(self._source).rgb.shape[:2]
            pages = num_pages(self._source)
            return f"a photograph of {width} x {height} pixels" + (f", the first of {pages}" if pages > 1 else "")
        info = video_info(self._source)
        self._frames = info.frames or round((info.duration_s or 0) * info.rate)
        return in_words(info)

    def preview(self, look: Look = PLAIN) -> list[bytes]:
        """Return JPEGs of a few frames of the film, or one of the photograph, each gray above colour.

        Raises:
            InputError: if nothing is open, or its frames cannot be had.
        """
        self._need_file()
        with self._naming_the_file():
            if self._is_photograph:
                colored, picture = self._path("preview.png"), self._path("preview.jpg")
                colorize_file(self._source, colored, self._looks.close, look=look.for_still())
                write_still_comparison(self._source, colored, picture)
                return [picture.read_bytes()]
            columns = preview_columns(self._source, self._looks.moments, count=PREVIEW_FRAMES, look=look)
        return [jpeg(side_by_side({time: picture})) for time, picture in columns.items()]

    def colorize(self, look: Look = PLAIN, *, progress: Progress = silent) -> Colored:
        """Colorize the film or photograph.

        Args:
            look: what decides the colours.
            progress: called after every frame; what it raises ends the work, and nothing of it is kept.

        Raises:
            InputError: if nothing is open or it cannot be colorized.
            OutputError: if there is no room for the result.
        """
        total, look = self._need_file() or None, self._with_own_colors(look)
        suffix = written_suffix(self._source) if self._is_photograph else container_for(self._source)
        film, comparison = self._path(f"color{suffix}"), self._path(self._comparison_name)
        try:
            with self._naming_the_file():
                colorizer = self._looks.close if self._is_photograph else self._looks.film
                report = colorize_file(
                    self._source, film, colorizer, look=look, progress=lambda done, _: progress(done, total)
                )
                compare = write_still_comparison if self._is_photograph else write_comparison
                compare(self._source, film, comparison)
        except BaseException:
            self._clear()
            raise
        stem = UNSAFE.sub("_", Path(self._name).stem) or "film"
        warnings = tuple(self.in_plain_words(warning) for warning in report.warnings)
        return Colored(film, f"{stem}_color{suffix}", comparison, warnings)

    @property
    def is_film(self) -> bool:
        """Whether a film is open, which has shots."""
        return self._frames is not None and not self._is_photograph

    def look_for_shots(self, progress: Progress = silent) -> ContactSheet:
        """Make the contact sheet of the open film; one that is there stays.

        Args:
            progress: called after every frame that is looked at; what it raises ends the search.

        Raises:
            InputError: if no film is open, or it cannot be sought in.
        """
        if not self.is_film:
            raise InputError(NO_FILE)
        if self._sheet is None:
            folder = self._path(SHEET)
            with self._naming_the_file():
                self._sheet = ContactSheet(self._source, folder, progress, max_megabytes=self._max_megabytes)
        return self._sheet

    @property
    def sheet(self) -> ContactSheet:
        """The contact sheet of the open film.

        Raises:
            InputError: if there is none yet.
        """
        if self._sheet is None:
            raise InputError(NO_SHEET)
        return self._sheet

    def strip(self, number: int, look: Look = PLAIN) -> list[tuple[str, bytes]]:
        """Colour a few moments of the shot of a frame of the contact sheet, with what the visitor did to it.

        Returns:
            Their times in words, and a JPEG of each.

        Raises:
            InputError: if there is no such frame.
        """
        moments = self.sheet.moments(number, SaturatedColorizer(self._looks.quick, look.saturation))
        return [(time_text(moment.seconds), jpeg(moment.rgb)) for moment in moments]

    def close(self) -> None:
        """Remove all files; another film may begin."""
        if self._folder is not None:
            self._folder.cleanup()
        self._folder, self._frames, self._incoming, self._sheet = None, None, None, None
        self._looks.forget()

    def in_plain_words(self, message: str) -> str:
        """Let a message name the visitor's file instead of its place in the temporary folder."""
        if self._folder is None:
            return message
        return message.replace(str(self._source), self._name).replace(f"{self._path('')}/", "")

    def _with_own_colors(self, look: Look) -> Look:
        """Add the visitor's pictures and points, or leave out what photographs have no use for."""
        if self._is_photograph:
            return look.for_still()
        return self._sheet.added_to(look) if self._sheet else look

    def _clear(self) -> None:
        """Remove all but the visitor's own files."""
        for path in self._path("").iterdir():
            if path not in (self._source, self._path(SHEET)):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _need_file(self) -> int:
        if self._frames is None:
            raise InputError(NO_FILE)
        return self._frames

    @property
    def _comparison_name(self) -> str:
        return "comparison.jpg" if self._is_photograph else "comparison.mp4"

    def _path(self, name: str) -> Path:
        if self._folder is None:
            raise InputError(NO_FILE)
        return Path(self._folder.name) / name

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        try:
            yield
        except VidcolorError as error:
            raise type(error)(self.in_plain_words(str(error))) from None

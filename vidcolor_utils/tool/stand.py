"""What is no film file and becomes one for a while: numbered pictures, animations, what comes through a pipe."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import BinaryIO

from vidcolor_utils.film.color_video import nothing_more
from vidcolor_utils.film.look import FINEST_RATE, RATE
from vidcolor_utils.film.picture import ColorizeReport
from vidcolor_utils.film.work_folder import work_folder_path
from vidcolor_utils.stills.images import check_image_name, is_animation, is_image, is_still
from vidcolor_utils.system.errors import InputError, OptionError, VidcolorError, telling_of
from vidcolor_utils.system.files import hidden_beside, writing
from vidcolor_utils.system.options import check_option
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.encoders.animations import write_apng
from vidcolor_utils.video.files import is_sequence, numbered, sequence_files, write_film_of, write_pictures_of
from vidcolor_utils.video.times import Span

DEFAULT_RATE = Fraction(24)  # pictures per second
DIRECT = (".gif", ".apng", ".png")  # animations that FFmpeg reads by itself
LOSSLESS = "ffv1"
FIRST = 1  # number of a film's first frame, as FFmpeg counts
EXACT_DIGITS = 6  # of a number of pictures: what is beyond is rounding
# Containers by the name that `ffmpeg -f` has for them.
SUFFIX_OF_FORMAT = {"matroska": ".mkv", "mp4": ".mp4", "mov": ".mov", "webm": ".webm"}
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Stand:
    """The film files that stand for the source and the output that were named."""

    source: Path
    output: Path
    names: dict[str, str]  # of these files, as a user knows them
    encoding: Encoding | None = None
    deliver: Callable[[Path], None] = nothing_more  # brings the complete film to where the user wants it

    def told(self, text: str) -> str:
        """A message with the names that the user gave."""
        for own, name in self.names.items():
            text = text.replace(own, name)
        return text


def needs_stand(source: Path, output: Path) -> bool:
    """Tell whether source or output is no file that a film is read from or written to."""
    return is_sequence(source) or _is_sequence_of(output, source) or is_indirect(source)


def is_indirect(source: Path) -> bool:
    """Tell an animation that FFmpeg does not read, and that becomes an animated PNG first."""
    return source.suffix.lower() not in DIRECT and is_animation(source)


def readable_film(source: Path, folder: Path) -> Path:
    """Give a film itself, or of an animation that FFmpeg does not read a copy in a folder that it does."""
    if not is_indirect(source):
        return source
    copy = folder / "animation.apng"
    write_apng(source, copy)
    return copy


@contextmanager
def film_to_look_at(source: Path) -> Iterator[Path]:
    """The same, for as long as the block runs, whose errors name the source."""
    with tempfile.TemporaryDirectory() as folder:
        film = readable_film(source, Path(folder))
        with telling_of(source, film):
            yield film


def checked_rate(rate: float | Fraction | None) -> Fraction:
    """Give pictures per second as a fraction: 23.976023976 is 24000/1001; of none, 24.

    Raises:
        OptionError: unless from 1/100000 up to 1000.
    """
    if rate is None:
        return DEFAULT_RATE
    check_option("rate", rate, RATE)
    return Fraction(rate).limit_denominator(FINEST_RATE)


@contextmanager
def stand_for(
    source: Path, output: Path, encoding: Encoding | None, rate: float | Fraction | None, span: Span
) -> Iterator[Stand]:
    """Put a source into a film file, and say how the output gets out of one.

    The same source gives the same file, so that a run that was interrupted can be gone on with.

    Args:
        source: a film, an animation, or a sequence such as frames/%05d.png.
        output: a film, or a sequence, whose pictures have the numbers of those they are made of, or count from 1.
        encoding: of a film; not for a sequence.
        rate: pictures per second of a sequence.
        span: the part of the source that is wanted.

    Raises:
        InputError, OutputError: as what is done in the block, with the names of `source` and `output`.
    """
    fraction, target, deliver = checked_rate(rate), output, nothing_more
    pictures = sequence_files(source) if is_sequence(source) else {}
    if _is_sequence_of(output, source):
        check_image_name(output)
        if encoding is not None:
            raise OptionError(f"{output}: a codec, its quality and its preset are for videos; these are images")
        first = _first_number(source, pictures, output, fraction, span)
        target = hidden_beside(output, output.name.replace("%", ""), ".frames.mkv")
        encoding = Encoding(LOSSLESS, sound="none")
        deliver = partial(write_pictures_of, pattern=output, first=first)
    with tempfile.TemporaryDirectory() as folder:
        film = _film_of(source, list(pictures.values()), Path(folder), fraction)
        names = {str(film): str(source), str(target): str(output)}
        stand = Stand(film, target, names, encoding, deliver)
        try:
            yield stand
        except VidcolorError as error:
            raise type(error)(stand.told(str(error))) from None
        finally:
            if target != output:
                target.unlink(missing_ok=True)


def _is_sequence_of(output: Path, source: Path) -> bool:
    """Tell an output that is pictures from a film, or from the one picture of a source, with a % in its name."""
    return is_sequence(output) and is_image(output) and (is_sequence(source) or not is_still(source))


def _first_number(source: Path, pictures: Mapping[int, Path], output: Path, rate: Fraction, span: Span) -> int:
    """The number of the first picture to write, of pictures that are the source's, or of a film if there are none.

    Raises:
        InputError: if one that would be written is one of the source's, or would be taken for one later.
    """
    if not pictures:
        numbered(output, FIRST)  # complains now, not after the work
        return FIRST
    written = {numbered(output, number).resolve() for number in pictures}
    if output.resolve() == source.resolve() or written & {picture.resolve() for picture in pictures.values()}:
        raise InputError(f"{output}: input and output are the same pictures")
    return min(pictures) + math.ceil(round(span.start * float(rate), EXACT_DIGITS))


def _film_of(source: Path, pictures: Sequence[Path], folder: Path, rate: Fraction) -> Path:
    if pictures:
        film = folder / "frames.mov"
        write_film_of(pictures, film, rate)
    else:
        film = readable_film(source, folder)
    if film == source:
        return source
    changed = max(path.stat().st_mtime_ns for path in pictures or [source])
    os.utime(film, ns=(changed, changed))
    return film


def renamed(report: ColorizeReport, stand: Stand, output: Path) -> ColorizeReport:
    """A report with the names that the user gave."""
    return report._replace(output=output, warnings=tuple(map(stand.told, report.warnings)))


def _keep(stdin: BinaryIO, film: Path) -> None:
    """Write what comes through a pipe to a file in a temporary folder."""
    with film.open("wb") as file:
        while chunk := stdin.read(CHUNK_BYTES):
            with writing(film.parent, advice="; TMPDIR names another folder, on a larger disk"):
                file.write(chunk)
                file.flush()


@contextmanager
def piped(source: Path, output: Path, container: str | None, stdin: BinaryIO, stdout: BinaryIO) -> Iterator[Stand]:
    """Read a film from a pipe and write one to a pipe, where "-" is named; both go through a temporary file.

    Args:
        source: a file, or "-".
        output: a file, or "-".
        container: of what is written to a pipe, as `ffmpeg -f` calls it.
        stdin: what "-" is read from.
        stdout: what "-" is written to.

    Raises:
        InputError: if a container is missing, or unknown.
        OutputError: if the temporary folder has no room for what comes.
    """
    if str(output) == "-" and container not in SUFFIX_OF_FORMAT:
        raise InputError(f"a pipe has no name: say the format of what is written: {', '.join(SUFFIX_OF_FORMAT)}")
    with tempfile.TemporaryDirectory() as folder:
        film, target = source, output
        if str(source) == "-":
            film = Path(folder) / "input"
            _keep(stdin, film)
        if str(output) == "-":
            target = Path(folder) / f"output{SUFFIX_OF_FORMAT[str(container)]}"
        names = {str(work_folder_path(target)): "output", str(target): "stdout"} if str(output) == "-" else {}
        stand = Stand(film, target, names | ({str(film): "stdin"} if str(source) == "-" else {}))
        try:
            yield stand
        except VidcolorError as error:
            raise type(error)(stand.told(str(error))) from None
        if str(output) == "-":
            with target.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    stdout.write(chunk)
            stdout.flush()

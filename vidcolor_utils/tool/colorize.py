"""Colorize files: a video or a still image in, the same in colour out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.colorizers.stills import colorize_still
from vidcolor_utils.film.color_video import FilmJob, color_video, nothing_more
from vidcolor_utils.film.director import FilmColors, Photographs
from vidcolor_utils.film.keyframes.source import colors_of
from vidcolor_utils.film.look import OF_FILMS, PLAIN, SEGMENT_LENGTH, SEGMENT_S, Look, LookOptions
from vidcolor_utils.film.picture import ColorizeReport
from vidcolor_utils.film.tape import Cutting, plan_cutting
from vidcolor_utils.pictures.restore import MEMORY
from vidcolor_utils.stills.images import check_image_name, is_animation, is_image, is_still, picture_kind
from vidcolor_utils.stills.pages import HEIF, PageReader, bytes_in_colour, num_pages
from vidcolor_utils.stills.still import StillImage
from vidcolor_utils.stills.writing import PageWriter
from vidcolor_utils.system.errors import InputError, OptionError, OutputError
from vidcolor_utils.system.files import finished_file, followed, is_same_file
from vidcolor_utils.system.options import check_option
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.system.spread import HERE, Spread
from vidcolor_utils.tool.stand import needs_stand, renamed, stand_for
from vidcolor_utils.video.codecs import CONTAINERS, Encoding
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.ffmpeg import is_called_video
from vidcolor_utils.video.fields import REACH
from vidcolor_utils.video.files import is_sequence, video_info
from vidcolor_utils.video.times import WHOLE, Span, checked_span

NOTHING = np.empty((0, 0, 3), np.uint8)


def colorize_file(
    source: str | Path,
    output: str | Path,
    colorizer: Colorizer | None = None,
    *,
    look: Look = PLAIN,
    span: Span = WHOLE,
    only: Span | None = None,
    segment_s: float = SEGMENT_S,
    encoding: Encoding | None = None,
    rate: float | Fraction | None = None,
    spread: Spread = HERE,
    photographs: Photographs | None = None,
    progress: Progress = silent,
    **options: Unpack[LookOptions],
) -> ColorizeReport:
    """Colorize a video or a still image; only its luma is used, and it is kept.

    A video whose colorizing was interrupted goes on from the segments that were finished, if the same call is made
    again.

    Args:
        source: the input: a video, an animation, a still image, or numbered images as frames/%05d.png, which are
            coloured as one video.
        output: the file to write, of the same kind as `source`. It appears when it is complete.
        colorizer: predicts the chroma; if not given, `look` names it, and it is loaded once the files are known
            to be good.
        look: all options that decide the colours.
        span: the part of a video to colorize, with its sound.
        only: the part of an earlier result, the video `output`, to make anew; the frames around it stay as they
            are, but for those up to the next places where the video can be cut: these keep their colours and are
            coded once more.
        segment_s: seconds of film that are finished together: what an interruption costs at most.
        encoding: codec, quality and speed of a video; default: H.264.
        rate: frames per second of numbered images; default: 24.
        spread: has a video's segments coloured, see `spread.spread_over`; then `look` must name the colorizer.
        photographs: has read those of `look`, for calls that share them; what each call reads if not given.
        progress: called after every frame, or after every segment that another process has coloured.
        options: those of `look`, by name.

    Raises:
        FileNotFoundError: if `source` does not exist.
        InputError: if `source` cannot be read, or `output` is of another kind or the same file.
        OptionError: if an option, or a setting of `encoding`, has a value that it cannot have or does not go with
            such a source; no file is touched then, and no network loaded.
        OutputError: if `output` cannot be written.

    Example:
        colorize_file("film.mp4", "film_color.mp4", saturation=0.8)
    """
    source, output, look = Path(source), followed(output), replace(look, **options)
    segment_s = check_option("segment_s", segment_s, SEGMENT_LENGTH)
    span = checked_span(span)
    if encoding is not None:
        encoding.check_settings()
    if colorizer is not None and not spread.is_local:
        raise OptionError("`colorizer` cannot be sent to other processes. Name a `method` instead")
    if only is not None:
        only = checked_span(only, "only")
        _check_only(source, output, span)
    if rate is not None and not is_sequence(source):
        raise OptionError(f"{source}: a rate is for numbered images; films and animations have their own")
    _check_apart(output, look)
    work = partial(
        _colorize,
        look=look,
        colorizer=colorizer,
        photographs=photographs or Photographs(),
        span=span,
        segment_s=segment_s,
        spread=spread,
    )
    if not needs_stand(source, output):
        return work(source, output, encoding=encoding, only=only, progress=progress)
    with stand_for(source, output, encoding, rate, span) as stand:
        report = work(
            stand.source, stand.output, encoding=stand.encoding, deliver=stand.deliver, progress=progress
        )
    return renamed(report, stand, output)


def _colorize(
    source: Path,
    output: Path,
    *,
    look: Look,
    colorizer: Colorizer | None,
    photographs: Photographs,
    span: Span,
    segment_s: float,
    encoding: Encoding | None,
    spread: Spread,
    progress: Progress,
    only: Span | None = None,
    deliver: Callable[[Path], None] = nothing_more,
) -> ColorizeReport:
    """Colorize one file, as `colorize_file`; `deliver` as for `color_video`."""
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file")
    if output.is_dir():
        raise OutputError(f"{output}: is a folder; name a file in it, as {output / source.name}")
    is_picture = is_still(source) or (is_image(output) and not is_film(source))
    with _saying_what_it_holds(source, is_picture):
        if is_picture and output.suffix.lower() not in CONTAINERS:
            check_image_name(output)  # says what there is, of a name that is neither's
        if is_picture != is_image(output):
            kinds = ("an image", "a video") if is_picture else ("a video", "an image")
            raise InputError(f"{output}: the input is {kinds[0]}, but this name is that of {kinds[1]}")
        if is_picture:
            _check_for_still(source, look, encoding, span, segment_s, spread)
            return _colorize_image(
                source, output, FilmColors(source, look, colorizer, photographs), look, progress
            )
        colors = colors_of(source, look, colorizer, photographs)
        job = FilmJob(
            encoding or Encoding(),
            span=span,
            only=only,
            cutting_of=partial(_cutting, look, segment_s),
            deinterlace=look.is_restored,
            restore_luma=look.restore_luma,
        )
        return color_video(source, output, colors, job, spread=spread, progress=progress, deliver=deliver)


@contextmanager
def _saying_what_it_holds(source: Path, is_picture: bool) -> Iterator[None]:
    """Where a picture or a film cannot be taken as what its name says, say so if it holds the other one."""
    try:
        yield
    except InputError:
        name = source.suffix
        kind = picture_kind(source)
        if is_picture and is_image(source) and kind is None and _is_video(source):
            raise InputError(f"{source}: holds a video: rename it, {name} is of pictures") from None
        if not is_picture and is_called_video(source) and kind:
            raise InputError(f"{source}: holds a {kind} picture: rename it, {name} is of videos") from None
        raise


def _is_video(source: Path) -> bool:
    if source.suffix.lower() in HEIF:  # FFmpeg takes these for one
        return False
    try:
        video_info(source)
    except (InputError, OSError):
        return False
    return True


def is_film(source: Path) -> bool:
    """Tell a film by its name, or as an animation; what has any other name is what its result is to be."""
    return is_called_video(source) or is_animation(source)


def _check_apart(output: Path, look: Look) -> None:
    """Check that a photograph that guides the colours is not what they would be written to."""
    for reference in look.references:
        if is_same_file(output, reference.photograph):
            raise InputError(f"{output}: output and reference are the same file")


def _check_only(source: Path, output: Path, span: Span) -> None:
    """Check that a part of an earlier result can be asked for."""
    if span != WHOLE:
        raise OptionError(
            "`only` makes a part of an earlier result of the whole film anew: leave start and end out"
        )
    if needs_stand(source, output) or is_image(output):
        raise OptionError(f"{output}: only a video can be made anew in part")


def _cutting(look: Look, segment_s: float, info: VideoInfo) -> Cutting:
    return plan_cutting(
        info.rate,
        seconds=segment_s,
        strength=look.strength,
        every=look.every,
        offline=look.offline,
        lead=MEMORY if look.is_restored else 0,
        ahead=REACH if look.is_restored and info.fields else 0,
    )


def _check_for_still(
    source: Path, look: Look, encoding: Encoding | None, span: Span, segment_s: float, spread: Spread
) -> None:
    """Check that nothing is asked of a still image that only a film can have."""
    useless = [name for name in OF_FILMS if getattr(look, name) != getattr(PLAIN, name)]
    useless += ["segment_s"] * (segment_s != SEGMENT_S)
    if useless:
        raise OptionError(f"{source}: is a still image; for videos alone: {', '.join(useless)}")
    if encoding is not None:
        raise OptionError(f"{source}: a codec, its quality and its preset are for videos; this is a still image")
    if span != WHOLE:
        raise OptionError(f"{source}: a still image has no times to start and end at")
    if look.restore_luma:
        raise OptionError(f"{source}: the luma of a still image is kept: restore without it")
    if not spread.is_local:
        raise OptionError(f"{source}: a still image is coloured by one process: leave workers and cluster out")
    if any(reference.at is not None for reference in look.references):
        raise OptionError(f"{source}: a still image has no times: give the reference without one")
    if look.is_of_one_film:
        raise OptionError(f"{source}: key frames and points are for videos; for a still image give a reference")


def _colorize_image(
    source: Path, output: Path, colors: FilmColors, look: Look, progress: Progress
) -> ColorizeReport:
    """Colorize the pictures of a file one after the other, so that one is in memory at a time."""
    check_image_name(output)
    done, total = 0, num_pages(source)
    with (
        PageReader(source) as pages,
        finished_file(output, source=source) as part,
        PageWriter(part, shown=output, room=bytes_in_colour(source)) as writer,
    ):
        while not writer.is_full and (painted := _next_painted(pages, colors, look)):
            writer.add(painted)
            del painted  # before the next one is read
            done += 1
            progress(done, total)
        lost = writer.finish(total)
        warnings = pages.warnings
    return ColorizeReport(output, done, (*warnings, *lost))


def _next_painted(pages: PageReader, colors: FilmColors, look: Look) -> StillImage | None:
    """Take the next of some pictures, and paint it; only its luma is left meanwhile."""
    image = next(pages, None)
    if image is None:
        return None
    luma, is_deep = image.luma, image.rgb.dtype == np.uint16
    image = image._replace(rgb=NOTHING)
    return image._replace(rgb=colorize_still(luma, colors.of_still(), restore=look.restore, deep=is_deep))

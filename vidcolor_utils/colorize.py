"""Colorize files: a video or a still image in, the same in colour out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from vidcolor_utils.active_area import find_active_area
from vidcolor_utils.chroma import with_chroma
from vidcolor_utils.cluster import Spread
from vidcolor_utils.colorizer import Colorizer, ab_in_area
from vidcolor_utils.deinterlace import REACH
from vidcolor_utils.direction import Reference
from vidcolor_utils.errors import InputError
from vidcolor_utils.film import ColorizeReport, Progress, color_video
from vidcolor_utils.film_colors import FilmColors, Look
from vidcolor_utils.image_io import StillImage, is_image, read_image, write_image
from vidcolor_utils.output import finished_file
from vidcolor_utils.restore import MEMORY, CopyRestorer, luma_restorer
from vidcolor_utils.segments import SEGMENT_S, WHOLE, Span, plan_cutting
from vidcolor_utils.steady import EVERY, STRENGTH
from vidcolor_utils.video_codecs import Encoding
from vidcolor_utils.video_io import video_info


def colorize_file(
    source: str | Path,
    output: str | Path,
    colorizer: Colorizer | None = None,
    *,
    method: str = "frame",
    strength: float = STRENGTH,
    every: int = EVERY,
    offline: bool = False,
    span: Span = WHOLE,
    segment_s: float = SEGMENT_S,
    saturation: float = 1.0,
    skip_colored: bool = False,
    references: Sequence[Reference] = (),
    restore: bool = False,
    restore_luma: bool = False,
    encoding: Encoding | None = None,
    spread: Spread = map,
    progress: Progress | None = None,
) -> ColorizeReport:
    """Colorize a video or a still image; only its luma is used, and it is kept.

    A video whose colorizing was interrupted goes on from the segments that were finished, if the same call is made
    again.

    Args:
        source: the input; its suffix tells images from videos.
        output: the file to write, of the same kind as `source`. It appears when it is complete.
        colorizer: predicts the chroma; if not given, one is loaded once the files are known to be good.
        method: which one to load, see `load_colorizer`.
        strength: of a frame's neighbours on its colours, in [0, 1), see `SteadyColorizer`; 0 leaves them out.
        every: ask the network for every so many frames of a video and carry colours in between.
        offline: look at a video's frames to come as well: steadier, and needs more memory.
        span: the part of a video to colorize, with its sound.
        segment_s: seconds of film that are finished together: what an interruption costs at most.
        saturation: factor on the chroma, in [0, 3]; luma stays as it is.
        skip_colored: leave the colours of a video's parts that have some, see `stored_color`.
        references: photographs whose colours guide the shots named with them, or all; see `direction`.
        restore: make colours from a copy of each frame without flicker and grain, see `restore`, and from
            de-interlaced frames, see `deinterlace`.
        restore_luma: take flicker, grain and interlacing out of a video's own luma as well.
        encoding: codec, quality and speed of a video; default: H.264.
        spread: has a video's segments coloured, see `cluster.spread_over`; then `method` must name the colorizer.
        progress: called after every frame, or after every segment that another process has coloured.

    Raises:
        FileNotFoundError: if `source` does not exist.
        InputError: if `source` cannot be read, or `output` is of another kind or the same file.
        OutputError: if `output` cannot be written.
        ValueError: if `colorizer` is given with a `spread`.
    """
    source, output = Path(source), Path(output)
    if colorizer is not None and spread is not map:
        raise ValueError("`colorizer` cannot be sent to other processes. Name a `method` instead")
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file")
    if is_image(source) != is_image(output):
        kinds = ("an image", "a video") if is_image(source) else ("a video", "an image")
        raise InputError(f"{output}: the input is {kinds[0]}, but this name is that of {kinds[1]}")
    if not is_image(source):
        (encoding or Encoding()).check(output)

    look = Look(method, strength, every, offline, saturation, skip_colored, tuple(references), restore)
    colors = FilmColors(source, look, colorizer)
    if is_image(source):
        if encoding is not None:
            raise InputError(f"{output}: codec, crf and preset are for videos; this is a still image")
        if restore_luma:
            raise InputError(f"{source}: the luma of a still image is kept: restore without it")
        if spread is not map:
            raise InputError(f"{source}: a still image is coloured by one process: leave workers and cluster out")
        if any(reference.at is not None for reference in references):
            raise InputError(f"{source}: a still image has no times: give the reference without one")
        return _colorize_image(source, output, colors.of_picture, restore, progress)
    info, is_restored = video_info(source), restore or restore_luma
    cutting = plan_cutting(
        info.rate,
        seconds=segment_s,
        strength=strength,
        every=every,
        offline=offline,
        lead=MEMORY if is_restored else 0,
        ahead=REACH if is_restored and info.fields else 0,
    )
    return color_video(
        source,
        output,
        colors.direct,
        settings=colors.settings,
        encoding=encoding or Encoding(),
        span=span,
        cutting=cutting,
        deinterlace=is_restored,
        retouch=luma_restorer if restore_luma else None,
        spread=spread,
        progress=progress,
    )


def _colorize_image(
    source: Path, output: Path, load: Callable[[], Colorizer], restore: bool, progress: Progress | None
) -> ColorizeReport:
    image = read_image(source)
    with finished_file(output, source=source) as part:
        colorizer = load()
        area = find_active_area([image.luma])
        inside = area.cut(image.luma)
        (ab,) = colorizer.predict_ab([CopyRestorer()(inside) if restore else inside])
        rgb = with_chroma(image.luma, ab_in_area(ab, image.luma.shape, area))
        write_image(part, StillImage(rgb, image.alpha))
    if progress:
        progress(1, 1)
    return ColorizeReport(output, 1, ())

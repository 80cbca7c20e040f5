"""Tell what colorizing a video would do and how long it would take, from a short trial."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Unpack

from vidcolor_utils.colorizers.load import load_colorizer
from vidcolor_utils.film.color_video import expected_frames
from vidcolor_utils.film.look import PLAIN, SEGMENT_LENGTH, SEGMENT_S, Look, LookOptions
from vidcolor_utils.film.tape import segment_frames
from vidcolor_utils.film.work_folder import work_folder_path
from vidcolor_utils.stills.images import is_still
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import check_target, followed
from vidcolor_utils.system.options import check_option
from vidcolor_utils.system.times import time_text
from vidcolor_utils.tool.colorize import ColorizeReport, colorize_file
from vidcolor_utils.tool.crew import workers_for
from vidcolor_utils.tool.stand import film_to_look_at
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.times import WHOLE, Span, checked_span

TRIAL_S = 2.0  # seconds of film


def plan_file(
    source: str | Path,
    output: str | Path,
    *,
    look: Look = PLAIN,
    span: Span = WHOLE,
    segment_s: float = SEGMENT_S,
    encoding: Encoding | None = None,
    **options: Unpack[LookOptions],
) -> dict[str, object]:
    """Tell what `colorize_file` with the same arguments would do; only a trial is written, in a temporary folder.

    Returns:
        Facts by name, for people to read.

    Raises:
        FileNotFoundError, InputError, OutputError: as `colorize_file` does.
    """
    source, output, look = Path(source), followed(output), replace(look, **options)
    span, encoding = checked_span(span), encoding or Encoding()
    segment_s = check_option("segment_s", segment_s, SEGMENT_LENGTH)
    _check(source, output, encoding)
    with film_to_look_at(source) as film:
        info = video_info(film)
    work = partial(
        colorize_file,
        source,
        colorizer=load_colorizer(*look.networks),
        look=look,
        segment_s=segment_s,
        encoding=encoding,
    )
    trial, fps = _trial(work, output.name, span)
    workers = workers_for(source, output, look=look, encoding=encoding, span=span, segment_s=segment_s)
    frames = expected_frames(info, span)
    return {
        **_facts_of_source(source, info, span),
        "frames": frames,
        "segments": None if frames is None else max(1, math.ceil(frames / segment_frames(info.rate, segment_s))),
        "kept": ", ".join([*info.sound, *info.subtitles]) or "no sound, no subtitles",
        **_facts_of_output(output, encoding),
        "processes": f"{workers} will work on it; speed and time are those of one" if workers > 1 else None,
        "speed": f"{fps:.1f} frames per second in a trial of {trial} frames",
        "time": None if frames is None else f"about {time_text(math.ceil(frames / fps)).removesuffix('.000')}",
    }


def _facts_of_source(source: Path, info: VideoInfo, span: Span) -> dict[str, object]:
    return {
        "source": f"{source}: {info.width}x{info.height}, {info.codec}, {float(info.rate):.3f} frames per second",
        "part": f"{time_text(span.start)} to {'the end' if span.end is None else time_text(span.end)}",
    }


def _facts_of_output(output: Path, encoding: Encoding) -> dict[str, object]:
    is_begun = work_folder_path(output).is_dir()
    return {
        "output": f"{output} ({encoding.codec})" + (", which is there and would be replaced" * output.exists()),
        "resumes": "if nothing has changed: segments of an earlier run are there" if is_begun else None,
    }


def _check(source: Path, output: Path, encoding: Encoding) -> None:
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file")
    if is_still(source):
        raise InputError(f"{source}: is a still image: there is nothing to plan")
    encoding.check(output)
    check_target(output, source)


def _trial(work: Callable[..., ColorizeReport], name: str, span: Span) -> tuple[int, float]:
    """Colour a span's first seconds into a temporary folder; return how many frames, and how many a second."""
    end = span.start + TRIAL_S if span.end is None else min(span.end, span.start + TRIAL_S)
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        frames = work(output=Path(folder) / name, span=Span(span.start, end)).frames
        return frames, frames / (time.monotonic() - started)

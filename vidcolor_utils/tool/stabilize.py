"""Calm the colours of a video that any other method made: its chroma made steady, on the luma of the original."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from vidcolor_utils.colorizers.defaults import STRENGTH
from vidcolor_utils.colorizers.links import flow_size
from vidcolor_utils.colorizers.steady import SteadyColorizer
from vidcolor_utils.film.color_video import FilmJob, color_video
from vidcolor_utils.film.look import STEADINESS
from vidcolor_utils.film.picture import ColorizeReport, Picture
from vidcolor_utils.film.record import identify
from vidcolor_utils.pictures.color import lab_from_rgb
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import followed, is_same_file
from vidcolor_utils.system.options import YesOrNo, check_option
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.tool.stand import film_to_look_at
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

SAME_ASPECT = 0.02  # relative difference of the two aspects that rounding to whole pixels may make


class VideoColors:
    """A colorizer that knows the colours already: those of a video, read in step with the frames asked for.

    Args:
        reader: the open colour video.
    """

    def __init__(self, reader: VideoReader):
        self._path, self._frames = reader.path, reader.rgb_frames()
        self._read = 0

    def predict_ab(self, lumas: Sequence[np.ndarray]) -> np.ndarray:
        """Return the chroma (N, h, w, 2) of the next frames, at the size at which colours are carried.

        Raises:
            InputError: if the video has no such frames.
        """
        height, width = flow_size(lumas[0].shape)
        found = []
        for _ in lumas:
            rgb = next(self._frames, None)
            if rgb is None:
                raise InputError(
                    f"{self._path}: has only {self._read} frames, the gray video has more: give two videos that "
                    "match frame by frame"
                )
            self._read += 1
            found.append(lab_from_rgb(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA))[..., 1:])
        return np.stack(found)

    def check_end(self) -> None:
        """Check that all frames were asked for.

        Raises:
            InputError: if there are more.
        """
        if next(self._frames, None) is not None:
            raise InputError(
                f"{self._path}: has more frames than the gray video's {self._read}: give two videos that match "
                "frame by frame"
            )


class SteadyVideo:
    """The colours of a video, made steady: a `ColorSource` for this process alone.

    Args:
        reader: the open colour video; the film that it is for has the same frames.
        strength, offline: as for `SteadyColorizer`.
    """

    looks_at_frames = False

    def __init__(self, reader: VideoReader, *, strength: float, offline: bool):
        self._reader, self._strength, self._offline = reader, strength, offline

    def warnings_of(self, span: Span) -> tuple[str, ...]:
        """Say nothing: there is nothing to say of these."""
        return ()

    def settings(self) -> dict:
        """Give all that the colours depend on beside the film, as JSON holds it."""
        return {"colors": identify(self._reader.path), "strength": self._strength, "offline": self._offline}

    def colors(self, pictures: Iterable[Picture]) -> Iterator[np.ndarray]:
        """Yield the ab (h, w, 2) of each frame.

        Raises:
            InputError: if the two videos differ in their number of frames.
        """
        video = VideoColors(self._reader)
        steady = SteadyColorizer(video, strength=self._strength, every=1, offline=self._offline)
        yield from steady.stream(picture.luma for picture in pictures)
        video.check_end()


def stabilize_file(
    source: str | Path,
    color_source: str | Path,
    output: str | Path,
    *,
    strength: float = STRENGTH,
    offline: bool = False,
    encoding: Encoding | None = None,
    progress: Progress = silent,
) -> ColorizeReport:
    """Give a gray video the colours of another one, made steady.

    Luma, size, times, rotation and sound are those of `source`.

    Args:
        source: the gray video or animation that was colorized.
        color_source: the colours, by any method: the same frames, of any size with the same aspect.
        output: the video to write. It appears when it is complete.
        strength: how long colours last, in [0, 1), see `SteadyColorizer`.
        offline: look at the frames to come as well: steadier, and needs more memory.
        encoding: codec, quality and speed; default: H.264.
        progress: called after every frame.

    Raises:
        FileNotFoundError: if an input does not exist.
        InputError: if an input cannot be read, the two differ in aspect or in their number of frames, or
            `output` is one of them.
        OptionError: if `strength`, `offline` or a setting of `encoding` has a value that it cannot have.
        OutputError: if `output` cannot be written.

    Example:
        stabilize_file("film.mp4", "film_by_another_tool.mp4", "film_steady.mp4")
    """
    source, color_source, output = Path(source), Path(color_source), followed(output)
    strength = check_option("strength", strength, STEADINESS)
    offline = check_option("offline", offline, YesOrNo())
    if is_same_file(output, color_source):
        raise InputError(f"{output}: input and output are the same file")
    with (
        film_to_look_at(source) as gray,
        film_to_look_at(color_source) as colors,
        VideoReader(colors) as reader,
    ):
        _check_aspect(video_info(gray), reader.info)
        steady = SteadyVideo(reader, strength=strength, offline=offline)
        # Bars keep what colour they have: where the other method saw a picture is not known.
        job = FilmJob(encoding or Encoding(), find_bars=False)
        report = color_video(gray, output, steady, job, progress=progress)
    return report._replace(warnings=tuple(text.replace(str(gray), str(source)) for text in report.warnings))


def _check_aspect(gray: VideoInfo, color: VideoInfo) -> None:
    if abs(gray.width * color.height / (gray.height * color.width) - 1) > SAME_ASPECT:
        raise InputError(
            f"{color.path}: its frames of {color.width}x{color.height} have another shape than the gray video's "
            f"{gray.width}x{gray.height}: give a colour version of the same frames"
        )

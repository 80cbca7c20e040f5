"""The frame scrubber: clips side by side in a notebook, to be stepped through, played and compared.

Frames are compressed once, in Python; the browser decodes and draws them (`scrubber.js`), so scrubbing needs no
kernel.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from io import BytesIO
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from PIL import Image

from vidcolor_utils.pictures.show import strip
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.system.errors import InputError

AMPLIFICATIONS = (1, 2, 4, 8, 16)  # powers of two: the browser doubles the difference picture
MAX_BYTES = 40_000_000  # of frames in one scrubber; what a notebook and a browser tab still hold easily
STRIP_QUALITY = 85
STRIP_FRAME_WIDTH = 160
FOLDER = Path(__file__).parent


class WholeNumber(traitlets.Int):
    """A whole number, NumPy's as well, kept as Python's own, which a browser can be sent."""

    def validate(self, obj: Any, value: Any) -> int:
        """Give the number; whatever else it is, traitlets refuses."""
        return super().validate(obj, int(value) if isinstance(value, Integral) else value)


class Number(traitlets.Float):
    """The same of any number."""

    def validate(self, obj: Any, value: Any) -> float:
        """Give the number; whatever else it is, traitlets refuses."""
        return super().validate(obj, float(value) if isinstance(value, Real) else value)


class FrameScrubber(anywidget.AnyWidget):
    """Show clips side by side, in step: slider, play, keyboard, and differences to the first clip.

    Keys: left and right step by one frame (with shift by ten), home and end jump, space plays and pauses, "d"
    shows the differences. One clip can be enlarged, and two can be shown with a divider to drag. Where widgets are
    not live, the same output shows a strip of frames instead.

    Args:
        clips: name to RGB (T, H, W, 3) uint8, all of one shape; the first is what the others are compared with.
        rate: frames per second of playing.
        quality: None keeps frames as they are (lossless WebP); 1 to 95 makes smaller JPEGs of them, whose
            differences show the blocks of the compression, too. Colour is stored at full resolution.
        frame: shown first, from 0.
        amplify: factor of the differences: 1, 2, 4, 8 or 16.
        strip_frames: frames of each clip in the strip, evenly spread.

    Attributes:
        frame: number of the frame shown, from 0; can be set and observed. While playing, Python hears of it four
            times a second.
        playing: whether it plays; can be set and observed.
        difference: whether the other panels show their absolute difference to the first.

    Raises:
        InputError: if there is no clip, shapes or type are wrong, an option is out of range, or the frames take
            more than 40 MB.

    Example:
        >>> scrubber = FrameScrubber({"true": true, "baseline": baseline}, rate=25)
        >>> scrubber.frame = 12
    """

    _esm = FOLDER / "scrubber.js"
    _css = FOLDER / "scrubber.css"

    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    packed = traitlets.List(traitlets.Bytes()).tag(sync=True)  # per clip, its pictures end to end ...
    offsets = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)  # ... and T + 1 places between them
    kind = traitlets.Unicode("image/webp").tag(sync=True)  # of the packed frames
    size = traitlets.List(traitlets.Int()).tag(sync=True)  # height, width
    # No echo: while playing, a frame number coming back late would look like a jump.
    frame = WholeNumber().tag(sync=True, echo_update=False)
    playing = traitlets.Bool().tag(sync=True, echo_update=False)
    difference = traitlets.Bool().tag(sync=True, echo_update=False)
    amplify = WholeNumber(4).tag(sync=True, echo_update=False)
    amplifications = traitlets.List(list(AMPLIFICATIONS)).tag(sync=True)  # what it may be
    rate = Number(25.0).tag(sync=True)

    def __init__(
        self,
        clips: Mapping[str, np.ndarray],
        *,
        rate: float = 25.0,
        quality: int | None = None,
        frame: int = 0,
        amplify: int = 4,
        strip_frames: int = 6,
    ) -> None:
        _check_clips(clips)
        if quality is not None and not 1 <= quality <= 95:
            raise InputError(f"quality must be None or 1 to 95. Received: {quality}")
        if strip_frames < 1:
            raise InputError(f"strip_frames must be at least 1. Received: {strip_frames}")
        packed, offsets = _pack(clips, quality)
        self._strip = _strip_jpeg(clips, strip_frames)
        super().__init__(
            names=list(clips),
            packed=packed,
            offsets=offsets,
            kind="image/webp" if quality is None else "image/jpeg",
            size=list(next(iter(clips.values())).shape[1:3]),
            frame=frame,
            amplify=amplify,
            rate=rate,
        )

    @property
    def num_frames(self) -> int:
        """Frames of each clip."""
        return len(self.offsets[0]) - 1

    @traitlets.validate("frame")
    def _valid_frame(self, proposal: dict) -> int:
        self._check_frame(proposal["value"])
        return proposal["value"]

    @traitlets.validate("amplify")
    def _valid_amplify(self, proposal: dict) -> int:
        if proposal["value"] not in AMPLIFICATIONS:
            raise InputError(f"amplify must be one of {AMPLIFICATIONS}. Received: {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("rate")
    def _valid_rate(self, proposal: dict) -> float:
        if not (math.isfinite(proposal["value"]) and proposal["value"] > 0):
            raise InputError(f"rate must be above 0 frames per second. Received: {proposal['value']}")
        return proposal["value"]

    def _check_frame(self, frame: int) -> None:
        if not 0 <= frame < self.num_frames:
            raise InputError(f"frame must be 0 to {self.num_frames - 1}. Received: {frame}")

    def __repr__(self) -> str:
        height, width = self.size
        return f"FrameScrubber({', '.join(self.names)}: {self.num_frames} frames of {width}x{height})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Add the strip: front ends take the widget where they can show it, and the picture where not."""
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        described = {"alt": f"Frames of {', '.join(self.names)}, a row each, {self.num_frames} frames in all."}
        picture = base64.b64encode(self._strip).decode("ascii")
        return {**data, "image/jpeg": picture}, {**metadata, "image/jpeg": described}


def _check_clips(clips: Mapping[str, np.ndarray]) -> None:
    if not clips:
        raise InputError("clips is empty: give at least one, as name to frames (T, H, W, 3)")
    first_name, first = next(iter(clips.items()))
    for name, clip in clips.items():
        if not isinstance(clip, np.ndarray) or clip.dtype != np.uint8 or clip.ndim != 4 or clip.shape[-1] != 3:
            received = f"{clip.dtype} {clip.shape}" if isinstance(clip, np.ndarray) else type(clip).__name__
            raise InputError(f"clip {name} must be uint8 (T, H, W, 3). Received: {received}")
        if not clip.size:
            raise InputError(f"clip {name} is empty. Received: shape {clip.shape}")
        if len(clip) != len(first):
            raise InputError(
                f"clips must be equally long: {first_name} has {len(first)} frames, {name} has {len(clip)}"
            )
        if clip.shape != first.shape:
            raise InputError(
                f"clips must have one size: {first_name} is {first.shape[1:3]}, {name} is {clip.shape[1:3]}"
            )


def _pack(clips: Mapping[str, np.ndarray], quality: int | None) -> tuple[list[bytes], list[list[int]]]:
    """Compress all frames; per clip, the pictures end to end and the places between them."""
    packed, offsets, total = [], [], 0
    for clip in clips.values():
        pictures = []
        for frame in clip:
            pictures.append(_webp(frame) if quality is None else _jpeg(frame, quality))
            total += len(pictures[-1])
            if total > MAX_BYTES:
                raise InputError(
                    f"the frames take more than {MAX_BYTES // 10**6} MB: show fewer or smaller ones, "
                    "or give a quality"
                )
        packed.append(b"".join(pictures))
        offsets.append([0, *np.cumsum([len(picture) for picture in pictures]).tolist()])
    return packed, offsets


def _webp(rgb: np.ndarray) -> bytes:
    """Compress one picture without loss; `method` 0 is the quickest, and a tenth larger than the smallest."""
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(buffer, "WEBP", lossless=True, quality=0, method=0)
    return buffer.getvalue()


def _jpeg(rgb: np.ndarray, quality: int) -> bytes:
    """Compress one picture with colour at full resolution, as colour is what is looked at."""
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _strip_jpeg(clips: Mapping[str, np.ndarray], frames: int) -> bytes:
    length = len(next(iter(clips.values())))
    moments = evenly(length, frames)
    picture = strip({name: clip[moments] for name, clip in clips.items()}, frame_width=STRIP_FRAME_WIDTH)
    return _jpeg(picture, STRIP_QUALITY)

"""Single frames in colour: find the picture between black bars, predict its chroma, lay that over the luma."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.pictures.active_area import Area, ab_in_area, find_active_area
from vidcolor_utils.pictures.chroma import with_chroma
from vidcolor_utils.pictures.color import luma_from_rgb, to_float01
from vidcolor_utils.pictures.restore import CopyRestorer
from vidcolor_utils.system.errors import OptionError
from vidcolor_utils.system.options import Within, check_option


def colorize_still(
    luma: np.ndarray,
    colorizer: Colorizer,
    *,
    area: Area | None = None,
    restore: bool = False,
    deep: bool = False,
) -> np.ndarray:
    """Colorize one picture.

    Args:
        luma: (H, W) float32 in [0, 1].
        colorizer: predicts the chroma.
        area: the picture between black bars, which stay neutral; looked for if not given.
        restore: show the colorizer a copy without grain, see `CopyRestorer`.
        deep: in 16 bits rather than 8.

    Returns:
        (H, W, 3) RGB with that luma, uint8 or uint16.
    """
    area = area or find_active_area([luma])
    inside = area.cut(luma)
    (ab,) = colorizer.predict_ab([CopyRestorer()(inside) if restore else inside])
    return with_chroma(luma, ab_in_area(ab, luma.shape, area), deep=deep)


def colorize_frames(frames: np.ndarray, colorizer: Colorizer, *, batch: int = 8) -> np.ndarray:
    """Colorize a clip in memory, each frame by itself.

    Args:
        frames: (T, H, W) gray or (T, H, W, 3) RGB, uint8 or floats in [0, 1]; only luma is used.
        colorizer: predicts the chroma.
        batch: frames given to the network at once.

    Returns:
        (T, H, W, 3) uint8 RGB with the luma of `frames`.

    Raises:
        OptionError: if `frames` are none of these, or `batch` is not a whole number from 1 on.
    """
    frames = np.asarray(frames)
    _check_frames(frames)
    check_option("batch", batch, Within(1, whole=True))
    lumas = [to_float01(frame) if frame.ndim == 2 else luma_from_rgb(frame) for frame in frames]
    area = find_active_area(lumas)
    chunks = (lumas[start : start + batch] for start in range(0, len(lumas), batch))
    chroma = (ab for chunk in chunks for ab in predict_full_size(chunk, colorizer, area=area))
    return np.stack([with_chroma(luma, ab) for luma, ab in zip(lumas, chroma, strict=True)])


def _check_frames(frames: np.ndarray) -> None:
    shape = frames.shape
    if len(shape) == 3 and shape[-1] == 3:
        raise OptionError(f"`frames` must be a clip: `frames[None]` makes one of one frame. Received: {shape}")
    if not (len(shape) == 3 or (len(shape) == 4 and shape[-1] == 3)) or 0 in shape:
        raise OptionError(f"`frames` must be (T, H, W) gray or (T, H, W, 3) RGB. Received: {shape}")
    is_float = np.issubdtype(frames.dtype, np.floating)
    if not (frames.dtype == np.uint8 or is_float):
        raise OptionError(f"`frames` must be uint8, or floats in [0, 1]. Received: {frames.dtype}")
    if is_float and not (frames.min() >= 0 and frames.max() <= 1):
        low, high = frames.min(), frames.max()
        raise OptionError(f"`frames` must be uint8, or floats in [0, 1]. Received: {low:g} to {high:g}")


def predict_full_size(lumas: Sequence[np.ndarray], colorizer: Colorizer, *, area: Area) -> Iterator[np.ndarray]:
    """Predict chroma at the size of the frames, from what lies inside `area`; bars outside it stay neutral.

    Bars would take pixels from the picture and tell the network nothing: on letterboxed clips leaving them out
    gains about 1 dB of PSNR.

    Args:
        lumas: frames of one size, each (H, W) float32 luma in [0, 1].
        colorizer: predicts the chroma.
        area: the picture between the bars.

    Yields:
        (H, W, 2) float32 ab in Lab units for each frame.
    """
    for luma, ab in zip(lumas, colorizer.predict_ab([area.cut(luma) for luma in lumas]), strict=True):
        yield ab_in_area(ab, luma.shape, area)

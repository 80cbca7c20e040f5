"""The steady colours of a clip with parts left out, from the same per-frame colours and links between frames.

Each variant takes a clip and the strength, as for `SteadyColorizer`, and yields ab (h, w, 2) float32 in Lab units
for each frame; (h, w) is the size that colours are carried at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from vidcolor_utils.colorizers.base import Colorizer, MirroredColorizer
from vidcolor_utils.colorizers.links import Link, luma_agreement, small_gray
from vidcolor_utils.colorizers.steady import Evidence, Fusion, LinkedFrame, SteadyColorizer
from vidcolor_utils.pictures.active_area import Area, ab_in_area, find_active_area
from vidcolor_utils.pictures.chroma import with_chroma


class LinkedClip(NamedTuple):
    """A clip with all that the rows need."""

    grays: list[np.ndarray]  # uint8 (h, w)
    frames: list[LinkedFrame]  # every one with colours of its own
    in_turn: list[LinkedFrame]  # those that `colorize_file` asks for, plain and mirrored in turn


def per_frame(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Leave each frame's own colours as they are."""
    return (_own(frame).ab for frame in clip.frames)


def without_flow(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Carry colours from where they were, not along the motion; trusted where the luma stays the same."""
    pairs = zip(clip.grays[1:], clip.grays, strict=False)
    trusts = (luma_agreement(gray, last) for gray, last in pairs)
    first, *others = clip.frames
    frames = (
        frame._replace(back=frame.back and Link(np.zeros_like(frame.back.flow), trust))
        for frame, trust in zip(others, trusts, strict=True)
    )
    return Fusion(strength)([first, *frames])


def without_confidence(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Carry colours along the motion and trust them everywhere."""
    return Fusion(strength)(_trusting(frame) for frame in clip.frames)


def without_closed_loop(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Join each frame's own colours with the last frame's own, not with its steady ones."""
    last: Evidence | None = None
    for frame in clip.frames:
        own = _own(frame)
        carried = last.carried(frame.back, strength) if last and frame.back else None
        yield (own.joined(carried) if carried else own).ab
        last = own


def windowed(length: int) -> Callable[[LinkedClip, float], Iterator[np.ndarray]]:
    """Make the row that carries along the mean of the last `length` results, in place of the last one."""

    def row(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
        recent: list[Evidence] = []
        for frame in clip.frames:
            own, back = _own(frame), frame.back
            recent = [result.carried(back, strength) for result in recent] if back else []
            result = own.joined(_mean(recent)) if recent else own
            yield result.ab
            recent = [*recent, result][-length:]

    return row


def running_average(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Take the running average of each pixel's own colours, without motion or trust; cuts still end it."""
    frames = (
        frame._replace(back=frame.back and frame.back._replace(flow=np.zeros_like(frame.back.flow)))
        for frame in map(_trusting, clip.frames)
    )
    return Fusion(strength)(frames)


def causal(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Make colours steady as `SteadyColorizer` does."""
    return Fusion(strength)(clip.frames)


def offline(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Make colours steady as `SteadyColorizer` does offline."""
    return Fusion(strength, offline=True)(clip.frames)


def causal_in_turn(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Make colours steady as `colorize_file` does."""
    return Fusion(strength)(clip.in_turn)


def offline_in_turn(clip: LinkedClip, strength: float) -> Iterator[np.ndarray]:
    """Make colours steady as `colorize_file` does offline."""
    return Fusion(strength, offline=True)(clip.in_turn)


def _own(frame: LinkedFrame) -> Evidence:
    """The frame's own colours; `link_clip` asks for them all."""
    if frame.fresh is None:
        raise ValueError("Every frame of the clip must have colours of its own")
    return frame.fresh


def _trusting(frame: LinkedFrame) -> LinkedFrame:
    return frame._replace(back=frame.back and frame.back._replace(trust=np.ones_like(frame.back.trust)))


def _mean(results: Sequence[Evidence]) -> Evidence:
    """Mean of the colours, weighted, with the mean of the weights."""
    total = results[0]
    for result in results[1:]:
        total = total.joined(result)
    return total._replace(weight=total.weight / len(results))


def link_clip(lumas: Sequence[np.ndarray], colorizer: Colorizer) -> LinkedClip:
    """Find the per-frame colours of a clip, luma (H, W) float32 in [0, 1], and its links, both ways."""
    frames = SteadyColorizer(colorizer, every=1, offline=True).link(lumas)
    in_turn = SteadyColorizer(colorizer, in_turn=[MirroredColorizer(colorizer)], offline=True).link(lumas)
    return LinkedClip([small_gray(luma) for luma in lumas], list(frames), list(in_turn))


VARIANTS = {
    "per frame": per_frame,
    "no flow": without_flow,
    "no confidence": without_confidence,
    "no closed loop": without_closed_loop,
    "window 2": windowed(2),
    "window 4": windowed(4),
    "running average": running_average,
    "causal": causal,
    "offline": offline,
    "causal, in turn": causal_in_turn,
    "offline, in turn": offline_in_turn,
}


def variant_films(
    lumas: Sequence[np.ndarray], colorizer: Colorizer, names: Iterable[str], strength: float
) -> Iterator[tuple[str, Iterator[np.ndarray]]]:
    """Yield the names of variants, each with the film that it makes: RGB uint8 (H, W, 3), black bars left gray.

    Args:
        lumas: of the frames, (H, W) float32 in [0, 1].
        colorizer: predicts the per-frame colours, once for all.
        names: of `VARIANTS`.
        strength: as for `SteadyColorizer`.
    """
    area = find_active_area(lumas)
    clip = link_clip([area.cut(luma) for luma in lumas], colorizer)
    for name in names:
        yield name, _colored(lumas, VARIANTS[name](clip, strength), area)


def _colored(lumas: Sequence[np.ndarray], colors: Iterable[np.ndarray], area: Area) -> Iterator[np.ndarray]:
    for luma, ab in zip(lumas, colors, strict=True):
        yield with_chroma(luma, ab_in_area(ab, luma.shape, area))

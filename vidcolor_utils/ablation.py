"""What each part of the steady colours is worth: per-frame colours, made steady with parts left out.

The colours and the links between frames are found once per clip and shared by all rows. Colours go straight from
memory to the measures, without a video encoder between, so numbers differ a little from those of files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.active_area import Area, find_active_area
from vidcolor_utils.chroma import with_chroma
from vidcolor_utils.color import luma_from_rgb
from vidcolor_utils.colorizer import Colorizer, MirroredColorizer, ab_in_area
from vidcolor_utils.errors import InputError
from vidcolor_utils.evaluation import GRAY, OTHER, TRUE, mean_rows, pair_names
from vidcolor_utils.film import Progress
from vidcolor_utils.output import write_json
from vidcolor_utils.scoring import score_frames
from vidcolor_utils.steady import (
    STRENGTH,
    Evidence,
    Fusion,
    Link,
    LinkedFrame,
    SteadyColorizer,
    agreement,
    small_gray,
)
from vidcolor_utils.video_io import iter_rgb

MAX_FRAMES = 120  # of a clip; all of them are in memory


class Clip(NamedTuple):
    """A clip with all that the rows need."""

    grays: list[np.ndarray]  # uint8 (h, w)
    frames: list[LinkedFrame]  # every one with colours of its own
    in_turn: list[LinkedFrame]  # every third, seen plain and mirrored in turn, as `colorize_file` does


def per_frame(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Leave each frame's own colours as they are."""
    return (_own(frame).ab for frame in clip.frames)


def without_flow(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Carry colours from where they were, not along the motion; trusted where the luma stays the same."""
    pairs = zip(clip.grays[1:], clip.grays, strict=False)
    trusts = (agreement(gray, last) for gray, last in pairs)
    first, *others = clip.frames
    frames = (
        frame._replace(back=frame.back and Link(np.zeros_like(frame.back.flow), trust))
        for frame, trust in zip(others, trusts, strict=True)
    )
    return Fusion(strength)([first, *frames])


def without_confidence(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Carry colours along the motion and trust them everywhere."""
    return Fusion(strength)(_trusting(frame) for frame in clip.frames)


def without_closed_loop(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Join each frame's own colours with the last frame's own, not with its steady ones."""
    last: Evidence | None = None
    for frame in clip.frames:
        own = _own(frame)
        carried = last.carried(frame.back, strength) if last and frame.back else None
        yield (own.joined(carried) if carried else own).ab
        last = own


def windowed(length: int) -> Callable[[Clip, float], Iterator[np.ndarray]]:
    """Make the row that carries along the mean of the last `length` results, in place of the last one."""

    def row(clip: Clip, strength: float) -> Iterator[np.ndarray]:
        recent: list[Evidence] = []
        for frame in clip.frames:
            own, back = _own(frame), frame.back
            recent = [result.carried(back, strength) for result in recent] if back else []
            result = own.joined(_mean(recent)) if recent else own
            yield result.ab
            recent = [*recent, result][-length:]

    return row


def running_average(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Take the running average of each pixel's own colours, without motion or trust; cuts still end it."""
    frames = (
        frame._replace(back=frame.back and frame.back._replace(flow=np.zeros_like(frame.back.flow)))
        for frame in map(_trusting, clip.frames)
    )
    return Fusion(strength)(frames)


def causal(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Make colours steady as `SteadyColorizer` does."""
    return Fusion(strength)(clip.frames)


def offline(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Make colours steady as `SteadyColorizer` does offline."""
    return Fusion(strength, offline=True)(clip.frames)


def causal_in_turn(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Make colours steady as `colorize_file` does."""
    return Fusion(strength)(clip.in_turn)


def offline_in_turn(clip: Clip, strength: float) -> Iterator[np.ndarray]:
    """Make colours steady as `colorize_file` does offline."""
    return Fusion(strength, offline=True)(clip.in_turn)


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


def ablate_clips(
    folder: str | Path,
    load: Callable[[], Colorizer],
    output: str | Path,
    *,
    strength: float = STRENGTH,
    max_frames: int = MAX_FRAMES,
    settings: dict | None = None,
    progress: Callable[[str], Progress] | None = None,
) -> dict:
    """Score every variant on each pair of `bw_NAME` and `color_NAME` in a folder, inside the active area.

    The record is written after each clip. Called again with the same settings, clips that it holds are passed
    over.

    Args:
        folder: holds the clips, and `colorized_NAME`, another method's output, if that is to be scored too.
        load: gives what predicts the per-frame colours; called if there is something to do.
        output: JSON file to write.
        strength: as for `SteadyColorizer`.
        max_frames: frames taken from the start of each clip.
        settings: what else the numbers depend on, such as the weights; recorded.
        progress: gives the progress callback for a named step.

    Returns:
        `settings`; `clips`: name to rows (gray, other, those of `VARIANTS`, true) to scores, see
        `scoring.score_frames`; `mean`: rows to the means over the clips that have them, with ratios of the means.

    Raises:
        InputError: if the folder holds no such pair.
        OutputError: if `output` cannot be written.
    """
    folder, output = Path(folder), Path(output)
    names = pair_names(folder)
    settings = {"strength": strength, "max_frames": max_frames, **(settings or {})}
    clips, colorizer = _earlier_clips(output, settings), None
    for name in names:
        if name not in clips:
            colorizer = colorizer or load()
            report = progress(name) if progress else lambda done, total: None
            clips[name] = _clip_rows(folder, name, colorizer, strength, max_frames, report)
        record = {"settings": settings, "clips": clips, "mean": mean_rows(clips.values())}
        write_json(output, record)
    return record


def _earlier_clips(output: Path, settings: dict) -> dict:
    if not output.exists():
        return {}
    try:
        record = json.loads(output.read_text())
        return record["clips"] if record["settings"] == settings else {}
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{output}: is there and no record of an ablation: name another file") from None


def _clip_rows(
    folder: Path, name: str, colorizer: Colorizer, strength: float, max_frames: int, report: Progress
) -> dict[str, dict]:
    paths = {"gray": folder / f"{GRAY}{name}", "true": folder / f"{TRUE}{name}"}
    gray, true = (list(islice(iter_rgb(path), max_frames)) for path in paths.values())
    lumas = [luma_from_rgb(rgb) for rgb in gray]
    area = find_active_area(lumas)
    clip = link_clip([area.cut(luma) for luma in lumas], colorizer)
    scored = find_active_area(luma_from_rgb(rgb) for rgb in true)

    def score(candidate: Iterable[np.ndarray]) -> dict[str, dict]:
        return score_frames(true, candidate, gray, area=scored)["rows"]

    rows = {}
    for done, (variant, make) in enumerate(VARIANTS.items(), start=1):
        rows[variant] = score(_colored(lumas, make(clip, strength), area))
        report(done, len(VARIANTS))
    scores = rows[variant]
    rows = {variant: scores["candidate"] for variant, scores in rows.items()}
    other = folder / f"{OTHER}{name}"
    if other.exists():
        rows = {"other": score(islice(iter_rgb(other), max_frames))["candidate"], **rows}
    return {"gray": scores["gray"], **rows, "true": scores["true"]}


def link_clip(lumas: Sequence[np.ndarray], colorizer: Colorizer) -> Clip:
    """Find the per-frame colours of a clip, luma (H, W) float32 in [0, 1], and its links, both ways."""
    frames = SteadyColorizer(colorizer, every=1, offline=True).link(lumas)
    in_turn = SteadyColorizer(colorizer, in_turn=[MirroredColorizer(colorizer)], offline=True).link(lumas)
    return Clip([small_gray(luma) for luma in lumas], list(frames), list(in_turn))


def _colored(lumas: Iterable[np.ndarray], abs_: Iterable[np.ndarray], area: Area) -> Iterator[np.ndarray]:
    for luma, ab in zip(lumas, abs_, strict=True):
        yield with_chroma(luma, ab_in_area(ab, luma.shape, area))

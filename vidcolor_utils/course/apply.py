"""Run the report's networks over clips, and score what they make of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from vidcolor_utils.course.measures import frame_change
from vidcolor_utils.pairs.examples import AS_REPORTED, Inputs, example_inputs
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.pictures.color import gray_clip, rgb_from_gray, to_uint8
from vidcolor_utils.pictures.metrics import psnr

PREDICT_BATCH = 16

Score = Callable[[np.ndarray, np.ndarray], dict[str, float]]


def colorize_clip(
    model: keras.Model,
    baseline: np.ndarray,
    *,
    value_range: float = 1.0,
    feed_back: bool = False,
    inputs: Inputs = AS_REPORTED,
) -> np.ndarray:
    """Run a network of the report over a clip.

    Args:
        model: from `build_alexnet_colorizer` or `build_vgg16_colorizer`.
        baseline: (T, H, W, 3) uint8, the baseline's colorization.
        value_range: white of the model's frames: 1, or 255 for `as_published` ones.
        feed_back: give the model its own outputs as previous frames, as one would in use; otherwise the
            baseline's, as in training.
        inputs: what the model's input holds.

    Returns:
        (T, H, W, 3) uint8 RGB; values outside the range are clipped.
    """
    numbers = np.arange(len(baseline))
    if not feed_back:
        chunks = [numbers[start : start + PREDICT_BATCH] for start in range(0, len(numbers), PREDICT_BATCH)]
        pairs = (example_inputs(baseline, chunk, inputs) for chunk in chunks)
        return np.concatenate([_predict(model, *pair, value_range) for pair in pairs])
    colored = np.array(baseline)  # outputs replace it frame by frame; the first frame's previous is itself
    for number in numbers:
        # At `number` the clip still holds the baseline, behind it the outputs.
        pair = example_inputs(colored, numbers[number : number + 1], inputs)
        colored[number] = _predict(model, *pair, value_range)[0]
    return colored


def _predict(model: keras.Model, previous: np.ndarray, current: np.ndarray, value_range: float) -> np.ndarray:
    scale = np.float32(value_range / 255)
    inputs = [frames.astype(np.float32) * scale for frames in (previous, current)]
    return to_uint8(np.asarray(model.predict_on_batch(inputs), np.float32) / np.float32(value_range))


def frame_scores(true: np.ndarray, colored: np.ndarray) -> dict[str, float]:
    """Score a colorized clip; both (T, H, W, 3) uint8, T at least 2.

    Returns:
        mse: mean squared error in squared 8-bit units; lower is better.
        psnr: mean over frames, in dB; higher is better.
        change: mean squared difference from frame to frame, to be compared with that of the true clip.
    """
    mse = np.square(np.subtract(colored, true, dtype=np.float32)).mean()
    frames_psnr = [psnr(*frames) for frames in zip(true, colored, strict=True)]
    return {"mse": float(mse), "psnr": float(np.mean(frames_psnr)), "change": frame_change(colored)}


def score_clips(
    store: ClipStore, names: Sequence[str], colorize: Callable[[np.ndarray], np.ndarray], score: Score
) -> dict[str, dict[str, float]]:
    """Score a colorizer of baseline frames over clips, with the rows it must be compared with.

    Args:
        store: the clips.
        names: which of them.
        colorize: from baseline to colorized frames, (T, H, W, 3) uint8.
        score: from true and colorized frames to named numbers.

    Returns:
        Mean scores of each row: "model", "baseline", "gray" and "true"; empty if there are no clips.
    """
    rows: dict[str, list[dict[str, float]]] = {}
    for name in names:
        true, baseline = store.read(name)
        gray = rgb_from_gray(gray_clip(true))
        clips = {"model": colorize(baseline), "baseline": baseline, "gray": gray, "true": true}
        for row, clip in clips.items():
            rows.setdefault(row, []).append(score(true, clip))
    return {
        row: {key: float(np.mean([entry[key] for entry in scores])) for key in scores[0]}
        for row, scores in rows.items()
    }


def paler(frames: np.ndarray, share: float) -> np.ndarray:
    """Multiply the chroma of frames, and keep their luma.

    Where colours are guessed, wrong ones may cost a squared error more than none, so this alone may lower it: a
    network must beat it before it has learned more than caution.

    Args:
        frames: (T, H, W, 3) uint8 RGB.
        share: of the chroma that is left: 0 gives gray, 1 the frames as they are.

    Returns:
        (T, H, W, 3) uint8 RGB.

    Raises:
        ValueError: if `share` is not in [0, 1].
    """
    if not 0 <= share <= 1:
        raise ValueError(f"`share` must be in [0, 1]. Received: {share}")
    gray = rgb_from_gray(gray_clip(frames)).astype(np.float32)
    return to_uint8((gray + np.float32(share) * (frames - gray)) / 255)


def clip_errors(
    store: ClipStore, names: Sequence[str], rows: Mapping[str, Callable[[np.ndarray], np.ndarray]]
) -> dict[str, dict[str, float]]:
    """Compute the squared error of each clip by itself, which a mean over clips hides.

    Args:
        store: the clips.
        names: which of them.
        rows: name to what makes its frames of a baseline clip, both (T, H, W, 3) uint8.

    Returns:
        Clip to row, "gray" the first, to mean squared error in squared 8-bit units.
    """
    errors = {}
    for name in names:
        true, baseline = store.read(name)
        made = {"gray": rgb_from_gray(gray_clip(true))}
        made |= {row: make(baseline) for row, make in rows.items()}
        errors[name] = {row: frame_scores(true, frames)["mse"] for row, frames in made.items()}
    return errors


def errors_of_seeds(
    runs: Sequence[Mapping[str, Any]], split: str, control: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    """Lay the squared errors of recorded runs, one a seed, beside that of a control, which has no seed.

    Args:
        runs: records, each with `scores`: split to row to named means, as `score_clips` gives them.
        split: "dev" or "test".
        control: name of the control's row to its mean squared error on the same clips.

    Returns:
        "seed 0", "seed 1" and so on, in the order of the runs, to row ("gray", "baseline", the control, "model"):
        error in squared 8-bit units.
    """
    table = {}
    for number, run in enumerate(runs):
        gray, baseline, model = (float(run["scores"][split][row]["mse"]) for row in ("gray", "baseline", "model"))
        table[f"seed {number}"] = {"gray": gray, "baseline": baseline, **control, "model": model}
    return table

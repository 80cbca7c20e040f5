"""Examples for the report's networks: X = [previous colorized, current colorized], Y = current true frame.

An example is an index into a clip's stored frames, not a copy. Batches are runs of consecutive frames of one
clip, as `consistency_loss` needs them. A batch depends only on the seed, the epoch and its number, so that a
resumed training sees what an uninterrupted one would have.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import keras
import numpy as np

from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.pairs.targets import RGB_ALONE, TargetLayout, pack_targets
from vidcolor_utils.pictures.active_area import find_active_area
from vidcolor_utils.pictures.color import gray_clip, luma_from_rgb, rgb_from_gray, to_float01, to_uint8
from vidcolor_utils.pictures.flow import MEDIUM, DenseFlow, motion_between
from vidcolor_utils.pictures.sizes import evenly
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.system.options import Within, check_option

FLICKER_SPOTS = 4  # to a side: colour errors of one frame are as large as things are, not as pixels

log = logging.getLogger(__name__)


class Run(NamedTuple):
    """Consecutive frames of one clip."""

    name: str
    start: int


class Inputs(NamedTuple):
    """What the input of a network holds; the report uses one frame before, and the current one in colour."""

    window: int = 1  # previous frames, newest first
    average: bool = False  # the mean of these frames in place of them all
    gray_current: bool = False  # no colour in the current frame: no independent colorization to lean on


AS_REPORTED = Inputs()


class FramePairs(keras.utils.PyDataset):
    """Batches of examples from prepared clips.

    Args:
        store: the clips.
        names: which of them.
        run_length: consecutive frames in a run.
        batch_clips: runs in a batch.
        training: shuffle the runs and move their starts from epoch to epoch; otherwise all in order from 0.
        seed: of the shuffling.
        value_range: white: 1, or 255 for `as_published` models.
        inputs: what the network's input holds.
        epoch_runs: runs in an epoch: when training, drawn afresh for each; otherwise evenly spread. None: all.
        flicker: when training, strength of the colour errors that each colorized frame is given besides its own,
            see `with_flicker`.
        targets: what they carry besides the true frames: the mask that keeps black bars out of the loss, the
            motion that a motion-compensated loss needs.
        shuffle_frames: repeat the published defect: the rows of a batch are random frames of a clip, so that
            the loss takes a random frame for the previous one. The inputs are still right.

    Each item is ((previous (B, H, W, 3 * window), current (B, H, W, 3)), targets (B, H, W, C)), float32,
    B = `batch_clips` * `run_length`; an averaged window has 3 channels. For the targets see
    `targets.pack_targets`.

    Raises:
        InputError: if no clip is long enough for a run.
        OptionError: if an argument is out of range.
    """

    def __init__(
        self,
        store: ClipStore,
        names: Sequence[str],
        *,
        run_length: int = 16,
        batch_clips: int = 1,
        training: bool = True,
        seed: int = 0,
        value_range: float = 1.0,
        inputs: Inputs = AS_REPORTED,
        epoch_runs: int | None = None,
        flicker: float = 0.0,
        targets: TargetLayout = RGB_ALONE,
        shuffle_frames: bool = False,
    ):
        super().__init__()
        for name, value in (("run_length", run_length), ("batch_clips", batch_clips), ("window", inputs.window)):
            check_option(name, value, Within(1, whole=True))
        if targets.motion and shuffle_frames:
            raise OptionError("`motion` needs consecutive frames: it does not go with `shuffle_frames`")
        self.store, self.names = store, [n for n in names if store.num_frames(n) >= run_length]
        if len(self.names) < len(names):
            log.warning("%d clips have no %d frames and are left out", len(names) - len(self.names), run_length)
        self.run_length, self.training, self.seed = run_length, training, seed
        self.value_range, self.inputs = value_range, inputs
        self.flicker = flicker if training else 0.0
        self.targets, self.shuffle_frames = targets, shuffle_frames
        runs = sum(store.num_frames(name) // run_length for name in self.names)
        self.num_runs = runs if epoch_runs is None else min(runs, epoch_runs)
        if not self.num_runs:
            raise InputError(f"none of the {len(names)} clips has {run_length} frames: shorten run_length")
        self.batch_clips = min(batch_clips, self.num_runs)
        self.epoch = 0
        self._masks: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        # Keras takes the batch size from the first two batches, so a smaller last one is left out.
        return self.num_runs // self.batch_clips

    def __getitem__(self, index: int) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        runs = self.runs(self.epoch)[index * self.batch_clips : (index + 1) * self.batch_clips]
        previous, current, targets = zip(*(self._examples(run) for run in runs), strict=True)
        return (np.concatenate(previous), np.concatenate(current)), np.concatenate(targets)

    def runs(self, epoch: int) -> list[Run]:
        """The runs of an epoch in the order of its batches."""
        rng = np.random.default_rng((self.seed, epoch))
        runs = []
        for name in self.names:
            count, rest = divmod(self.store.num_frames(name), self.run_length)
            first = int(rng.integers(rest + 1)) if self.training else 0
            runs += [Run(name, first + number * self.run_length) for number in range(count)]
        order = rng.permutation(len(runs)) if self.training else np.arange(len(runs))
        if self.num_runs < len(runs) and not self.training:
            order = evenly(len(runs), self.num_runs)
        return [runs[i] for i in order[: self.num_runs]]

    def _examples(self, run: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        frames = self._frame_numbers(run)
        first = max(0, int(frames.min()) - self.inputs.window)
        clip = self.store.read(run.name, first, int(frames.max()) + 1)
        previous, current = example_inputs(self._flickering(clip.baseline, run), frames - first, self.inputs)
        mask = self._mask(run.name)[None].repeat(self.run_length, axis=0) if self.targets.mask else None
        motion = motion_to_previous(clip.true[frames - first]) if self.targets.motion else None
        targets = pack_targets(self._scaled(clip.true[frames - first]), mask=mask, motion=motion)
        return self._scaled(previous), self._scaled(current), targets

    def _flickering(self, baseline: np.ndarray, run: Run) -> np.ndarray:
        if not self.flicker:
            return baseline
        rng = np.random.default_rng((self.seed, self.epoch, self.names.index(run.name), run.start))
        return with_flicker(baseline, self.flicker, rng)

    def _frame_numbers(self, run: Run) -> np.ndarray:
        if not self.shuffle_frames:
            return np.arange(run.start, run.start + self.run_length)
        rng = np.random.default_rng((self.seed, self.epoch, self.names.index(run.name)))
        return rng.permutation(self.store.num_frames(run.name))[run.start : run.start + self.run_length]

    def _scaled(self, frames: np.ndarray) -> np.ndarray:
        return frames.astype(np.float32) * np.float32(self.value_range / 255)

    def _mask(self, name: str) -> np.ndarray:
        if name not in self._masks:
            self._masks[name] = picture_mask(self.store.read(name).true)
        return self._masks[name]


def example_inputs(
    baseline: np.ndarray, frames: np.ndarray, inputs: Inputs = AS_REPORTED
) -> tuple[np.ndarray, np.ndarray]:
    """Pick the inputs of some frames: those before, and themselves.

    The report uses one frame before; its section 6 proposes several, or a running average of each pixel.

    Args:
        baseline: (T, H, W, 3) colorized frames, from the clip's start or from `inputs.window` before `frames`.
        frames: (N,) positions in `baseline`.
        inputs: what to pick.

    Returns:
        Previous (N, H, W, 3 * `inputs.window`), or (N, H, W, 3) if averaged, and current (N, H, W, 3). The first
        frame's previous is itself, in colour.
    """
    previous = [baseline[np.maximum(frames - back, 0)] for back in range(1, inputs.window + 1)]
    if inputs.average:
        previous = [np.mean(previous, axis=0).round().astype(baseline.dtype)]
    current = baseline[frames]
    if inputs.gray_current:
        current = rgb_from_gray(gray_clip(current))
    return np.concatenate(previous, axis=-1), current


def picture_mask(true: np.ndarray) -> np.ndarray:
    """Find the picture inside black bars, see `active_area.find_active_area`.

    Args:
        true: (T, H, W, 3) uint8 frames of a clip.

    Returns:
        (H, W, 1) float32: 1 inside, 0 on bars.
    """
    top, bottom, left, right = find_active_area(luma_from_rgb(frame) for frame in true)
    mask = np.zeros((*true.shape[1:3], 1), np.float32)
    mask[top:bottom, left:right] = 1
    return mask


def motion_to_previous(frames: np.ndarray) -> np.ndarray:
    """Estimate where the pixels of each frame were one frame before, on gray, as in use there is no colour.

    Args:
        frames: (L, H, W, 3) uint8, consecutive.

    Returns:
        (L, H, W, 3) float32: x and y offset in pixels, and 1 where the pixel was visible before, else 0. The
        first frame has no motion, and all of it is visible.
    """
    flow_of = DenseFlow(MEDIUM)
    still = np.zeros((*frames.shape[1:3], 3), np.float32)
    still[..., 2] = 1
    motion = [still]
    for before, gray in itertools.pairwise(gray_clip(frames)):
        flow, occluded = motion_between(gray, before, flow_of)
        motion.append(np.dstack([flow, (~occluded).astype(np.float32)]))
    return np.stack(motion)


def with_flicker(frames: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Give each frame colour errors of its own, as colorizing frames one by one does; luma stays.

    Args:
        frames: (T, H, W, 3) uint8.
        strength: standard deviation of the errors of Cb and Cr (ITU-R BT.601), in 8-bit levels.
        rng: source of randomness.

    Returns:
        (T, H, W, 3) uint8; colours outside the cube are clipped.
    """
    height, width = frames.shape[1:3]
    errors = rng.normal(0, strength / 255, (len(frames), FLICKER_SPOTS, FLICKER_SPOTS, 2)).astype(np.float32)
    flickering = np.empty_like(frames)
    for out, frame, error in zip(flickering, frames, errors, strict=True):
        luma_cr_cb = cv2.cvtColor(to_float01(frame), cv2.COLOR_RGB2YCrCb)
        luma_cr_cb[..., 1:] += cv2.resize(error, (width, height), interpolation=cv2.INTER_CUBIC)
        out[:] = to_uint8(cv2.cvtColor(luma_cr_cb, cv2.COLOR_YCrCb2RGB))
    return flickering

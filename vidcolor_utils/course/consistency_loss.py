"""The report's loss: be like the true frame, and like the frame predicted before (section 4.2).

    beta / N * sum_{i=1..N} |pred_i - true_i|^2 + (1 - beta) / N * sum_{i=2..N} |pred_i - pred_{i-1}|^2

|.|^2 is the mean over pixels and channels, N the number of frames. All losses here are in squared 8-bit units,
whatever the range of the frames, so that they compare with the report's figure 4.

A batch is a stack of runs, each of `run_length` consecutive frames of one clip: rows 0..L-1 are the first run,
L..2L-1 the second. The first frame of a run has no predecessor, so no pair crosses the border of a run.

What else the loss needs comes with the targets, as further channels behind the true RGB: `targets.pack_targets`.
"""

from __future__ import annotations

import keras
from keras import ops

from vidcolor_utils.pairs.targets import TargetLayout
from vidcolor_utils.system.errors import OptionError
from vidcolor_utils.system.options import Within, check_option

PEAK = 255.0


def consistency_loss(
    true_rgb: keras.KerasTensor,
    pred_rgb: keras.KerasTensor,
    *,
    beta: float,
    run_length: int,
    mask: keras.KerasTensor | None = None,
    motion: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    """Compute the loss of each frame; its mean over the batch is the report's equation.

    Args:
        true_rgb: (B, H, W, C); B is a multiple of `run_length`.
        pred_rgb: the same shape.
        beta: weight of the first term, in [0, 1].
        run_length: frames in a run.
        mask: see `pack_targets`; pixels outside count nowhere.
        motion: see `pack_targets`; the previous prediction is first moved along, and what was not visible
            counts not, so that motion as such costs nothing.

    Returns:
        (B,) in squared units of the frames.
    """
    to_true = _mean_square(pred_rgb - true_rgb, mask)
    previous = previous_in_run(pred_rgb, run_length)
    weight = mask
    if motion is not None:
        previous = warp(previous, motion[..., :2])
        weight = motion[..., 2:3] if mask is None else mask * motion[..., 2:3]
    to_previous = _mean_square(pred_rgb - previous, weight) * _has_previous(pred_rgb, run_length)
    return beta * to_true + (1.0 - beta) * to_previous


def _mean_square(difference: keras.KerasTensor, weight: keras.KerasTensor | None) -> keras.KerasTensor:
    """Mean square of each frame, over the pixels of weight 1; 0 where there are none."""
    square = ops.mean(ops.square(difference), axis=-1, keepdims=True)
    if weight is None:
        return ops.mean(square, axis=(1, 2, 3))
    total = ops.sum(weight, axis=(1, 2, 3))
    return ops.sum(square * weight, axis=(1, 2, 3)) / ops.maximum(total, 1.0)


def previous_in_run(frames: keras.KerasTensor, run_length: int) -> keras.KerasTensor:
    """Shift each run of a batch (B, H, W, C) by one frame; the first of a run stays itself."""
    runs = ops.reshape(frames, (-1, run_length, *frames.shape[1:]))
    shifted = ops.concatenate([runs[:, :1], runs[:, :-1]], axis=1)
    return ops.reshape(shifted, (-1, *frames.shape[1:]))


def _has_previous(frames: keras.KerasTensor, run_length: int) -> keras.KerasTensor:
    """(B,) of 0 for the first frame of a run and 1 for the others."""
    in_run = ops.minimum(ops.arange(run_length, dtype="float32"), 1.0)
    runs = ops.reshape(ops.zeros_like(frames[:, 0, 0, 0]), (-1, run_length))
    return ops.reshape(runs + in_run, (-1,))


def warp(frames: keras.KerasTensor, flow: keras.KerasTensor) -> keras.KerasTensor:
    """Fetch each pixel from where the flow points, between pixels bilinearly, beyond the edge from the edge.

    Args:
        frames: (B, H, W, C).
        flow: (B, H, W, 2) x and y offset in pixels.

    Returns:
        (B, H, W, C).
    """
    height, width = frames.shape[1:3]
    x = ops.clip(flow[..., 0] + ops.arange(width, dtype="float32"), 0, width - 1)
    y = ops.clip(flow[..., 1] + ops.arange(height, dtype="float32")[:, None], 0, height - 1)
    left, top = ops.floor(x), ops.floor(y)
    right, bottom = ops.minimum(left + 1, width - 1), ops.minimum(top + 1, height - 1)
    right_share, bottom_share = (x - left)[..., None], (y - top)[..., None]
    upper = _pixels(frames, top, left) * (1 - right_share) + _pixels(frames, top, right) * right_share
    lower = _pixels(frames, bottom, left) * (1 - right_share) + _pixels(frames, bottom, right) * right_share
    return upper * (1 - bottom_share) + lower * bottom_share


def _pixels(frames: keras.KerasTensor, y: keras.KerasTensor, x: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels (B, H, W, C) at whole-numbered positions (B, H, W)."""
    height, width, channels = frames.shape[1:]
    flat = ops.reshape(frames, (-1, height * width, channels))
    index = ops.reshape(ops.cast(y * width + x, "int32"), (-1, height * width, 1))
    return ops.reshape(ops.take_along_axis(flat, index, axis=1), (-1, height, width, channels))


def lower_right_quadrant(frames: keras.KerasTensor) -> keras.KerasTensor:
    """What the published second crop leaves: rows and columns 64..192 of a frame that only has 128."""
    height, width = frames.shape[1:3]
    return frames[:, height // 2 :, width // 2 :]


@keras.saving.register_keras_serializable(package="vidcolor")
class ConsistencyLoss(keras.losses.Loss):
    """`consistency_loss` as a Keras loss, in squared 8-bit units.

    Args:
        beta: weight of likeness to the true frame, in [0, 1]; the rest is likeness to the previous prediction.
        run_length: consecutive frames in each run of a batch.
        masked: targets carry a mask; black bars count nowhere.
        motion_compensated: targets carry motion; the second term compares along it.
        second_crop: repeat the published defect, by which only the lower right quadrant is supervised.
        value_range: white of the frames: 1 or, for `as_published` models, 255.

    Raises:
        OptionError: if an argument is out of range.

    Example:
        >>> loss = ConsistencyLoss(0.5, run_length=2)
        >>> black, gray = np.zeros((2, 1, 1, 3)), np.full((2, 1, 1, 3), 2 / 255)
        >>> float(loss(black, gray))  # 0.5 * 2**2, and no change between the two
        2.0
    """

    def __init__(
        self,
        beta: float = 0.8,
        *,
        run_length: int,
        masked: bool = False,
        motion_compensated: bool = False,
        second_crop: bool = False,
        value_range: float = 1.0,
        name: str = "consistency_loss",
        reduction: str = "sum_over_batch_size",
        dtype: str | None = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_option("beta", beta, Within(0, 1))
        check_option("run_length", run_length, Within(1, whole=True))
        if second_crop and motion_compensated:
            raise OptionError("`second_crop` repeats the published loss, which is not motion compensated")
        self.beta, self.run_length = float(beta), int(run_length)
        self.masked, self.motion_compensated = masked, motion_compensated
        self.second_crop, self.value_range = second_crop, float(value_range)

    @property
    def target_channels(self) -> int:
        """Channels that the targets must have; see `pack_targets`."""
        return self._layout.channels

    @property
    def _layout(self) -> TargetLayout:
        return TargetLayout(self.masked, self.motion_compensated)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss (B,) of each frame.

        Raises:
            ValueError: if the targets have other channels, or the batch is not made of whole runs.
        """
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
        self._check(y_true, y_pred)
        if self.second_crop:
            y_true, y_pred = lower_right_quadrant(y_true), lower_right_quadrant(y_pred)
        true_rgb, mask, motion = self._layout.taken_apart(y_true)
        loss = consistency_loss(
            true_rgb, y_pred, beta=self.beta, run_length=self.run_length, mask=mask, motion=motion
        )
        return loss * (PEAK / self.value_range) ** 2

    def _check(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> None:
        if y_true.shape[-1] != self.target_channels:
            raise ValueError(
                f"targets must have {self.target_channels} channels (see `pack_targets`). "
                f"Received: shape {tuple(y_true.shape)}"
            )
        rows = y_pred.shape[0]
        if rows is not None and rows % self.run_length:
            raise ValueError(f"a batch must hold whole runs of {self.run_length} frames. Received: {rows} frames")

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "beta": self.beta,
            "run_length": self.run_length,
            "masked": self.masked,
            "motion_compensated": self.motion_compensated,
            "second_crop": self.second_crop,
            "value_range": self.value_range,
        }

"""Teacher forcing and closed loop: the same network given the true frame before, and given its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import layers
from scipy.optimize import curve_fit

from vidcolor_utils.pictures.color import AB_LIMIT
from vidcolor_utils.related.clips import MOTION_FLOOR, SmallClip, motion_energy
from vidcolor_utils.related.feedback.colas import build_small_judge, build_small_unet
from vidcolor_utils.related.learning import Watch, unwatched
from vidcolor_utils.related.ready import compile_ready
from vidcolor_utils.related.rows import accuracy, energy

LAB_SCALE = np.array([50, AB_LIMIT, AB_LIMIT], np.float32)
LAB_SHIFT = np.array([1, 0, 0], np.float32)


class ColasConfig(NamedTuple):
    """How the small U-Net is trained, with the L1 term alone.

    Attributes:
        unroll: 1: given the true frame before (teacher forcing). More: on runs of that many frames, given its own
            results after the first.
        steps: of Adam.
        batch: frames, or runs, in a step.
        learning_rate: of Adam.
        batch_norm: the first defect of the published code, see `build_small_unet`.
        seed: of the weights and the draws.
    """

    unroll: int = 1
    steps: int = 300
    batch: int = 16
    learning_rate: float = 1e-3
    batch_norm: bool = False
    seed: int = 0


class FeedBack(NamedTuple):
    """What is fed back at test in place of the true frame before.

    Attributes:
        true_lightness: with the true L instead of the made one: another, better system.
        quantized: rounded to 8 bits of Lab, as when frames go through files.
    """

    true_lightness: bool = False
    quantized: bool = False


def scaled(lab: np.ndarray) -> np.ndarray:
    """Lab (..., 3) to [-1, 1]: L / 50 - 1, a / 110, b / 110."""
    return lab / LAB_SCALE - LAB_SHIFT


def unscaled(values: np.ndarray) -> np.ndarray:
    """The inverse of `scaled`."""
    return (values + LAB_SHIFT) * LAB_SCALE


def train_colas(
    clips: Sequence[SmallClip], config: ColasConfig, *, say: Watch = unwatched
) -> tuple[keras.Model, list[float]]:
    """Train the small U-Net from [gray of this frame, Lab of the one before] to Lab.

    Returns:
        The network (B, S, S, 4) to (B, S, S, 3), scaled, and the loss of each step.
    """
    keras.utils.set_random_seed(config.seed)
    side = clips[0].lab.shape[1]
    network = build_small_unet(channels=4, outputs=3, side=side, batch_norm=config.batch_norm)
    model = unrolled(network, config.unroll)
    compile_ready(model, keras.optimizers.Adam(config.learning_rate), loss="mean_absolute_error")
    runs = Runs(clips, length=config.unroll + 1, batch=config.batch, seed=config.seed)
    history = []
    for step in range(config.steps):
        lab = scaled(runs.draw())
        history.append(float(model.train_on_batch([lab[:, 1:, ..., :1], lab[:, 0]], lab[:, 1:])))
        say(step, history[-1])
    return network, history


def unrolled(network: keras.Model, length: int) -> keras.Model:
    """Lay a network out over frames, each given the result before: [gray (B, n, S, S, 1), first] to Lab."""
    side = network.input_shape[1]
    gray, before = keras.Input((length, side, side, 1)), keras.Input((side, side, 3))
    results, previous = [], before
    for number in range(length):
        previous = network(layers.Concatenate()([gray[:, number], previous]))
        results.append(layers.Reshape((1, side, side, 3))(previous))
    return keras.Model([gray, before], layers.Concatenate(axis=1)(results) if length > 1 else results[0])


class Runs:
    """Draws runs of consecutive frames, more often from clips that move: Lab (B, length, S, S, 3)."""

    def __init__(self, clips: Sequence[SmallClip], *, length: int, batch: int, seed: int = 0):
        self.clips = [clip.lab for clip in clips if len(clip.lab) >= length]
        motion = np.array([motion_energy(clip) for clip in clips if len(clip.lab) >= length]) + MOTION_FLOOR
        self.share, self.length, self.batch = motion / motion.sum(), length, batch
        self.rng = np.random.default_rng(seed)

    def draw(self) -> np.ndarray:
        """Return the next batch, half of the runs mirrored."""
        runs = []
        for which in self.rng.choice(len(self.clips), self.batch, p=self.share):
            first = int(self.rng.integers(len(self.clips[which]) - self.length + 1))
            run = self.clips[which][first : first + self.length]
            runs.append(run[:, :, ::-1] if self.rng.random() < 0.5 else run)
        return np.stack(runs)


def fed_truth(network: keras.Model, clip: SmallClip) -> np.ndarray:
    """Each frame made from the true one before, as a training log measures: Lab (T, S, S, 3), the first true."""
    lab = scaled(clip.lab)
    made = network.predict(np.concatenate([lab[1:, ..., :1], lab[:-1]], axis=-1), batch_size=32, verbose=0)
    return np.concatenate([clip.lab[:1], unscaled(made)])


def fed_back(
    network: keras.Model, clips: Sequence[SmallClip], frames: int, how: FeedBack | None = None
) -> list[np.ndarray]:
    """Each frame made from the one made before, as in use: Lab (T, S, S, 3) of each clip, the first frame true.

    Args:
        network: see `train_colas`.
        clips: go through the network together, one frame of each at a time.
        frames: made of each clip, at most; one that ends earlier stands still in the batch and is cut after.
        how: what is fed back.
    """
    how = how or FeedBack()
    lengths = [min(frames, len(clip.lab)) for clip in clips]
    films = [
        scaled(clip.lab[np.minimum(np.arange(max(lengths)), n - 1)])
        for clip, n in zip(clips, lengths, strict=True)
    ]
    lab = np.stack(films)
    made = [lab[:, 0]]
    for t in range(1, max(lengths)):
        before = made[-1]
        if how.true_lightness:
            before = np.concatenate([lab[:, t - 1, ..., :1], before[..., 1:]], axis=-1)
        if how.quantized:
            before = np.rint((before + 1) * 127.5) / 127.5 - 1
        made.append(_made(network, np.concatenate([lab[:, t, ..., :1], before], axis=-1)))
    stacked = np.stack(made, axis=1)
    return [unscaled(film[:length]) for film, length in zip(stacked, lengths, strict=True)]


def _made(network: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """What a network makes of inputs, on whichever backend and device."""
    return keras.ops.convert_to_numpy(network(inputs, training=False))


def accuracy_curve(clips: Sequence[SmallClip], made: Sequence[np.ndarray], frames: int) -> np.ndarray:
    """Mean of `rows.accuracy` of ab at each frame (frames,), the first included, over the clips that have it."""
    curves = np.full((len(clips), frames), np.nan)
    for row, clip, film in zip(curves, clips, made, strict=True):
        for t in range(min(frames, len(film))):
            row[t] = accuracy(clip.lab[t, ..., 1:], film[t, ..., -2:])
    return np.nanmean(curves, axis=0)


def chroma_ratio(clips: Sequence[SmallClip], made: Sequence[np.ndarray], frame: int) -> float:
    """Root of made over true energy of ab at a frame, mean over the clips that have it; above 1 it explodes."""
    ratios = [
        (energy([film[frame, ..., -2:]]) / energy([clip.lab[frame, ..., 1:]])) ** 0.5
        for clip, film in zip(clips, made, strict=True)
        if len(film) > frame
    ]
    return float(np.mean(ratios))


class Decay(NamedTuple):
    """acc(t) = height exp(-(t - 1) / frames) + floor."""

    height: float
    frames: float
    floor: float


def fitted_decay(curve: np.ndarray) -> Decay:
    """Fit a decay to accuracies (T,) at frames 1, 2 ... (the first, true frame left out)."""
    t = np.arange(len(curve))
    start = (max(curve[0] - curve[-1], 1e-3), 2.0, max(float(curve[-1]), 0.0))
    found, _ = curve_fit(
        lambda t, height, frames, floor: height * np.exp(-t / frames) + floor,
        t,
        curve,
        p0=start,
        bounds=([0, 0.05, 0], [1, 500, 1]),
    )
    return Decay(*map(float, found))


def adversarial_colas(
    clips: Sequence[SmallClip],
    network: keras.Model,
    *,
    steps: int,
    batch: int = 8,
    seed: int = 0,
    weight: float = 100.0,
) -> dict[str, list[float]]:
    """Train a network on with the discriminator, teacher-forced, as published: GAN + 100 L1, the generator twice.

    Args:
        clips: to learn from.
        network: see `train_colas`; it is changed.
        steps: turns of the discriminator.
        batch: frames.
        seed: of the discriminator and the draws.
        weight: of the L1 term.

    Returns:
        Losses of each step: "judge" and "generator".
    """
    from vidcolor_utils.related.adversarial import Adversarial, Judge

    keras.utils.set_random_seed(seed)
    side = clips[0].lab.shape[1]
    judge = build_small_judge(channels=6, side=side)
    pair = Judge(judge, lambda inputs, made: layers.Concatenate()([made[0], inputs[0][..., 1:]]))
    both = Adversarial(
        network,
        [pair],
        make_generator_optimizer=lambda: keras.optimizers.Adam(3e-4, beta_1=0.0),
        make_judge_optimizer=lambda: keras.optimizers.Adam(3e-4, beta_1=0.0),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        output_losses=["mean_absolute_error"],
        output_weights=[weight],
    )
    runs = Runs(clips, length=2, batch=batch, seed=seed)
    history: dict[str, list] = {"judge": [], "generator": []}
    for _ in range(steps):
        lab = scaled(runs.draw())
        before, now = lab[:, 0], lab[:, 1]
        inputs = np.concatenate([now[..., :1], before], axis=-1)
        made = _made(network, inputs)
        real_pair, made_pair = (np.concatenate([frame, before], axis=-1) for frame in (now, made))
        history["judge"].append(both.judge(0, real_pair, made_pair))
        history["generator"] += [both.fool(inputs, [now]) for _ in range(2)]
    return history

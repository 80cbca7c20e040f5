"""The 3-D CycleGAN of Bashkirova, Usman and Saenko ("Unsupervised video-to-video translation", 2018): the networks
as published, and small ones with (2+1)-D convolutions beside their frame-wise twins."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from vidcolor_utils.related.affinity import Tensor

FILTERS = 64
BLOCKS = 9
LEAK = 0.2
GROUPS = 4


def build_generator(
    *, frames: int | None = 8, side: int | None = 64, channels: int = 3, width: float = 1.0, volume: bool = True
) -> keras.Model:
    """Build the published generator: every 2-D operation of CycleGAN's made 3-D, with batch normalization.

    Args:
        frames: of a clip, a multiple of 4; None: any such.
        side: height and width, a multiple of 4; None: any such.
        channels: in and out.
        width: factor on the published 64 filters.
        volume: False gives the 2-D network that the paper compares with; its input has no frames.

    Returns:
        A model of clips (B, T, S, S, C), or pictures (B, S, S, C), to the same, tanh. 34,209,795 trainable weights
        at width 1, the 2-D one 11,388,675.
    """
    dimensions = 3 if volume else 2
    first = round(FILTERS * width)
    inputs = keras.Input((frames, side, side, channels) if volume else (side, side, channels))
    x = _block(_reflected(inputs, 3, dimensions), first, 7, dimensions)
    for filters in (2 * first, 4 * first):
        x = _block(x, filters, 3, dimensions, strides=2, padding="same")
    for _ in range(BLOCKS):
        y = _block(_reflected(x, 1, dimensions), 4 * first, 3, dimensions)
        y = _block(_reflected(y, 1, dimensions), 4 * first, 3, dimensions, active=False)
        x = layers.Add()([x, y])
    transposed = (layers.Conv2DTranspose, layers.Conv3DTranspose)[dimensions - 2]
    for filters in (2 * first, first):
        x = layers.ReLU()(layers.BatchNormalization()(transposed(filters, 3, 2, padding="same")(x)))
    x = _conv(dimensions)(channels, 7, activation="tanh")(_reflected(x, 3, dimensions))
    return keras.Model(inputs, x, name="generator")


def build_discriminator(
    *, frames: int | None = 8, side: int | None = 64, channels: int = 3, width: float = 1.0
) -> keras.Model:
    """Build the published 3-D patch discriminator; 11,057,857 trainable weights at width 1."""
    filters = round(FILTERS * width)
    inputs = keras.Input((frames, side, side, channels))
    x = layers.LeakyReLU(LEAK)(layers.Conv3D(filters, 4, 2, padding="same")(inputs))
    for scale, strides in ((2, 2), (4, 2), (8, 1)):
        x = layers.Conv3D(scale * filters, 4, strides, padding="same")(x)
        x = layers.LeakyReLU(LEAK)(layers.BatchNormalization()(x))
    return keras.Model(inputs, layers.Conv3D(1, 4, padding="same")(x), name="discriminator")


class ReflectPad(layers.Layer):
    """Continues pictures or clips beyond their borders by mirroring them.

    Args:
        reach: pixels, and frames.
        dimensions: 2 or 3.
    """

    def __init__(self, reach: int, dimensions: int, **options: Any):
        super().__init__(**options)
        self.reach, self.dimensions = reach, dimensions

    def call(self, x: Tensor) -> Tensor:
        """Pad, axis by axis: PyTorch mirrors at most three axes at once, that of the channels included."""
        for axis in range(1, 1 + self.dimensions):
            x = _mirrored(x, self.reach, axis)
        return x

    def get_config(self) -> dict:
        """Keep the arguments in a saved model."""
        return {**super().get_config(), "reach": self.reach, "dimensions": self.dimensions}


def _mirrored(x: Tensor, reach: int, axis: int) -> Tensor:
    ahead: list[slice] = [slice(None)] * axis
    first, last = (*ahead, slice(1, reach + 1)), (*ahead, slice(-reach - 1, -1))
    return ops.concatenate([ops.flip(x[first], axis), x, ops.flip(x[last], axis)], axis)


def _reflected(x: Tensor, reach: int, dimensions: int) -> Tensor:
    return ReflectPad(reach, dimensions)(x)


def _conv(dimensions: int) -> type[layers.Layer]:
    return layers.Conv3D if dimensions == 3 else layers.Conv2D


def _block(
    x: Tensor,
    filters: int,
    size: int,
    dimensions: int,
    *,
    strides: int = 1,
    padding: str = "valid",
    active: bool = True,
) -> Tensor:
    x = layers.BatchNormalization()(_conv(dimensions)(filters, size, strides, padding=padding)(x))
    return layers.ReLU()(x) if active else x


class Inflated(keras.initializers.Initializer):
    """Kernels over time that begin as if there were no time: half of the channels pass a frame on as it is, half
    the mean of three; a little noise tells them apart. After the inflated kernels of Carreira, Zisserman (2017).

    Args:
        noise: share of Glorot's uniform noise that is added.
    """

    def __init__(self, noise: float = 0.3):
        self.noise = noise

    def __call__(self, shape: tuple, dtype: str | None = None, **_: Any) -> Tensor:
        """Make a kernel (3, 1, C, F)."""
        same, averaged = np.eye(shape[2], shape[3]), np.arange(shape[3]) % 2
        kernel = np.stack([same * averaged / 3, same * (1 - averaged * 2 / 3), same * averaged / 3])[:, None]
        noise = keras.initializers.GlorotUniform()(shape, dtype=dtype)
        return self.noise * noise + ops.convert_to_tensor(kernel, dtype=noise.dtype)

    def get_config(self) -> dict:
        """Keep the argument in a saved model."""
        return {"noise": self.noise}


class FramesThenTime(layers.Layer):
    """A (2+1)-D convolution: k x k within each frame, then 3 frames of one place, written as two 2-D ones.

    Args:
        filters: of both.
        size: k.
        strides: within the frame, and over time.
        over_time: False leaves the second one out: a network of these treats each frame by itself.
        inflated: whether the second begins `Inflated`.
    """

    def __init__(
        self,
        filters: int,
        size: int = 3,
        strides: int = 1,
        over_time: bool = True,
        inflated: bool = False,
        **options: Any,
    ):
        super().__init__(**options)
        self.filters, self.size, self.strides = filters, size, strides
        self.over_time, self.inflated = over_time, inflated
        self.within = layers.Conv2D(filters, size, strides, padding="same")
        start = Inflated() if inflated else "glorot_uniform"
        across = layers.Conv2D(filters, (3, 1), (strides, 1), padding="same", kernel_initializer=start)
        self.across = across if over_time else None

    def build(self, shape: tuple) -> None:
        """Make the weights for clips (B, T, H, W, C)."""
        _, frames, height, width, channels = shape
        self.within.build((None, height, width, channels))
        if self.across is not None:
            self.across.build((None, frames, None, self.filters))

    def call(self, clip: Tensor) -> Tensor:
        """Convolve (B, T, H, W, C) to (B, T / strides, H / strides, W / strides, filters)."""
        frames = clip.shape[1]
        x = self.within(ops.reshape(clip, (-1, *clip.shape[2:])))
        height, width = x.shape[1:3]
        if self.across is not None:
            x = self.across(ops.reshape(x, (-1, frames, height * width, self.filters)))
            frames = x.shape[1]
        return ops.reshape(x, (-1, frames, height, width, self.filters))

    def compute_output_shape(self, shape: tuple) -> tuple:
        """Sides are divided by `strides`, rounded up, and so is time if there is a convolution over it."""
        frames, *sides = (-(-side // self.strides) for side in shape[1:4])
        return (shape[0], frames if self.over_time else shape[1], *sides, self.filters)

    def get_config(self) -> dict:
        """Keep the arguments in a saved model."""
        own = {"filters": self.filters, "size": self.size, "strides": self.strides, "over_time": self.over_time}
        return {**super().get_config(), **own, "inflated": self.inflated}


class FrameNorm(layers.Layer):
    """Group normalization of each frame by itself; over the whole clip it would tell frames of one another."""

    def __init__(self, groups: int = GROUPS, **options: Any):
        super().__init__(**options)
        self.groups = groups
        self.norm = layers.GroupNormalization(groups)

    def build(self, shape: tuple) -> None:
        """Make the weights."""
        self.norm.build((None, *shape[2:]))

    def call(self, clip: Tensor) -> Tensor:
        """Normalize (B, T, H, W, C)."""
        return ops.reshape(self.norm(ops.reshape(clip, (-1, *clip.shape[2:]))), (-1, *clip.shape[1:]))

    def compute_output_shape(self, shape: tuple) -> tuple:
        """As it came."""
        return shape

    def get_config(self) -> dict:
        """Keep the argument in a saved model."""
        return {**super().get_config(), "groups": self.groups}


def build_small_generator(
    channels: int,
    outputs: int,
    *,
    frames: int = 8,
    side: int = 16,
    filters: int = 12,
    blocks: int = 2,
    over_time: bool = True,
    name: str = "generator",
) -> keras.Model:
    """Build the small generator: the published shape, (2+1)-D, with enlarging in place of transposed convolutions.

    Ours are two changes for short trainings: the first features join the last convolution, so that a digit stays
    where it is, and kernels over time begin `Inflated`. The first layer is not normalized: each frame by itself,
    that would take its brightness away.

    Args:
        channels, outputs: of the clips (B, T, S, S, C) that go in and come out.
        frames, side: of the clips; multiples of 4.
        filters: of the first layer, a multiple of `GROUPS`; twice and four times as many below.
        blocks: residual blocks.
        over_time: False: the frame-wise twin.
    """
    layer = partial(FramesThenTime, over_time=over_time, inflated=True)
    clip = keras.Input((frames, side, side, channels))
    first = x = layers.ReLU()(layer(filters, 5)(clip))
    for count in (2 * filters, 4 * filters):
        x = _normalized(layer(count, strides=2)(x))
    for _ in range(blocks):
        y = _normalized(layer(4 * filters)(x))
        x = layers.Add()([x, FrameNorm()(layer(4 * filters)(y))])
    for count in (2 * filters, filters):
        x = layers.UpSampling3D((2 if over_time else 1, 2, 2))(x)
        x = _normalized(layer(count)(x))
    x = layer(outputs, 5)(layers.Concatenate()([x, first]))
    return keras.Model(clip, layers.Activation("tanh")(x), name=name)


def build_small_discriminator(
    channels: int,
    *,
    frames: int = 8,
    side: int = 16,
    filters: int = 16,
    over_time: bool = True,
    name: str = "judge",
) -> keras.Model:
    """Build the small discriminator: a score for each place and moment, (B, T/4, S/4, S/4, 1).

    With `over_time` false it scores each frame: (B, T, S/4, S/4, 1).
    """
    clip = keras.Input((frames, side, side, channels))
    x = layers.LeakyReLU(LEAK)(FramesThenTime(filters, 4, 2, over_time=over_time)(clip))
    x = FrameNorm()(FramesThenTime(2 * filters, 4, 2, over_time=over_time)(x))
    x = FramesThenTime(2 * filters, 3, over_time=over_time)(layers.LeakyReLU(LEAK)(x))
    return keras.Model(clip, FramesThenTime(1, 3, over_time=over_time)(layers.LeakyReLU(LEAK)(x)), name=name)


def _normalized(x: Tensor) -> Tensor:
    return layers.ReLU()(FrameNorm()(x))

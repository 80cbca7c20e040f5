"""(2+1)-D convolutions and the norm of each frame; run on every backend."""

import keras
import numpy as np
import pytest

from vidcolor_utils.related.unpaired.model import (
    FrameNorm,
    FramesThenTime,
    Inflated,
    ReflectPad,
    build_small_generator,
)


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def clip(seed=0, channels=2):
    return np.random.default_rng(seed).standard_normal((2, 5, 8, 8, channels)).astype(np.float32)


def test_a_kernel_of_ones_adds_the_neighbours_in_the_frame_then_in_time():
    layer = FramesThenTime(1, 3)
    x = np.ones((1, 4, 4, 4, 1), np.float32)
    layer(x)
    layer.set_weights([np.ones_like(value) if value.ndim > 1 else value for value in layer.get_weights()])
    made = as_numpy(layer(x))[0, ..., 0]
    assert made[1, 1, 1] == 27 and made[0, 1, 1] == 18 and made[0, 0, 0] == 8


@pytest.mark.parametrize(("over_time", "frames"), [(True, 3), (False, 5)])
def test_strides_shrink_the_frames_and_the_time_if_it_is_seen(over_time, frames):
    layer = FramesThenTime(3, 3, strides=2, over_time=over_time)
    assert layer(clip()).shape == (2, frames, 4, 4, 3) == layer.compute_output_shape((2, 5, 8, 8, 2))


def test_inflated_kernels_pass_a_frame_or_the_mean_of_three():
    kernel = as_numpy(Inflated(noise=0)((3, 1, 4, 4)))
    assert kernel[:, 0, 0, 0].tolist() == [0, 1, 0] and kernel[:, 0, 1, 1] == pytest.approx([1 / 3] * 3)
    assert kernel.sum() == pytest.approx(4)
    assert not np.array_equal(*(as_numpy(Inflated()((3, 1, 4, 4))) for _ in range(2)))


def test_an_inflated_layer_comes_back_from_its_settings():
    layer = FramesThenTime.from_config(FramesThenTime(3, strides=2, inflated=True).get_config())
    assert layer.inflated and layer.strides == 2 and layer.over_time


@pytest.mark.parametrize("over_time", [True, False])
def test_only_the_twin_that_is_blind_to_time_treats_each_frame_by_itself(over_time):
    model = build_small_generator(2, 3, frames=4, side=8, filters=4, blocks=1, over_time=over_time)
    x, changed = clip()[:, :4], clip()[:, :4]
    changed[:, 2] += 1
    difference = np.abs(as_numpy(model(changed)) - as_numpy(model(x))).max(axis=(0, 2, 3, 4))
    assert difference[2] > 1e-4
    others = difference[[0, 1, 3]].max()
    assert others > 1e-4 if over_time else others == 0


def test_the_norm_of_a_frame_does_not_know_the_others():
    norm, x = FrameNorm(2), clip()
    louder = x.copy()
    louder[:, 3] *= 100
    np.testing.assert_allclose(as_numpy(norm(x))[:, :3], as_numpy(norm(louder))[:, :3], atol=1e-5)


def test_padding_mirrors_without_the_border_itself():
    row = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1)
    padded = as_numpy(ReflectPad(1, 2)(np.repeat(row, 4, axis=1)))
    assert padded[0, 1, :, 0].tolist() == [1, 0, 1, 2, 3, 2]

import keras
import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from vidcolor_utils.models.frame_colorizer import (
    DepthToSpace,
    ResizeLike,
    build_frame_colorizer,
    listed,
    same_padding,
)
from vidcolor_utils.weights.shipped import MEANING_WIDTH


def test_depth_to_space_lays_four_channels_over_four_pixels():
    cells = np.arange(16, dtype=np.float32).reshape(1, 1, 2, 8)
    pixels = np.asarray(DepthToSpace()(cells))
    np.testing.assert_array_equal(pixels[0, :, :, 0], [[0, 1, 8, 9], [2, 3, 10, 11]])
    np.testing.assert_array_equal(pixels[0, :, :, 1], [[4, 5, 12, 13], [6, 7, 14, 15]])


def test_resize_like_keeps_the_middle_of_pixels():
    row = np.array([0.0, 4.0], np.float32).reshape(1, 1, 2, 1)
    like = np.zeros((1, 1, 4, 1), np.float32)
    np.testing.assert_allclose(np.asarray(ResizeLike()([row, like])).ravel(), [0, 1, 3, 4])


@without_graphs()
def test_a_meaning_of_zeros_may_be_of_any_size():
    model, luma = build_frame_colorizer(), np.random.default_rng(0).random((1, 64, 64, 1), np.float32)
    one, many = (model.predict_on_batch([luma, np.zeros((1, side, side, MEANING_WIDTH))]) for side in (1, 5))
    np.testing.assert_allclose(one, many, atol=1e-4)
    assert one.shape == (1, 32, 32, 2)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "zeros"),
    [(3, 1, "same", (1, 1)), (3, 2, "same", (0, 1)), (5, 2, "same", (1, 2)), (5, 1, "valid", (0, 0))],
)
def test_padding_is_what_keras_does(kernel, stride, padding, zeros):
    layer = keras.layers.Conv2D(1, kernel, stride, padding, kernel_initializer="ones")
    x = np.random.default_rng(0).random((1, 8, 8, 1), np.float32)
    made = np.asarray(layer(x))
    assert same_padding(layer) == zeros
    plain = keras.layers.Conv2D(1, kernel, stride, "valid", kernel_initializer="ones")
    np.testing.assert_allclose(made, np.asarray(plain(np.pad(x, ((0, 0), zeros, zeros, (0, 0))))), rtol=1e-5)


def test_padding_of_a_kernel_of_one_pixel_is_none():
    assert same_padding(keras.layers.Conv2D(1, 1, 2, "same")) == (0, 0)


def test_one_tensor_or_several_are_listed():
    assert listed("x") == ["x"] and listed(("x", "y")) == ["x", "y"]

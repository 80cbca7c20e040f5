from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from vidcolor_utils.models.report_cnn import FIRST_SHARE, SIDE, build_alexnet_colorizer, build_vgg16_colorizer
from vidcolor_utils.pictures.color import luma_from_rgb
from vidcolor_utils.system.errors import OptionError

TINY = 1 / 32
ALEXNET_SIDES = [128, 60, 29, 29, 14, 14, 6, 12, 10, 20, 18, 36, 32, 64, 64, 128, 128]
VGG16_CHANNELS = [(4, 512), (4, 256), (8, 256), (6, 384), (12, 384), (10, 384), (20, 384), (16, 256), (32, 256)]
VGG16_CHANNELS += [(32, 256), (64, 256), (64, 96), (128, 96), (128, 3)]


@pytest.fixture(scope="module")
def vgg16() -> keras.Model:
    return build_vgg16_colorizer(encoder_weights=None)


def trainable_parameters(model: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def random_frames(count: int, seed: int = 0) -> list[np.ndarray]:
    """Previous and current frames."""
    return list(np.random.default_rng(seed).random((2, count, SIDE, SIDE, 3), np.float32))


@pytest.mark.parametrize("as_published", [False, True])
def test_alexnet_has_the_reports_layers_and_totals(as_published: bool):
    model = build_alexnet_colorizer(as_published=as_published)
    assert model.count_params() == 9_127_971
    assert trainable_parameters(model) == 9_122_467
    by_name = {layer.name: layer for layer in model.layers}
    encoder = ["conv1", "pool1", "conv2", "pool2", "conv5", "pool5"]
    decoder = [f"up{number}_{part}" for number in range(1, 6) for part in ("conv", "upsample")][1:]
    chain = [SIDE] + [by_name[name].output.shape[1] for name in (*encoder, *decoder, "head")]
    assert chain == ALEXNET_SIDES
    assert by_name["pool5"].output.shape[1:] == (6, 6, 256)


def test_vgg16_has_the_reports_layers_and_totals(vgg16: keras.Model):
    assert vgg16.count_params() == 21_783_396
    assert trainable_parameters(vgg16) == 7_065_438
    assert vgg16.count_params() - trainable_parameters(vgg16) == 14_717_958
    kinds = (keras.Model, keras.layers.Conv2D, keras.layers.UpSampling2D)
    maps = [layer.output.shape[2:] for layer in vgg16.layers if isinstance(layer, kinds) and layer.name != "mix"]
    assert maps == VGG16_CHANNELS


def test_vgg16_published_totals_and_no_preprocessing():
    model = build_vgg16_colorizer(encoder_weights=None, as_published=True)
    assert (model.count_params(), trainable_parameters(model)) == (21_783_396, 7_065_438)
    assert "vgg16_scale" not in {layer.name for layer in model.layers}


def test_vgg16_starts_with_the_current_frame_as_its_weights_expect_it(vgg16: keras.Model):
    previous, current = random_frames(1)
    into_encoder = keras.Model(vgg16.inputs, vgg16.get_layer("vgg16_scale").output)
    got = into_encoder.predict_on_batch([previous, current])
    expected = keras.applications.vgg16.preprocess_input(255 * current)
    np.testing.assert_allclose(got, expected, atol=1e-2)


def test_frozen_encoder_is_unchanged_by_a_training_step_and_the_rest_is_not(vgg16: keras.Model):
    encoder = vgg16.get_layer("vgg16")
    before = [np.array(weight) for weight in encoder.get_weights()]
    mix, head = (vgg16.get_layer(name).get_weights()[0].copy() for name in ("mix", "head"))
    vgg16.compile(keras.optimizers.SGD(0.1), loss="mse", jit_compile=False)
    frames = random_frames(2)
    vgg16.train_on_batch(frames, frames[0])
    for old, new in zip(before, encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert (vgg16.get_layer("mix").get_weights()[0] != mix).any()
    assert (vgg16.get_layer("head").get_weights()[0] != head).any()


@without_graphs()
def test_output_is_bounded_by_default_and_open_as_published():
    frames = random_frames(1)
    picture = build_alexnet_colorizer(width=TINY).predict_on_batch(frames)
    assert picture.shape == (1, SIDE, SIDE, 3) and picture.dtype == np.float32
    assert picture.min() >= 0 and picture.max() <= 1 and picture.std() > 0
    published = build_alexnet_colorizer(width=TINY, as_published=True)
    published.get_layer("head").set_weights([np.zeros((5, 5, 3, 3)), np.array([-5.0, 7.0, 300.0])])
    raw = published.predict_on_batch([255 * part for part in frames])
    np.testing.assert_array_equal(raw[0, 0, 0], [0, 7, 300])


def chroma_model(window: int, share: float) -> keras.Model:
    """A network that gives the previous frame the same share everywhere, whatever the frames."""
    model = build_alexnet_colorizer(width=TINY, output="chroma", window=window)
    head = model.get_layer("head")
    head.set_weights([np.zeros_like(head.get_weights()[0]), np.array([np.log(share / (1 - share))])])
    return model


def grayish_frames() -> list[np.ndarray]:
    """Frames far from where colours are clipped."""
    return [0.4 + 0.2 * frame for frame in random_frames(1)]


@pytest.mark.parametrize("share", [1e-9, 0.25, 0.5])
@without_graphs()
def test_chroma_output_mixes_the_frames_and_keeps_the_luma_of_the_current_one(share: float):
    previous, current = grayish_frames()
    lumas = [luma_from_rgb(frame[0])[..., None] for frame in (previous, current)]
    chroma = share * (previous[0] - lumas[0]) + (1 - share) * (current[0] - lumas[1])
    for window, past in (1, previous), (2, np.concatenate([previous, np.zeros_like(previous)], axis=-1)):
        picture = chroma_model(window, share).predict_on_batch([past, current])[0]
        np.testing.assert_allclose(picture, chroma + lumas[1], atol=1e-5)
        np.testing.assert_allclose(luma_from_rgb(picture)[..., None], lumas[1], atol=1e-5)


@without_graphs()
def test_chroma_output_starts_as_little_more_than_the_current_frame():
    frames = grayish_frames()
    untrained = build_alexnet_colorizer(width=TINY, output="chroma").predict_on_batch(frames)
    np.testing.assert_allclose(untrained, chroma_model(1, FIRST_SHARE).predict_on_batch(frames), atol=0.01)
    assert np.abs(untrained - frames[1]).mean() < 0.1 * np.abs(frames[0] - frames[1]).mean()


@without_graphs()
def test_predicted_chroma_starts_as_gray_and_keeps_the_luma():
    frames = grayish_frames()
    model = build_alexnet_colorizer(width=TINY, output="cbcr")
    luma = luma_from_rgb(frames[1][0])[..., None]
    np.testing.assert_allclose(model.predict_on_batch(frames)[0], np.repeat(luma, 3, axis=-1), atol=0.01)
    head = model.get_layer("head")
    head.set_weights([np.zeros_like(head.get_weights()[0]), np.arctanh([0.1, -0.2])])
    picture = model.predict_on_batch(frames)[0]
    np.testing.assert_allclose(luma_from_rgb(picture)[..., None], luma, atol=1e-5)
    blue_minus_luma = picture[..., 2:] - luma  # 2 * (1 - 0.114) * Cb, with Cb half of the prediction
    np.testing.assert_allclose(blue_minus_luma, 0.886 * 0.1, atol=1e-5)


def test_window_takes_more_previous_frames():
    model = build_alexnet_colorizer(width=TINY, window=4)
    assert model.input_shape[0] == (None, SIDE, SIDE, 12)


@pytest.mark.parametrize("output", ["chroma", "cbcr"])
@without_graphs()
def test_model_survives_saving(tmp_path, output: str):
    model = build_alexnet_colorizer(width=TINY, output=output)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    frames = random_frames(1)
    np.testing.assert_allclose(twin.predict_on_batch(frames), model.predict_on_batch(frames), atol=1e-6)


@pytest.mark.parametrize(
    "options", [{"output": "lab"}, {"as_published": True, "output": "chroma"}, {"window": 0}, {"width": 2.0}]
)
def test_impossible_options_are_refused(options: dict):
    with pytest.raises(ValueError, match="Received"):
        build_alexnet_colorizer(**options)


@pytest.mark.parametrize("output", ["chroma", "cbcr"])
def test_what_published_models_do_not_predict_is_named(output: str):
    with pytest.raises(OptionError, match=f"predict RGB. Received: output='{output}'$"):
        build_alexnet_colorizer(as_published=True, output=output)

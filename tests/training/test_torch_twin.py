"""The twin of a network in PyTorch computes what the Keras model does, and hands its weights back."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends


def lively(model):
    rng = np.random.default_rng(0)
    for weight in model.weights:
        noise = rng.standard_normal(weight.shape).astype(np.float32)
        weight.assign(np.asarray(weight) + 0.02 * (np.abs(noise) if "variance" in weight.path else noise))
    return model


def first(array):
    return torch.from_numpy(array).permute(0, 3, 1, 2)


def last(tensor):
    return tensor.permute(0, 2, 3, 1).numpy()


@pytest.fixture(scope="module")
def models():
    from vidcolor_utils.models.frame_colorizer import build_frame_colorizer
    from vidcolor_utils.models.meaning import build_meaning

    return lively(build_meaning()), lively(build_frame_colorizer())


def test_twins_compute_the_same(models):
    from vidcolor_utils.training.torch_twin import TorchTwin

    meaning, frame = models
    rng = np.random.default_rng(1)
    luma, tokens = rng.random((2, 64, 96, 1), np.float32), rng.standard_normal((2, 4, 6, 768)).astype(np.float32)
    known = meaning.predict_on_batch(tokens)
    ab = frame.predict_on_batch([luma, known])
    with torch.inference_mode():
        known_twin = TorchTwin(meaning).eval()(first(tokens))
        ab_twin = TorchTwin(frame).eval()(first(luma), known_twin)
    np.testing.assert_allclose(last(known_twin), known, atol=1e-4)
    np.testing.assert_allclose(last(ab_twin), ab, atol=1e-2)
    assert np.ptp(ab) > 1


def test_weights_come_back(models):
    from vidcolor_utils.training.torch_twin import TorchTwin

    for model in models:
        twin, before = TorchTwin(model), [np.array(weight) for weight in model.weights]
        with torch.no_grad():
            for parameter in twin.parameters():
                parameter += 1
        twin.give_back()
        after = [np.array(weight) for weight in model.weights]
        for weight, old, new in zip(model.weights, before, after, strict=True):
            np.testing.assert_allclose(new, old if "moving" in weight.path else old + 1, atol=1e-6)
        for parameter in twin.parameters():
            parameter.data -= 1
        twin.give_back()


def test_unknown_layers_are_refused():
    import keras

    from vidcolor_utils.training.torch_twin import TorchTwin

    picture = keras.Input((8, 8, 1))
    with pytest.raises(ValueError, match="AveragePooling2D 'extra'"):
        TorchTwin(keras.Model(picture, keras.layers.AveragePooling2D(2, name="extra")(picture)))

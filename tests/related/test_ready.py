import keras
import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from vidcolor_utils.related.ready import compile_ready


def two_heads(outputs: int) -> keras.Model:
    keras.utils.set_random_seed(3)
    seen = keras.Input((4,))
    return keras.Model(seen, [keras.layers.Dense(1, name=f"out{number}")(seen) for number in range(outputs)])


def fitted(model: keras.Model, outputs: int, steps: int = 3) -> list[float]:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((8, 4)).astype(np.float32)
    y = [rng.standard_normal((8, 1)).astype(np.float32) for _ in range(outputs)]
    return [float(model.train_on_batch(x, y, return_dict=True)["loss"]) for _ in range(steps)]


@pytest.mark.parametrize("outputs", [1, 2])
def test_it_trains_as_compiled_otherwise(outputs):
    losses = {"loss": ["mean_absolute_error"] * outputs}
    plain, ready = two_heads(outputs), two_heads(outputs)
    plain.compile(keras.optimizers.Adam(0.1), **losses)
    compile_ready(ready, keras.optimizers.Adam(0.1), **losses)
    assert fitted(ready, outputs) == pytest.approx(fitted(plain, outputs), rel=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the others trace once")
@pytest.mark.parametrize("outputs", [1, 2])
def test_a_step_is_traced_once(outputs, monkeypatch):
    traced = []
    model = two_heads(outputs)
    compile_ready(model, keras.optimizers.Adam(0.1), loss=["mean_squared_error"] * outputs)
    step = model.train_step
    monkeypatch.setattr(model, "train_step", lambda data: traced.append(1) or step(data))
    fitted(model, outputs)
    assert len(traced) == 1


def test_steps_without_graphs_are_the_same():
    """Those of the other tests: TensorFlow's own operation of Adam is Keras's arithmetic."""
    as_usual, as_they_stand = two_heads(2), two_heads(2)
    for model in (as_usual, as_they_stand):
        rate = keras.optimizers.schedules.CosineDecay(0.1, 5)
        model.compile(keras.optimizers.Adam(rate, beta_1=0.5), loss=["mean_squared_error"] * 2)
    losses = fitted(as_usual, 2)
    with without_graphs():
        assert fitted(as_they_stand, 2) == pytest.approx(losses, rel=1e-5)
    for ours, expected in zip(as_they_stand.get_weights(), as_usual.get_weights(), strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-4)

import keras
import numpy as np
import pytest

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

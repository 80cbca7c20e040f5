import numpy as np

from vidcolor_utils.models.meaning import build_meaning
from vidcolor_utils.models.vit import TOKEN_WIDTH
from vidcolor_utils.weights.shipped import MEANING_WIDTH


def test_a_grid_of_tokens_becomes_a_grid_of_the_same_size():
    tokens = np.random.default_rng(0).standard_normal((2, 3, 5, TOKEN_WIDTH)).astype(np.float32)
    meaning = build_meaning().predict_on_batch(tokens)
    assert meaning.shape == (2, 3, 5, MEANING_WIDTH) and meaning.std() > 0.1


def test_every_cell_knows_of_every_other():
    model, rng = build_meaning(), np.random.default_rng(1)
    for weight in model.weights:
        if len(weight.shape) > 1:  # larger than at the start of training, so that cells listen to each other
            weight.assign(rng.normal(0, 0.1, weight.shape))
    tokens = rng.standard_normal((1, 2, 3, TOKEN_WIDTH)).astype(np.float32)
    before = model.predict_on_batch(tokens)
    tokens[0, 0, 0] = rng.standard_normal(TOKEN_WIDTH)
    assert (np.abs(model.predict_on_batch(tokens) - before).max(axis=-1) > 1e-3).all()

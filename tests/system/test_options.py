"""Rules of options: what they allow, what they say, and that a dataclass holds them."""

from dataclasses import dataclass
from math import inf, nan
from typing import Annotated

import numpy as np
import pytest

from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.system.options import OneOf, Within, YesOrNo, check_option, check_options, options_of

SHARE = Within(0, 1, open_end=True)


@dataclass(frozen=True)
class Tone:
    gain: Annotated[float, SHARE, "How much."] = 0.5
    name: str = "free"  # no rule
    kind: Annotated[str, OneOf(("warm", "cold")), "Which."] = "warm"

    def __post_init__(self):
        check_options(self)


@pytest.mark.parametrize(
    ("rule", "allowed", "refused"),
    [
        (SHARE, [0, 0.5, np.float32(0.9)], [1, 1.0, -0.1, nan, "0.5", None, True]),
        (Within(0, 3), [0, 3], [3.1, inf]),
        (Within(1, whole=True), [1, 10**9, np.int64(2)], [0, 1.5, 2.0, False]),
        (Within(0, open_start=True), [0.1, 1e9], [0, -1, inf]),
        (OneOf(("a", "b")), ["a"], ["c", None, ["a"]]),
        (YesOrNo(), [True, False], [1, 0, "yes", None]),
    ],
)
def test_what_is_allowed(rule, allowed, refused):
    assert all(rule.allows(value) for value in allowed)
    assert not any(rule.allows(value) for value in refused)


def test_rules_in_words():
    ranges = SHARE, Within(0, 3), Within(1, 8, whole=True), Within(1, whole=True), Within(0, open_start=True)
    assert [str(rule) for rule in (*ranges, OneOf(("a", "b")))] == [
        "in [0, 1)",
        "in [0, 3]",
        "a whole number in [1, 8]",
        "a whole number of at least 1",
        "a number above 0",
        "one of a, b",
    ]


def test_a_number_that_no_float_holds_is_none_that_is_allowed():
    with pytest.raises(OptionError, match="`rate` must be"):
        check_option("rate", 10**400, Within(0))


def test_a_wrong_value_is_named_in_one_sentence():
    with pytest.raises(OptionError, match=r"^`gain` must be in \[0, 1\)\. Received: 1\.0$") as raised:
        Tone(gain=1.0)
    assert isinstance(raised.value, ValueError) and isinstance(raised.value, InputError)
    with pytest.raises(OptionError, match=r"^`count` must be a whole number in \[1, 8\]\. Received: 2\.5$"):
        check_option("count", 2.5, Within(1, 8, whole=True))
    with pytest.raises(OptionError, match=r"^`kind` must be one of warm, cold\. Received: 'dim'$"):
        Tone(kind="dim")


def test_options_are_the_fields_with_a_rule():
    assert [(option.name, option.default, option.help) for option in options_of(Tone)] == [
        ("gain", 0.5, "How much."),
        ("kind", "warm", "Which."),
    ]

"""Options of a frozen dataclass: each field says what it may be, to whoever checks it and whoever offers it.

@dataclass(frozen=True)
class Look:
    strength: Annotated[float, Within(0, 1, open_end=True), "How long colours last."] = 0.97

    def __post_init__(self) -> None:
        check_options(self)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Annotated, Any, NamedTuple, Protocol, get_args, get_origin, get_type_hints

from vidcolor_utils.system.errors import OptionError


class Rule(Protocol):
    """What an option may be."""

    def allows(self, value: object) -> bool:
        """Tell whether a value is one of them."""
        ...

    def plain(self, value: Any) -> object:
        """Give a value that is allowed as JSON holds it."""
        ...


@dataclass(frozen=True)
class Within:
    """Numbers of a range."""

    least: float
    most: float = float("inf")
    open_end: bool = False  # whether `most` itself is too much
    open_start: bool = False  # whether `least` itself is too little
    whole: bool = False

    def allows(self, value: object) -> bool:
        """Tell whether a value is such a number."""
        if isinstance(value, bool) or not isinstance(value, Integral if self.whole else Real):
            return False
        try:
            number = float(value)
        except OverflowError:  # a whole number that no float holds
            return False
        above = number > self.least if self.open_start else number >= self.least
        below = number < self.most if self.open_end else number <= self.most
        return math.isfinite(number) and above and below

    def plain(self, value: Any) -> object:
        """Give such a number, NumPy's or a fraction as well, as Python's own."""
        return int(value) if self.whole else float(value)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        if self.most == float("inf"):
            return f"{kind} above {self.least:g}" if self.open_start else f"{kind} of at least {self.least:g}"
        start, end = "(" if self.open_start else "[", ")" if self.open_end else "]"
        return f"{'a whole number ' if self.whole else ''}in {start}{self.least:g}, {self.most:g}{end}"


@dataclass(frozen=True)
class OneOf:
    """One of some names."""

    names: tuple[str, ...]

    def allows(self, value: object) -> bool:
        """Tell whether a value is one of the names."""
        return value in self.names

    def plain(self, value: Any) -> object:
        """Give the name."""
        return value

    def __str__(self) -> str:
        return f"one of {', '.join(self.names)}"


@dataclass(frozen=True)
class YesOrNo:
    """True or false."""

    def allows(self, value: object) -> bool:
        """Tell whether a value is one of the two."""
        return isinstance(value, bool)

    def plain(self, value: Any) -> object:
        """Give the same."""
        return value

    def __str__(self) -> str:
        return "True or False"


class Option(NamedTuple):
    """A field of a dataclass that has a rule."""

    name: str
    rule: Rule
    help: str  # a sentence or two
    default: Any


def options_of(kind: type) -> Iterator[Option]:
    """Yield the options of a dataclass in their order; fields without a rule are none."""
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        if get_origin(hints[field.name]) is Annotated:
            _, rule, text = get_args(hints[field.name])
            yield Option(field.name, rule, text, field.default)


def check_options(options: object) -> None:
    """Check the values of a frozen dataclass against its rules, and keep them as JSON holds them.

    Raises:
        OptionError: if a value is not allowed; names the option, what it may be, and the value.
    """
    for option in options_of(type(options)):
        value = check_option(option.name, getattr(options, option.name), option.rule)
        object.__setattr__(options, option.name, value)


def check_option(name: str, value: object, rule: Rule) -> Any:
    """Check one value, and give it as JSON holds it; raises as `check_options` does."""
    if not rule.allows(value):
        raise OptionError(f"`{name}` must be {rule}. Received: {value!r}")
    return rule.plain(value)

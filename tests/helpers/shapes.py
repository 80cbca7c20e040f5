"""Whether what was read from JSON has the shape that a type says."""

from __future__ import annotations

import types
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict


def faults(value: object, shape: Any, place: str = "") -> list[str]:
    """Where a value from JSON is not of a type made of TypedDict, dict, list, unions and plain types."""
    kind, parts = get_origin(shape), get_args(shape)
    if shape is Any:
        return []
    if is_typeddict(shape):
        if not isinstance(value, dict):
            return [f"{place} is no {shape.__name__}"]
        hints = get_type_hints(shape, include_extras=True)
        names = {name for name in shape.__required_keys__ if get_origin(hints[name]) is not NotRequired}
        found = [f"{place} lacks {name}" for name in sorted(names - set(value))]
        found += [f"{place} has {name} besides" for name in sorted(set(value) - set(hints))]
        return found + [
            text for name in hints if name in value for text in faults(value[name], hints[name], f"{place}.{name}")
        ]
    if kind is NotRequired:
        return faults(value, parts[0], place)
    if kind in (Union, types.UnionType):
        return [] if any(not faults(value, part) for part in parts) else [f"{place} is {value!r}"]
    if kind is list and isinstance(value, list):
        return [text for number, item in enumerate(value) for text in faults(item, parts[0], f"{place}[{number}]")]
    if kind is dict and isinstance(value, dict):
        return [text for name, item in value.items() for text in faults(item, parts[1], f"{place}[{name}]")]
    plain = (int, float) if shape is float else shape
    is_right = isinstance(plain, type | tuple) and isinstance(value, plain)
    return [] if is_right else [f"{place} is {str(value)[:80]!r}, no {shape}"]

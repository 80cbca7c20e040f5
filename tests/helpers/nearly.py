"""A plugin for nbval: numbers in cells tagged `nearly` may differ by a share, all other text may not.

Two machines train to nearly the same numbers. `pytest -p tests.helpers.nearly --nbval-lax` compares cells
that are tagged `nbval-check-output` as nbval does; where `nearly` stands beside it, a number may be within `SHARE`
of the committed one. What depends on the size of a run is tagged `own-size` as well: `small.py` takes the
comparison away there, since no number of a smaller run can be the same.
"""

from __future__ import annotations

import math
import re
from typing import Any

SHARE = 0.1  # of the committed number
LEAST = 0.01  # difference that does not count
NUMBER = re.compile(r"(?<![\w#])-?\d(?:[\d,]*\d)?(?:\.\d+)?")
# Which of two near numbers is best may change, and a picture is not read as text.
NOT_COMPARED = re.compile(r"</?b>|\*|data:image/[^\"']*")


def same_but_for_numbers(found: str, committed: str) -> bool:
    """Whether two texts are the same, numbers within `SHARE` of the second's."""
    found, committed = (" ".join(NOT_COMPARED.sub("", text).split()) for text in (found, committed))
    if NUMBER.sub("#", found) != NUMBER.sub("#", committed):
        return False
    pairs = zip(*(map(_value, NUMBER.findall(text)) for text in (found, committed)), strict=True)
    return all(math.isclose(*pair, rel_tol=SHARE, abs_tol=LEAST) for pair in pairs)


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def pytest_configure() -> None:
    """Have nbval compare cells tagged `nearly` by `same_but_for_numbers`."""
    from nbval.plugin import IPyNbCell

    compare = IPyNbCell.compare_outputs

    def compare_nearly(cell: Any, test: list[dict], ref: list[dict], skip_compare: Any = None) -> bool:
        if "nearly" in cell.cell.metadata.get("tags", []):
            test = _with_committed_numbers(test, ref)
        return compare(cell, test, ref, skip_compare)

    IPyNbCell.compare_outputs = compare_nearly


def _with_committed_numbers(test: list[dict], ref: list[dict]) -> list[dict]:
    """The outputs of a run, each text that is nearly the committed one replaced by it."""
    if len(test) != len(ref):
        return test
    return [_nearest(found, committed) for found, committed in zip(test, ref, strict=True)]


def _nearest(found: Any, committed: Any) -> Any:
    if isinstance(found, dict) and isinstance(committed, dict):
        return type(found)({key: _nearest(value, committed.get(key)) for key, value in found.items()})
    if isinstance(found, str) and isinstance(committed, str) and same_but_for_numbers(found, committed):
        return committed
    return found

"""What a cell shows besides figures: pictures that say what is on them, tables, sentences with numbers in them."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from IPython.display import Markdown, display

Best = str | float
DASH = "–"  # noqa: RUF001  in a table, where there is no number


class Picture:
    """A picture in a notebook with a text for those who do not see it.

    Args:
        data: the file.
        kind: "png", "jpeg", "webp" or "gif".
        alt: what is to be seen on it.

    Raises:
        ValueError: if `alt` is empty.
    """

    def __init__(self, data: bytes, kind: str, alt: str):
        if not alt.strip():
            raise ValueError("`alt` must say what is on the picture. Received: nothing")
        self.data, self.kind, self.alt = data, kind, alt

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        source = f"data:image/{self.kind};base64,{base64.b64encode(self.data).decode('ascii')}"
        return f'<img src="{source}" alt="{html.escape(self.alt)}" style="max-width: 100%">'


class Table:
    """Rows of numbers, the best of each column in bold.

    Args:
        rows: name to column to number (or None, or a text); all rows have the columns of the first. Without any
            the table is empty.
        digits: decimals, for all columns or by column.
        best: for columns where something is best: "low", "high", or the number that it should be near to.
        unmarked: rows that take no part in being best: the truth, say.
        caption: line above it.

    Example:
        >>> Table({"gray": {"PSNR": 24.2}, "ours": {"PSNR": 30.1}}, digits=1, best={"PSNR": "high"})
    """

    def __init__(
        self,
        rows: Mapping[str, Mapping[str, float | str | None]],
        *,
        digits: int | Mapping[str, int] = 2,
        best: Mapping[str, Best] | None = None,
        unmarked: Sequence[str] = (),
        caption: str = "",
    ):
        self.rows, self.caption = rows, caption
        self.columns = list(next(iter(rows.values()), ()))
        self._digits = digits if isinstance(digits, Mapping) else dict.fromkeys(self.columns, digits)
        self._best = {column: self._winners(column, goal, unmarked) for column, goal in (best or {}).items()}

    def _winners(self, column: str, goal: Best, unmarked: Sequence[str]) -> set[str]:
        numbers = {
            name: float(value)
            for name, row in self.rows.items()
            if name not in unmarked and isinstance(value := row[column], int | float) and not np.isnan(value)
        }
        if not numbers:
            return set()
        distance = {name: _distance(value, goal) for name, value in numbers.items()}
        first = min(distance, key=lambda name: distance[name])
        return {name for name in numbers if self._text(name, column) == self._text(first, column)}

    def _text(self, name: str, column: str) -> str:
        value = self.rows[name][column]
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return DASH
        return value if isinstance(value, str) else f"{value:,.{self._digits.get(column, 2)}f}"

    def __repr__(self) -> str:
        """The same as aligned text, with a star at the best."""
        cells = [["", *self.columns]]
        for name in self.rows:
            marks = ("*" if name in self._best.get(column, ()) else "" for column in self.columns)
            cells.append([name, *(self._text(name, c) + m for c, m in zip(self.columns, marks, strict=True))])
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = (
            "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
            for row in cells
        )
        return "\n".join([*([self.caption] if self.caption else []), *(line.rstrip() for line in lines)])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in self.columns)
        body = "".join(
            f'<tr><th scope="row" style="text-align: left">{html.escape(name)}</th>'
            + "".join(self._cell(name, column) for column in self.columns)
            + "</tr>"
            for name in self.rows
        )
        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{caption}<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _cell(self, name: str, column: str) -> str:
        text = html.escape(self._text(name, column))
        shown = f"<b>{text}</b>" if name in self._best.get(column, ()) else text
        return f'<td style="text-align: right; font-variant-numeric: tabular-nums">{shown}</td>'


def _distance(value: float, goal: Best) -> float:
    if goal == "low":
        return value
    if goal == "high":
        return -value
    if isinstance(goal, int | float):
        return abs(value - goal)
    raise ValueError(f'`best` must be "low", "high" or a number. Received: {goal!r}')


def say(text: str) -> None:
    """Show a sentence, as Markdown; for prose whose numbers come from what was computed.

    Example:
        >>> say(f"The baseline flickers **{ratio:.1f} times** as much as the truth.")
    """
    display(Markdown(text))


def show(*things: Any) -> None:
    """Display pictures, tables or widgets below each other."""
    display(*things)

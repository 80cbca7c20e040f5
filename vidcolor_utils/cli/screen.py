"""What commands show: progress bars, facts, reports, and the line that they fail with."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from vidcolor_utils.system.progress import Progress, Steps

if TYPE_CHECKING:
    from vidcolor_utils.film.picture import ColorizeReport
    from vidcolor_utils.tool.by_distance import DistanceRow
    from vidcolor_utils.tool.folder.book import Result
    from vidcolor_utils.tool.score import Scores
    from vidcolor_utils.weights.fetched import WeightsInfo


GOES_ON = "the same command goes on"
LONGEST_LINE = 1000  # of a table that goes into a file or another program


def plain(text: str) -> str:
    """Replace what would steer a terminal, in what comes out of files and their names."""
    return "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)


def say(text: str, *, err: bool = False) -> None:
    """Print a line for people."""
    click.echo(plain(text), err=err)


def cell(text: object) -> str:
    """Text of a table, shown as it is: no markup of rich, nothing that would steer a terminal."""
    return escape(plain(str(text)))


def tell_facts(facts: dict[str, object]) -> None:
    """Print facts, one a line."""
    for name, value in facts.items():
        say(f"{name:13} {value if value is not None else '-'}")


def warn(*warnings: str) -> None:
    """Print warnings, one a line."""
    for warning in warnings:
        say(f"vidcolor: warning: {warning}", err=True)


def show(table: Table, console: Console | None = None) -> None:
    """Print a table without cutting a cell: in a terminal long ones are folded, elsewhere lines may be long."""
    for column in table.columns:
        column.overflow = "fold"
    console = console or Console()
    if not console.is_terminal:
        console.width = LONGEST_LINE
    console.print(table)


def tell(report: ColorizeReport) -> None:
    """Print what was made, and its warnings."""
    warn(*report.warnings)
    say(f"{report.output}: {frames(report.frames)} in colour")


def frames(count: int) -> str:
    """Say how many frames."""
    return counted(count, "frame")


def counted(count: int, what: str) -> str:
    """Say how many there are of something whose plural ends with s."""
    return f"1 {what}" if count == 1 else f"{count} {what}s"


@contextmanager
def progress_bars(unit: str = "frames") -> Iterator[Steps]:
    """Give a function that opens a bar with a name and returns its `progress(done, total)`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    console = Console(stderr=True)
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:

        def open_bar(name: str) -> Progress:
            task = bars.add_task(cell(name), total=None)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield open_bar


def folder_table(results: Iterable[Result]) -> Table:
    """Lay out what became of the files of a folder: a line for each."""
    results = list(results)
    states = Counter(result.state for result in results)
    table = Table(caption=", ".join(f"{count} {state}" for state, count in sorted(states.items())))
    for title in ("file", "state"):
        table.add_column(title, overflow="fold")
    for title in ("frames", "seconds", "frames per second"):
        table.add_column(title, justify="right")
    for result in results:
        speed = f"{result.frames / result.seconds:.1f}" if result.seconds else "-"
        table.add_row(cell(result.name), result.state, str(result.frames), f"{result.seconds:.0f}", speed)
    return table


def score_table(scores: Scores) -> Table:
    """Lay out scores, as `score_files` returns them: a line for each measure, a column for each row."""
    from vidcolor_utils.tool.score import MEASURES, ROWS

    area = scores["active_area"]
    place = "" if area is None else f", rows {area[0]} to {area[1]}, columns {area[2]} to {area[3]}"
    table = Table(title=f"{frames(scores['frames'])}{place}")
    table.add_column("measure")
    table.add_column("better")
    for name in ROWS:
        table.add_column(name, justify="right")
    for key, (label, better, digits) in MEASURES.items():
        values = [scores["rows"][name][key] for name in ROWS]
        table.add_row(label, better, *("-" if value is None else format(value, digits) for value in values))
    return table


def distance_table(rows: Iterable[DistanceRow]) -> Table:
    """Lay out scores by distance from key frames: a line for each range of distances."""
    table = Table("frames from a key frame")
    for name in ("frames", "PSNR of ab, dB", "mean abs. error of ab", "chroma / true"):
        table.add_column(name, justify="right")
    for row in rows:
        strength = "-" if row.chroma is None else f"{row.chroma:.3f}"
        table.add_row(row.name, str(row.frames), f"{row.psnr_ab:.2f}", f"{row.mae_ab:.3f}", strength)
    return table


def weights_table(rows: Iterable[WeightsInfo]) -> Table:
    """Lay out what weights there are: a line for each."""
    table = Table("name", "state", "MB", "licence", "source", "file")
    for row in rows:
        size = "?" if row.size is None else f"{row.size / 1e6:.1f}"
        table.add_row(row.name, row.state, size, row.licence, row.source, cell(row.path or "-"))
    return table


@contextmanager
def going_on(wanted: bool = True) -> Iterator[None]:
    """Have an interruption of the block say that the same command goes on, where that is so."""
    try:
        yield
    except KeyboardInterrupt as error:
        if wanted:
            error.add_note(GOES_ON)
        raise


def fail(message: str, code: int) -> None:
    """End with one line on stderr and an exit code."""
    say(f"vidcolor: {' '.join(message.split())}", err=True)
    sys.exit(code)

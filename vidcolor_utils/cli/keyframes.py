"""The command that writes frames to be coloured by hand."""

from __future__ import annotations

from pathlib import Path

import click

from vidcolor_utils.cli.options import Command, PathArgument
from vidcolor_utils.cli.screen import frames, progress_bars, say


@click.command(cls=Command)
@click.argument("source", metavar="FILM", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write the pictures to.")
@click.option("--every", type=click.IntRange(1), help="The first frame of each shot and every so many after it.")
@click.option("--per-shot", type=click.IntRange(1), help="How many of each shot; default: as its motion asks for.")
@click.option("--at", "times", metavar="TIME", multiple=True, help="Only the frame at this time; repeatable.")
def keyframes(source: Path, output: Path, every: int | None, per_shot: int | None, times: tuple[str, ...]) -> None:
    """Write the frames of FILM that are worth colouring by hand, gray, and a page that shows them.

    Colour any of them as you like, keep their names, and run `vidcolor colorize FILM --keyframes FOLDER`.
    """
    from vidcolor_utils.system.times import parse_time
    from vidcolor_utils.tool.keyframes import PAGE, write_key_frames

    if sum(map(bool, (every, per_shot, times))) > 1:
        raise click.UsageError("--every, --per-shot and --at: give one of them")
    seconds = [parse_time(time) for time in times]
    with progress_bars() as bar:
        written = write_key_frames(
            source, output, every=every, per_shot=per_shot, at=seconds, progress=bar("looking for shots")
        )
    for path in written.kept:
        say(f"{path}: in colour already: kept")
    say(f"{written.folder}: {frames(len(written.chosen))} to colour; {written.folder / PAGE} shows them")

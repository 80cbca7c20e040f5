"""Commands that score what the tool does to the colours of films."""

from __future__ import annotations

import json
from pathlib import Path

import click

from vidcolor_utils.cli.options import Command, PathArgument, json_option


@click.command(cls=Command)
@click.option("--davis", required=True, type=PathArgument, help="Folder of the DAVIS sequences.")
@click.option("--hiking", required=True, type=PathArgument, help="Folder of the report's sample clips.")
@click.option("--frames", default=60, show_default=True, help="Frames taken from the start of each film.")
@json_option
def keyframes(davis: Path, hiking: Path, frames: int, output: Path) -> None:
    """Score films coloured from key frames; the same command goes on with an interrupted run."""
    from records.quality.keyframes import measure
    from records.quality.new_object import measure_new
    from vidcolor_utils.colorizers.frame import FrameColorizer

    sets, colorizer = {"davis": davis, "hiking": hiking}, FrameColorizer()
    measure(sets, colorizer, output, frames=frames, say=click.echo)
    record = measure_new(sets, colorizer, output, say=click.echo)
    click.echo(json.dumps({name: each["mean"] for name, each in record["sets"].items()}, indent=1))


@click.command(cls=Command)
@click.option("--films", required=True, type=PathArgument, help="Folder of films in true colours.")
@click.option("--clips", required=True, type=PathArgument, help="Folder of pairs of gray and true clips.")
@click.option("--photos", "photographs", required=True, multiple=True, type=PathArgument, help="Photographs.")
@json_option
def spread(films: Path, clips: Path, photographs: tuple[Path, ...], output: Path) -> None:
    """Score what the colours of films gain by a usual spread."""
    from records.quality.spread import measure_spread
    from vidcolor_utils.colorizers.frame import FrameColorizer

    record = measure_spread(films, clips, photographs, FrameColorizer().as_predicted(), output)
    click.echo(json.dumps({name: record[name] for name in ("films", "photographs")}, indent=1))

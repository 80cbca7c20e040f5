"""`python -m records related SYSTEM`: heavy imports happen inside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from vidcolor_utils.cli.options import Command, PathArgument, json_option
from vidcolor_utils.system.quiet import quiet_native_logs

SYSTEMS = ("pointer", "propagation", "colas", "colornn", "exemplar", "unpaired")
STEPS = {"pointer": 250, "propagation": 250, "colas": 300, "colornn": 400, "exemplar": 600, "unpaired": 2000}
EXEMPLAR_SIDE = 96


@click.command(cls=Command)
@click.argument("system", type=click.Choice(SYSTEMS))
@click.option("--videos", required=True, type=PathArgument, help="Folder of videos to learn from and to test on.")
@click.option("--pairs", type=PathArgument, help="Folder with videos color_NAME, for the test only.")
@json_option
@click.option("--seeds", default=3, show_default=True, help="Runs of each variant.")
@click.option("--steps", type=int, help="Steps of each training; by default those of the committed record.")
def related(system: str, videos: Path, pairs: Path | None, output: Path, seeds: int, steps: int | None) -> None:
    """Train one of the systems that the report cites, with its controls; goes on where it was stopped."""
    with quiet_native_logs():
        from vidcolor_utils.related.clips import folder_split

        run = _study(system)
    others = sorted(pairs.glob("color_*")) if pairs else []
    options: dict[str, Any] = {"side": EXEMPLAR_SIDE} if system == "exemplar" else {}
    split = folder_split(videos, *others, **options) if system != "unpaired" else None
    run(split, output, seeds=seeds, steps=steps or STEPS[system], say=click.echo)


def _study(system: str) -> Callable[..., dict]:
    from importlib import import_module

    return getattr(import_module(f"records.related.{system}"), f"record_{system}")


@click.command("more-data", cls=Command)
@click.option(
    "--photos", required=True, multiple=True, type=PathArgument, help="Photographs to learn from: folders or tars."
)
@click.option("--unseen", required=True, multiple=True, type=PathArgument, help="Photographs to measure on.")
@json_option
@click.option("--seeds", default=3, show_default=True, help="Runs of each number of photographs.")
@click.option("--pictures", default=28_800, show_default=True, help="Pictures seen in each run.")
def more_data(photos: tuple[Path, ...], unseen: tuple[Path, ...], output: Path, seeds: int, pictures: int) -> None:
    """Train on 1, 3, 10 and 30 thousand photographs at equal compute; goes on where it was stopped."""
    with quiet_native_logs():
        from records.related.more_data import record_more_data

        record_more_data(photos, unseen, output, seeds=seeds, pictures=pictures, say=click.echo)

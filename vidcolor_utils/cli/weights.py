"""The commands for weights that other people published."""

from __future__ import annotations

from pathlib import Path

import click

from vidcolor_utils.cli.options import Commands, PathArgument
from vidcolor_utils.cli.screen import going_on, progress_bars, say, show, weights_table


@click.group(cls=Commands)
def weights() -> None:
    """Fetch and list weights that other people published."""


@weights.command("list")
def list_all() -> None:
    """Show what ships, what is cached and what can be fetched."""
    from vidcolor_utils.weights.fetched import list_weights

    show(weights_table(list_weights()))


@weights.command("get")
@click.argument("name")
def get(name: str) -> None:
    """Fetch weights, verify them and keep them for later; an interrupted download goes on."""
    from vidcolor_utils.weights.fetched import get_weights

    with going_on(), progress_bars("bytes") as bar:
        path = get_weights(name, progress=bar(f"fetching {name}"))
    say(f"{name}: {path}")


@weights.command("import")
@click.argument("name")
@click.argument("file", type=PathArgument)
def import_file(name: str, file: Path) -> None:
    """Take weights from a file that was fetched by hand."""
    from vidcolor_utils.weights.fetched import import_weights

    say(f"{name}: {import_weights(name, file)}")

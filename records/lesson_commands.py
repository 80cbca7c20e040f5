"""The commands for the chapters: their twins, the pictures they open with, their solutions."""

from __future__ import annotations

from pathlib import Path

import click

from vidcolor_utils.cli.options import Command, PathArgument


@click.command(cls=Command)
@click.argument("notebooks", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write.")
def twins(notebooks: Path, output: Path) -> None:
    """Write the twins of the notebooks to work in: without outputs and solutions."""
    from records.lessons import write_twins

    click.echo(f"{len(write_twins(notebooks, output))} twins in {output}")


@click.command(cls=Command)
@click.argument("notebooks", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write.")
def openings(notebooks: Path, output: Path) -> None:
    """Write the pictures that chapters open with: the first of the cell with the tag "opening"."""
    from records.openings import write_openings

    click.echo(f"{len(write_openings(notebooks, output))} pictures in {output}")


@click.command(cls=Command)
@click.argument("notebooks", nargs=-1, required=True, type=PathArgument)
def solutions(notebooks: tuple[Path, ...]) -> None:
    """Run notebooks with their solutions in place of the answers, and check that they are right."""
    from records.lessons import check_solutions

    check_solutions(notebooks, say=click.echo)

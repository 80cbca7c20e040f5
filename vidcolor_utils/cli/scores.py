"""The commands that compare with the truth: score, demo, evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vidcolor_utils.cli.options import Command, PathArgument, json_option, writable
from vidcolor_utils.cli.screen import distance_table, frames, progress_bars, say, score_table, show, warn
from vidcolor_utils.system.builtin import DEMO_CLIPS

if TYPE_CHECKING:
    from vidcolor_utils.tool.evaluate import Evaluation


@click.command(cls=Command)
@click.argument("true", type=PathArgument)
@click.argument("candidate", type=PathArgument)
@click.option("--gray", type=PathArgument, help="The gray video that was colorized; default: luma of TRUE.")
@click.option("--active-area", is_flag=True, help="Leave black letterbox bars out.")
@click.option(
    "--by-distance",
    "keys",
    metavar="FOLDER",
    type=PathArgument,
    help="By the distance from the key frames in this folder, instead.",
)
@click.option(
    "--plot", type=PathArgument, callback=writable, help="With --by-distance: an .svg file to draw it in."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def score(
    true: Path,
    candidate: Path,
    gray: Path | None,
    active_area: bool,
    keys: Path | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Compare CANDIDATE with the TRUE colours, beside a gray and a true row.

    Each is a film, an image, numbered images (frames/%05d.png), or a folder of images.
    """
    if keys is not None:
        if gray or active_area:
            raise click.UsageError("--by-distance goes without --gray and --active-area")
        return _score_by_distance(true, candidate, keys, plot, as_json)
    if plot is not None:
        raise click.UsageError("--plot goes with --by-distance")
    from vidcolor_utils.tool.score import score_files

    with progress_bars() as bar:
        scores = score_files(true, candidate, gray_path=gray, active_area=active_area, progress=bar("scoring"))
    if as_json:
        click.echo(json.dumps(scores, indent=2))
    else:
        show(score_table(scores))
    warn(*scores["warnings"])


def _score_by_distance(true: Path, candidate: Path, keys: Path, plot: Path | None, as_json: bool) -> None:
    from vidcolor_utils.tool.by_distance import score_by_distance, write_plot

    with progress_bars() as bar:
        rows = score_by_distance(true, candidate, keys, progress=bar("scoring"))
    if plot is not None:
        write_plot(plot, rows)
    if as_json:
        click.echo(json.dumps([row._asdict() for row in rows], indent=2))
    else:
        show(distance_table(rows))


@click.command(cls=Command)
@click.option(
    "-o",
    "--output",
    "out_dir",
    default=Path("out/demo"),
    show_default=True,
    type=PathArgument,
    help="Folder to write to.",
)
@click.option(
    "--clip",
    type=click.Choice(DEMO_CLIPS),
    default=DEMO_CLIPS[0],
    show_default=True,
    help="Which of the clips that come with it.",
)
def demo(out_dir: Path, clip: str) -> None:
    """Make a real colour clip gray, colorize it, and compare."""
    from vidcolor_utils.tool.demo import PANEL_WIDTH, run_demo

    with progress_bars() as bar:
        scores = run_demo(out_dir, clip=clip, progress=bar)
    show(score_table(scores))
    say(f"Scored: the first {frames(scores['frames'])}, at most {PANEL_WIDTH} pixels wide.")
    say(f"Look at {out_dir / 'side_by_side.mp4'} and {out_dir / 'strip.png'}")


@click.command(cls=Command)
@click.option(
    "--photos",
    multiple=True,
    type=PathArgument,
    help="Folder or tar of photographs not trained on; may be given again.",
)
@click.option("--clips", type=PathArgument, help="Folder of bw_NAME and color_NAME videos.")
@click.option("--films", type=PathArgument, help="Folder of colour videos, coloured again from their luma.")
@json_option
@click.option("--weights", type=PathArgument, help="Weights to score; default: the shipped ones.")
def evaluate(
    photos: tuple[Path, ...], clips: Path | None, films: Path | None, output: Path, weights: Path | None
) -> None:
    """Score the frame colorizer on held-out photographs and clips, and another method's clips beside it.

    Of CLIPS, colorized_NAME is another method's result, where there is one.
    """
    if not (photos or clips or films):
        raise click.UsageError("nothing to score: name --photos, --clips or --films")
    from vidcolor_utils.colorizers.frame import FrameColorizer
    from vidcolor_utils.system.files import write_json
    from vidcolor_utils.tool.evaluate import check_clips, check_films, evaluate_clips, evaluate_films
    from vidcolor_utils.tool.evaluate_photos import evaluate_photos

    if len({each.stem for each in photos}) < len(photos):
        raise click.UsageError("--photos: the record calls them by their names, and two have the same")
    for each in photos:
        if not each.exists():
            raise FileNotFoundError(f"{each}: no such file or folder")
    for folder, check in ((clips, check_clips), (films, check_films)):
        if folder:  # before the hours that the photographs take
            check(folder)
    with progress_bars() as bar:
        colorizer = FrameColorizer(weights)
        record: Evaluation = {}
        if photos:
            record["photos"] = {
                each.stem: evaluate_photos(each, colorizer, progress=bar(each.name)) for each in photos
            }
            write_json(output, record)  # a part that fails costs no other one
        if clips:
            record["clips"] = evaluate_clips(clips, colorizer, progress=bar)
            write_json(output, record)
        if films:
            record["films"] = evaluate_films(films, colorizer, progress=bar)
    write_json(output, record)
    for part in (record.get("clips"), record.get("films")):
        for name, said in part.get("warnings", {}).items() if part else ():
            warn(*(f"{name}: {text}" for text in said))
    click.echo(json.dumps(record, indent=2))

"""`python -m records NAME`: all that measures the project. Heavy imports happen inside the commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from records.film_commands import keyframes, spread
from records.lesson_commands import openings, solutions, twins
from records.related.command import more_data, related
from vidcolor_utils.cli import run
from vidcolor_utils.cli.options import Commands, PathArgument, json_option
from vidcolor_utils.cli.screen import progress_bars
from vidcolor_utils.system.quiet import quiet_native_logs

clips_option = click.option("--clips", required=True, type=PathArgument, help="Folder of prepared clips.")
runs_option = click.option("--runs", required=True, type=PathArgument, help="Folder of training runs.")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def records() -> None:
    """Measure the project, and write what comes of it to data/results."""


@records.command()
@click.option("--clips", required=True, type=PathArgument, help="Folder of bw_NAME and color_NAME videos.")
@json_option
@click.option("--frames", default=120, show_default=True, help="Frames taken from the start of each clip.")
def ablate(clips: Path, output: Path, frames: int) -> None:
    """Score what each part of the steady colours is worth; the same command goes on with an interrupted run."""
    from records.quality.ablate import ablate_clips
    from vidcolor_utils.colorizers.frame import FrameColorizer
    from vidcolor_utils.weights.shipped import shipped_sums

    settings = {"weights": shipped_sums()}
    with progress_bars("variants") as bar:
        record = ablate_clips(clips, FrameColorizer, output, max_frames=frames, settings=settings, progress=bar)
    click.echo(json.dumps(record["mean"], indent=2))


@records.command()
@click.option("--hiking", required=True, type=PathArgument, help="Folder of the report's sample clips.")
@click.option("--old-film", required=True, type=PathArgument, help="A film from before colour.")
@click.option("--films", required=True, type=PathArgument, help="Folder of colour films of several kinds.")
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder of the pages.")
def pictures(hiking: Path, old_film: Path, films: Path, output: Path) -> None:
    """Make the pictures of the README."""
    from records.pictures import make_pictures

    make_pictures(hiking, old_film, films, output)


@records.command()
@click.option("--hiking", required=True, type=PathArgument, help="Folder of the report's sample clips.")
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write.")
def kept(hiking: Path, output: Path) -> None:
    """Colorize the report's sample clips, and keep small films of them for the course."""
    from records.kept import keep_films

    click.echo(json.dumps(keep_films(hiking, output, say=click.echo), indent=1))


@records.command()
@clips_option
@runs_option
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write.")
def first_run(clips: Path, runs: Path, output: Path) -> None:
    """Train the default runs of the 03 notebooks with three seeds each; goes on where it was stopped."""
    with quiet_native_logs():
        from records.quality.first_run import record_first_runs

    record_first_runs(clips, runs, output, say=click.echo)


@records.command()
@clips_option
@click.option("--work", required=True, type=PathArgument, help="Folder of letterboxed clips and frames.")
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write.")
def losses(clips: Path, work: Path, output: Path) -> None:
    """Train the small networks of 02 with three seeds each; goes on where it was stopped."""
    with quiet_native_logs():
        from records.quality.losses import record_losses

    record_losses(clips, work, output, say=click.echo)


@records.command(name="figure-3")
@click.option("--videos", required=True, type=PathArgument, help="Folder of the two films.")
@click.option("--work", required=True, type=PathArgument, help="Folder of clips and runs.")
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write.")
def figure_3(videos: Path, work: Path, output: Path) -> None:
    """Train the networks of Figure 3 on pieces of two films; goes on where it was stopped."""
    with quiet_native_logs():
        from records.quality.figure_3 import record_figure_3

    record_figure_3(videos, work, output, say=click.echo)


@records.command()
@clips_option
@runs_option
@json_option
@click.option("--seeds", default=3, show_default=True, help="Runs of each variant.")
def study(clips: Path, runs: Path, output: Path, seeds: int) -> None:
    """Train the report's networks at reduced scale, several seeds each; goes on where it was stopped."""
    with quiet_native_logs():
        from records.quality.study import run_study

    run_study(clips, runs, output, seeds=seeds, say=click.echo)


@records.command()
@clips_option
@runs_option
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write.")
@click.option("--show", multiple=True, help="A clip to keep as videos; may be repeated.")
@click.option(
    "--check", is_flag=True, help="Only find out whether they can be recorded there, before they are trained."
)
def full_runs(clips: Path, runs: Path, output: Path, show: tuple[str, ...], check: bool) -> None:
    """Measure the full runs and keep what the course shows of them."""
    with quiet_native_logs():
        from records.quality.full_runs import check_full_record, record_full_runs

    if check:
        return check_full_record(clips, output, shown=show)
    record_full_runs(clips, runs, output, shown=show, say=click.echo)


@records.command()
@clips_option
@runs_option
@json_option
@click.option("--steps", default=8, show_default=True, help="Steps in an epoch that is timed.")
def speed(clips: Path, runs: Path, output: Path, steps: int) -> None:
    """Measure how fast the networks of finished runs train here, and how long the device waits for input."""
    with quiet_native_logs():
        from records.speed.training import record_speed

    record = record_speed(clips, runs, output, steps=steps)
    for name, row in record["runs"].items():
        click.echo(
            f"{name}: {row['frames_per_second']:.1f} frames per second, {row['epoch_s']:.0f} s an epoch, "
            f"the device computes {row['computing']:.0%} of the time"
        )


@records.command()
@clips_option
@runs_option
@click.option("--videos", required=True, type=PathArgument, help="Folder that videos among the clips are from.")
@click.option("--pairs", required=True, type=PathArgument, help="Folder of bw_NAME and color_NAME videos.")
@json_option
def compare(clips: Path, runs: Path, videos: Path, pairs: Path, output: Path) -> None:
    """Score every method at hand on PAIRS, and on the dev and test videos among the clips."""
    with quiet_native_logs():
        from vidcolor_utils.course.runs import load_networks
    from records.quality.compare import compare_methods, paired_films, prepared_films
    from vidcolor_utils.colorizers.frame import FrameColorizer
    from vidcolor_utils.pairs.sources import video_clips
    from vidcolor_utils.pairs.store import ClipStore

    store = ClipStore(clips)
    unseen = {*store.names("dev"), *store.names("test")}
    groups = {
        "pairs": paired_films(pairs),
        "unseen": prepared_films([clip for clip in video_clips(videos) if clip.name in unseen]),
    }
    compare_methods(groups, FrameColorizer(), load_networks(runs), output, say=click.echo)


@records.command()
@json_option
@click.option("--pages", type=PathArgument, help="Folder of the repository whose pages get tables and chart.")
@click.option("--recorded", is_flag=True, help="Measure nothing, make tables and chart from what is recorded.")
def bench(output: Path, pages: Path | None, recorded: bool) -> None:
    """Time networks, films, photographs, the preparation of clips and training, each against another way."""
    from records.speed.bench import bench_table, run_bench
    from records.speed.pages import speed_table, write_pages
    from vidcolor_utils.system.files import write_json

    if not recorded:
        record = run_bench()
        write_json(output, record)
        Console().print(bench_table(record))
        click.echo(speed_table(record))
    if pages:
        write_pages(output, pages)


@records.command()
@json_option
def profile(output: Path) -> None:
    """Tell what each stage of colorizing takes of a frame, at four sizes."""
    from records.speed.profile import profile_table, run_profile
    from vidcolor_utils.system.files import write_json

    record = run_profile()
    write_json(output, record)
    Console().print(profile_table(record))


@records.command()
@json_option
def endurance(output: Path) -> None:
    """Kill the colorizer at random moments, and a worker of three; nothing may be lost."""
    import tempfile

    from records.strain.endurance import run_endurance
    from vidcolor_utils.system.files import write_json

    with tempfile.TemporaryDirectory() as folder, progress_bars("steps") as bar:
        record = run_endurance(folder, progress=bar)
    write_json(output, record)
    click.echo(json.dumps(record, indent=2))


@records.command()
@json_option
def failing(output: Path) -> None:
    """Have every call of a run fail once; each may cost one line, and no frame."""
    import tempfile

    from records.strain.failing import run_failing, write_film
    from vidcolor_utils.system.files import write_json

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        work.mkdir()
        write_film(Path(folder) / "in.mp4")
        record = run_failing(Path(folder) / "in.mp4", work)
    write_json(output, record)
    click.echo(json.dumps(record, indent=2))


@records.command()
@click.option("--files", default=1000, show_default=True, help="How many damaged files to try.")
@click.option("--seed", default=0, show_default=True)
@click.option("--clips", type=PathArgument, help="Folder of real videos to damage as well.")
@click.option("--keep", type=PathArgument, help="Folder for files that were not handled as they should be.")
@json_option
def fuzz(files: int, seed: int, clips: Path | None, keep: Path | None, output: Path) -> None:
    """Run the command line on damaged files; each must end in a playable output or in one clear line."""
    from records.strain.fuzz import run_fuzz
    from vidcolor_utils.system.files import write_json

    with progress_bars("files") as bar:
        record = run_fuzz(files, seed, clips=clips, keep=keep, progress=bar("damaging"))
    write_json(output, record)
    click.echo(json.dumps({name: record[name] for name in ("files", "outcomes", "failures")}, indent=2))
    if record["failures"]:
        sys.exit(1)


@records.command()
@click.option("--clips", type=PathArgument, help="Folder of real videos.")
@json_option
def containers(clips: Path | None, output: Path) -> None:
    """Check that frames, length and sound are kept in every container and codec."""
    from records.strain.containers import check_fidelity, fidelity_table
    from vidcolor_utils.system.files import write_json

    with progress_bars("films") as bar:
        record = check_fidelity(clips, progress=bar("comparing"))
    write_json(output, record)
    Console().print(fidelity_table(record))
    if not all(row["good"] for row in record["rows"]):
        sys.exit(1)


records.add_command(keyframes)
records.add_command(spread)
records.add_command(twins)
records.add_command(openings)
records.add_command(solutions)
records.add_command(related)
records.add_command(more_data)

if __name__ == "__main__":
    run(records)

"""The commands that give films their colours: colorize, stabilize, info."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidcolor_utils.cli.options import (
    Command,
    PathArgument,
    click_type,
    encoding_options,
    look_options,
    only_option,
    options_from,
    rate_of,
    span_options,
)
from vidcolor_utils.cli.screen import (
    fail,
    folder_table,
    frames,
    going_on,
    progress_bars,
    say,
    show,
    tell,
    tell_facts,
    warn,
)
from vidcolor_utils.colorizers.defaults import METHODS
from vidcolor_utils.film.look import SEGMENT_LENGTH, SEGMENT_S, Look, Reference
from vidcolor_utils.system.machine import share_one_heap
from vidcolor_utils.video.codecs import Encoding

if TYPE_CHECKING:
    from vidcolor_utils.film.picture import ColorizeReport
    from vidcolor_utils.tool.folder.book import Result
    from vidcolor_utils.video.times import Span

SPREADING, OF_FILES = ("--workers", "--cluster"), ("--rate", "--only")
USELESS = {  # options that a task has no use for
    "a preview": (
        *(f"--{name}" for name in Encoding._fields),
        *SPREADING,
        *OF_FILES,
        "--segment",
        "--format",
        "--dry-run",
        "--keyframes",
        "--hint",
    ),
    "a plan": (*SPREADING, *OF_FILES, "--format"),
    "a pipe": (*OF_FILES, "--cluster"),
    "a folder": (*OF_FILES, "--format"),
    "a single file": ("--format",),
}


@click.command(cls=Command)
@click.argument("source", metavar="INPUT", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.mp4, .mkv, .png ...).")
@look_options
@click.option(
    "--preview",
    type=click.IntRange(1, 100),
    metavar="N",
    help="Only write a picture (-o strip.png) of N frames spread over the film, gray above colour.",
)
@encoding_options
@span_options
@only_option
@click.option(
    "--segment",
    "segment_s",
    type=click_type(SEGMENT_LENGTH),
    default=SEGMENT_S,
    show_default=True,
    help="Seconds of film that are finished together: the most that an interruption costs.",
)
@click.option("--rate", metavar="FPS", help="Of numbered images (frames/%05d.png) as input; default: 24.")
@click.option("--format", "container", help="Of what is written to a pipe (-o -): matroska, mp4 ...")
@click.option("--dry-run", is_flag=True, help="Only say what would be done and how long it would take.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="So many processes on this machine, each at a segment of the video or at a file of the folder; default: "
    "one, and more for a long video on many cores.",
)
@click.option("--cluster", metavar="ADDRESS", help="The same with the workers of this Dask scheduler.")
def colorize(
    source: Path,
    output: Path,
    look: Look,
    preview: int | None,
    dry_run: bool,
    workers: int | None,
    cluster: str | None,
    rate: str | None,
    container: str | None,
    only: Span | None,
    **work: Any,
) -> None:
    """Colorize a video, a still image, numbered images (frames/%05d.png), or all files of a folder.

    "-" as INPUT or output is a pipe.

    Only the input's luma is used, and it is kept: size, rate, times, rotation, sound, subtitles and chapters stay
    as they are. After an interruption the same command goes on with a video.
    """
    share_one_heap()
    task = _task(source, output, preview=bool(preview), dry_run=dry_run)
    _check_options(task)
    if cluster:  # its workers may stand in other folders
        source, output, look = source.absolute(), output.absolute(), _absolute(look)
    if task in ("a preview", "a plan") and source.is_dir():
        raise click.UsageError(f"{task} is of one video, not of a folder")
    if task in ("a preview", "a plan") and "-" in (str(source), str(output)):
        raise click.UsageError(f"{task} is of a file, not of a pipe")
    if preview:
        _preview(source, output, preview, look=look, span=work["span"])
    elif dry_run:
        _plan(source, output, look=look, **work)
    elif task == "a pipe":
        _colorize_pipe(source, output, container, workers, cluster, look=look, **work)
    elif task == "a folder":
        _colorize_folder(source, output, workers, cluster, look=look, **work)
    else:
        tell(_colorize_file(source, output, workers, cluster, look=look, only=only, rate=rate_of(rate), **work))


def _absolute(look: Look) -> Look:
    photographs = (Reference(Path(each.photograph).absolute(), each.at) for each in look.references)
    keys = None if look.keyframes is None else Path(look.keyframes).absolute()
    return replace(look, references=tuple(photographs), keyframes=keys)


def _task(source: Path, output: Path, *, preview: bool, dry_run: bool) -> str:
    """Say which of `USELESS` is asked for; a single file is none of them."""
    if preview:
        return "a preview"
    if dry_run:
        return "a plan"
    if "-" in (str(source), str(output)):
        return "a pipe"
    return "a folder" if source.is_dir() else "a single file"


def _check_options(task: str) -> None:
    """Refuse the options that a task has no use for: none is dropped without a word."""
    context = click.get_current_context()
    given = {
        option.opts[0]
        for option in context.command.params
        if context.get_parameter_source(option.name or "") == click.core.ParameterSource.COMMANDLINE
    }
    wrong = [name for name in USELESS[task] if name in given]
    if wrong:
        raise click.UsageError(f"{task} has no use for {', '.join(wrong)}")


def _preview(source: Path, output: Path, count: int, **work: Any) -> None:
    from vidcolor_utils.tool.preview import preview_file

    with progress_bars() as bar:
        report = preview_file(source, output, count=count, progress=bar("previewing"), **work)
    say(f"{report.output}: {frames(report.frames)}, gray above colour")


def _plan(source: Path, output: Path, **work: Any) -> None:
    from vidcolor_utils.tool.plan import plan_file

    tell_facts(plan_file(source, output, **work))


def _colorize_pipe(
    source: Path, output: Path, container: str | None, workers: int | None, cluster: str | None, **work: Any
) -> None:
    """Colorize a film that comes through a pipe, or is written to one; what is said goes to stderr."""
    from vidcolor_utils.tool.stand import piped

    with piped(source, output, container, sys.stdin.buffer, sys.stdout.buffer) as stand:
        report = _colorize_file(stand.source, stand.output, workers, cluster, goes_on=False, **work)
    warn(*map(stand.told, report.warnings))
    say(f"{stand.told(str(report.output))}: {frames(report.frames)} in colour", err=True)


def _colorize_file(
    source: Path, output: Path, workers: int | None, cluster: str | None, *, goes_on: bool = True, **work: Any
) -> ColorizeReport:
    with _networks_loading(source, work["look"]):
        from vidcolor_utils.stills.images import is_image
        from vidcolor_utils.system.spread import spread_over
        from vidcolor_utils.tool.colorize import colorize_file
        from vidcolor_utils.tool.crew import workers_for
        from vidcolor_utils.video.files import is_sequence

    if not cluster and workers is None and (workers := workers_for(source, output, **work)) > 1:
        say(f"vidcolor: {workers} processes work on this film, as with --workers {workers}", err=True)
    kept = going_on(goes_on and (not is_image(output) or is_sequence(output)))  # of a photograph nothing is
    with kept, spread_over(cluster, workers=workers or 1) as spread, progress_bars() as bar:
        return colorize_file(source, output, spread=spread, progress=bar("colorizing"), **work)


@contextmanager
def _networks_loading(source: Path, look: Look) -> Iterator[None]:
    """Load the networks of a film while the block imports the rest, which takes as long; Keras's wait."""
    if not (source.is_file() and look.method == METHODS[0]):
        yield
        return
    from vidcolor_utils.colorizers.networks import loading_ahead
    from vidcolor_utils.weights.shipped import networks_beside, shipped_weights_path

    with loading_ahead(networks_beside(shipped_weights_path(), look.quality), look.device):
        yield


def _colorize_folder(source: Path, output: Path, workers: int | None, cluster: str | None, **work: Any) -> None:
    from vidcolor_utils.system.spread import spread_over
    from vidcolor_utils.tool.folder.colorize import colorize_folder
    from vidcolor_utils.tool.folder.jobs import REPORT

    with going_on(), spread_over(cluster, workers=workers or 1) as spread, progress_bars() as bar:
        results = colorize_folder(source, output, spread=spread, progress=bar, **work)
    _tell_results(results, output / REPORT)


def _tell_results(results: list[Result], report: Path) -> None:
    """Print what became of the files of a folder, and exit with 1 if one failed."""
    show(folder_table(results))
    for result in results:
        warn(*result.warnings)
    failures = [result for result in results if result.error]
    for result in failures:
        say(f"vidcolor: {result.name}: failed: {result.error}", err=True)
    say(f"{report} says what was done")
    if failures:
        fail(f"{len(failures)} of {len(results)} files failed; the same command tries them again", 1)


@click.command(cls=Command)
@click.argument("source", metavar="INPUT_GRAY", type=PathArgument)
@click.argument("colors", metavar="COLOR_VIDEO", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.mp4, .mkv ...).")
@options_from(Look, "strength", "offline")
@encoding_options
def stabilize(source: Path, colors: Path, output: Path, **options: Any) -> None:
    """Calm the colours that another method gave a video.

    Luma, size, rate, times, rotation and sound are those of INPUT_GRAY, colours those of COLOR_VIDEO, which
    shows the same frames.
    """
    from vidcolor_utils.tool.stabilize import stabilize_file

    with progress_bars() as bar:
        report = stabilize_file(source, colors, output, progress=bar("stabilizing"), **options)
    tell(report)


@click.command(cls=Command)
@click.argument("file", type=PathArgument)
def info(file: Path) -> None:
    """Show what a video or image file holds."""
    from vidcolor_utils.stills.images import is_still, num_pixels, read_image
    from vidcolor_utils.stills.pages import num_pages
    from vidcolor_utils.tool.colorize import is_film
    from vidcolor_utils.tool.stand import film_to_look_at
    from vidcolor_utils.video.files import video_info

    if is_still(file) or (not is_film(file) and num_pixels(file)):
        image = read_image(file)
        height, width = image.rgb.shape[:2]
        facts = {"path": file, "width": width, "height": height, "alpha": image.alpha is not None}
        facts["pages"] = num_pages(file)
    else:
        with film_to_look_at(file) as film:
            facts = video_info(film)._asdict() | {"path": file}
        for kind in ("sound", "subtitles"):
            facts[kind] = ", ".join(facts[kind]) or None
        facts["rate"] = f"{float(facts['rate']):.3f} frames per second"
    tell_facts(facts)

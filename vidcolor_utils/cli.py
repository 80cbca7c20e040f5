"""The command line. Heavy imports happen inside the commands, so that help is instant."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vidcolor_utils.errors import VidcolorError
from vidcolor_utils.quiet import quiet_native_logs

if TYPE_CHECKING:
    from vidcolor_utils.colorize import ColorizeReport

INTERRUPTED, TERMINATED = 130, 143  # 128 and the number of the signal
PathArgument = click.Path(path_type=Path)
strength_option = click.option(
    "--strength",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.88,
    show_default=True,
    help="How long colours last from frame to frame; 0 leaves each frame's as they are.",
)
offline_option = click.option(
    "--offline", is_flag=True, help="Look at the frames to come as well: steadier, needs more memory."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vidcolor-utils", prog_name="vidcolor")
def vidcolor() -> None:
    """Give black-and-white video its colours back.

    \b
    vidcolor colorize film.mp4 -o film_color.mp4     a video, sound kept
    vidcolor colorize photo.jpg -o photo_color.png   a still image
    vidcolor stabilize film.mp4 color.mp4 -o out.mp4 calm another method's colours
    vidcolor score true.mp4 film_color.mp4           how close to the truth
    """


@vidcolor.command()
@click.argument("source", metavar="INPUT", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.mp4, .mkv, .png ...).")
@click.option(
    "--method",
    type=click.Choice(["frame", "zhang"]),
    default="frame",
    show_default=True,
    help="The network that ships, or Zhang et al. 2016 (fetch it once: vidcolor weights get zhang).",
)
@strength_option
@click.option(
    "--every",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Ask the network for every so many frames only and carry colours in between: faster.",
)
@offline_option
@click.option(
    "--saturation", type=click.FloatRange(0, 3), default=1.0, show_default=True, help="Factor on the colours."
)
@click.option(
    "--preview",
    type=click.IntRange(1, 100),
    metavar="N",
    help="Only write a picture (-o strip.png) of N frames spread over the film, gray above colour.",
)
def colorize(source: Path, output: Path, method: str, preview: int | None, **options: object) -> None:
    """Colorize a video or a still image.

    Only the input's luma is used, and it is kept: size, rate, times, rotation and sound stay as they are.
    """
    from vidcolor_utils.colorize import colorize_file

    if preview:
        _preview(source, output, preview, method=method, saturation=options["saturation"])
        return
    with _progress_bars() as bar:
        report = colorize_file(source, output, method=method, progress=bar("colorizing"), **options)
    _tell(report)


@vidcolor.command()
@click.argument("source", metavar="INPUT_GRAY", type=PathArgument)
@click.argument("colors", metavar="COLOR_VIDEO", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.mp4, .mkv ...).")
@strength_option
@offline_option
def stabilize(source: Path, colors: Path, output: Path, **options: object) -> None:
    """Calm the colours that another method gave a video.

    Luma, size, rate, times, rotation and sound are those of INPUT_GRAY, colours those of COLOR_VIDEO, which
    shows the same frames.
    """
    from vidcolor_utils.stabilize import stabilize_file

    with _progress_bars() as bar:
        report = stabilize_file(source, colors, output, progress=bar("stabilizing"), **options)
    _tell(report)


@vidcolor.command()
@click.argument("true", type=PathArgument)
@click.argument("candidate", type=PathArgument)
@click.option("--gray", type=PathArgument, help="The gray video that was colorized; default: luma of TRUE.")
@click.option("--active-area", is_flag=True, help="Leave black letterbox bars out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def score(true: Path, candidate: Path, gray: Path | None, active_area: bool, as_json: bool) -> None:
    """Compare CANDIDATE with the TRUE colours, beside a gray and a true row."""
    from vidcolor_utils.scoring import score_files, score_table

    with _progress_bars() as bar:
        scores = score_files(true, candidate, gray_path=gray, active_area=active_area, progress=bar("scoring"))
    if as_json:
        click.echo(json.dumps(scores, indent=2))
    else:
        Console().print(score_table(scores))
    if scores.get("warning"):
        click.echo(f"vidcolor: warning: {scores['warning']}", err=True)


@vidcolor.command()
@click.argument("file", type=PathArgument)
def info(file: Path) -> None:
    """Show what a video or image file holds."""
    from vidcolor_utils.image_io import is_image, read_image
    from vidcolor_utils.video_io import video_info

    if is_image(file):
        image = read_image(file)
        height, width = image.rgb.shape[:2]
        facts = {"path": file, "width": width, "height": height, "alpha": image.alpha is not None}
    else:
        facts = video_info(file)._asdict()
        facts["sound"] = ", ".join(facts["sound"]) or None
        facts["rate"] = f"{float(facts['rate']):.3f} frames per second"
    for name, value in facts.items():
        click.echo(f"{name:13} {value if value is not None else '-'}")


@vidcolor.command()
@click.option("-o", "--output", "out_dir", default=Path("out/demo"), show_default=True, type=PathArgument)
@click.option("--clip", type=click.Choice(["bikes", "bigbuckbunny"]), default="bikes", show_default=True)
def demo(out_dir: Path, clip: str) -> None:
    """Make a real colour clip gray, colorize it, and compare."""
    from vidcolor_utils.demo import run_demo
    from vidcolor_utils.scoring import score_table

    with _progress_bars() as bar:
        scores = run_demo(out_dir, clip=clip, progress=bar)
    Console().print(score_table(scores))
    click.echo(f"Look at {out_dir / 'side_by_side.mp4'} and {out_dir / 'strip.png'}")


@vidcolor.command()
@click.option("--photos", type=PathArgument, help="Folder or tar of photographs that no training saw.")
@click.option("--clips", type=PathArgument, help="Folder of bw_NAME and color_NAME videos.")
@click.option("--single-frames", type=PathArgument, help="Folder of colour videos: flicker, frame by frame.")
@click.option("-o", "--output", required=True, type=PathArgument, help="JSON file to write.")
@click.option("--weights", type=PathArgument, help="Weights to score; default: the shipped ones.")
def evaluate(
    photos: Path | None, clips: Path | None, single_frames: Path | None, output: Path, weights: Path | None
) -> None:
    """Score the frame colorizer on held-out photographs and clips."""
    from vidcolor_utils.colorizer import FrameColorizer
    from vidcolor_utils.evaluation import evaluate_clips, evaluate_photos, evaluate_single_frames
    from vidcolor_utils.output import finished_file

    with finished_file(output) as part, _progress_bars() as bar:
        colorizer = FrameColorizer(weights)
        record = {}
        if photos:
            record["photos"] = evaluate_photos(photos, colorizer, bar("photographs"))
        if clips:
            record["clips"] = evaluate_clips(clips, colorizer, bar)
        if single_frames:
            record["single_frames"] = evaluate_single_frames(single_frames, colorizer, bar("videos"))
        part.write_text(json.dumps(record, indent=2) + "\n")
    click.echo(json.dumps(record, indent=2))


@vidcolor.command(hidden=True)  # for `make ablate`; help fits one screen without it
@click.option("--clips", required=True, type=PathArgument, help="Folder of bw_NAME and color_NAME videos.")
@click.option("-o", "--output", required=True, type=PathArgument, help="JSON file to write.")
@click.option("--frames", default=120, show_default=True, help="Frames taken from the start of each clip.")
def ablate(clips: Path, output: Path, frames: int) -> None:
    """Score what each part of the steady colours is worth; the same command goes on with an interrupted run."""
    from vidcolor_utils.ablation import ablate_clips
    from vidcolor_utils.checksum import file_sha256
    from vidcolor_utils.colorizer import VIEWS, FrameColorizer, shipped_weights_path

    settings = {"weights": {view.weights: file_sha256(shipped_weights_path(view.weights)) for view in VIEWS}}
    with _progress_bars("variants") as bar:
        record = ablate_clips(clips, FrameColorizer, output, max_frames=frames, settings=settings, progress=bar)
    click.echo(json.dumps(record["mean"], indent=2))


@vidcolor.command()
@click.option("-o", "--output", required=True, type=PathArgument, help="JSON file to write.")
def bench(output: Path) -> None:
    """Time the networks against each other, and a film against decoding and encoding it alone."""
    from vidcolor_utils.bench import bench_table, run_bench
    from vidcolor_utils.output import finished_file

    with finished_file(output) as part:
        record = run_bench()
        part.write_text(json.dumps(record, indent=2) + "\n")
    Console().print(bench_table(record))


@vidcolor.group()
def weights() -> None:
    """Fetch and list weights that other people published."""


@weights.command("list")
def list_all() -> None:
    """Show what ships, what is cached and what can be fetched."""
    from rich.table import Table

    from vidcolor_utils.weights_store import list_weights

    table = Table("name", "state", "MB", "licence", "source", "file")
    for row in list_weights():
        size = "?" if row.size is None else f"{row.size / 1e6:.1f}"
        table.add_row(row.name, row.state, size, row.licence, row.source, str(row.path or "-"))
    Console().print(table)


@weights.command("get")
@click.argument("name")
def get(name: str) -> None:
    """Fetch weights, verify them and keep them for later; an interrupted download goes on."""
    from vidcolor_utils.weights_store import get_weights

    with _progress_bars("bytes") as bar:
        path = get_weights(name, progress=bar(f"fetching {name}"))
    click.echo(f"{name}: {path}")


@weights.command("import")
@click.argument("name")
@click.argument("file", type=PathArgument)
def import_file(name: str, file: Path) -> None:
    """Take weights from a file that was fetched by hand."""
    from vidcolor_utils.weights_store import import_weights

    click.echo(f"{name}: {import_weights(name, file)}")


@vidcolor.group()
def train() -> None:
    """Train the networks that ship."""


@train.command("frame")
@click.option("--images", required=True, type=PathArgument, help="Folder or tar of colour photographs.")
@click.option("--val-images", required=True, type=PathArgument, help="The same, to score on.")
@click.option("-o", "--output", "out_dir", default=Path("runs/frame"), show_default=True, type=PathArgument)
@click.option("--epochs", default=16, show_default=True)
@click.option("--side", "sides", multiple=True, type=int, default=(96, 128), show_default=True)
@click.option("--batch", default=32, show_default=True, help="Images of the smallest side in a step.")
@click.option("--learning-rate", default=1e-3, show_default=True)
@click.option("--encoder-rate", default=0.25, show_default=True, help="Factor on the rate, for the encoder.")
@click.option("--ema", default=0.998, show_default=True, help="Running average of the weights; 0: none.")
@click.option("--min-crop", default=0.5, show_default=True, help="Smallest crop, as a share of the photograph.")
@click.option("--wear", default=0.4, show_default=True, help="How often gray looks like worn film; 0: never.")
@click.option("--start-from", type=click.Path(exists=True), help="Checkpoint of an earlier run to begin with.")
@click.option("--encoder", type=click.Choice(["imagenet", "none"]), default="imagenet", show_default=True)
@click.option(
    "--objective",
    type=click.Choice(["regression", "classes", "mixture"]),
    default="regression",
    show_default=True,
    help="Predict ab, classes of ab, or both.",
)
@click.option("--seed", default=0, show_default=True)
def train_frame(images: Path, val_images: Path, out_dir: Path, **config: object) -> None:
    """Train the frame colorizer; the same command goes on with an interrupted run."""
    with quiet_native_logs():
        from vidcolor_utils.training import FrameTrainConfig, train_frame_colorizer

    record = train_frame_colorizer(images, val_images, out_dir, FrameTrainConfig(**config))
    click.echo(json.dumps(record, indent=2))


@vidcolor.command()
@click.argument("run_dir", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.safetensors).")
def export(run_dir: Path, output: Path) -> None:
    """Turn the folder of a training run into weights to use and to ship: .safetensors, and .onnx beside it."""
    with quiet_native_logs():
        from vidcolor_utils.training import export_weights

    digests = export_weights(run_dir, output)
    for path, digest in digests.items():
        click.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


def _preview(source: Path, output: Path, count: int, **options: object) -> None:
    from vidcolor_utils.preview import preview_file

    with _progress_bars() as bar:
        report = preview_file(source, output, count, progress=bar("previewing"), **options)
    click.echo(f"{report.output}: {report.frames} frames, gray above colour")


def _tell(report: ColorizeReport) -> None:
    for warning in report.warnings:
        click.echo(f"vidcolor: warning: {warning}", err=True)
    click.echo(f"{report.output}: {report.frames} frames in colour")


@contextmanager
def _progress_bars(unit: str = "frames") -> Iterator[Callable[[str], Callable[[int, int | None], None]]]:
    """Give a function that opens a bar with a name and returns its `progress(done, total)`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:

        def open_bar(name: str) -> Callable[[int, int | None], None]:
            task = bars.add_task(name, total=None)
            return lambda done, total: bars.update(task, completed=done, total=total)

        yield open_bar


class _Terminated(KeyboardInterrupt):
    """SIGTERM, made an exception so that half-written files are removed."""


def _on_terminate(number: int, frame: object) -> None:
    raise _Terminated


def main() -> None:
    """Run the command line; every expected failure is one line on stderr and an exit code."""
    signal.signal(signal.SIGTERM, _on_terminate)
    try:
        sys.exit(vidcolor.main(standalone_mode=False))
    except click.UsageError as error:
        _fail(error.format_message(), error.exit_code)
    except VidcolorError as error:
        _fail(str(error), error.exit_code)
    except FileNotFoundError as error:
        _fail(str(error), 2)
    except (KeyboardInterrupt, click.Abort) as error:
        terminated = isinstance(error.__cause__ or error, _Terminated)
        _fail("interrupted; nothing was left half-written", TERMINATED if terminated else INTERRUPTED)


def _fail(message: str, code: int) -> None:
    click.echo(f"vidcolor: {' '.join(message.split())}", err=True)
    sys.exit(code)

"""The command line. Heavy imports happen inside the commands, so that help is instant."""

from __future__ import annotations

import functools
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vidcolor_utils.errors import VidcolorError
from vidcolor_utils.quiet import quiet_native_logs
from vidcolor_utils.video_codecs import CODECS, Encoding

if TYPE_CHECKING:
    from vidcolor_utils.direction import Reference
    from vidcolor_utils.film import ColorizeReport
    from vidcolor_utils.segments import Span

INTERRUPTED, TERMINATED = 130, 143  # 128 and the number of the signal
PathArgument = click.Path(path_type=Path)
json_option = click.option("-o", "--output", required=True, type=PathArgument, help="JSON file to write.")
strength_option = click.option(
    "--strength",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.92,
    show_default=True,
    help="How long colours last from frame to frame; 0 leaves each frame's as they are.",
)
offline_option = click.option(
    "--offline", is_flag=True, help="Look at the frames to come as well: steadier, needs more memory."
)


def encoding_options(command: Callable) -> Callable:
    """Add --codec, --crf and --preset; the command gets them as `encoding`, None if none is given."""

    @functools.wraps(command)
    def with_encoding(*, codec: str | None, crf: int | None, preset: str | None, **options: object) -> None:
        is_given = (codec, crf, preset) != (None, None, None)
        command(encoding=Encoding(codec or Encoding().codec, crf, preset) if is_given else None, **options)

    for option in (
        click.option("--preset", help="Speed against size, in the encoder's own words, such as veryfast or 5."),
        click.option("--crf", type=int, help="Quality, 0 the best."),
        click.option("--codec", type=click.Choice(list(CODECS)), help="How video is coded; default: h264."),
    ):
        with_encoding = option(with_encoding)
    return with_encoding


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
    default=3,
    show_default=True,
    help="Ask the network for every so many frames only and carry colours in between: faster.",
)
@offline_option
@click.option(
    "--saturation", type=click.FloatRange(0, 3), default=1.0, show_default=True, help="Factor on the colours."
)
@click.option("--skip-colored", is_flag=True, help="Leave the parts of a video that have colour as they are.")
@click.option(
    "--reference",
    "photographs",
    metavar="PICTURE",
    multiple=True,
    type=PathArgument,
    help="A photograph whose colours guide the frames that resemble it; may be given more than once.",
)
@click.option(
    "--at",
    "times",
    metavar="TIME",
    multiple=True,
    help="Time (1:23.5) in the shot that the photograph guides, one for each; without, they guide all shots.",
)
@click.option(
    "--restore",
    is_flag=True,
    help="Old film: make colours from a copy of each frame without flicker, grain and interlacing.",
)
@click.option(
    "--restore-luma", is_flag=True, help="Take flicker, grain and interlacing out of the film's own luma as well."
)
@click.option(
    "--preview",
    type=click.IntRange(1, 100),
    metavar="N",
    help="Only write a picture (-o strip.png) of N frames spread over the film, gray above colour.",
)
@encoding_options
@click.option("--start", metavar="TIME", help="Where in the film to begin, as 90, 1:30 or 00:01:30.5.")
@click.option("--end", metavar="TIME", help="Where in the film to stop.")
@click.option(
    "--segment",
    "segment_s",
    type=click.FloatRange(0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds of film that are finished together: the most that an interruption costs.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done and how long it would take.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="So many processes on this machine, each at a segment of the video or at a file of the folder.",
)
@click.option("--cluster", metavar="ADDRESS", help="The same with the workers of this Dask scheduler.")
def colorize(
    source: Path,
    output: Path,
    start: str | None,
    end: str | None,
    dry_run: bool,
    preview: int | None,
    photographs: tuple[Path, ...],
    times: tuple[str, ...],
    workers: int | None,
    cluster: str | None,
    **options: Any,
) -> None:
    """Colorize a video, a still image, or all those in a folder.

    Only the input's luma is used, and it is kept: size, rate, times, rotation, sound, subtitles and chapters stay
    as they are. After an interruption the same command goes on with a video.
    """
    from vidcolor_utils.cluster import spread_over
    from vidcolor_utils.colorize import colorize_file

    if cluster:  # its workers may stand in other folders
        source, output = source.absolute(), output.absolute()
        photographs = tuple(photograph.absolute() for photograph in photographs)
    options["references"] = _references(photographs, times)
    options["restore"] = options["restore"] or options["restore_luma"]
    if preview:
        _preview(source, output, preview, **options)
        return
    options["span"] = _span(start, end)
    if dry_run and (workers or cluster or source.is_dir()):
        raise click.UsageError("--dry-run is for a video, without --workers and --cluster")
    if source.is_dir():
        _colorize_folder(source, output, workers, cluster, options)
    elif dry_run:
        from vidcolor_utils.dry_run import plan_file

        _tell_facts(plan_file(source, output, **options))
    else:
        with spread_over(cluster, workers=workers or 1) as spread, _progress_bars() as bar:
            report = colorize_file(source, output, spread=spread, progress=bar("colorizing"), **options)
        _tell(report)


def _colorize_folder(
    source: Path, output: Path, workers: int | None, cluster: str | None, options: dict[str, Any]
) -> None:
    """Colorize a folder and exit with 1 if a file failed."""
    from vidcolor_utils.batch import REPORT, colorize_folder, summary_table
    from vidcolor_utils.cluster import spread_over

    with spread_over(cluster, workers=workers or 1) as spread, _progress_bars() as bar:
        results = colorize_folder(source, output, spread=spread, progress=bar, **options)
    Console().print(summary_table(results))
    for result in results:
        for warning in result.warnings:
            click.echo(f"vidcolor: warning: {warning}", err=True)
    failures = [result for result in results if result.error]
    for result in failures:
        click.echo(f"vidcolor: {result.name}: failed: {result.error}", err=True)
    click.echo(f"{output / REPORT} says what was done")
    if failures:
        _fail(f"{len(failures)} of {len(results)} files failed; the same command tries them again", 1)


@vidcolor.command()
@click.argument("source", metavar="INPUT_GRAY", type=PathArgument)
@click.argument("colors", metavar="COLOR_VIDEO", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.mp4, .mkv ...).")
@strength_option
@offline_option
@encoding_options
def stabilize(source: Path, colors: Path, output: Path, **options: Any) -> None:
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
        for kind in ("sound", "subtitles"):
            facts[kind] = ", ".join(facts[kind]) or None
        facts["rate"] = f"{float(facts['rate']):.3f} frames per second"
    _tell_facts(facts)


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
@json_option
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
        record: dict[str, dict] = {}
        if photos:
            record["photos"] = evaluate_photos(photos, colorizer, bar("photographs"))
        if clips:
            record["clips"] = evaluate_clips(clips, colorizer, bar)
        if single_frames:
            record["single_frames"] = evaluate_single_frames(single_frames, colorizer, bar("videos"))
        part.write_text(json.dumps(record, indent=2) + "\n")
    click.echo(json.dumps(record, indent=2))


@vidcolor.command()
@click.option("--videos", type=PathArgument, help="Folder of videos; subfolders are searched.")
@click.option("--photos", type=PathArgument, help="Folder or tar of photographs, for a moving virtual camera.")
@click.option("-o", "--output", "out_dir", required=True, type=PathArgument, help="Folder for the clips.")
@click.option("--clips", default=500, show_default=True, help="Clips to take from each source, at most.")
@click.option("--frames", default=90, show_default=True, help="Most frames of a clip.")
@click.option("--fps", default=30.0, show_default=True, help="Frame rate that all videos are brought to.")
@click.option("--baseline", type=click.Choice(["frame", "zhang"]), default="frame", show_default=True)
@click.option("--crop/--no-crop", default=True, help="Cut out the middle, or shrink the whole frame.")
@click.option("--seed", default=0, show_default=True, help="Decides the split and the camera's ways.")
@click.option("--workers", default=1, show_default=True, help="Processes to work in.")
@click.option("--cluster", help="Work on the Dask cluster of the scheduler at this address instead.")
def prepare(
    videos: Path | None,
    photos: Path | None,
    out_dir: Path,
    clips: int,
    frames: int,
    fps: float,
    baseline: str,
    crop: bool,
    seed: int,
    workers: int,
    cluster: str | None,
) -> None:
    """Prepare clips for the course's networks; the same command goes on with an interrupted run.

    Without --videos and --photos it takes clips that need no download. The manifest that it leaves does not
    depend on who did the work; workers of a cluster must see the folders under the same paths.
    """
    from vidcolor_utils.clip_sources import find_clips
    from vidcolor_utils.cluster import spread_over
    from vidcolor_utils.prepare import CROP, baseline_colorizer, prepare_clips

    sources = find_clips(videos, photos, count=clips, frames=frames, fps=fps, seed=seed)
    with spread_over(cluster, workers=workers) as spread, _progress_bars("clips") as bar:
        show = bar("preparing")
        manifest = prepare_clips(
            sources,
            out_dir,
            colorize_frames=baseline_colorizer(baseline),
            baseline_name=baseline,
            crop=CROP if crop else None,
            seed=seed,
            spread=spread,
            progress=lambda number, count, name: show(number, count),
        )
        show(len(sources), len(sources))
    for skipped in manifest["skipped"]:
        click.echo(f"vidcolor: warning: skipped {skipped['name']}: {skipped['reason']}", err=True)
    counts = ", ".join(f"{value} {name}" for name, value in manifest["counts"].items())
    click.echo(f"{out_dir}: {counts}; {manifest['bytes'] / 1e6:.1f} MB")


@vidcolor.command(hidden=True)  # for `make ablate`; help fits one screen without it
@click.option("--clips", required=True, type=PathArgument, help="Folder of bw_NAME and color_NAME videos.")
@json_option
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


@vidcolor.group(hidden=True)  # for `make train-full` and `make study`
def report() -> None:
    """Train and measure the report's networks."""


clips_option = click.option("--clips", required=True, type=PathArgument, help="Folder of prepared clips.")
runs_option = click.option("--runs", required=True, type=PathArgument, help="Folder of training runs.")


@report.command()
@clips_option
@runs_option
@json_option
@click.option("--seeds", default=3, show_default=True, help="Runs of each variant.")
def study(clips: Path, runs: Path, output: Path, seeds: int) -> None:
    """Train the report's networks at reduced scale, several seeds each; goes on where it was stopped."""
    with quiet_native_logs():
        from vidcolor_utils.report_study import run_study

    run_study(clips, runs, output, seeds=seeds, say=click.echo)


@report.command()
@clips_option
@runs_option
@click.option("-o", "--output", required=True, type=PathArgument, help="Folder to write.")
@click.option("--show", multiple=True, help="A clip to keep as videos; may be repeated.")
def full(clips: Path, runs: Path, output: Path, show: tuple[str, ...]) -> None:
    """Measure the full runs and keep what the course shows of them."""
    with quiet_native_logs():
        from vidcolor_utils.report_study import record_full_runs

    record_full_runs(clips, runs, output, shown=show, say=click.echo)


@report.command()
@clips_option
@runs_option
@json_option
@click.option("--steps", default=8, show_default=True, help="Steps in an epoch that is timed.")
def speed(clips: Path, runs: Path, output: Path, steps: int) -> None:
    """Measure how fast the networks of finished runs train here, and how long the device waits for input."""
    with quiet_native_logs():
        from vidcolor_utils.throughput import record_speed

    record = record_speed(clips, runs, output, steps=steps)
    for name, row in record["runs"].items():
        click.echo(
            f"{name}: {row['frames_per_second']:.1f} frames per second, {row['epoch_s']:.0f} s an epoch, "
            f"the device computes {row['computing']:.0%} of the time"
        )


@report.command()
@clips_option
@runs_option
@click.option("--videos", required=True, type=PathArgument, help="Folder that videos among the clips are from.")
@click.option("--pairs", required=True, type=PathArgument, help="Folder of bw_NAME and color_NAME videos.")
@json_option
def compare(clips: Path, runs: Path, videos: Path, pairs: Path, output: Path) -> None:
    """Score every method at hand on PAIRS, and on the dev and test videos among the clips."""
    with quiet_native_logs():
        from vidcolor_utils.report_study import load_networks
    from vidcolor_utils.clip_sources import video_clips
    from vidcolor_utils.clip_store import ClipStore
    from vidcolor_utils.colorizer import FrameColorizer
    from vidcolor_utils.method_comparison import compare_methods, paired_films, prepared_films

    store = ClipStore(clips)
    unseen = {*store.names("dev"), *store.names("test")}
    groups = {
        "pairs": paired_films(pairs),
        "unseen": prepared_films([clip for clip in video_clips(videos) if clip.name in unseen]),
    }
    compare_methods(groups, FrameColorizer(), load_networks(runs), output, say=click.echo)


@vidcolor.command(hidden=True)  # for `make bench`
@json_option
@click.option("--pages", type=PathArgument, help="Folder of the repository whose pages get the tables.")
@click.option("--recorded", is_flag=True, help="Measure nothing, make the tables from what is recorded.")
def bench(output: Path, pages: Path | None, recorded: bool) -> None:
    """Time the networks, a film, the preparation of clips and training, each against another way."""
    from vidcolor_utils.bench import bench_table, run_bench
    from vidcolor_utils.bench_pages import speed_table, write_pages
    from vidcolor_utils.output import write_json

    if not recorded:
        record = run_bench()
        write_json(output, record)
        Console().print(bench_table(record))
        click.echo(speed_table(record))
    if pages:
        write_pages(output, pages)


@vidcolor.command(hidden=True)  # for `make endurance`
@json_option
def endurance(output: Path) -> None:
    """Kill the colorizer at random moments, and a worker of three; nothing may be lost."""
    import tempfile

    from vidcolor_utils.endurance import run_endurance
    from vidcolor_utils.output import write_json

    with tempfile.TemporaryDirectory() as folder, _progress_bars("steps") as bar:
        record = run_endurance(folder, progress=bar)
    write_json(output, record)
    click.echo(json.dumps(record, indent=2))


@vidcolor.command(hidden=True)  # for `make fuzz`
@click.option("--files", default=1000, show_default=True, help="How many damaged files to try.")
@click.option("--seed", default=0, show_default=True)
@click.option("--clips", type=PathArgument, help="Folder of real videos to damage as well.")
@click.option("--keep", type=PathArgument, help="Folder for files that were not handled as they should be.")
@json_option
def fuzz(files: int, seed: int, clips: Path | None, keep: Path | None, output: Path) -> None:
    """Run the command line on damaged files; each must end in a playable output or in one clear line."""
    from vidcolor_utils.fuzz import run_fuzz
    from vidcolor_utils.output import write_json

    with _progress_bars("files") as bar:
        record = run_fuzz(files, seed, clips=clips, keep=keep, progress=bar("damaging"))
    write_json(output, record)
    click.echo(json.dumps({name: record[name] for name in ("files", "outcomes", "failures")}, indent=2))
    if record["failures"]:
        sys.exit(1)


@vidcolor.command(hidden=True)  # for `make containers`
@click.option("--clips", type=PathArgument, help="Folder of real videos.")
@json_option
def containers(clips: Path | None, output: Path) -> None:
    """Check that frames, length and sound are kept in every container and codec."""
    from vidcolor_utils.fidelity import check_fidelity, fidelity_table
    from vidcolor_utils.output import write_json

    with _progress_bars("films") as bar:
        record = check_fidelity(clips, progress=bar("comparing"))
    write_json(output, record)
    Console().print(fidelity_table(record))
    if not all(row["good"] for row in record["rows"]):
        sys.exit(1)


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
def train_frame(images: Path, val_images: Path, out_dir: Path, **config: Any) -> None:
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


def _references(photographs: tuple[Path, ...], times: tuple[str, ...]) -> list[Reference]:
    from vidcolor_utils.direction import Reference
    from vidcolor_utils.times import parse_time

    if times and len(times) != len(photographs):
        raise click.UsageError(
            f"{len(photographs)} --reference and {len(times)} --at: give one time for each, or none"
        )
    seconds: Sequence[float | None] = [parse_time(time) for time in times] or [None] * len(photographs)
    return [Reference(*pair) for pair in zip(photographs, seconds, strict=True)]


def _span(start: str | None, end: str | None) -> Span:
    from vidcolor_utils.segments import Span
    from vidcolor_utils.times import parse_time

    span = Span(parse_time(start or "0"), parse_time(end) if end else None)
    if span.end is not None and span.end <= span.start:
        raise click.UsageError("--end must be later than --start")
    return span


def _tell_facts(facts: dict[str, object]) -> None:
    for name, value in facts.items():
        click.echo(f"{name:13} {value if value is not None else '-'}")


def _preview(source: Path, output: Path, count: int, **options: Any) -> None:
    from vidcolor_utils.preview import preview_file

    of_single_frames = ("method", "saturation", "skip_colored", "references", "restore")
    options = {name: options[name] for name in of_single_frames}
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
    logging.basicConfig(format="vidcolor: %(message)s")
    logging.getLogger("vidcolor_utils").setLevel(logging.INFO)
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
        _fail(
            "interrupted; nothing was left half-written, and the same command goes on",
            TERMINATED if terminated else INTERRUPTED,
        )


def _fail(message: str, code: int) -> None:
    click.echo(f"vidcolor: {' '.join(message.split())}", err=True)
    sys.exit(code)

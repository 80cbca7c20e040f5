"""What the pages say of speed, made from the recorded runs, so that no figure is typed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from records.speed.bench import BenchRecord
from records.speed.chart import chart_words, speed_chart
from records.speed.colorizing import STANDARD
from records.speed.networks import ZHANG
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file

if TYPE_CHECKING:
    from records.speed.apart import CommandStart, MemoryUse
    from records.speed.photographs import FolderSpeed
    from records.speed.preparing import PreparationSpeed
    from records.speed.training import SpeedRecord  # which starts Keras

# Below the repository's folder.
README, MANUAL, SCALE = Path("README.md"), Path("docs") / "manual.md", Path("docs") / "scale.md"
CHART = Path("docs") / "speed.svg"
SPEEDS = "course_*.json"  # records of `make course-gpu`, beside the one of `make bench`
BEGIN, END = "<!-- made by `make bench`: begin -->\n", "<!-- made by `make bench`: end -->\n"
Row = tuple[str, float | None, str]  # of the manual's table: what, frames a second, and against what
Cost = tuple[str, str, str]  # a row of what a million clips take: what, how much, and its price
CLIPS, CLIP_FRAMES = 1_000_000, 90  # Moments in Time: a million clips of 3 seconds
TRAIN_SHARE = 0.8
# US dollars, of the order that clouds ask for; not measured.
CORE_HOUR, ACCELERATOR_HOUR, TERABYTE_MONTH = 0.04, 3.0, 20.0


def write_pages(record_path: str | Path, repository: str | Path) -> None:
    """Put the tables and the chart made from the records into the pages.

    Args:
        record_path: record of `bench.run_bench`; those of `make course-gpu` are looked for beside it.
        repository: folder of the pages.

    Raises:
        InputError: if a page has no place for its table.
    """
    for page, table in page_tables(record_path).items():
        path = Path(repository) / page
        before, rest = _split(path, path.read_text(encoding="utf-8"), BEGIN)
        _, after = _split(path, rest, END)
        with finished_file(path) as part:
            part.write_text(before + BEGIN + table + END + after, encoding="utf-8")
    chart = Path(repository) / CHART
    with finished_file(chart) as part:
        part.write_text(chart_of(record_path), encoding="utf-8")


def _split(path: Path, text: str, marker: str) -> tuple[str, str]:
    before, found, after = text.partition(marker)
    if not found:
        raise InputError(f"{path}: has no line {marker.strip()}")
    return before, after


def page_tables(record_path: str | Path) -> dict[Path, str]:
    """Make the Markdown of all pages: tables, and the chart with its words; arguments as for `write_pages`."""
    record_path = Path(record_path)
    record: BenchRecord = json.loads(record_path.read_text(encoding="utf-8"))
    speeds = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(record_path.parent.glob(SPEEDS))]
    shown = f"![{chart_words(record['films'], record['cores'])}]({CHART.as_posix()})\n"
    return {README: shown, MANUAL: speed_table(record), SCALE: scale_table(record, speeds)}


def chart_of(record_path: str | Path) -> str:
    """Draw the chart of a record of `bench.run_bench`, as SVG."""
    record: BenchRecord = json.loads(Path(record_path).read_text(encoding="utf-8"))
    return speed_chart(record["films"], record["cores"])


def speed_table(record: BenchRecord) -> str:
    """Lay out a record of `bench.run_bench`."""
    rows: list[Row] = [
        (f"a network on frames of 256x256: {name}", row["fps"], f"{row['times_zhang']:.1f} times {ZHANG}")
        for name, row in record["networks"].items()
        if name != ZHANG
    ]
    for name, film in record["films"].items():
        against = f"{film['ratio']:.2f} of decoding and encoding alone"
        rows.append((f"a film of {name} with sound, colorized", film["colorize_fps"], against))
    rows += [*_option_rows(record), _folder_row(record["folder"]), _command_row(record["command"])]
    rows += [_memory_row(name, memory) for name, memory in record["memory"].items()]
    preparation, training = record["preparation"], record["training"]
    against = f"{preparation['times_report']:.1f} times the original project's way"
    rows.append(("clips prepared, without the network", preparation["fps"], against))
    rows.append(("", None, f"{preparation['share_of_report_bytes']:.2f} of its bytes"))
    share = training["frames_per_second"] / training["in_memory_frames_per_second"]
    against = f"{share:.2f} of `fit` on arrays in memory"
    rows.append(("training of the AlexNet-based network", training["frames_per_second"], against))
    lines = [f"| {record['machine']} | frames a second | in the same run |", "|---|---|---|"]
    lines += [
        f"| {name} | {'' if fps is None else format(fps, '.1f')} | {against} |" for name, fps, against in rows
    ]
    return "\n".join(lines) + "\n"


def _option_rows(record: BenchRecord) -> list[Row]:
    return [
        (f"a film of {STANDARD} with {name}", option["fps"], f"{option['ratio']:.2f} of without")
        for name, option in record["options"].items()
    ]


def _memory_row(name: str, memory: MemoryUse) -> Row:
    longer = f"{memory['ratio']:.2f} times that for {memory['long_frames']} frames"
    return (
        f"colorizing {memory['frames']} frames of {name}",
        None,
        f"{memory['peak_mb']:.0f} MB of memory, {longer}",
    )


def _folder_row(folder: FolderSpeed) -> Row:
    name = f"a folder of {folder['photographs']} photographs of {folder['width']}x{folder['height']}"
    against = f"{folder['ratio']:.2f} of what all cores could read, colour and write"
    return name, folder["per_second"], against


def _command_row(command: CommandStart) -> Row:
    name = f"`vidcolor colorize` for {command['frames']} frames of {command['height']} lines"
    return name, None, f"{command['first_frame_s']:.1f} s to the first frame, {command['film_s']:.1f} s to the end"


def scale_table(record: BenchRecord, speeds: list[SpeedRecord]) -> str:
    """Work out what a million clips take.

    Args:
        record: of `bench.run_bench`.
        speeds: of `training.record_speed`, of machines with an accelerator.
    """
    rows = _stored_rows(record["preparation"]) + _prepared_rows(record)
    rows += _epochs_on_accelerators(speeds) if speeds else [_epoch_on_cores(record)]
    lines = ["| a million clips | measured rates make it | at assumed prices |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _stored_rows(preparation: PreparationSpeed) -> list[Cost]:
    """What the clips take on disks, ours and the original project's way."""
    return [
        _stored_row("stored", preparation["bytes_per_frame"]),
        _stored_row("stored the original project's way", preparation["report_bytes_per_frame"]),
    ]


def _stored_row(name: str, bytes_per_frame: float) -> Cost:
    terabytes = CLIPS * CLIP_FRAMES * bytes_per_frame / 1e12
    return name, f"{terabytes:.1f} TB", f"${terabytes * TERABYTE_MONTH:.0f} a month"


def _prepared_rows(record: BenchRecord) -> list[Cost]:
    """How long one machine and a hundred prepare and colour the clips."""
    rates = record["preparation"]["fps"], record["networks"]["ONNX Runtime"]["fps"]
    hours, cores = _hours(CLIPS * CLIP_FRAMES, *rates), record["cores"]
    name = f"prepared, coloured as well, on one machine of {cores} cores"
    return [
        (name, f"{hours:,.0f} hours", _dollars(hours * cores * CORE_HOUR)),
        ("prepared by 100 of them", f"{hours / 100:,.0f} hours", "the same"),
    ]


def _epochs_on_accelerators(speeds: list[SpeedRecord]) -> list[Cost]:
    """An epoch of each network that was trained on an accelerator."""
    rows = []
    for speed in speeds:
        device = ", ".join(speed["machine"]["accelerators"]) or speed["machine"]["name"]
        for name, run in speed["runs"].items():
            hours = _hours(CLIPS * CLIP_FRAMES * TRAIN_SHARE, run["frames_per_second"])
            what = f"one epoch of {name} on its {TRAIN_SHARE:.0%}, {speed['backend']} on {device}"
            rows.append((what, f"{hours:,.0f} hours", _dollars(hours * ACCELERATOR_HOUR)))
    return rows


def _epoch_on_cores(record: BenchRecord) -> Cost:
    """An epoch of the smaller network on the machine of the bench."""
    hours, cores = (
        _hours(CLIPS * CLIP_FRAMES * TRAIN_SHARE, record["training"]["frames_per_second"]),
        record["cores"],
    )
    what = f"one epoch of the AlexNet-based network on its {TRAIN_SHARE:.0%}, on {cores} cores"
    return what, f"{hours:,.0f} hours", _dollars(hours * cores * CORE_HOUR)


def _hours(frames: float, *rates: float) -> float:
    """Hours that frames take which go through steps of so many frames a second, one after another."""
    return frames * sum(1 / rate for rate in rates) / 3600


def _dollars(price: float) -> str:
    return f"${price:,.0f}"

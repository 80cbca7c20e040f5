"""The report's networks, trained in full: what they are worth, and what the course shows of them, on record."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from records.quality.study import FRAMES, long_clips
from records.resuming import resumed
from vidcolor_utils.course.measures import MeasuredClip, MeasuredRow, measure_network, measure_references
from vidcolor_utils.course.runs import finished_runs, kept_clip, load_networks, run_record
from vidcolor_utils.course.training import MachineFacts, ModelSize, RunScale
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file, write_json
from vidcolor_utils.system.progress import Say, unsaid
from vidcolor_utils.video.writer import VideoWriter

FULL = "full.json"
KEPT = ("config", "encoder", "parameters", "scale", "history", "machine")
SHOWN_RATE = Fraction(15)  # frames a second of the clips that are kept to be shown


class FullRun(TypedDict):
    """One of the networks: what its own record says, and what was measured by split and loop."""

    config: dict[str, Any]
    encoder: str | None
    parameters: ModelSize
    scale: RunScale
    history: list[dict[str, float]]
    machine: MachineFacts
    dev: dict[str, MeasuredRow]
    test: dict[str, MeasuredRow]


class FullRecord(TypedDict):
    """`full.json`."""

    frames: int  # of each clip that is measured
    shown: list[str]  # names of the clips that are kept
    references: dict[str, dict[str, MeasuredRow]]  # split to rows
    runs: dict[str, FullRun]


def record_full_runs(
    data_dir: str | Path,
    runs_dir: str | Path,
    out_dir: str | Path,
    *,
    frames: int = FRAMES,
    shown: Sequence[str] = (),
    say: Say = unsaid,
) -> FullRecord:
    """Measure the finished runs of a folder on dev and test clips, and keep what a page shows of them.

    Writes to `out_dir`: `full.json`, and for each clip in `shown` a video of the truth, of the baseline, and of
    each network. Called again, runs that it holds already are passed over.

    Args:
        data_dir: folder of prepared clips.
        runs_dir: folder of run folders, as the 03 notebooks leave them.
        out_dir: made if missing.
        frames: of each clip; shorter clips are left out.
        shown: names of clips to keep.
        say: called with a line on each step.

    Returns:
        The record, as written to `full.json`.

    Raises:
        InputError: if there is no finished run, a clip is not there, or `full.json` is of other clips.
    """
    store, out_dir = ClipStore(data_dir), Path(out_dir)
    records, networks = finished_runs(runs_dir), load_networks(runs_dir)
    splits, full = _begun(store, out_dir, frames, shown)
    out_dir.mkdir(parents=True, exist_ok=True)
    earlier, full["runs"] = full["runs"], {}
    for name in shown:
        true, baseline = store.read(name, 0, frames)
        _keep_clip(out_dir, name, "true", true)
        _keep_clip(out_dir, name, "baseline", baseline)
    for name, colorize in networks.items():
        say(name)
        run: Any = {key: value for key, value in run_record(records[name]).items() if key in KEPT}
        if name in earlier and run.items() <= earlier[name].items():
            full["runs"][name] = earlier[name]
            continue
        full["runs"][name] = run | {split: measure_network(clips, colorize) for split, clips in splits.items()}
        for clip in shown:
            _keep_clip(out_dir, clip, name, colorize(store.read(clip, 0, frames).baseline))
        write_json(out_dir / FULL, {**full, "runs": earlier | full["runs"]}, indent=None)
    write_json(out_dir / FULL, full, indent=None)
    return full


def check_full_record(
    data_dir: str | Path, out_dir: str | Path, *, frames: int = FRAMES, shown: Sequence[str] = ()
) -> None:
    """Find out, before the hours of the trainings, whether `record_full_runs` could record them.

    Args:
        data_dir: folder of prepared clips.
        out_dir: where the record will be; nothing is written.
        frames: as for `record_full_runs`.
        shown: the same.

    Raises:
        InputError: if a clip is not there, none is long enough, or `full.json` is of other clips.
    """
    _begun(ClipStore(data_dir), Path(out_dir), frames, shown)


def _begun(
    store: ClipStore, out_dir: Path, frames: int, shown: Sequence[str]
) -> tuple[dict[str, list[MeasuredClip]], FullRecord]:
    """The clips to measure on by split, and the record as it is so far."""
    if unknown := set(shown) - {name for split in ("train", "dev", "test") for name in store.names(split)}:
        raise InputError(f"{store.folder}: has no clip named {', '.join(sorted(unknown))}")
    splits = {split: long_clips(store, store.names(split), frames) for split in ("dev", "test")}
    settings = {
        "frames": frames,
        "shown": list(shown),
        "references": {split: measure_references(clips) for split, clips in splits.items()},
    }
    return splits, resumed(out_dir / FULL, settings, {"runs": {}})


def _keep_clip(folder: Path, clip: str, row: str, frames: np.ndarray) -> None:
    with (
        finished_file(kept_clip(folder, clip, row)) as part,
        VideoWriter(part, frames.shape[1:3], rate=SHOWN_RATE) as writer,
    ):
        for number, frame in enumerate(frames):
            writer.write_rgb(frame, number)

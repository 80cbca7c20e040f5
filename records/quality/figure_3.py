"""The report's networks on two short films: few frames, seen often enough that shapes come out of the fog."""

from __future__ import annotations

import dataclasses
from functools import partial
from itertools import islice
from pathlib import Path

from records.quality.full_runs import FullRecord, check_full_record, record_full_runs
from vidcolor_utils.course.config import ReportTrainConfig
from vidcolor_utils.course.runs import full_name
from vidcolor_utils.course.training import train_report_model
from vidcolor_utils.pairs.prepare import baseline_colorizer, prepare_clips
from vidcolor_utils.pairs.sources import Clip, constant_rate_frames
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.progress import Say, unsaid

FILMS = ("cockatoo.mp4", "carphone_pristine.mp4")
PIECE, PIECES, FPS = 6, 8, 30  # frames of a piece, pieces of a film
BASELINE = "light"
DEFAULT = ReportTrainConfig(
    beta=0.8,
    epochs=24,
    run_length=2,
    batch_clips=3,
    width=0.5,
    learning_rate=2e-3,
    encoder_weights="hed",
    sample_every=6,
)
NETWORKS = (  # the rows of the report's figure
    DEFAULT,
    dataclasses.replace(DEFAULT, model="vgg16", beta=1.0),
    dataclasses.replace(DEFAULT, model="vgg16"),
)


def record_figure_3(
    videos: str | Path, work_dir: str | Path, output: str | Path, *, say: Say = unsaid
) -> FullRecord:
    """Train the three networks of Figure 3 on pieces of two films, and keep what they make of other pieces.

    Args:
        videos: folder that holds `FILMS`.
        work_dir: folder of clips and runs; the same call goes on where it was stopped.
        output: folder to write, see `record_full_runs`. Its clips are the dev and test pieces.
        say: called with a line on each step.

    Returns:
        The record, see `record_full_runs`.

    Raises:
        InputError: if a film cannot be read, or `output` holds a record of other clips, or of a baseline in other
            colours; found out before the trainings.
    """
    data_dir, runs_dir = Path(work_dir) / "clips", Path(work_dir) / "runs"
    prepare_clips(pieces(Path(videos)), data_dir, baseline=baseline_colorizer(BASELINE), baseline_name=BASELINE)
    store = ClipStore(data_dir)
    shown = [*store.names("dev"), *store.names("test")]
    check_full_record(data_dir, output, frames=PIECE, shown=shown)
    for config in NETWORKS:
        say(full_name(config))
        train_report_model(data_dir, runs_dir / full_name(config), config, verbose=0)
    return record_full_runs(data_dir, runs_dir, output, frames=PIECE, shown=shown, say=say)


def pieces(videos: Path) -> list[Clip]:
    """Consecutive pieces of the starts of `FILMS`."""
    return [
        Clip(
            f"{Path(film).stem}-{start:02d}",
            {"kind": "video", "file": film, "fps": FPS, "first": start, "frames": PIECE},
            partial(_frames, videos / film, start),
        )
        for film in FILMS
        for start in range(0, PIECES * PIECE, PIECE)
    ]


def _frames(path: Path, start: int) -> islice:
    return islice(constant_rate_frames(path, FPS), start, start + PIECE)

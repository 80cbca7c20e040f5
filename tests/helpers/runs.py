"""Trainings of the report's networks that take seconds."""

import dataclasses

from records.quality.study import REDUCED
from vidcolor_utils.course.config import ReportTrainConfig

TINY = ReportTrainConfig(epochs=3, run_length=2, batch_clips=2, width=1 / 64, sample_every=2, seed=5)
TINY_STUDY = dataclasses.replace(
    REDUCED, epochs=1, epoch_runs=2, batch_clips=2, width=1 / 64, mixed_precision=False
)

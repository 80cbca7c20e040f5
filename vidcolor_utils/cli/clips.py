"""The command that prepares clips for the course's networks."""

from __future__ import annotations

from pathlib import Path

import click

from vidcolor_utils.cli.options import Command, PathArgument
from vidcolor_utils.cli.screen import going_on, progress_bars, say
from vidcolor_utils.pairs.defaults import BASELINES, COUNT, FPS, FRAMES


@click.command(cls=Command)
@click.option("--videos", type=PathArgument, help="Folder of videos; subfolders are searched.")
@click.option("--photos", type=PathArgument, help="Folder or tar of photographs, for a moving virtual camera.")
@click.option("-o", "--output", "out_dir", required=True, type=PathArgument, help="Folder for the clips.")
@click.option("--clips", default=COUNT, show_default=True, help="Clips to take from each source, at most.")
@click.option("--frames", default=FRAMES, show_default=True, help="Most frames of a clip.")
@click.option(
    "--fps", type=float, default=FPS, show_default=True, help="Frame rate that all videos are brought to."
)
@click.option(
    "--baseline",
    type=click.Choice(BASELINES),
    default=BASELINES[0],
    show_default=True,
    help="What colours each frame by itself.",
)
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
    from vidcolor_utils.pairs.prepare import CROP, baseline_colorizer, prepare_clips
    from vidcolor_utils.pairs.sources import find_clips
    from vidcolor_utils.system.spread import spread_over

    sources = find_clips(videos, photos, count=clips, frames=frames, fps=fps, seed=seed)
    with going_on(), spread_over(cluster, workers=workers) as spread, progress_bars("clips") as bar:
        manifest = prepare_clips(
            sources,
            out_dir,
            baseline=baseline_colorizer(baseline),
            baseline_name=baseline,
            crop=CROP if crop else None,
            seed=seed,
            spread=spread,
            progress=bar("preparing"),
        )
    counts = ", ".join(f"{value} {name}" for name, value in manifest["counts"].items())
    say(f"{out_dir}: {counts}; {manifest['bytes'] / 1e6:.1f} MB")

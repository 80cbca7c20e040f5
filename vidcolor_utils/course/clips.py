"""The clips that the chapters work on, made where there are none: any chapter can be the first to be run."""

from __future__ import annotations

from pathlib import Path

from vidcolor_utils.pairs.manifest import MANIFEST
from vidcolor_utils.pairs.prepare import baseline_colorizer, prepare_clips
from vidcolor_utils.pairs.sources import find_clips
from vidcolor_utils.pairs.store import ClipStore

CLIPS, FRAMES, SEED, BASELINE = 16, 32, 34, "light"  # the defaults of 00_data_prep, which makes the same clips
DEFAULT_DIR = Path("../out/course/clips")  # of every chapter, from the folder that the notebooks lie in


def open_clips(data_dir: str | Path) -> ClipStore:
    """Open prepared clips; where the chapters' own folder has none yet, prepare the small default set, and say so.

    Args:
        data_dir: folder of prepared clips. A folder of another name than `DEFAULT_DIR` must have been prepared.

    Raises:
        InputError: if a folder of another name has no clips, or the preparation fails.
    """
    folder = Path(data_dir)
    if folder == DEFAULT_DIR and not (folder / MANIFEST).exists():
        print(f"No clips are prepared yet. {CLIPS} small ones come first, as in 00_data_prep: half a minute.")
        prepare_clips(
            find_clips(count=CLIPS, frames=FRAMES, seed=SEED),
            folder,
            baseline=baseline_colorizer(BASELINE),
            baseline_name=BASELINE,
            seed=SEED,
        )
    return ClipStore(folder)

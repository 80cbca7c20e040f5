"""The clips that the chapters work on, made where there are none: any chapter can be the first to be run."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path

from vidcolor_utils.pairs.manifest import MANIFEST
from vidcolor_utils.pairs.prepare import LOCK, baseline_colorizer, prepare_clips
from vidcolor_utils.pairs.sources import find_clips
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.files import hold

CLIPS, FRAMES, SEED, BASELINE = 16, 32, 34, "light"  # the defaults of 00_data_prep, which makes the same clips
DEFAULT_DIR = Path("../out/course/clips")  # of every chapter, from the folder that the notebooks lie in
WAIT_S = 0.5  # between two looks at whether another notebook is ready


def open_clips(data_dir: str | Path, *splits: str) -> ClipStore:
    """Open prepared clips; where the chapters' own folder has none yet, prepare the small default set, and say so.

    Args:
        data_dir: folder of prepared clips. A folder of another name than `DEFAULT_DIR` must have been prepared.
        *splits: those that must hold a clip, "train", "dev" or "test".

    Raises:
        InputError: if a folder of another name has no clips, the preparation fails, or a split is empty.
        OutputError: if the clips cannot be written.
    """
    folder = Path(data_dir)
    if folder == DEFAULT_DIR and not (folder / MANIFEST).exists():
        _wait_for_another(folder / LOCK)
    if folder == DEFAULT_DIR and not (folder / MANIFEST).exists():
        print(f"No clips are prepared yet. {CLIPS} small ones come first, as in 00_data_prep: half a minute.")
        prepare_clips(
            find_clips(count=CLIPS, frames=FRAMES, seed=SEED),
            folder,
            baseline=baseline_colorizer(BASELINE),
            baseline_name=BASELINE,
            seed=SEED,
        )
    store = ClipStore(folder)
    store.require(*splits)
    return store


def _wait_for_another(lock: Path) -> None:
    """Wait until no other notebook prepares the clips; says so, once."""
    for tries in count():
        try:
            if lock.exists():
                hold(lock).close()
            return
        except BlockingIOError:
            if not tries:
                print("Another notebook is preparing the clips: this one waits for them.")
            time.sleep(WAIT_S)

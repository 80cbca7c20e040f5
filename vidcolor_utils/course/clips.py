"""The clips that the chapters work on, made where there are none: any chapter can be the first to be run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path

from vidcolor_utils.pairs.manifest import MANIFEST
from vidcolor_utils.pairs.prepare import baseline_colorizer, prepare_clips
from vidcolor_utils.pairs.sources import find_clips
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.system.errors import BusyError, InputError
from vidcolor_utils.system.spread import Item, Result, Spread

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
        _prepare_or_wait(folder)
    store = ClipStore(folder)
    store.require(*splits)
    return store


def _prepare_or_wait(folder: Path) -> None:
    """Prepare the default clips, or wait for another notebook that does, and say which."""
    found = find_clips(count=CLIPS, frames=FRAMES, seed=SEED)
    for tries in count():
        try:  # the lock itself says whether another one is at work: a look before it may be late
            prepare_clips(
                found,
                folder,
                baseline=baseline_colorizer(BASELINE),
                baseline_name=BASELINE,
                seed=SEED,
                spread=Announced(),
            )
        except BusyError:
            if not tries:
                print("Another notebook is preparing the clips: this one waits for them.")
            time.sleep(WAIT_S)
        except InputError:  # other clips than these, and that they are ready is all that counts
            if not (folder / MANIFEST).exists():
                raise
        if (folder / MANIFEST).exists():
            return


class Announced(Spread):
    """Calls as `Spread` does, and says what is to come: by then no other notebook is at work."""

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Say it, and yield the results."""
        print(f"No clips are prepared yet. {CLIPS} small ones come first, as in 00_data_prep: half a minute.")
        return super().__call__(function, items)

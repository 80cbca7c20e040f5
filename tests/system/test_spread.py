"""Work spread over processes: what comes of it does not depend on how many there are, or on their deaths."""

import gc
import os
import signal
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster

from tests.helpers.clips import contents, prepare, sepia
from vidcolor_utils.pairs.prepare import prepare_clips
from vidcolor_utils.pairs.sources import Clip, rendered_clips
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.spread import spread_over


@pytest.fixture(scope="module")
def cluster():
    """A Dask cluster of three processes."""
    with LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL") as three:
        yield three


def clips() -> list[Clip]:
    """Four clips, one of which cannot be used."""
    short = Clip("short", {"kind": "test"}, lambda: iter([np.zeros((8, 8, 3), np.uint8)]))
    return [*rendered_clips(3, frames=2), short]


def die_once(gray: np.ndarray, marker: Path) -> np.ndarray:
    """Take down the first process that comes here, in the middle of a file."""
    if not marker.exists():
        marker.touch()
        (marker.parent / "clips" / ".half.part-1.safetensors").write_bytes(b"half a clip")
        os.kill(os.getpid(), signal.SIGKILL)
    return sepia(gray)


def scale(cluster: LocalCluster, workers: int) -> None:
    cluster.scale(workers)
    while len(cluster.scheduler.workers) != workers:
        time.sleep(0.05)


def process_of(item: int) -> tuple[int, int]:
    return item, os.getpid()


def test_one_worker_is_this_process():
    with spread_over() as spread:
        assert list(spread(process_of, [1, 2])) == [(1, os.getpid()), (2, os.getpid())]


def test_what_cannot_be_reached_is_named():
    with pytest.raises(InputError, match=r"nowhere: no Dask scheduler"), spread_over("nowhere"):
        pass
    with pytest.raises(InputError, match="at least 1"), spread_over(workers=0):
        pass


def test_a_client_that_could_not_connect_is_not_left_to_the_collector():
    """It would be ended in some thread, with a lock on which the next cluster's start then waits in vain."""
    gc.collect()  # what other tests left
    gc.disable()
    try:
        with pytest.raises(InputError), spread_over("nowhere"):
            pass
        assert not [thing for thing in gc.get_objects() if type(thing) is Client]
    finally:
        gc.enable()


def test_the_prepared_clips_are_the_same_whoever_makes_them(cluster, tmp_path):
    expected = prepare(clips(), tmp_path / "alone")
    assert expected["counts"]["clips"] == 3 and expected["counts"]["skipped"] == 1
    with spread_over(cluster.scheduler_address) as spread:
        prepare(clips(), tmp_path / "3", spread=spread)
        killed = tmp_path / "killed"
        dying = partial(die_once, marker=killed / "died")
        prepare_clips(clips(), killed, colorize_frames=dying, baseline_name="sepia", spread=spread)
        (killed / "died").unlink()  # raises if none did
        for workers in (2, 1):
            scale(cluster, workers)
            prepare(clips(), tmp_path / str(workers), spread=spread)
    for folder in ("3", "killed", "2", "1"):
        assert contents(tmp_path / folder) == contents(tmp_path / "alone"), folder


def test_work_is_handed_out_bit_by_bit(cluster):
    taken = []

    def items():
        for item in range(100):
            taken.append(item)
            yield item

    with spread_over(cluster.scheduler_address) as spread:
        results = spread(process_of, items())
        first = [next(results) for _ in range(5)]
        assert len(taken) < 50
        everything = first + list(results)
    assert sorted(item for item, _ in everything) == list(range(100))
    assert os.getpid() not in {process for _, process in everything}


def test_errors_of_the_work_come_back(cluster):
    with spread_over(cluster.scheduler_address) as spread, pytest.raises(ZeroDivisionError):
        list(spread(partial(divmod, 1), [0]))

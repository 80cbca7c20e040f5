"""Work spread over processes: what comes of it does not depend on how many there are, or on their deaths."""

import gc
import os
import signal
import threading
import time
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import dask
import numpy as np
import pytest
from distributed import Client, LocalCluster

from tests.helpers.clips import contents, prepare, sepia
from tests.helpers.clusters import cluster_of
from tests.helpers.pieces import die_at, is_worker, process_of, read_beyond, stumble, write_slowly
from vidcolor_utils.pairs.prepare import prepare_clips
from vidcolor_utils.pairs.sources import Clip, rendered_clips
from vidcolor_utils.system.errors import InputError, OptionError, VidcolorError
from vidcolor_utils.system.spread import ProcessSpread, ThreadSpread, spread_over


@pytest.fixture(scope="module")
def cluster():
    """A Dask cluster of three processes."""
    with cluster_of(3) as three:
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


def test_one_worker_is_this_process():
    with spread_over() as spread:
        assert list(spread(process_of, [1, 2])) == [(1, os.getpid()), (2, os.getpid())]


def test_a_worker_knows_that_it_is_one():
    for spread, told in ((ThreadSpread(1), False), (ProcessSpread(1), True)):
        assert list(spread(is_worker, [0])) == [told]


def test_what_cannot_be_reached_is_named():
    with pytest.raises(InputError, match=r"nowhere: no Dask scheduler"), spread_over("nowhere"):
        pass
    with pytest.raises(InputError, match="at least 1"), spread_over(workers=0):
        pass
    with pytest.raises(OptionError, match="leave out the 3"), spread_over("nowhere", workers=3):
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
        prepare_clips(clips(), killed, baseline=dying, baseline_name="sepia", spread=spread)
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


def children() -> list:
    """Processes that this one has started, but for those of the cluster."""
    return [process for process in active_children() if "Dask" not in process.name]


def test_processes_of_this_machine_share_the_work():
    with spread_over(workers=2) as spread:
        results = list(spread(process_of, range(8)))
        assert list(spread(process_of, [])) == []
    assert sorted(item for item, _ in results) == list(range(8))
    assert len({process for _, process in results} | {os.getpid()}) in (2, 3)  # a slow start may leave one without


def test_a_process_that_dies_costs_the_piece_it_was_at(tmp_path):
    results = dict(ProcessSpread(2)(partial(die_at, folder=tmp_path, deaths=2), range(5)))
    assert results == {0: 1, 1: 1, 2: 3, 3: 1, 4: 1}


def test_a_piece_that_takes_down_every_process_ends_the_work(tmp_path):
    with pytest.raises(VidcolorError, match="several processes down: 2"):
        list(ProcessSpread(2)(partial(die_at, folder=tmp_path, deaths=9), range(5)))
    assert len(list(tmp_path.glob("2-*"))) == 3


def test_a_piece_that_takes_down_every_process_costs_no_other_where_a_result_is_made_of_it(tmp_path):
    work = ProcessSpread(2).but_for(lambda item: (item, "lost"))
    results = dict(work(partial(die_at, folder=tmp_path, deaths=9), range(5)))
    assert results == {0: 1, 1: 1, 2: "lost", 3: 1, 4: 1}


def test_a_piece_that_takes_down_workers_of_a_cluster_costs_no_other(tmp_path):
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        cluster_of(2) as two,
        spread_over(two.scheduler_address) as spread,
    ):
        work = spread.but_for(lambda item: (item, "lost"))
        results = dict(work(partial(die_at, folder=tmp_path, deaths=9), [2]))
    assert results == {2: "lost"}


def test_an_error_that_cannot_be_sent_says_the_same():
    with spread_over(workers=2) as spread, pytest.raises(VidcolorError, match="Stubborn: this and that"):
        list(spread(stumble, range(2)))


def test_errors_of_processes_come_back_and_end_them():
    with pytest.raises(ZeroDivisionError):
        list(ProcessSpread(2)(partial(divmod, 1), [1, 0]))
    assert not children()


def test_an_error_of_the_work_is_never_taken_for_a_death(tmp_path):
    with pytest.raises(EOFError, match="cut short"):
        list(ProcessSpread(2)(partial(read_beyond, folder=tmp_path), [1]))
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_under_way_is_undone_when_nobody_wants_it_any_more(tmp_path):
    work = ProcessSpread(2)(partial(write_slowly, folder=tmp_path), [1, 0])
    idle = next(work)
    for process in children():  # Ctrl-C reaches all; the first process decides
        os.kill(process.pid, signal.SIGINT)
    time.sleep(0.2)
    assert len(children()) == 2 and idle in {process.pid for process in children()}
    assert (tmp_path / "half").exists()
    work.close()
    assert not (tmp_path / "half").exists() and not children()


def test_taken_bit_by_bit_here_too():
    taken = []
    results = ProcessSpread(2)(process_of, (taken.append(item) or item for item in range(9)))
    next(results)
    assert len(taken) <= 3
    results.close()
    assert not children()


def test_threads_call_at_the_same_time_and_keep_the_order():
    both = threading.Barrier(2, timeout=30)

    def call(item: int) -> int:
        both.wait()
        time.sleep(0.05 * (item == 0))
        return item * item

    assert list(ThreadSpread(2)(call, range(4))) == [0, 1, 4, 9]


def test_threads_end_with_an_error_or_when_nobody_wants_more():
    called, before = [], set(threading.enumerate())

    def call(item: int) -> float:
        called.append(item)
        time.sleep(0.05)
        return 1 / item

    with pytest.raises(ZeroDivisionError):
        list(ThreadSpread(1)(call, [1, 0, *range(1, 99)]))
    results = ThreadSpread(1)(call, [5] * 99)
    assert next(results) == 0.2
    results.close()
    assert len(called) < 100  # of 200, however slow this machine is
    assert not [each for each in set(threading.enumerate()) - before if "ThreadPool" in each.name]

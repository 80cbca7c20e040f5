"""Folders on several processes, one of which is killed."""

import builtins
import os
import signal
import threading
import time

import numpy as np
import pytest
from test_film import decoded

from vidcolor_utils.batch import colorize_folder
from vidcolor_utils.cluster import on_cluster
from vidcolor_utils.errors import InputError
from vidcolor_utils.work_folder import work_folder_path

OPTIONS = {"segment_s": 1.0, "every": 4}


def kill_a_worker(cluster, output, killed):
    """Kill the worker that colours `output` as soon as it has finished a segment of it."""
    deadline = time.monotonic() + 300
    while not list(work_folder_path(output).glob("[0-9]*.json")):
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)
    for nanny in cluster.workers.values():
        os.kill(nanny.pid, signal.SIGKILL)
        killed.append(nanny.pid)
        return


def test_a_killed_worker_costs_only_its_segment(make_video, tmp_path):
    distributed = pytest.importorskip("distributed")
    films = tmp_path / "films"
    films.mkdir()
    for name in ("a.mp4", "b.mp4"):
        make_video(name, frames=100).rename(films / name)
    colorize_folder(films, tmp_path / "alone", **OPTIONS)
    killed = []
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, memory_limit=0, dashboard_address=None
        ) as cluster,
        on_cluster(address=cluster.scheduler_address) as run,
    ):
        arguments = (cluster, tmp_path / "together" / "a.mp4", killed)
        killer = threading.Thread(target=kill_a_worker, args=arguments)
        killer.start()
        results = colorize_folder(films, tmp_path / "together", run=run, **OPTIONS)
        killer.join()
    assert killed and [result.state for result in results] == ["done", "done"]
    for name in ("a.mp4", "b.mp4"):
        np.testing.assert_array_equal(decoded(tmp_path / "together" / name), decoded(tmp_path / "alone" / name))


def test_no_dask_names_the_extra(monkeypatch):
    original = builtins.__import__

    def without_dask(name, *args, **options):
        if name == "distributed":
            raise ImportError(name)
        return original(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without_dask)
    with pytest.raises(InputError, match=r"vidcolor-utils\[cluster\]"), on_cluster(workers=2):
        pass

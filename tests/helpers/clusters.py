"""Dask clusters whose processes are forked, as those of `run_vidcolor` are: each spares seconds of imports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import dask
import distributed.utils
from distributed import LocalCluster

import tests.helpers.command  # noqa: F401 says what a fork has imported already


@contextmanager
def cluster_of(workers: int) -> Iterator[LocalCluster]:
    """Start a cluster of so many processes of one thread each on this machine."""
    method = {"distributed.worker.multiprocessing-method": "forkserver"}
    # Or else Dask would say in its turn, and last, what a fork has imported.
    said = mock.patch.object(distributed.utils, "_forkserver_preload_set", True)
    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": "CRITICAL"}
    with dask.config.set(method), said, LocalCluster(n_workers=workers, **options) as cluster:
        yield cluster

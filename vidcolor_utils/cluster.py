"""Run jobs on a Dask cluster, of this machine or of others.

Sources and outputs must be at the same paths for all workers. When a worker dies, the scheduler gives its file to
another one, which goes on from the segments that were finished.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from vidcolor_utils.batch import Job, Result, Runner
from vidcolor_utils.errors import InputError
from vidcolor_utils.film import Progress

if TYPE_CHECKING:
    from distributed import Client

TOPIC = "vidcolor-progress"
TELL_EVERY_S = 0.5  # between two messages of a worker about its frames


@contextmanager
def on_cluster(*, workers: int | None = None, address: str | None = None) -> Iterator[Runner]:
    """Give a runner for `colorize_folder` that has a cluster do the jobs.

    Args:
        workers: processes to start on this machine, if there is no `address`.
        address: of the scheduler of a cluster that runs already, such as tcp://10.0.0.1:8786.

    Raises:
        InputError: if Dask is not installed, or there is no such cluster.
    """
    try:
        import distributed
    except ImportError:
        raise InputError(
            "--workers and --cluster need the extra `cluster`: pip install 'vidcolor-utils[cluster]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a worker that dies is no news for the user
    with ExitStack() as stack:
        if address is None:
            # A limit on memory would have Dask kill workers; several threads would share one network.
            address = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    memory_limit=0,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                )
            )
        try:
            client = stack.enter_context(distributed.Client(address))
        except (OSError, ValueError) as error:
            raise InputError(f"{address}: no Dask scheduler answers ({error})") from None

        def run(
            work: Callable[[Job, Progress], Result], jobs: list[Job], progress: Callable[[str], Progress]
        ) -> Iterator[Result]:
            return _results(client, work, jobs, progress)

        yield run


def _results(
    client: Client, work: Callable[[Job, Progress], Result], jobs: list[Job], progress: Callable[[str], Progress]
) -> Iterator[Result]:
    from distributed import as_completed

    bars: dict[str, Progress] = {}

    def tell(event: tuple[float, dict]) -> None:
        _, message = event
        if message["name"] not in bars:
            bars[message["name"]] = progress(message["name"])
        bars[message["name"]](message["done"], message["total"])

    client.subscribe_topic(TOPIC, tell)
    futures = {client.submit(_do, work, job, pure=False, key=f"colorize {job.name}"): job for job in jobs}
    for future in as_completed(futures):
        job = futures[future]
        error = future.exception()
        # Errors of a file are in its result; here it is the workers themselves that died, again and again.
        yield future.result() if error is None else Result(job.name, str(job.output), "failed", error=str(error))


def _do(work: Callable[[Job, Progress], Result], job: Job) -> Result:
    """Do a job in a worker."""
    from distributed import get_worker

    worker, last = get_worker(), 0.0

    def tell(done: int, total: int | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > TELL_EVERY_S or done == total:
            last = now
            worker.log_event(TOPIC, {"name": job.name, "done": done, "total": total})

    return work(job, tell)

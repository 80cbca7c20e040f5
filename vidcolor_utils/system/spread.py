"""Spread independent pieces of work over processes of this machine or over a Dask cluster."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from vidcolor_utils.system.errors import InputError, OptionError, VidcolorError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 10  # how long the scheduler may take to answer
AHEAD = 4  # pieces handed out for each thread of the cluster: enough that none waits for its next one
LEAST_AHEAD = 8  # the same for all threads together, for clusters that have yet to grow

Item = TypeVar("Item")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Spread:
    """Calls a function with many items, here and in their order, as `map` does."""

    is_local = True  # whether it calls in this very process, which can be shown how far it is

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the results; items are taken from their source as they are needed."""
        return map(function, items)


HERE = Spread()


class ClusterSpread(Spread):
    """Calls in the processes of a Dask cluster; results come in the order in which they are finished.

    What the function and the items hold is sent there.

    Args:
        client: connected to the cluster.
    """

    is_local = False

    def __init__(self, client: Client):
        self._client = client

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the results; raises `VidcolorError` if a call takes several processes down with it."""
        return _spread(self._client, function, items)


@contextmanager
def spread_over(cluster: str | None = None, *, workers: int = 1) -> Iterator[Spread]:
    """Give what calls a function like `map`, in other processes.

    A call that is lost with its process is made again by another one, so functions must not mind being called
    twice. What the function and the items hold is sent to the processes, and what they name in files must be seen
    by all machines under the same path.

    Args:
        cluster: address of the scheduler of a running Dask cluster, as "tcp://10.0.0.1:8786".
        workers: processes to start on this machine, if no cluster is named; with 1, `HERE` does the work.

    Yields:
        `HERE`, or a `ClusterSpread`.

    Raises:
        InputError: if no scheduler answers, `distributed` is not installed, or `workers` is below 1.
        VidcolorError: from the function that is given, if a piece of work takes several processes down with it.

    Example:
        with spread_over(workers=4) as spread:
            results = list(spread(function, items))
    """
    if workers < 1:
        raise OptionError(f"the number of workers must be at least 1. Received: {workers}")
    if not cluster and workers == 1:
        yield HERE
        return
    with ExitStack() as stack:
        client = _connect(cluster, workers, stack)
        yield ClusterSpread(client)


def _connect(address: str | None, workers: int, stack: ExitStack) -> Client:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError("several processes need a package: run `pip install distributed`") from None
    logging.getLogger("distributed").setLevel(logging.ERROR)  # its starts and stops are not for users
    if not address:
        local = LocalCluster(  # silenced: an error of the work is logged by the worker, and raised here as well
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
        return stack.enter_context(Client(stack.enter_context(local)))
    reason = ""
    try:
        client = stack.enter_context(Client(address, timeout=CONNECT_S))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
    if reason:  # raised here, where no traceback holds the client any more
        # Dask ends a client that could not connect when it is collected, in whatever thread that happens, with a
        # lock that the next start holds while it waits for its own thread: that one would fail after 10 s.
        gc.collect()
        raise InputError(f"{address}: no Dask scheduler answers there ({reason})")
    if not client.nthreads():
        log.warning("%s: the cluster has no worker yet: waiting for one", address)
    return client


def _spread(client: Client, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Keep just enough calls under way: a million at once would be too many for a scheduler."""
    from distributed import KilledWorker, as_completed

    items = iter(items)
    under_way = as_completed(loop=client.loop)
    while True:
        wanted = max(LEAST_AHEAD, AHEAD * sum(client.nthreads().values())) - under_way.count()
        for item in islice(items, max(0, wanted)):
            under_way.add(client.submit(function, item, pure=False))
        if under_way.is_empty():
            return
        try:
            result = next(under_way).result()
        except KilledWorker as error:
            raise VidcolorError(f"a piece of work took several processes down: {error}") from None
        yield result

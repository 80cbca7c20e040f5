"""Spread independent pieces of work over processes of this machine or over a Dask cluster."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from vidcolor_utils.errors import InputError, VidcolorError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 10  # how long the scheduler may take to answer
AHEAD = 4  # pieces handed out for each thread of the cluster: enough that none waits for its next one
LEAST_AHEAD = 8  # the same for all threads together, for clusters that have yet to grow

Item = TypeVar("Item")
Result = TypeVar("Result")
# As `map`: calls a function with every item and yields the results, but in any order.
Spread = Callable[[Callable[[Item], Result], Iterable[Item]], Iterator[Result]]

log = logging.getLogger(__name__)


@contextmanager
def spread_over(cluster: str | None = None, *, workers: int = 1) -> Iterator[Spread]:
    """Give a function that works like `map`, with its calls spread over processes.

    A call that is lost with its process is made again by another one, so functions must not mind being called
    twice. What the function and the items hold is sent to the processes, and what they name in files must be seen
    by all machines under the same path.

    Args:
        cluster: address of the scheduler of a running Dask cluster, as "tcp://10.0.0.1:8786".
        workers: processes to start on this machine, if no cluster is named; with 1, `map` itself does the work.

    Yields:
        A function like `map` that yields the results in the order in which they are finished. Items are taken
        from their source only as they are needed.

    Raises:
        InputError: if no scheduler answers, `distributed` is not installed, or `workers` is below 1.
        VidcolorError: from the function that is given, if a piece of work takes several processes down with it.

    Example:
        with spread_over(workers=4) as spread:
            results = list(spread(function, items))
    """
    if workers < 1:
        raise InputError(f"the number of workers must be at least 1. Received: {workers}")
    if not cluster and workers == 1:
        yield map
        return
    with ExitStack() as stack:
        client = _connect(cluster, workers, stack)
        yield lambda function, items: _spread(client, function, items)


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
    try:
        client = stack.enter_context(Client(address, timeout=CONNECT_S))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{address}: no Dask scheduler answers there ({reason})") from None
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

"""Spread independent pieces of work over processes of this machine or over a Dask cluster."""

from __future__ import annotations

import gc
import logging
import pickle
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from itertools import chain, islice
from multiprocessing import current_process, get_context
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self, TypeVar

from vidcolor_utils.system.errors import InputError, OptionError, VidcolorError

if TYPE_CHECKING:
    from distributed import Client

MOST_DEATHS = 3  # processes that a piece of work may take down
END_S = 10  # how long a process may take to remove what it has half-written
CONNECT_S = 10  # how long the scheduler may take to answer
AHEAD = 4  # pieces handed out for each thread of the cluster: enough that none waits for its next one
WORKER = "vidcolor worker"  # the name of the processes of a `ProcessSpread`
LEAST_AHEAD = 8  # the same for all threads together, for clusters that have yet to grow

Item = TypeVar("Item")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


def give_up(item: object) -> NoReturn:
    """Raise a `VidcolorError` for a piece of work that takes several processes down with it."""
    raise VidcolorError(f"a piece of work took several processes down: {getattr(item, 'name', item)}")


class Spread:
    """Calls a function with many items, here and in their order, as `map` does."""

    is_local = True  # whether it calls in this very process, which can be shown how far it is
    _lost: Callable[[Any], Any] = staticmethod(give_up)

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the results; items are taken from their source as they are needed."""
        return map(function, items)

    def but_for(self, lost: Callable[[Any], Any]) -> Self:
        """Give the same, with what makes the result of an item that takes several processes down, or raises."""
        other = copy(self)
        other._lost = lost
        return other


HERE = Spread()


class ThreadSpread(Spread):
    """Calls in threads of this process; results come in the order of their items.

    Which is enough where most of a call is spent in libraries that leave Python's lock. When nobody wants any more
    results, no further call begins, and those under way are waited for.

    Args:
        threads: so many calls at a time.
    """

    def __init__(self, threads: int):
        self._threads = threads

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the results; all items are taken from their source at once."""
        with ThreadPoolExecutor(self._threads) as pool:
            yield from pool.map(function, items)


class ProcessSpread(Spread):
    """Calls in processes of this machine; results come in the order in which they are finished.

    What the function and the items hold is sent there. The processes begin and end with a call.

    Args:
        workers: so many at most.
    """

    is_local = False

    def __init__(self, workers: int):
        self._workers = workers

    def __call__(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the results; raises `VidcolorError` if a call takes several processes down, see `but_for`."""
        pieces: Iterator[_Piece] = map(_Piece, items)
        everyone: list[_Worker] = []
        idle: list[_Worker] = []
        busy: dict[object, _Worker] = {}  # by their pipes
        try:
            while True:
                for piece in islice(pieces, self._workers - len(busy)):
                    if not idle:
                        idle.append(_Worker(function))
                        everyone.append(idle[-1])
                    worker = idle.pop()
                    worker.begin(piece)
                    busy[worker.pipe] = worker
                if not busy:
                    return
                for pipe in wait([worker.pipe for worker in busy.values()]):
                    worker = busy.pop(pipe)
                    try:
                        result = worker.result()
                    except _Died:
                        item, deaths = worker.piece
                        if deaths + 1 == MOST_DEATHS:
                            yield self._lost(item)
                        else:
                            pieces = chain([_Piece(item, deaths + 1)], pieces)
                    else:
                        idle.append(worker)
                        yield result
        finally:
            for worker in everyone:
                worker.stop()
            for worker in everyone:
                worker.end()


def in_worker() -> bool:
    """Tell whether this is a process of a `ProcessSpread`: what is worth a warning, the first process has said."""
    return current_process().name == WORKER


class _Piece(NamedTuple):
    """A piece of work."""

    item: Any
    deaths: int = 0  # processes that it was lost with


class _Died(Exception):
    """A process ended before its work did."""


class _Worker:
    """A process that calls a function with one item after the other."""

    piece: _Piece  # that it was given last

    def __init__(self, function: Callable):
        context = get_context("spawn")  # forks and threads do not go together
        self.pipe, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there, function), name=WORKER, daemon=True)
        self._process.start()
        there.close()

    def begin(self, piece: _Piece) -> None:
        """Have it begin with a piece of work; if it is dead, `result` will say so."""
        self.piece = piece
        with suppress(ConnectionError):
            self.pipe.send(piece.item)

    def result(self) -> Any:
        """Wait for the result; raises what the function raises, or `_Died`."""
        try:
            is_result, found = self.pipe.recv()
        except (EOFError, ConnectionError):
            raise _Died from None
        if not is_result:
            raise found
        return found

    def stop(self) -> None:
        """Have it stop, wherever it is."""
        self._process.terminate()

    def end(self) -> None:
        """Wait until it has stopped, but not for ever."""
        self._process.join(END_S)
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _serve(pipe: Connection, function: Callable) -> None:
    """Be a worker, until nobody wants anything any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which then ends this one
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # half-written files are removed on the way (POSIX)
    with suppress(EOFError, ConnectionError):
        while True:
            item = pipe.recv()
            try:
                answer: tuple[bool, Any] = (True, function(item))
            except Exception as error:
                answer = (False, _sendable(error))
            pipe.send(answer)


def _sendable(error: Exception) -> Exception:
    """Give an error, or one that says the same if it cannot go to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever its own methods raise
        return VidcolorError(f"{type(error).__name__}: {error}")
    return error


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
        """Yield the results; raises `VidcolorError` if a call takes several processes down, see `but_for`."""
        from distributed import KilledWorker, as_completed

        items = iter(items)
        under_way, item_of = as_completed(loop=self._client.loop), {}
        while True:  # a million calls under way would be too many for a scheduler
            wanted = max(LEAST_AHEAD, AHEAD * sum(self._client.nthreads().values())) - under_way.count()
            for item in islice(items, max(0, wanted)):
                under_way.add(call := self._client.submit(function, item, pure=False))
                item_of[call] = item
            if under_way.is_empty():
                return
            item = item_of.pop(call := next(under_way))
            try:
                result = call.result()
            except KilledWorker:
                result = self._lost(item)
            yield result


@contextmanager
def spread_over(cluster: str | None = None, *, workers: int = 1) -> Iterator[Spread]:
    """Give what calls a function like `map`, in other processes.

    A call that is lost with its process is made again by another one, so functions must not mind being called
    twice. What the function and the items hold is sent to the processes, and what they name in files must be seen
    by all machines under the same path. A script that asks for workers must be importable, as `multiprocessing`
    wants it: with `if __name__ == "__main__":` around what it does.

    Args:
        cluster: address of the scheduler of a running Dask cluster, as "tcp://10.0.0.1:8786".
        workers: processes to start on this machine, if no cluster is named; with 1, `HERE` does the work.

    Yields:
        `HERE`, a `ProcessSpread` or a `ClusterSpread`.

    Raises:
        InputError: if no scheduler answers, or `distributed` is not installed.
        OptionError: if `workers` is below 1, or above it beside a cluster.
        VidcolorError: from the function that is given, if a piece of work takes several processes down with it.

    Example:
        with spread_over(workers=4) as spread:
            results = list(spread(function, items))
    """
    if workers < 1:
        raise OptionError(f"the number of workers must be at least 1. Received: {workers}")
    if cluster and workers > 1:
        raise OptionError(f"a cluster has workers of its own: leave out the {workers} here, or the cluster")
    if not cluster:
        yield HERE if workers == 1 else ProcessSpread(workers)
        return
    with ExitStack() as stack:
        yield ClusterSpread(_connect(cluster, stack))


def _connect(address: str, stack: ExitStack) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise InputError("a cluster needs a package: run `pip install distributed`") from None
    logging.getLogger("distributed").setLevel(logging.ERROR)  # its starts and stops are not for users
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

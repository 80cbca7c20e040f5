"""Steps that work at the same time, each in a thread of its own, one handing its results to the next.

    with running_ahead(decode(source)) as frames, running_ahead(colorize(frames)) as colored:
        for frame in colored:
            write(frame)

Here decoding, colorizing and writing overlap. Libraries for video, pictures and networks leave Python's lock while
they compute, so threads are enough. What a step raises is raised to whoever takes its results, so that here every
error, and Ctrl-C, arrives in the loop; when the block ends, however it does, all threads have ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, NamedTuple, TypeVar

AHEAD = 4  # results that may wait: enough for steps that work in bursts, and little memory

Item = TypeVar("Item")
Result = TypeVar("Result")


def paired(
    items: Iterable[Item], make: Callable[[Iterator[Item]], Iterable[Result]]
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with what becomes of it.

    `itertools.tee` would keep blocks of 57 items, of frames more memory than all else; here only those wait that
    `make` has taken and not answered.

    Args:
        items: what it is of.
        make: takes them one after the other, some ahead if it likes, and gives one result for each, in order.

    Raises:
        ValueError: if there are more items, or fewer, than results.
    """
    waiting: deque[Item] = deque()

    def taken() -> Iterator[Item]:
        for item in items:
            waiting.append(item)
            yield item

    for result in make(taken()):
        if not waiting:
            raise ValueError("There are more results than items")
        yield waiting.popleft(), result
    if waiting:
        raise ValueError("There are fewer results than items")


@contextmanager
def running_ahead(items: Generator[Item, None, None], ahead: int = AHEAD) -> Iterator[Iterator[Item]]:
    """Take the items of a generator in a thread of its own, before they are asked for.

    Args:
        items: runs in that thread alone, and is closed there.
        ahead: items that may wait for being taken.

    Yields:
        The same items in the same order. After the last one it raises what `items` raised, if anything.

    Raises:
        ValueError: if `ahead` is below 1.
    """
    if ahead < 1:
        raise ValueError(f"`ahead` must be at least 1. Received: {ahead}")
    line = _Line(items, ahead)
    thread = Thread(target=line.fill, name=f"running ahead: {getattr(items, '__name__', 'items')}")
    thread.start()
    try:
        yield line.take()
    finally:
        line.stop()
        thread.join()


def mapped_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], *, threads: int, ahead: int = AHEAD
) -> Generator[Result, None, None]:
    """Yield what a function makes of each item, in order, from several threads, a few before they are asked for.

    `ThreadPoolExecutor.map` begins with all items at once, so that results pile up where they are taken slowly.

    Args:
        function: called in those threads.
        items: taken in the thread that takes the results.
        threads: that many at once.
        ahead: results under way or waiting while one is being used. When the generator is closed, those that have
            begun are finished, and the others left out.
    """
    under_way: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                under_way.append(pool.submit(function, item))
                if len(under_way) > ahead:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


class _End(NamedTuple):
    """What follows the last item."""

    error: BaseException | None


class _Line(Generic[Item]):
    """Items that wait for being taken."""

    def __init__(self, items: Generator[Item, None, None], ahead: int):
        self._items = items
        self._waiting: SimpleQueue[Item | _End] = SimpleQueue()
        self._room = Semaphore(ahead)
        self._stopped = False

    def fill(self) -> None:
        """Make items until there are no more, or nobody wants them."""
        error = None
        try:
            with closing(self._items):
                for item in self._items:
                    self._room.acquire()
                    if self._stopped:
                        break
                    self._waiting.put(item)
        except BaseException as raised:  # for the thread that takes the items
            error = raised
        self._waiting.put(_End(error))

    def take(self) -> Iterator[Item]:
        """Yield the items as they come, and make room for others."""
        while not isinstance(item := self._waiting.get(), _End):
            self._room.release()
            yield item
        if item.error is not None:
            raise item.error

    def stop(self) -> None:
        """Have no more items made than the one under way."""
        self._stopped = True
        self._room.release()

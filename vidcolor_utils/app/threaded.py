"""A widget whose traits a thread of its own sets while the browser sets others, and what that thread is to do."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from queue import SimpleQueue
from threading import RLock
from typing import Any

import anywidget


class ThreadedWidget(anywidget.AnyWidget):
    """Keeps what threads and the browser set apart in time.

    While traitlets takes what the browser sends it holds back all notifications of the widget, those of other
    threads too, and may lose one that comes as it lets go: the browser would wait for it for ever.
    """

    def __init__(self, **traits: Any):
        self._setting = RLock()
        super().__init__(**traits)

    def set_state(self, sync_data: dict) -> None:
        """Take what the browser sent."""
        with self._setting:
            super().set_state(sync_data)

    def _notify_trait(self, name: str, old_value: Any, new_value: Any) -> None:
        with self._setting:
            super()._notify_trait(name, old_value, new_value)


class Tasks:
    """What a thread is to do, in order; of what has a name no second one is taken while one waits or runs."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._open: set[Hashable] = set()

    def put(self, task: Callable[[], None], name: Hashable = None) -> None:
        """Queue a task; with a name, unless one of this name waits or runs."""
        if name is None:
            self._queue.put(task)
        elif name not in self._open:
            self._open.add(name)
            self._queue.put(lambda: self._do(task, name))

    def get(self) -> Callable[[], None]:
        """Wait for the next task, which is to be called."""
        return self._queue.get()

    def _do(self, task: Callable[[], None], name: Hashable) -> None:
        try:
            task()
        finally:
            self._open.discard(name)

"""A widget whose traits a thread of its own sets while the browser sets others."""

from __future__ import annotations

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

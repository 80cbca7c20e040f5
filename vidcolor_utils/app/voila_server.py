"""Voila, which opens the browser at the page: its own way leaves the token out, and a form would ask for it."""

from __future__ import annotations

from threading import Thread

from voila.app import Voila

from vidcolor_utils.system.opening import open_once


class PageServer(Voila):
    """Serves the page; its name stays Voila's, by which it finds its settings."""

    def launch_browser(self) -> None:
        """Open the browser; called when the server listens, and before it answers."""
        Thread(target=open_once, args=(self.display_url,), daemon=True).start()


if __name__ == "__main__":
    PageServer.launch_instance()

"""A survey that is being answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidcolor_utils.survey.ballot import Ballot, Films, make_trials
from vidcolor_utils.survey.page import SurveyServer


@contextmanager
def asking_anna(films: Films, folder: Path) -> Iterator[SurveyServer]:
    """Serve all trials of some films to a judge, whose answers go to `anna.json` in a folder."""
    with SurveyServer(films, Ballot(make_trials(films), "anna", folder / "anna.json")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:  # a test that fails ends, too
            server.shutdown()
            thread.join()

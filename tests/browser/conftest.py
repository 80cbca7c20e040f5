"""Chromium, and a Jupyter server that serves JupyterLab, Notebook 7 and Voila at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pages import Visit
from servers import REPOSITORY, TOKEN, server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
SCREENSHOTS = REPOSITORY / "out" / "browser"
# How each front end opens a notebook.
FRONT_ENDS = {
    "lab": "lab/tree/{name}?reset&token={token}",
    "notebook": "notebooks/{name}?token={token}",
    "voila": "voila/render/{name}?token={token}",
}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        pytest.exit("the browser tests need Chromium: install it (Debian: apt-get install chromium)", returncode=2)
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        pytest.exit("the browser tests need Playwright: `make test-browser` installs it", returncode=2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS], timeout=120_000)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of the servers, with the folder that they serve below it."""
    home = tmp_path_factory.mktemp("home")
    (home / "work").mkdir()
    return home


@pytest.fixture(scope="session")
def jupyter(home: Path) -> Iterator[str]:
    arguments = (
        *("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--ServerApp.root_dir={home / 'work'}"),
        *(f"--IdentityProvider.token={TOKEN}", "--LabApp.news_url=None", "--LabApp.extension_manager=readonly"),
        # Gives the tests `jupyterapp`, which knows when the kernel is ready.
        *("--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"),
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    )
    with server("jupyterlab", *arguments, home=home, folder=home) as address:
        yield address


@pytest.fixture
def visit(chromium: Browser, jupyter: str) -> Iterator[Callable[..., Visit]]:
    """Open a notebook of the served folder in a front end: `visit("lab", "name.ipynb")`."""
    visits = []

    def open_(front_end: str, name: str) -> Visit:
        path = FRONT_ENDS[front_end].format(name=name, token=TOKEN)
        visits.append(Visit(chromium, f"{jupyter}/{path}"))
        return visits[-1]

    yield open_
    for each in visits:
        each.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS

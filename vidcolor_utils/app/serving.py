"""Opens the page in a browser: a small notebook that Voila serves without its code, on this machine only."""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vidcolor_utils.app.incoming import MAX_MEGABYTES

TEMPLATES = Path(__file__).parent / "templates"
# This machine only, with a token; no limit on what is handed out; kernels end with their page, which Voila 0.5
# asks for without the token against cross-site requests, or when they are idle.
SETTINGS = TEMPLATES / "voila.json"
REMOVALS = 5  # tries, a second apart
PACKAGES = ("voila", "anywidget", "ipykernel")  # that it needs and not all have
VOILA = re.compile(r"--(\w+\.\w+=.*|debug)", re.DOTALL)  # options that are handed on
TITLE = "Colorize your film"
ABOVE = f"""# {TITLE}

Drop a black-and-white film or a photograph; look at a preview; colorize it; compare; download. Of a film you can
have single shots in colours of your own: give one frame a picture that you coloured, or a thing a colour. Nothing
leaves this computer, and the files are removed when you choose another one or close the page."""
BELOW = """The colours are plausible, not true: nobody can know the colour of a shirt from gray. People and fronts
of houses often turn brown; make the colours weaker there, or give the shots of a film colours of your own."""
PAGE = "from vidcolor_utils.app.page import ColorizePage\nColorizePage(max_megabytes={})"


def main() -> None:
    """Run the command `vidcolor-app`."""
    parser = _parser()
    known, others = parser.parse_known_args()
    if problem := _what_is_wrong(known, others):
        parser.error(problem)
    _end_as_by_ctrl_c()
    chosen = [*(["--no-browser"] if known.no_browser else []), *([f"--port={known.port}"] if known.port else [])]
    sys.exit(serve_page(known.max_megabytes, [*chosen, *others]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vidcolor-app",
        description="Open a page that colorizes films and photographs, on this machine only. Ctrl-C ends it.",
        epilog="Options of Voila, which serves the page, go to it: --Voila.token=..., --debug.",
    )
    parser.add_argument(
        "--max-megabytes", type=float, default=MAX_MEGABYTES, help="largest file taken (%(default)s)"
    )
    parser.add_argument("--port", type=int, help="on which it is served (8866, or the next that is free)")
    parser.add_argument("--no-browser", action="store_true", help="open no browser; the address is printed")
    return parser


def _what_is_wrong(known: argparse.Namespace, others: Sequence[str]) -> str | None:
    """Say what is wrong with the options or the installation, None if nothing is."""
    strange = [each for each in others if not VOILA.fullmatch(each)]
    if strange:
        return f"{strange[0]}: there is no such option, and files are dropped on the page"
    if known.port is not None and not 0 < known.port < 1 << 16:
        return "--port must be a number from 1 to 65535"
    if not 0 < known.max_megabytes < math.inf:
        return "--max-megabytes must be a number above 0"
    missing = [package for package in PACKAGES if importlib.util.find_spec(package) is None]
    if missing:
        return f"{', '.join(missing)} not found: run `pip install '.[app]'` where you ran `pip install .`"
    return None


def _end_as_by_ctrl_c() -> None:
    """Have the temporary files go, however it ends: the window may be closed, too."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def serve_page(max_megabytes: float, options: Sequence[str] = ()) -> int:
    """Serve the page until somebody ends it.

    Args:
        max_megabytes: largest file taken.
        options: for Voila.

    Returns:
        The exit code of the server; 0 if it was ended by a signal.
    """
    with _private_folder() as folder:
        (folder / "page.ipynb").write_text(json.dumps(notebook(max_megabytes)))
        shutil.copy(SETTINGS, folder)
        command = [sys.executable, "-m", "vidcolor_utils.app.voila_server", "--template=vidcolor", "page.ipynb"]
        server = subprocess.Popen([*command, *options], cwd=folder, env=_environment(folder))
        try:
            return server.wait()
        except KeyboardInterrupt:
            with _undisturbed():
                server.terminate()
                server.wait()
            return 0


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Pass over whatever would end the process: who is impatient would leave a server and files behind."""
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextmanager
def _private_folder() -> Iterator[Path]:
    """Give a folder that goes with all that the page and the programs behind it have put there."""
    folder = Path(tempfile.mkdtemp(prefix="vidcolor-app-"))
    try:
        yield folder
    finally:
        for _ in range(REMOVALS):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(1)  # a program whose server was killed notices within a second


def _environment(folder: Path) -> dict[str, str]:
    """Variables of the server: its page's look, a token of its own, a visitor's files in the folder."""
    paths = filter(None, (str(TEMPLATES), os.environ.get("JUPYTER_PATH")))
    inherited = {name: value for name, value in os.environ.items() if name != "JUPYTER_TOKEN"}
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    return inherited | temporary | {"JUPYTER_PATH": os.pathsep.join(paths)}


def notebook(max_megabytes: float) -> dict:
    """The notebook that is served, as JSON."""
    cells = [_cell("markdown", ABOVE), _cell("code", PAGE.format(max_megabytes)), _cell("markdown", BELOW)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"title": TITLE, "kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _cell(kind: str, source: str) -> dict:
    more: dict = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": f"{kind}-{len(source)}", "metadata": {}, "source": source, **more}


if __name__ == "__main__":
    main()

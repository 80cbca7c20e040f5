"""Opens the page in a browser: a small notebook that Voila serves without its code, on this machine only."""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from vidcolor_utils.app.incoming import MAX_MEGABYTES

TEMPLATES = Path(__file__).parent / "templates"
# This machine only, with a token; no limit on what is handed out; kernels end with their page, which Voila 0.5
# asks for without the token against cross-site requests, or when they are idle.
SETTINGS = TEMPLATES / "voila.json"
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
    parser = argparse.ArgumentParser(
        prog="vidcolor-app",
        description="Open a page that colorizes films and photographs, on this machine only. Ctrl-C ends it.",
        epilog="What is not named here goes to Voila, which serves the page: --no-browser, --port=8900.",
    )
    parser.add_argument(
        "--max-megabytes", type=float, default=MAX_MEGABYTES, help="largest file taken (%(default)s)"
    )
    known, others = parser.parse_known_args()
    if not 0 < known.max_megabytes < math.inf:
        parser.error("--max-megabytes must be a number above 0")
    missing = [
        package for package in ("voila", "anywidget", "ipykernel") if importlib.util.find_spec(package) is None
    ]
    if missing:
        parser.error(f"{', '.join(missing)} not found: run `pip install '.[app]'` where you ran `pip install .`")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the temporary files go, however it ends
    sys.exit(serve_page(known.max_megabytes, others))


def serve_page(max_megabytes: float, options: Sequence[str] = ()) -> int:
    """Serve the page until somebody ends it.

    Args:
        max_megabytes: largest file taken.
        options: for Voila.

    Returns:
        The exit code of the server; 0 if it was ended by a signal.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.ipynb").write_text(json.dumps(notebook(max_megabytes)))
        shutil.copy(SETTINGS, folder)
        paths = filter(None, (str(TEMPLATES), os.environ.get("JUPYTER_PATH")))
        environment = os.environ | {"JUPYTER_PATH": os.pathsep.join(paths)}
        command = [sys.executable, "-m", "voila", "--template=vidcolor", "page.ipynb", *options]
        server = subprocess.Popen(command, cwd=folder, env=environment)
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            server.wait()
            return 0


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

"""The picture that a chapter opens with: one of its own outputs, as a file that its first cell can show."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from records.lessons import SMALL
from vidcolor_utils.course.lesson.exercises import tags
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file

OPENING = "opening"  # tag of the cell whose first picture it is
LARGEST = (1000, 760)  # width and height; taller ones are made smaller
JPEG_QUALITY = 85
_EMBEDDED = re.compile(r'src="data:image/(png|jpeg);base64,([^"]+)"')


def opening_name(notebook: Path) -> str | None:
    """Name of the file that a notebook's opening picture is kept in; None where no cell has the tag."""
    found = _embedded(json.loads(notebook.read_text()), notebook.name)
    return f"{notebook.stem}.{'jpg' if found[0] == 'jpeg' else 'png'}" if found else None


def opening_picture(notebook: Path) -> Image.Image:
    """The first picture among the outputs of the tagged cell, RGB, within `LARGEST`.

    Raises:
        InputError: if no cell has the tag, or there is no picture in its outputs.
    """
    found = _embedded(json.loads(notebook.read_text()), notebook.name)
    if not found:
        raise InputError(f"{notebook.name}: no cell has the tag {OPENING}")
    picture = Image.open(BytesIO(base64.b64decode(found[1]))).convert("RGB")
    picture.thumbnail(LARGEST)
    return picture


def write_openings(notebooks: Path, output: Path) -> list[Path]:
    """Write the opening picture of each notebook that has the tag.

    Args:
        notebooks: folder of executed notebooks.
        output: folder to write; made if missing.

    Returns:
        The files written, named like their notebooks.
    """
    output.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted(notebooks.glob("*.ipynb")):
        name = None if path.name.startswith(SMALL) else opening_name(path)
        if name:
            with finished_file(output / name) as part:
                opening_picture(path).save(part, format=_format(name), quality=JPEG_QUALITY, optimize=True)
            written.append(output / name)
    return written


def _format(name: str) -> str:
    return "JPEG" if name.endswith("jpg") else "PNG"


def _embedded(notebook: Mapping[str, Any], name: str) -> tuple[str, str] | None:
    """Kind and base64 text of the picture; None where no cell has the tag."""
    cells = [cell for cell in notebook["cells"] if OPENING in tags(cell)]
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if found := _EMBEDDED.search("".join(output.get("data", {}).get("text/html", ""))):
            return found[1], found[2]
    if cells:
        raise InputError(f"{name}: the cell with the tag {OPENING} shows no picture")
    return None

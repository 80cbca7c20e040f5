"""Notebooks with a picture among their outputs."""

import base64
import json
from io import BytesIO
from pathlib import Path

from PIL import Image


def shown(kind: str, size: tuple[int, int], color: str = "red") -> dict:
    """An output with a picture, as the chapters show it."""
    stream = BytesIO()
    Image.new("RGB", size, color).save(stream, format=kind)
    text = base64.b64encode(stream.getvalue()).decode()
    return {"output_type": "display_data", "data": {"text/html": [f'<img src="data:image/{kind};base64,{text}">']}}


def write_notebook(path: Path, outputs: list[dict], *tags: str) -> Path:
    """A notebook of one cell with outputs and tags."""
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": "", "outputs": outputs}
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "metadata": {}, "source": ""}, cell]}))
    return path

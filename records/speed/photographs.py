"""How fast a folder of photographs is colorized, and how near that is to both cores at work all the time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import TypedDict

from PIL import Image

from vidcolor_utils.colorizers.base import as_predicted, looking_closely
from vidcolor_utils.colorizers.load import shared_colorizer
from vidcolor_utils.pairs.synthetic import render_clip
from vidcolor_utils.stills.images import StillImage, read_pages, write_image
from vidcolor_utils.system.errors import VidcolorError
from vidcolor_utils.system.machine import usable_cores
from vidcolor_utils.tool.folder.colorize import colorize_folder

PHOTOGRAPHS, SIZE = 100, (480, 640)
ALONE = 10  # photographs of which the parts are measured by themselves
SCENES = 25  # that are rendered; the same photograph again takes as long
PAN = 20.0  # pixels from one photograph to the next
QUALITY = 90  # of their JPEG


class FolderSpeed(TypedDict):
    """How fast a folder of photographs is colorized."""

    photographs: int
    height: int
    width: int
    per_second: float
    read_s: float  # that processors compute for one photograph: to read it,
    network_s: float  # to predict its colours,
    write_s: float  # and to write it
    ratio: float  # seconds of these three, over those that all cores have in the time


def bench_folder(photographs: int = PHOTOGRAPHS, size: tuple[int, int] = SIZE, alone: int = ALONE) -> FolderSpeed:
    """Colorize a folder of rendered photographs as `vidcolor colorize FOLDER` does.

    Args:
        photographs: how many.
        size: (height, width) of each.
        alone: of how many the parts are measured by themselves, before.

    Raises:
        VidcolorError: if one cannot be colorized.
    """
    with tempfile.TemporaryDirectory() as name:
        source, output = Path(name) / "photographs", Path(name) / "color"
        paths = write_photographs(source, photographs, size)
        read_s, network_s, write_s = time_parts(paths[:alone], Path(name) / "alone.jpg")
        began = time.perf_counter()
        results = colorize_folder(source, output)
        seconds = time.perf_counter() - began
    failed = [result.name for result in results if result.error]
    if failed:
        raise VidcolorError(f"not colorized: {', '.join(failed)}")
    each = read_s + network_s + write_s
    return {
        "photographs": photographs,
        "height": size[0],
        "width": size[1],
        "per_second": photographs / seconds,
        "read_s": read_s,
        "network_s": network_s,
        "write_s": write_s,
        "ratio": photographs * each / usable_cores() / seconds,
    }


def write_photographs(folder: Path, count: int, size: tuple[int, int]) -> list[Path]:
    """Write rendered photographs as JPEG into a new folder; returns them."""
    folder.mkdir()
    scenes = cycle(render_clip(0, frames=min(count, SCENES), size=size, pan=PAN))
    paths = [folder / f"{number:03d}.jpg" for number in range(count)]
    for path, rgb in zip(paths, islice(scenes, count), strict=True):
        Image.fromarray(rgb).save(path, quality=QUALITY)
    return paths


def time_parts(paths: list[Path], output: Path) -> tuple[float, float, float]:
    """Measure what processors compute for one photograph, in seconds: to read it, for its ab, to write it."""
    colorizer = looking_closely(as_predicted(shared_colorizer()))
    images = [read_pages(path).images[0] for path in paths]
    lumas = [image.luma for image in images]
    colorizer.predict_ab(lumas[:1])  # the first takes longer

    def write(image: StillImage) -> None:
        write_image(output, image)

    read_s = _computed(read_pages, paths)
    network_s = _computed(lambda luma: colorizer.predict_ab([luma]), lumas)
    return read_s, network_s, _computed(write, images)


def _computed(function: Callable, items: list) -> float:
    """Seconds that all threads compute in a call, the mean over items."""
    began = time.process_time()
    for item in items:
        function(item)
    return (time.process_time() - began) / len(items)

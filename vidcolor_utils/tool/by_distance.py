"""Score a film that was coloured from key frames by how far each of its frames is from the nearest of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidcolor_utils.film.director import FilmColors
from vidcolor_utils.film.keyframes.source import KeyedColors
from vidcolor_utils.film.look import PLAIN
from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.color import lab_from_rgb
from vidcolor_utils.pictures.histograms import Mean
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import finished_file, writing
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.tool.score import ratio
from vidcolor_utils.tool.stand import film_to_look_at
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span

EDGES = (0, 1, 3, 6, 11, 26, 51, 101)  # frames at which the next row begins
WIDTH, HEIGHT, MARGIN = 640, 360, 56  # pixels of the plot


class DistanceRow(NamedTuple):
    """The frames of some distances."""

    least: int | None  # frames to the nearest key frame; None: those of shots without
    most: int | None  # None: all beyond
    frames: int
    psnr_ab: float  # dB, mean over frames
    mae_ab: float  # Lab units, likewise
    chroma: float | None  # mean of |a| and |b| over that of the truth, 1 is as strong; None over a gray truth

    @property
    def name(self) -> str:
        """The distances, for people."""
        if self.least is None:
            return "no key frame"
        if self.most is None:
            return f"{self.least} and more"
        return f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"


def score_by_distance(
    true_path: str | Path, candidate_path: str | Path, keys: str | Path, *, progress: Progress = silent
) -> list[DistanceRow]:
    """Score a film by the distance of its frames from the nearest key frame of their shot.

    Args:
        true_path: the true colours.
        candidate_path: the film that was coloured, of the same size.
        keys: the folder of key frames that it was coloured from; what was left out then does not count here.
        progress: called after every frame.

    Returns:
        A row for each range of distances that has frames, in order; last the frames of shots without key frames.

    Raises:
        FileNotFoundError: if a file or the folder does not exist.
        InputError: if one cannot be read, or the films differ in size or in their number of frames.

    Example:
        rows = score_by_distance("true.mp4", "film_color.mp4", "keys")
        rows[-1].psnr_ab
    """
    true, candidate = Path(true_path), Path(candidate_path)
    with film_to_look_at(true) as film, film_to_look_at(candidate) as other:
        return _score(film, other, Path(keys), progress)


def _score(film: Path, candidate: Path, keys: Path, progress: Progress) -> list[DistanceRow]:
    used = KeyedColors(film, keys, FilmColors(film, PLAIN)).keys
    times, shots = [key.seconds for key in used], [key.shot for key in used]
    found: dict[int | None, tuple[Mean, Mean, list[tuple[float, float]]]] = {}
    with VideoReader(film) as reader:
        for number, (seconds, true, ab) in enumerate(_pairs(reader, candidate), start=1):
            distance = distance_from(seconds, times, shots, float(reader.info.rate))
            values = found.setdefault(_row_of(distance), (Mean(), Mean(), []))
            values[0].add(metrics.psnr_ab(true, ab))
            values[1].add(metrics.mae_ab(true, ab))
            values[2].append((float(np.abs(ab).mean()), float(np.abs(true).mean())))
            progress(number, reader.info.frames)
    order = sorted(found, key=lambda row: len(EDGES) if row is None else row)
    return [_row(row, *found[row]) for row in order]


def distance_from(seconds: float, times: Sequence[float], shots: Sequence[Span], rate: float) -> int | None:
    """Count the frames from the one shown at a time to the nearest key frame of its shot; None if it has none."""
    near = [abs(seconds - time) for time, shot in zip(times, shots, strict=True) if shot.holds(seconds)]
    return round(min(near) * rate) if near else None


def write_plot(path: str | Path, rows: Sequence[DistanceRow]) -> None:
    """Draw PSNR of ab over distance, as SVG.

    Raises:
        OutputError: if the file cannot be written.
    """
    path = Path(path)
    with finished_file(path) as part, writing(path):
        part.write_text(plot_of([row for row in rows if row.least is not None]), "utf-8")


def plot_of(rows: Sequence[DistanceRow]) -> str:
    """Draw rows as SVG, one point each, with what they are in words."""
    top = max((row.psnr_ab for row in rows), default=1.0) * 1.05
    step = (WIDTH - 2 * MARGIN) / max(len(rows) - 1, 1)
    points = [
        (MARGIN + index * step, HEIGHT - MARGIN - row.psnr_ab / top * (HEIGHT - 2 * MARGIN))
        for index, row in enumerate(rows)
    ]
    told = ", ".join(f"{row.name}: {row.psnr_ab:.1f} dB" for row in rows)
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        f'<text x="{x:.1f}" y="{y - 10:.1f}">{row.psnr_ab:.1f}</text>'
        f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 20}">{row.name}</text>'
        for (x, y), row in zip(points, rows, strict=True)
    )
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" text-anchor="middle">'
        f"<title>PSNR of ab by distance from the nearest key frame: {told}</title>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{HEIGHT - MARGIN}" y2="{HEIGHT - MARGIN}" stroke="#999"/>'
        f'<polyline points="{line}" fill="none" stroke="#0b62c4" stroke-width="2"/>{marks}'
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}">frames from the nearest key frame</text>'
        f'<text x="{WIDTH / 2}" y="24">PSNR of ab, dB, from 0 on the line up</text></svg>\n'
    )


def _pairs(reader: VideoReader, candidate_path: str | Path) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Yield the time of each frame, its true ab and that of the candidate."""
    for frame, rgb in zip_longest(reader.luma_frames(), iter_rgb(candidate_path)):
        if frame is None or rgb is None:
            raise InputError(f"{candidate_path}: has not as many frames as {reader.path}")
        true = reader.upright_rgb(frame.decoded)
        if true.shape != rgb.shape:
            raise InputError(f"{candidate_path}: its frames are not as large as those of {reader.path}")
        yield frame.seconds, lab_from_rgb(true)[..., 1:], lab_from_rgb(rgb)[..., 1:]


def _row_of(distance: int | None) -> int | None:
    return None if distance is None else bisect_left(EDGES, distance + 1) - 1


def _row(row: int | None, psnr: Mean, mae: Mean, chroma: list[tuple[float, float]]) -> DistanceRow:
    least = None if row is None else EDGES[row]
    most = None if row is None or row + 1 == len(EDGES) else EDGES[row + 1] - 1
    made, true = np.mean(chroma, axis=0)
    strength = ratio(float(made), float(true))
    return DistanceRow(least, most, len(chroma), psnr.result() or 0.0, mae.result() or 0.0, strength)

"""Films of the report's sample clips in several colours, small enough to keep: what the course shows and surveys.

Besides, how many channel values of each match the truth's exactly, as the report counts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from records.pictures import Excerpt, moments
from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.pictures.active_area import find_active_area
from vidcolor_utils.pictures.color import gray_clip, luma_from_rgb, rgb_from_gray
from vidcolor_utils.pictures.metrics import pixel_match
from vidcolor_utils.system.files import finished_file, write_json
from vidcolor_utils.system.progress import Say, unsaid
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.writer import VideoWriter

CLIPS = ("1", "3", "5")
SHOWN = Excerpt(start=0, step=1, frames=36, width=0, columns=0)
QUALITY = Encoding(crf=20)
MATCH = "pixel_match.json"
# How each film is coloured from its gray version, in the arguments of `colorize_file`.
OURS: dict[str, dict] = {
    "ours, per frame": {"strength": 0.0, "every": 1},
    "ours": {},
    "ours, offline": {"offline": True},
}


def keep_films(
    hiking: Path,
    output: Path,
    *,
    colorizer: Colorizer | None = None,
    say: Say = unsaid,
) -> dict:
    """Colorize the sample clips and keep the start of each film, without black bars, in a folder for each clip.

    Args:
        hiking: folder with `bw_N.mp4`, `colorized_N.mp4` (by the network of Zhang et al.) and `color_N.mp4`.
        output: folder to write.
        colorizer: predicts the chroma; if not given, the network that ships.
        say: called with a line on each step.

    Returns:
        Pixel match in percent, clip to film to "whole" and "inside" the bars, as written to `pixel_match.json`.
    """
    matches = {}
    for clip in CLIPS:
        with tempfile.TemporaryDirectory() as folder:
            films = {"true": hiking / f"color_{clip}.mp4", "gray": hiking / f"bw_{clip}.mp4"}
            films["Zhang"] = hiking / f"colorized_{clip}.mp4"
            for name, options in OURS.items():
                say(f"clip {clip}: {name}")
                films[name] = Path(folder) / f"{name}.mp4"
                colorize_file(films["gray"], films[name], colorizer, **options)
            true = list(iter_rgb(films["true"]))
            coloured = {name: iter_rgb(film) for name, film in films.items() if name not in ("true", "gray")}
            # As in `vidcolor score`: the gray of the truth itself, not of another file.
            coloured["gray"] = map(gray_rgb, true)
            matches[clip] = {name: _match(true, frames) for name, frames in coloured.items()}
            _keep(films, output / f"hiking {clip}")
    write_json(output / MATCH, matches, indent=1)
    return matches


def _keep(films: Mapping[str, Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    frames = list(moments(films, SHOWN))
    height, width = (side // 2 * 2 for side in frames[0]["true"].shape[:2])
    for name, film in films.items():
        with (
            finished_file(folder / f"{name}.mp4") as part,
            VideoWriter(part, (height, width), rate=video_info(film).rate, encoding=QUALITY) as writer,
        ):
            for number, moment in enumerate(frames):
                writer.write_rgb(np.ascontiguousarray(moment[name][:height, :width]), number)


def gray_rgb(frame: np.ndarray) -> np.ndarray:
    """Take the colour out of an RGB frame (H, W, 3) uint8."""
    return rgb_from_gray(gray_clip(frame[None])[0])


def _match(true: Sequence[np.ndarray], frames: Iterable[np.ndarray]) -> dict[str, float]:
    """Mean pixel match of all frames, whole and inside the bars."""
    pairs = list(zip(true, frames, strict=False))
    area = find_active_area(map(luma_from_rgb, true))
    return {
        "whole": float(np.mean([pixel_match(*pair) for pair in pairs])),
        "inside": float(np.mean([pixel_match(area.cut(a), area.cut(b)) for a, b in pairs])),
    }

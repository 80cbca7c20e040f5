"""What key frames do to a thing that none of them shows: a disc of another film that slides into a clip."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from records.quality.keyframes import Clip, Colors, films_of, keyed, read_colors, steady
from vidcolor_utils.colorizers.base import Colorizer, MirroredColorizer
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb, to_uint8
from vidcolor_utils.pictures.sizes import fit_frame
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import write_json
from vidcolor_utils.video.files import iter_rgb

FRAMES = 30  # of the beginning of a clip
RADIUS = 1 / 6  # of the height
BEGIN = 1 / 3  # of the frames, before it comes in; at the end it is in the middle


class Scene(NamedTuple):
    """A clip with something new in it."""

    clip: Clip
    inside: list[np.ndarray]  # bool (h, w) of each frame, where it is


def scene_of(name: str, frames: list[np.ndarray], stranger: list[np.ndarray]) -> Scene:
    """Cut a disc out of each frame of a film and lay it over those of another one.

    Args:
        name: of the scene.
        frames: uint8 (h, w, 3) of the one.
        stranger: of the other, uint8 (h', w', 3), at least one; the last one stays when they end.
    """
    count, (height, width) = len(frames), frames[0].shape[:2]
    inside = [_disc(height, width, index / max(count - 1, 1)) for index in range(count)]
    other = [fit_frame(stranger[min(index, len(stranger) - 1)], (height, width)) for index in range(count)]
    rgb = [np.where(disc[..., None], new, old) for disc, new, old in zip(inside, other, frames, strict=True)]
    ab = [np.ascontiguousarray(lab_from_rgb(frame)[..., 1:]) for frame in rgb]
    grays = [to_uint8(luma_from_rgb(frame)) for frame in rgb]
    return Scene(Clip(name, rgb, ab, grays, [], []), inside)


def _disc(height: int, width: int, time: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    radius = height * RADIUS
    center = -radius + (time - BEGIN) / (1 - BEGIN) * (width / 2 + radius)
    return (x - center) ** 2 + (y - height / 2) ** 2 < radius * radius


def error_inside(scene: Scene, colors: Colors) -> float:
    """Mean absolute error of ab where the new thing is, over the frames that show a third of it or more."""
    least = max(disc.sum() for disc in scene.inside) / 3
    errors = [
        np.abs(made - true)[disc].mean()
        for made, true, disc in zip(colors, scene.clip.ab, scene.inside, strict=True)
        if disc.sum() >= least
    ]
    return float(np.mean(errors))


def new_object(scene: Scene, colorizer: Colorizer) -> dict[str, float]:
    """Measure the new thing's error: automatic, and with the first frame, which does not show it, as key frame."""
    automatic = steady(scene.clip, colorizer, MirroredColorizer(colorizer))
    errors = {
        "automatic": error_inside(scene, automatic),
        "first": error_inside(scene, keyed(scene.clip.grays, automatic, {0: scene.clip.rgb[0]})),
    }
    return errors | {"ratio": errors["first"] / errors["automatic"]}


def measure_new(
    folders: Mapping[str, Path], colorizer: Colorizer, output: Path, *, say: Callable[[str], None]
) -> dict:
    """Add to the record of `measure` what comes of new things: in each film a disc of the film before it.

    `measure` has found the films to be those of the record. A folder of one film has no other: it is passed over.

    Args:
        folders: of videos in true colours, by the name of the set.
        colorizer: the automatic one.
        output: the JSON file; what is in it already stays.
        say: told every film.

    Raises:
        InputError: if the record was made with other discs.
    """
    settings = {"frames": FRAMES, "radius": RADIUS, "begin": BEGIN}
    record = json.loads(output.read_text())
    for name, folder in folders.items():
        films = films_of(folder)
        if len(films) < 2:
            say(f"{name}: {len(films)} films: without another one there is nothing new to lay over it")
            continue
        found = record["sets"][name].setdefault("new_object", {**settings, "clips": {}})
        if others := [key for key, value in settings.items() if found.get(key, value) != value]:
            raise InputError(
                f"{output}: made with other settings ({', '.join(others)}): remove it or name another file"
            )
        for index, path in enumerate(films):
            if path.stem not in found["clips"]:
                stranger = list(islice(iter_rgb(films[index - 1]), FRAMES))
                scene = scene_of(path.stem, read_colors(path, FRAMES), stranger)
                made = found["clips"][path.stem] = new_object(scene, colorizer)
                say(f"{path.stem}, something new: {made['ratio']:.2f} times the automatic error")
        for key in ("automatic", "first"):
            found[key] = float(np.mean([found["clips"][path.stem][key] for path in films]))
        found["ratio"] = found["first"] / found["automatic"]
        write_json(output, record)
    return record

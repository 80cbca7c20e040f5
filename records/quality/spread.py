"""What films gain by a usual spread of colours: predicted chroma taken apart into its mean and the differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from records.quality.keyframes import films_of
from vidcolor_utils.colorizers.base import Colorizer, looking_closely
from vidcolor_utils.colorizers.frame import evened, with_usual_spread
from vidcolor_utils.pictures import metrics
from vidcolor_utils.pictures.chroma import with_chroma
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb
from vidcolor_utils.stills.photos import find_photos
from vidcolor_utils.system.files import write_json
from vidcolor_utils.tool.evaluate import evaluate_clips, evaluate_films
from vidcolor_utils.video.files import iter_rgb
from vidcolor_utils.weights.shipped import shipped_sums

EVERY_FRAME, EVERY_PHOTOGRAPH = 10, 6  # so many apart are those looked at


Way = Callable[[np.ndarray, Sequence[np.ndarray]], np.ndarray]  # from chroma (N, h, w, 2) and lumas to chroma


class Seen(NamedTuple):
    """A picture at the size of its predicted chroma."""

    luma: np.ndarray  # (h, w) float32 in [0, 1]
    true: np.ndarray  # (h, w, 2) float32 ab
    predicted: np.ndarray  # the same


def times(mean: float, differences: float) -> Way:
    """Give what multiplies the mean chroma of pictures, and what differs from it."""

    def changed(ab: np.ndarray, _: Sequence[np.ndarray]) -> np.ndarray:
        middle = ab.mean((1, 2), keepdims=True)
        return mean * middle + differences * (ab - middle)

    return changed


WAYS = {
    "as predicted": times(1, 1),
    "all times 1.4": times(1.4, 1.4),
    "all times 1.6": times(1.6, 1.6),
    "differences times 1.6": times(1, 1.6),
    "differences times 1.8": times(1, 1.8),
    "usual spread": lambda ab, _: with_usual_spread(ab),
    "usual spread, within edges": evened,
}


def measure_spread(
    films: Path, clips: Path, photographs: Sequence[Path], colorizer: Colorizer, output: Path
) -> dict:
    """Score `WAYS` to change predicted chroma, on frames of films and on photographs, and record it.

    Args:
        films: folder of films in true colours.
        clips: folder of pairs of gray and true clips.
        photographs: folders or tars of photographs.
        colorizer: predicts chroma, as it is.
        output: JSON file to write.

    Returns:
        The record: for films and photographs, each picture looked at closely by itself, how many there were,
        `slopes`, and the scores of each way; for `as_predicted`, what `evaluate` scores of whole films and clips
        that are coloured so.
    """
    frames = (
        rgb for film in films_of(films) for rgb in islice(iter_rgb(film), EVERY_FRAME // 2, None, EVERY_FRAME)
    )
    photos = (photo.decoded() for photo in find_photos(*photographs)[::EVERY_PHOTOGRAPH])
    groups = {"films": frames, "photographs": photos}
    closely = looking_closely(colorizer)
    record: dict = {"weights": shipped_sums()} | {
        name: _scores(list(_look_at(pictures, closely))) for name, pictures in groups.items()
    }
    record["as_predicted"] = {
        "films": evaluate_films(films, colorizer)["mean"],
        "clips": evaluate_clips(clips, colorizer)["mean"],
    }
    write_json(output, record)
    return record


def _look_at(pictures: Iterable[np.ndarray], colorizer: Colorizer) -> Iterator[Seen]:
    for rgb in pictures:
        (ab,) = colorizer.predict_ab([luma_from_rgb(rgb)])
        small = cv2.resize(rgb, ab.shape[1::-1], interpolation=cv2.INTER_AREA)
        yield Seen(luma_from_rgb(small), lab_from_rgb(small)[..., 1:], ab)


def _scores(seen: Sequence[Seen]) -> dict:
    gray = _error(seen, [np.zeros_like(each.predicted) for each in seen])
    true = _colorfulness(seen, [each.true for each in seen])
    ways = {}
    for name, change in WAYS.items():
        made = [change(each.predicted[None], [each.luma])[0] for each in seen]
        ways[name] = {
            "mae_ab_ratio": _error(seen, made) / gray,
            "colorfulness_ratio": _colorfulness(seen, made) / true,
        }
    return {"pictures": len(seen), "slopes": slopes(seen), "ways": ways}


def _error(seen: Sequence[Seen], colors: Sequence[np.ndarray]) -> float:
    return sum(metrics.mae_ab(each.true, ab) for each, ab in zip(seen, colors, strict=True))


def _colorfulness(seen: Sequence[Seen], colors: Sequence[np.ndarray]) -> float:
    return sum(metrics.colorfulness(with_chroma(each.luma, ab)) for each, ab in zip(seen, colors, strict=True))


def slopes(seen: Sequence[Seen]) -> dict[str, float]:
    """Find by what the predicted mean and differences would be multiplied to come nearest to the true ones."""
    means = [(each.predicted.mean((0, 1)), each.true.mean((0, 1))) for each in seen]
    differences = [
        (each.predicted - mean, each.true - true_mean) for each, (mean, true_mean) in zip(seen, means, strict=True)
    ]
    return {"mean": _slope(means), "differences": _slope(differences)}


def _slope(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """The least-squares factor from predicted to true; each picture counts the same, whatever its size."""
    sums = np.sum([((a * b).mean(), (a * a).mean()) for a, b in pairs], axis=0)
    return float(sums[0] / sums[1])

"""Views of photographs, made once and kept on disk: what a network sees of them, their colours, and their tokens.

On a processor the tokens of the Vision Transformer cost more than a training step, and it does not learn there; so
each photograph is cut, mirrored and worn a few times, and what comes of it is read from files in training.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from vidcolor_utils.models.vit import TOKEN_WIDTH
from vidcolor_utils.pictures.color import lab_from_rgb, luma_from_rgb, to_uint8
from vidcolor_utils.pictures.sizes import middle_square, resized
from vidcolor_utils.stills.photos import Photo
from vidcolor_utils.system.files import write_json
from vidcolor_utils.system.pipeline import mapped_ahead
from vidcolor_utils.training.augment import film_luma, random_crop
from vidcolor_utils.training.torch_twin import multiplies_in_16_bits
from vidcolor_utils.weights.shipped import PATCH, READ_SIDE

SIDE = READ_SIDE  # pixels of a view; photographs for training are hardly larger
CELLS = SIDE // PATCH
BATCH = 32
RECORD = "views.json"

Tokens = Callable[[np.ndarray], np.ndarray]  # luma (B, H, W, 1) in [0, 1] to tokens (B, H/14, W/14, 768)


class Square(NamedTuple):
    """A square of a photograph, to learn from."""

    luma: np.ndarray  # uint8 (168, 168)
    ab: np.ndarray  # int8 (84, 84, 2), Lab units


class Views(NamedTuple):
    """A view of every photograph, on disk."""

    kinds: list[str]
    luma: np.ndarray  # uint8 (N, 168, 168)
    ab: np.ndarray  # int8 (N, 84, 84, 2)
    tokens: np.ndarray  # float16 (N, 12, 12, 768)


def random_view(photo: Photo, rng: np.random.Generator, *, min_crop: float, wear: float) -> Square:
    """Cut a random square out of a photograph, now and then mirrored, its luma as an old film might have it.

    Args:
        photo: any size.
        rng: source of randomness.
        min_crop: smallest crop, as a share of the photograph's shorter side.
        wear: how often the luma is worn, see `film_luma`.
    """
    crop = random_crop(photo.decoded(), SIDE, min_crop, rng)
    return Square(to_uint8(film_luma(crop, rng, wear)), _ab_of(crop))


def central_view(photo: Photo) -> Square:
    """Cut the central square out of a photograph, as validation looks at it."""
    rgb = photo.decoded()
    square = resized(rgb[middle_square(rgb.shape)], (SIDE, SIDE))
    return Square(to_uint8(luma_from_rgb(square)), _ab_of(square))


def _ab_of(rgb: np.ndarray) -> np.ndarray:
    half = cv2.resize(rgb, (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(lab_from_rgb(half)[..., 1:]), -127, 127).astype(np.int8)


def keep_views(
    photos: Sequence[Photo], folder: Path, look: Callable[[Photo, int], Square], tokens: Tokens
) -> Views:
    """Make a view of every photograph, or go on where an interruption left off.

    Args:
        photos: what is looked at.
        folder: where the views are kept; 0.27 MB each.
        look: makes the view of a photograph with this index.
        tokens: the transformer.

    Returns:
        The views, read from disk as they are needed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = _read_record(folder).get("done", 0)
    views = _open(folder, [photo.kind for photo in photos], new=done == 0)
    places = range(done, len(photos))
    with closing(mapped_ahead(lambda at: look(photos[at], at), places, threads=2, ahead=BATCH)) as looks:
        for chunk in _chunks(looks):
            for place, view in enumerate(chunk, done):
                views.luma[place], views.ab[place] = view
            lumas = views.luma[done : done + len(chunk), ..., None].astype(np.float32) / 255
            views.tokens[done : done + len(chunk)] = tokens(lumas)
            done += len(chunk)
            write_json(folder / RECORD, {"done": done})
    return views


def _read_record(folder: Path) -> dict:
    path = folder / RECORD
    return json.loads(path.read_text()) if path.is_file() else {}


def _open(folder: Path, kinds: list[str], *, new: bool) -> Views:
    count = len(kinds)
    shapes = {
        "luma": ((count, SIDE, SIDE), np.uint8),
        "ab": ((count, SIDE // 2, SIDE // 2, 2), np.int8),
        "tokens": ((count, CELLS, CELLS, TOKEN_WIDTH), np.float16),
    }
    arrays = (
        np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=dtype, shape=shape)
        if new
        else np.lib.format.open_memmap(folder / f"{name}.npy", mode="r+")
        for name, (shape, dtype) in shapes.items()
    )
    return Views(kinds, *arrays)


def _chunks(views: Iterator[Square]) -> Iterator[list[Square]]:
    while chunk := list(islice(views, BATCH)):
        yield chunk


def torch_tokens(twin: torch.nn.Module) -> Tokens:
    """Run the transformer's twin in PyTorch where it is, in 16 bits where these are multiplied at once."""
    device = next(twin.parameters()).device

    def run(lumas: np.ndarray) -> np.ndarray:
        batch, in_16_bits = torch.from_numpy(lumas).permute(0, 3, 1, 2), multiplies_in_16_bits(device.type)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=in_16_bits):
            return twin(batch.to(device)).permute(0, 2, 3, 1).float().cpu().numpy()

    return run

"""The two networks that are trained together: what they are paid for, and how they are scored.

Scores are by kind: error over gray's, chroma over the true, share of pictures worse than gray.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from vidcolor_utils.models.frame_colorizer import AB_SCALE
from vidcolor_utils.training.batches import BROAD, Batch, to_batch
from vidcolor_utils.training.torch_twin import TorchTwin, multiplies_in_16_bits
from vidcolor_utils.training.views import Views

SCORED_SIDE = 128  # pixels of the square that the light network sees when it is scored
SCORED_BATCH = 32
BROAD_WEIGHT = 0.3  # of what the meaning gives alone, beside what both give
CHROMA_WEIGHT, CHROMA_UNIT = 1.5, 50.0  # see `weighted_error`
MEAN_CHROMA, CHROMA_FLOOR = 12.0, 6.0  # mean of |a|, |b| at which a picture weighs 1, and see `balance`

Scores = dict[str, float | None]


class Trainee(nn.Module):
    """The meaning and the frame colorizer, as twins in PyTorch.

    Args:
        meaning: of `build_meaning`.
        frame: of `build_frame_colorizer`.
        vit: of `build_vit`, for batches that come without tokens.
    """

    def __init__(self, meaning: TorchTwin, frame: TorchTwin, vit: TorchTwin | None = None):
        super().__init__()
        self.meaning, self.frame, self.vit = meaning, frame, vit

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.parameters()).device

    def tokens(self, batch: Batch) -> torch.Tensor:
        """Tokens (B, 768, 12, 12) of a batch: those that were kept, or what the transformer reads now.

        Raises:
            ValueError: if none were kept, and there is no transformer.
        """
        if batch.tokens is not None:
            return batch.tokens
        if self.vit is None:
            raise ValueError("a batch without tokens, and no transformer to read them")
        return self.vit(batch.whole)

    def broad(self, meaning: torch.Tensor) -> torch.Tensor:
        """Colours (B, 2, 2 h, 2 w) that the meaning (B, 256, h, w) gives without the light network."""
        return AB_SCALE * torch.tanh(F.pixel_shuffle(self.frame.parts["broad"](meaning), 2).float())

    def loss(self, batch: Batch, learns: Mapping[str, float]) -> torch.Tensor:
        """Say what a batch costs.

        Args:
            batch: the views.
            learns: the parts that learn; the others are only asked.
        """
        device = batch.ab.device.type
        with torch.autocast(device, torch.bfloat16, enabled=multiplies_in_16_bits(device)):
            with torch.set_grad_enabled("vit" in learns):
                tokens = self.tokens(batch)
            with torch.set_grad_enabled("meaning" in learns):
                meaning = self.meaning(tokens)
            if batch.luma is None:
                return cost(self.broad(meaning), batch.ab)
            whole = cost(self.frame(batch.luma, meaning * batch.known), batch.ab)
            if "meaning" not in learns:
                return whole
            true = F.interpolate(batch.ab, size=(BROAD, BROAD), mode="area")
            return whole + BROAD_WEIGHT * cost(self.broad(meaning), true)


def part_of(parameter: str) -> str:
    """Tell which part a parameter belongs to, by its name: "vit", "meaning", "encoder" or "decoder"."""
    network, _, layer, *_ = parameter.split(".")
    if network == "vit":
        return network
    if network == "meaning" or layer == "broad":
        return "meaning"
    return "encoder" if layer.startswith("_") else "decoder"


def cost(pred: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Mean over pictures (B, 2, H, W) of their error, `weighted_error`, times their `balance`."""
    return (balance(true) * weighted_error(pred, true)).mean()


def weighted_error(pred: torch.Tensor, true: torch.Tensor) -> torch.Tensor:
    """Compute the mean absolute error of pictures (B, 2, H, W), colourful places counting for more; returns (B,).

        mean(w |pred - true|), w = 1 + 1.5 |true| / 50, |true| the length of the ab vector

    Photographs are mostly grayish; without the weight the median, brown, is the best answer everywhere.
    """
    weight = 1 + CHROMA_WEIGHT / CHROMA_UNIT * true.square().sum(1, keepdim=True).sqrt()
    return (weight * (pred.float() - true).abs()).mean((1, 2, 3))


def balance(true: torch.Tensor) -> torch.Tensor:
    """Weigh pictures (B, 2, H, W) by sqrt(12 / (c + 6)), c their mean of |a|, |b|; returns (B,).

    A vivid picture's error is ten times that of a gray street, which without this is tinted for its sake.
    """
    return (MEAN_CHROMA / (true.abs().mean((1, 2, 3)) + CHROMA_FLOOR)).sqrt()


def score_views(trainee: Trainee, views: Views, *, known: float = 1.0) -> dict[str, Scores]:
    """Score a network on the central squares of photographs.

    Args:
        trainee: in eval mode.
        views: central squares, see `central_view`.
        known: 0 to score it without the meaning.

    Returns:
        For "all" and each kind: "error", the mean absolute error of ab over that of gray; "chroma", the mean
        length of ab over the true one; "worse", the share of pictures that are further from the truth than gray.
        "error" and "chroma" are None where all pictures are gray: there is nothing to hold them against.
    """
    rows = np.concatenate(
        [_rows(trainee, views, start, known) for start in range(0, len(views.kinds), SCORED_BATCH)]
    )
    kinds = np.array(views.kinds)
    scores = {"all": _scores(rows)}
    return scores | {str(kind): _scores(rows[kinds == kind]) for kind in sorted(set(views.kinds))}


def _rows(trainee: Trainee, views: Views, start: int, known: float) -> np.ndarray:
    """For each of some views: error, gray's error, chroma, true chroma."""
    part = slice(start, start + SCORED_BATCH)
    kept = (
        views.luma[part],
        views.ab[part],
        views.tokens[part],
        np.full(len(views.kinds[part]), known, np.float32),
    )
    luma, ab, tokens, shown = (torch.from_numpy(np.asarray(of)).to(trainee.device) for of in kept)
    batch = to_batch(luma, ab, None if trainee.vit else tokens, shown, SCORED_SIDE)
    with torch.inference_mode():
        pred = trainee.frame(batch.luma, trainee.meaning(trainee.tokens(batch)) * batch.known)
    true = batch.ab
    means = (
        (pred - true).abs().mean((1, 2, 3)),
        true.abs().mean((1, 2, 3)),
        pred.square().sum(1).sqrt().mean((1, 2)),
        true.square().sum(1).sqrt().mean((1, 2)),
    )
    return torch.stack(means, 1).cpu().numpy()


def _scores(rows: np.ndarray) -> Scores:
    error, gray, chroma, true = rows.T
    return {
        "error": _ratio(error, gray, 4),
        "chroma": _ratio(chroma, true, 3),
        "worse": round(float((error > gray).mean()), 3),
    }


def _ratio(values: np.ndarray, true_values: np.ndarray, digits: int) -> float | None:
    total = float(true_values.sum())
    return round(float(values.sum()) / total, digits) if total else None

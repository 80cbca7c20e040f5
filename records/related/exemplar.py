"""Does an exemplar fix the colours that luma cannot, and is a wrong one ignored?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from records.quality.keyframes import keyed
from records.related.seeds import Row, clips_of, complete, run_seeds
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.reference import ReferenceColorizer
from vidcolor_utils.pictures.chroma import resize_ab
from vidcolor_utils.pictures.color import has_color, luma_from_rgb, rgb_from_lab, to_uint8
from vidcolor_utils.related.clips import Split
from vidcolor_utils.related.exemplar.tokens import TokenReader
from vidcolor_utils.related.exemplar.training import (
    WRONG_SHARE,
    ExemplarConfig,
    Known,
    Pair,
    brought_over,
    calibration,
    colored,
    described,
    held_out_pairs,
    mean_psnr,
    train_exemplar,
)
from vidcolor_utils.related.pointer.model import Pointer
from vidcolor_utils.related.pointer.training import PointerConfig, train_pointer
from vidcolor_utils.related.rows import motion_guess
from vidcolor_utils.system.progress import Say
from vidcolor_utils.weights.shipped import shipped_sums

GAPS = (10, 20, 30, 50)
POINTER_STEPS = 250
VIEW_SIDE = 96
VARIANTS = {"two-way": {}, "forward likeness only": {"backward": False}}
TOKENS = "ViT tokens"

Way: TypeAlias = Callable[[Sequence[Pair]], Iterable[np.ndarray]]
"""From pairs to the ab (S, S, 2) of each target, Lab units."""
Parts: TypeAlias = Callable[[str], list[Known]]
"""From "train" or "test" to what is known of the clips of that part, tokens as features."""


def record_exemplar(split: Split, output: Path, *, seeds: int, steps: int, say: Say) -> dict:
    """Train on features of a pointer of the same seed; score beside the tool's own ways on the same pairs.

    Then the same with the tokens of the transformer that ships as features, without training and with.
    """
    reader = TokenReader(VIEW_SIDE)

    @cache
    def tokens(part: str) -> list[Known]:
        return reader.know(getattr(split, part))

    record = run_seeds(
        output,
        settings_of(split, steps),
        controls=lambda: controls(tokens("test"), reader.colorizer),
        one_seed=lambda seed: with_pointer(split, tokens, ExemplarConfig(steps=steps, seed=seed), say),
        seeds=seeds,
        say=say,
    )
    right = record["controls"]["right"]
    complete(output, record, right, TOKENS, lambda: by_gap(pairs_of(tokens("test")), brought_over))
    for seed, found in record["seeds"].items():
        config = ExemplarConfig(steps=steps, seed=int(seed))
        complete(output, record, found, TOKENS, partial(with_tokens, tokens, config))
        say(f"exemplar: seed {seed}, {TOKENS}")
    return record


def settings_of(split: Split, steps: int) -> dict:
    """What the numbers depend on."""
    return {
        "steps": steps,
        "pointer_steps": POINTER_STEPS,
        "wrong_share": WRONG_SHARE,
        "gaps": GAPS,
        "clips": clips_of(split),
        "weights": shipped_sums(),  # of what makes the colours that an exemplar improves on, and the tokens
    }


def controls(unseen: Sequence[Known], colorizer: FrameColorizer) -> dict:
    """Score what needs no training: the tool's ways with right exemplars, and its reference with wrong ones."""
    pairs = pairs_of(unseen)
    ways = {"no exemplar": bases, "hold": holds, "motion (DIS)": moved, "--keyframes": carried}
    found = {name: by_gap(pairs, way) for name, way in ways.items()}
    found["--reference"] = by_gap(pairs, lambda each: referred(each, colorizer))
    wrong = held_out_pairs(unseen, GAPS[0], wrong=True)
    return {"right": found, "wrong": wrong_row(wrong, referred(wrong, colorizer))}


def with_pointer(split: Split, tokens: Parts, config: ExemplarConfig, say: Say) -> dict:
    """Train a pointer, and on its features the colour network as each of `VARIANTS`."""
    network, _ = train_pointer(split.train, PointerConfig(steps=POINTER_STEPS, seed=config.seed))
    known, unseen = (described(tokens(part), Pointer(network)) for part in split._fields)
    say(f"exemplar: seed {config.seed}, features")
    found: dict = {name: learned(known, unseen, config._replace(**changes)) for name, changes in VARIANTS.items()}
    return found | {"calibration": calibrated(unseen)}


def with_tokens(tokens: Parts, config: ExemplarConfig) -> dict:
    """Train the colour network with tokens as features."""
    return learned(tokens("train"), tokens("test"), config) | {"calibration": calibrated(tokens("test"))}


def pairs_of(known: Sequence[Known]) -> dict[int, list[Pair]]:
    """The pairs that everything is scored on, by frames between them."""
    return {gap: held_out_pairs(known, gap) for gap in GAPS}


def by_gap(pairs: Mapping[int, Sequence[Pair]], way: Way) -> Row:
    """Mean PSNR of ab of a way of colouring, by frames between target and exemplar."""
    return {str(gap): mean_psnr(each, way(each)) for gap, each in pairs.items()}


def learned(known: Sequence[Known], unseen: Sequence[Known], config: ExemplarConfig) -> dict[str, Row]:
    """Train the colour network, and score it with right exemplars and with wrong ones."""
    model, _ = train_exemplar(known, config)
    way = partial(colored, model, backward=config.backward)
    wrong = held_out_pairs(unseen, GAPS[0], wrong=True)
    return {"right": by_gap(pairs_of(unseen), way), "wrong": wrong_row(wrong, way(wrong))}


def calibrated(unseen: Sequence[Known]) -> dict:
    """How the error of the colours that are brought over depends on likeness."""
    pairs = [pair for gap in GAPS for pair in held_out_pairs(unseen, gap, count=4)]
    return calibration(pairs)._asdict()


def wrong_row(pairs: Sequence[Pair], made: Iterable[np.ndarray]) -> Row:
    """PSNR of ab with exemplars of another clip, beside that of no exemplar on the same targets."""
    return {"psnr_ab": mean_psnr(pairs, made), "no exemplar": mean_psnr(pairs, bases(pairs))}


def bases(pairs: Sequence[Pair]) -> list[np.ndarray]:
    """The colours of the network that sees no exemplar."""
    return [pair.target.base[pair.frame] for pair in pairs]


def holds(pairs: Sequence[Pair]) -> list[np.ndarray]:
    """The exemplar's colours where they are."""
    return [_exemplar(pair)[..., 1:] for pair in pairs]


def moved(pairs: Sequence[Pair]) -> list[np.ndarray]:
    """The exemplar's colours along the optical flow, as key frames travel."""
    return [motion_guess(_exemplar(pair), pair.target.clip.lab[pair.frame, ..., 0]) for pair in pairs]


def referred(pairs: Sequence[Pair], colorizer: FrameColorizer) -> list[np.ndarray]:
    """What `vidcolor colorize --reference` makes of a frame with the exemplar as photograph."""
    made = []
    for pair in pairs:
        photograph = to_uint8(rgb_from_lab(np.ascontiguousarray(_exemplar(pair))))
        if not has_color(photograph):  # the tool refuses it, and goes on without
            made.append(pair.target.base[pair.frame])
            continue
        guided = ReferenceColorizer(colorizer, [photograph])
        gray = np.zeros_like(pair.target.clip.lab[pair.frame])
        gray[..., 0] = pair.target.clip.lab[pair.frame, ..., 0]
        ab = guided.predict_ab([luma_from_rgb(rgb_from_lab(gray))])[0]
        made.append(resize_ab(ab, gray.shape[:2]))
    return made


def carried(pairs: Sequence[Pair]) -> list[np.ndarray]:
    """What `vidcolor colorize --keyframes` makes of a frame with the exemplar as key frame of the same clip."""
    return [_carried(pair.target.clip.lab, pair.target.base, pair.exemplar, pair.frame) for pair in pairs]


def _carried(lab: np.ndarray, base: np.ndarray, key: int, last: int) -> np.ndarray:
    pictures = [to_uint8(rgb_from_lab(np.ascontiguousarray(frame))) for frame in lab[key : last + 1]]
    grays = [to_uint8(luma_from_rgb(picture)) for picture in pictures]
    return keyed(grays, list(base[key : last + 1]), {0: pictures[0]})[-1]


def _exemplar(pair: Pair) -> np.ndarray:
    return pair.source.clip.lab[pair.exemplar]

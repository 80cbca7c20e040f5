"""Error against the number of photographs, for the same number of pictures seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from records.related.seeds import run_seeds
from vidcolor_utils.related.more_data.photographs import Photographs, build_encoder, encoded, read_squares
from vidcolor_utils.related.more_data.training import (
    DecoderConfig,
    gray_error,
    train_decoder,
    typical_error,
)
from vidcolor_utils.stills.photos import find_photos, photos_sha256
from vidcolor_utils.system.progress import Say

COUNTS = (1_000, 3_000, 10_000, 30_000)


def record_more_data(
    photos: Sequence[Path], unseen: Sequence[Path], output: Path, *, seeds: int, pictures: int, say: Say
) -> dict:
    """Train on a thousand photographs, three, ten, and thirty or all there are; the features are made once.

    Args:
        photos: folders or tars to learn from.
        unseen: folders or tars to measure on.
        output: the record.
        seeds: runs of each number.
        pictures: seen in each run.
        say: told what is done.
    """
    encoder = build_encoder()
    known, others = (encoded(read_squares(paths), encoder) for paths in (photos, unseen))
    say(f"more_data: features of {len(known.ab)} and {len(others.ab)} photographs")
    counts = [min(count, len(known.ab)) for count in COUNTS]
    settings = {
        "pictures": pictures,
        "counts": counts,
        "unseen": len(others.ab),
        "sha256": {
            name: photos_sha256(find_photos(*paths)) for name, paths in (("photos", photos), ("unseen", unseen))
        },
    }

    def controls() -> dict:
        return {"gray": gray_error(others), "one colour for all": typical_error(known, others)}

    def one_seed(seed: int) -> dict:
        return {str(count): one_count(known, others, count, pictures, seed, say) for count in counts}

    return run_seeds(output, settings, controls=controls, one_seed=one_seed, seeds=seeds, say=say)


def one_count(
    known: Photographs, others: Photographs, count: int, pictures: int, seed: int, say: Say
) -> list[dict]:
    """The readings of one training."""
    config = DecoderConfig(count, pictures=pictures, seed=seed)
    _, readings = train_decoder(known, others, config)
    say(f"more_data: seed {seed}, {count} photographs: {readings[-1].unseen:.3f}")
    return [reading._asdict() for reading in readings]

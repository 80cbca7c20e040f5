"""What each cited system must show on clips that it did not see, and which controls must not: read from records.

Each criterion has a value a seed, and holds if every one of them lies within its bounds. A control is written the
same way: its criterion holds if the control fails as it should.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Record = Mapping[str, Any]

TRACKED = 10  # frames over which a mask is carried
HOPS = 15
USUAL, SHARPER = "0.05", "0.03"  # temperatures
EXEMPLAR_GAPS = ("10", "20", "30", "50")
LEARNED = {  # what a seed of the exemplars' record trains, and its row in tables
    "two-way": "learned, two-way",
    "forward likeness only": "learned, forward likeness only",
    "ViT tokens": "learned, two-way, ViT tokens",
}


class Criterion(NamedTuple):
    """A bound, and the value of each seed.

    Attributes:
        name: what is measured.
        values: one a seed.
        least: the bound from below; None: there is none.
        most: the bound from above.
        control: whether this is what a control must show, by failing.
    """

    name: str
    values: tuple[float, ...]
    least: float | None = None
    most: float | None = None
    control: bool = False

    @property
    def holds(self) -> bool:
        """Whether every seed is within the bounds."""
        low, high = (-np.inf if self.least is None else self.least), (np.inf if self.most is None else self.most)
        return bool(self.values) and all(low <= value <= high for value in self.values)

    @property
    def row(self) -> dict[str, float | str | None]:
        """The same for a table."""
        bound = f"≥ {self.least:.3g}" if self.least is not None else f"≤ {self.most:.3g}"
        kind = "control" if self.control else "criterion"
        return {
            "": kind,
            "bound": bound,
            "lowest": min(self.values),
            "highest": max(self.values),
            "holds": "yes" if self.holds else "no",
        }


def each_seed(record: Record, value: Callable[[Record], float]) -> tuple[float, ...]:
    """Compute a number for each seed of a record."""
    return tuple(float(value(seed)) for _, seed in sorted(record["seeds"].items()))


def pointer_criteria(record: Record) -> list[Criterion]:
    """Tracking emerges from copying colours."""
    standing = record["controls"]["hold"]["overlap"][TRACKED - 1]

    def overlap(seed: Record, name: str) -> float:
        return seed[name]["overlap"][TRACKED - 1]

    trained, shuffled, random = "trained on ab", "colours of another pair", "random weights"
    return [
        Criterion(
            "mask overlap after 10 frames, above a mask that stands still",
            each_seed(record, lambda seed: overlap(seed, trained) - standing),
            least=0.1,
        ),
        Criterion(
            "mask overlap after 10 frames, above random weights",
            each_seed(record, lambda seed: overlap(seed, trained) - overlap(seed, random)),
            least=0.1,
        ),
        Criterion(
            "rank correlation of colour error and mask error",
            each_seed(record, lambda seed: seed[trained]["rank_correlation"]),
            least=0.3,
        ),
        Criterion(
            "random weights, above a mask that stands still",
            each_seed(record, lambda seed: overlap(seed, random) - standing),
            most=0.1,
            control=True,
        ),
        Criterion(
            "trained on colours of another pair, above a mask that stands still",
            each_seed(record, lambda seed: overlap(seed, shuffled) - standing),
            most=0.1,
            control=True,
        ),
    ]


def propagation_criteria(record: Record) -> list[Criterion]:
    """Averaging loses colour hop by hop, and a term for orthogonality slows it."""
    held = record["controls"]["hold"]["energy"][HOPS - 1]

    def last(seed: Record, name: str, what: str) -> float:
        return seed[name][USUAL][what][HOPS - 1]

    plain, probes = "forward only", "round trip of probes"
    return [
        Criterion(
            "energy lost after 15 hops, share of what hold keeps",
            each_seed(record, lambda seed: 1 - last(seed, plain, "energy") / held),
            least=0.05,
        ),
        Criterion(
            "energy after 15 hops gained by the term for orthogonality",
            each_seed(record, lambda seed: last(seed, probes, "energy") - last(seed, plain, "energy")),
            least=0.03,
        ),
        Criterion(
            "PSNR of ab after 15 hops gained by it, dB",
            each_seed(record, lambda seed: last(seed, probes, "psnr_ab") - last(seed, plain, "psnr_ab")),
            least=0.0,
        ),
        *_against_sharper(record, probes, plain, USUAL),
        *_against_sharper(record, probes, plain, SHARPER),
    ]


def _against_sharper(record: Record, term: str, plain: str, temperature: str) -> list[Criterion]:
    """The term at a temperature against the control that costs nothing: no term, and a smaller temperature."""

    def gained(seed: Record, what: str) -> float:
        return seed[term][temperature][what][HOPS - 1] - seed[plain][SHARPER][what][HOPS - 1]

    title = f"the term at T {temperature}, above no term at T {SHARPER}"
    return [
        Criterion(f"{title}: energy", each_seed(record, lambda seed: gained(seed, "energy")), least=0.0),
        Criterion(f"{title}: PSNR of ab, dB", each_seed(record, lambda seed: gained(seed, "psnr_ab")), least=0.0),
    ]


def colas_criteria(record: Record) -> list[Criterion]:
    """Teacher forcing flatters, and the closed loop collapses."""

    def kept(seed: Record, name: str, loop: str, frame: int) -> float:
        curve = seed[name][loop]["accuracy"]
        return curve[frame] / curve[1]

    forced, own = "teacher forcing", "fed its own"
    return [
        Criterion(
            "fed the truth: accuracy at frame 30 over that at frame 1",
            each_seed(record, lambda seed: kept(seed, forced, "fed the truth", 30)),
            least=0.8,
        ),
        Criterion(
            "fed its own: accuracy at frame 10 over that at frame 1",
            each_seed(record, lambda seed: kept(seed, forced, own, 10)),
            most=0.25,
        ),
        Criterion(
            "trained in closed loop, fed its own: accuracy at frame 30 over that at frame 1",
            each_seed(record, lambda seed: kept(seed, "closed loop", own, 30)),
            least=0.3,
            control=True,
        ),
    ]


def colornn_criteria(record: Record) -> list[Criterion]:
    """The previous estimate as an input calms the colours."""

    def calmed(seed: Record, loop: str) -> float:
        frame = seed["per frame"]["previous is zero"]["unsteadiness"]
        return 1 - seed["with feedback"][loop]["unsteadiness"] / frame

    def gained(seed: Record) -> float:
        return seed["with feedback"]["closed loop"]["psnr_ab"] - seed["per frame"]["previous is zero"]["psnr_ab"]

    return [
        Criterion(
            "chroma warp error taken off, share of the network without feedback",
            each_seed(record, lambda seed: calmed(seed, "closed loop")),
            least=0.2,
        ),
        Criterion("PSNR of ab gained, dB", each_seed(record, gained), least=-0.3),
        Criterion(
            "with zeros in place of the previous estimate",
            each_seed(record, lambda seed: calmed(seed, "previous is zero")),
            most=0.2,
            control=True,
        ),
        Criterion(
            "with the estimate of a random earlier frame",
            each_seed(record, lambda seed: calmed(seed, "a random earlier frame")),
            most=0.2,
            control=True,
        ),
    ]


def exemplar_rows(record: Record) -> dict[str, dict[str, float]]:
    """Rows of a table: PSNR of ab by frames from exemplar to target; of what is learned the mean over seeds."""
    rows = {name: dict(row) for name, row in record["controls"]["right"].items()}
    seeds = list(record["seeds"].values())
    for name, title in LEARNED.items():
        runs = [seed[name]["right"] for seed in seeds if name in seed]
        if runs:
            rows[title] = {gap: float(np.mean([run[gap] for run in runs])) for gap in EXEMPLAR_GAPS}
    return rows


def exemplar_criteria(record: Record, *, tokens: bool = False) -> list[Criterion]:
    """An exemplar fixes the colours that luma cannot, and a wrong one is ignored.

    Args:
        record: of all runs.
        tokens: of those with the transformer's tokens as features, in place of the pointer's.
    """
    rows, name = record["controls"]["right"], "ViT tokens" if tokens else "two-way"
    runs = {"seeds": {number: seed for number, seed in record["seeds"].items() if name in seed}}

    def mean(row: Mapping[str, float]) -> float:
        return float(np.mean([row[gap] for gap in EXEMPLAR_GAPS]))

    def gain(seed: Record, over: str) -> float:
        return mean(seed[name]["right"]) - mean(rows[over])

    def wrong(seed: Record, which: str) -> float:
        return seed[which]["wrong"]["psnr_ab"] - seed[which]["wrong"]["no exemplar"]

    def order(seed: Record) -> float:
        return (seed[name] if tokens else seed)["calibration"]["rank_correlation"]

    found = [
        Criterion(
            "PSNR of ab gained over no exemplar, 10 to 50 frames apart, dB",
            each_seed(runs, lambda seed: gain(seed, "no exemplar")),
            least=2.0,
        ),
        Criterion(
            "the same gained over --reference, dB",
            each_seed(runs, lambda seed: gain(seed, "--reference")),
            least=0.5,
        ),
        Criterion(
            "PSNR of ab with an exemplar of another clip, above none, dB",
            each_seed(runs, lambda seed: wrong(seed, name)),
            least=-0.5,
        ),
        Criterion("rank correlation of likeness and error", each_seed(runs, order), most=-0.8),
    ]
    if tokens:
        return found
    hidden = each_seed(runs, lambda seed: wrong(seed, "forward likeness only") - wrong(seed, name))
    title = "without backward likeness, wrong exemplars: PSNR of ab above that with it, dB"
    return [*found, Criterion(title, hidden, most=0.0, control=True)]


def unpaired_criteria(record: Record) -> list[Criterion]:
    """A network that sees the clip keeps one hue a clip, and its hues differ between clips."""

    def reading(seed: Record, name: str, what: str) -> float:
        return seed[name][-1][what]

    clip, frame = "(2+1)-D", "frame by frame"
    return [
        Criterion(
            "spread of hue within a clip, over that of the frame-wise twin",
            each_seed(record, lambda seed: reading(seed, clip, "within") / reading(seed, frame, "within")),
            most=1 / 3,
        ),
        Criterion(
            "spread of hue between clips, over the true one",
            each_seed(record, lambda seed: reading(seed, clip, "between") / reading(seed, clip, "true_between")),
            least=0.5,
        ),
        Criterion(
            "a painter that makes all red: spread of hue between clips, over the true one",
            (record["controls"]["all red"]["between"] / record["controls"]["true"]["between"],),
            most=0.5,
            control=True,
        ),
    ]

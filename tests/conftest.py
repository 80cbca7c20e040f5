"""Clips made on the spot, and the colorizer, loaded once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vidcolor_utils.colorizer import FrameColorizer, View
from vidcolor_utils.video_codecs import Encoding
from vidcolor_utils.video_writer import VideoWriter

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"


def moving_disc(frames: int, height: int, width: int) -> np.ndarray:
    """A red disc that crosses a blue-green gradient; (T, H, W, 3) uint8."""
    y, x = np.mgrid[:height, :width]
    clip = np.empty((frames, height, width, 3), np.uint8)
    clip[..., 0] = 40
    clip[..., 1] = (x * 200 // max(1, width - 1)).astype(np.uint8)
    clip[..., 2] = (y * 200 // max(1, height - 1)).astype(np.uint8)
    for t in range(frames):
        center = width * (t + 1) / (frames + 1)
        clip[t][(x - center) ** 2 + (y - height / 2) ** 2 < (min(height, width) / 4) ** 2] = (220, 40, 30)
    return clip


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Write a small clip and return its path."""

    def make(
        name: str = "clip.mp4",
        *,
        frames: int = 6,
        size: tuple[int, int] = (48, 64),
        codec: str = "libx264",
        pixel_format: str = "yuv420p",
        sound: str | None = None,
        times: list[int] | None = None,
        rotation: int = 0,
        options: dict[str, str] | None = None,
        colorspace: int | None = None,
        color_range: int | None = None,
    ) -> Path:
        path = tmp_path / name
        height, width = size
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=25, options=options or {})
            stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
            stream.codec_context.time_base = Fraction(1, 100)
            if colorspace is not None:
                stream.codec_context.colorspace = colorspace
            if color_range is not None:
                stream.codec_context.color_range = color_range
            if rotation:
                stream.set_display_rotation(rotation)
            voice = container.add_stream(sound, rate=44100, layout="mono") if sound else None
            if voice is not None:
                _mux_tone(container, voice, seconds=frames / 25)
            for index, rgb in enumerate(moving_disc(frames, height, width)):
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixel_format)
                frame.pts = times[index] if times else index * 4
                frame.time_base = Fraction(1, 100)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return make


def combing(luma: np.ndarray) -> float:
    """Tell how far the lines of luma (..., H, W) lie from the mean of those above and below."""
    luma = np.asarray(luma, np.float32)
    return float(np.abs(luma[..., 1:-1, :] - (luma[..., :-2, :] + luma[..., 2:, :]) / 2).mean())


def woven(frames: np.ndarray, fields: str) -> np.ndarray:
    """Join fields of consecutive frames (2T, H, W ...) to T interlaced frames."""
    first, second = frames[::2].copy(), frames[1::2]
    lines = slice(1, None, 2) if fields == "top" else slice(0, None, 2)
    first[:, lines] = second[:, lines]
    return first


@pytest.fixture
def make_interlaced(tmp_path: Path) -> Callable[..., Path]:
    """Write an interlaced film, gray if no `chroma` is given, without loss, and return its path."""

    def make(
        lumas: np.ndarray,
        fields: str,
        *,
        chroma: np.ndarray | None = None,
        name: str = "fields.mkv",
        marked: bool = True,
    ) -> Path:
        gray = [np.full([(side + 1) // 2 for side in lumas.shape[1:]], 128, np.uint8)] * len(lumas)
        chroma = gray if chroma is None else chroma
        settings = {"encoding": Encoding("ffv1"), "rate": Fraction(25), "fields": fields if marked else None}
        with VideoWriter(tmp_path / name, lumas.shape[1:], **settings) as writer:
            for index, (luma, plane) in enumerate(zip(lumas, chroma, strict=True)):
                writer.write_planes(luma, plane, plane, pts=index)
        return tmp_path / name

    return make


def _mux_tone(container: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    samples = np.sin(np.arange(int(44100 * seconds)) / 10).astype(np.float32)[None]
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 44100, 0, Fraction(1, 44100)
    container.mux(stream.encode(frame))
    container.mux(stream.encode())


@pytest.fixture(scope="session")
def colorizer() -> FrameColorizer:
    return FrameColorizer(views=[View(64)])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The project's measuring data; a user's machine has none."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the project's shared/data folder")
    return SHARED_DATA


def run_vidcolor(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-c", "from vidcolor_utils.cli import main; main()", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, **options)

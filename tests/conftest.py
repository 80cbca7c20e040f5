"""Clips made on the spot, and the colorizer, loaded once."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.helpers.command import SHARED_DATA
from tests.helpers.films import moving_disc
from vidcolor_utils.colorizers.frame import FrameColorizer, View
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.writer import VideoWriter


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What the tests import stays: the collector need not look for garbage in it, neither then nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


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

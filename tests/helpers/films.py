"""Films in memory, what files of them hold, and crashes in the middle of one."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

FRAMES, SEGMENT_S = 70, 0.8  # 20 frames in a segment, so four of them


class Interrupted(Exception):
    """A crash, as far as the files are concerned."""


def decoded(path):
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)])


def crash_after(frames):
    def progress(done, total):
        if done == frames:
            raise Interrupted

    return progress


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


def packets_of(path, kind):
    with av.open(str(path)) as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        return [bytes(packet) for packet in container.demux(*streams) if packet.size]


def frame_times(path):
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def planes_of(path):
    """Decode with plain PyAV: every frame's planes as arrays."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield [
                np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
                for plane in frame.planes
            ]


def add_tone(container: av.container.OutputContainer, stream: av.AudioStream) -> None:
    """Write a quarter of a second of a tone, in all channels, and end the sound."""
    rate, channels = stream.codec_context.sample_rate, stream.codec_context.layout.nb_channels
    tone = (8000 * np.sin(np.arange(rate // 4) * 0.06)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(
        np.repeat(tone, channels)[None], format="s16", layout=stream.codec_context.layout.name
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def write_part(
    path, *, frames=25, offset=0, codec="libx264", rate=25, options=None, hold=None, sound=False, size=(48, 64)
):
    """A film whose times begin at `offset` seconds; `hold` is how long its last frame is shown, in seconds."""
    height, width = size
    with av.open(str(path), "w", options={"muxdelay": "0"} if path.suffix == ".ts" else {}) as container:
        video = container.add_stream(codec, rate=rate, options=options or {"bf": "2"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        voice = container.add_stream("aac", rate=48_000, layout="mono") if sound else None
        packets = []
        for index, rgb in enumerate(moving_disc(frames, height, width)):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index + offset * rate, Fraction(1, rate)
            packets += video.encode(frame)
        packets += video.encode(None)
        if hold:
            packets[-1].duration = round(hold / packets[-1].time_base)
        for packet in packets:
            container.mux(packet)
        if voice is not None:
            tone = av.AudioFrame.from_ndarray(np.zeros((1, 48_000 * frames // rate), np.int16), "s16", "mono")
            tone.sample_rate, tone.pts, tone.time_base = 48_000, offset * 48_000, Fraction(1, 48_000)
            container.mux(voice.encode(tone))
            container.mux(voice.encode(None))

"""The release matrix: films of all kinds made by plain PyAV, and a judge that reads what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import numpy as np

from tests.helpers.films import add_tone

FRAMES, RATE, SOUND_RATE = 7, 25, 48_000
LUMA_ERROR = 1.0  # of 255, of the mean of a frame: the encoders lose a little, one level shifted is more
UNKNOWN = 2

# What the codecs take, and the containers that hold them.
CODECS = {
    "libx264": (("yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "gray"), ("mp4", "mkv", "mov", "ts")),
    "libx265": (("yuv420p", "yuv420p10le", "yuv420p12le"), ("mp4", "mkv")),
    "ffv1": (
        (
            "yuv420p",
            "yuv422p10le",
            "yuv444p12le",
            "yuv420p16le",
            "gray",
            "gray10le",
            "gray16le",
            "gbrp12le",
            "bgr0",
        ),
        ("mkv", "avi"),
    ),
    "mpeg4": (("yuv420p",), ("avi", "mp4", "mkv", "mov")),
    "mpeg2video": (("yuv420p", "yuv422p"), ("mpg", "ts", "mkv")),
    "mjpeg": (("yuvj420p", "yuvj422p", "yuvj444p"), ("avi", "mov", "mkv")),
    "libvpx-vp9": (("yuv420p", "yuv444p"), ("webm", "mkv", "mp4")),
    "png": (("gray", "gray16be", "ya8", "rgb24", "rgb48be"), ("mov", "avi")),
    "qtrle": (("rgb24", "rgb555be", "gray"), ("mov",)),
    "huffyuv": (("yuv422p", "rgb24"), ("avi",)),
    "prores_ks": (("yuv422p10le", "yuv444p10le"), ("mov",)),
    "msvideo1": (("rgb555le",), ("avi",)),
    "wmv2": (("yuv420p",), ("asf", "avi")),
    "flv1": (("yuv420p",), ("flv",)),
}
SOUNDS = {
    "mp4": "aac",
    "mov": "pcm_s16le",
    "avi": "pcm_mulaw",
    "asf": "pcm_s16le",
    "mkv": "flac",
    "webm": "libopus",
}
GEOMETRIES = {"plain": (0, False), "turned": (90, False), "mirrored": (0, True), "both": (270, True)}
TIMES = {
    "even": [0, 1, 2, 3, 4, 5, 6],
    "late": [5, 6, 7, 8, 9, 10, 11],
    "uneven": [0, 1, 3, 4, 8, 9, 13],
}
TAGS = {"none": (UNKNOWN,) * 3, "709": (1, 1, 1), "pq": (9, 16, 9), "hlg": (9, 18, 9), "p3": (1, 13, 12)}
EXACT_TIMES = ("mp4", "mov", "mkv", "webm")  # the others say a rate, or times that start anywhere
WITH_GEOMETRY, WITH_TAGS = ("mp4", "mov", "mkv"), ("libx264", "libx265")


@dataclass(frozen=True)
class Row:
    """One film of the matrix."""

    codec: str
    pixels: str
    container: str
    geometry: str = "plain"
    times: str = "even"
    tags: str = "none"
    output: str = "mkv"

    @property
    def name(self) -> str:
        """As a test's name."""
        return "-".join(
            (self.codec, self.pixels, self.container, self.geometry, self.times, self.tags, self.output)
        )


def rows() -> list[Row]:
    """All films: each codec with each of its formats in each container, and what these can say beside."""
    found = []
    for codec, (formats, containers) in CODECS.items():
        for pixels, container in product(formats, containers):
            found += [Row(codec, pixels, container, output=output) for output in ("mp4", "mkv")]
            if container in EXACT_TIMES:
                found += [Row(codec, pixels, container, times=times) for times in ("late", "uneven")]
            if container in WITH_GEOMETRY:
                turned = [geometry for geometry in GEOMETRIES if geometry != "plain"]
                found += [Row(codec, pixels, container, geometry, output="mp4") for geometry in turned]
            if codec in WITH_TAGS and container in EXACT_TIMES:
                found += [
                    Row(codec, pixels, container, tags=tags, output="mp4") for tags in TAGS if tags != "none"
                ]
    return found


def picture(index: int) -> np.ndarray:
    """Gray (48, 64) uint8: a ramp with a bright block that moves."""
    gray = np.broadcast_to(np.linspace(50, 180, 64), (48, 64)).copy()
    gray[8:24, 8 + 6 * index : 16 + 6 * index] = 220
    return gray.astype(np.uint8)


def make(row: Row, path: Path) -> None:
    """Write a row's film."""
    matrix, transfer, primaries = TAGS[row.tags]
    with av.open(str(path), "w", format={"mpg": "mpeg"}.get(row.container)) as container:
        video = container.add_stream(row.codec, rate=RATE)
        video.width, video.height, video.pix_fmt = 64, 48, row.pixels
        context = video.codec_context
        context.thread_count = 1
        if row.tags != "none":
            context.colorspace, context.color_trc, context.color_primaries = matrix, transfer, primaries
        options = {"libx264": {"qp": "4"}, "libx265": {"x265-params": "log-level=none:qp=4"}}
        context.options = options.get(row.codec, {} if row.codec == "libvpx-vp9" else {"q": "1", "strict": "-2"})
        if row.codec in ("mpeg4", "mpeg2video", "mjpeg", "wmv2", "flv1"):
            context.bit_rate = 4_000_000
        rotation, mirrored = GEOMETRIES[row.geometry]
        if row.geometry != "plain":
            video.set_display_rotation(rotation, hflip=mirrored)
        sound = None
        if row.container in SOUNDS:
            sound = container.add_stream(SOUNDS[row.container], rate=SOUND_RATE, layout="mono")
        for index, time in enumerate(TIMES[row.times]):
            frame = av.VideoFrame.from_ndarray(picture(index), format="gray").reformat(format=row.pixels)
            frame.pts, frame.time_base = time, Fraction(1, RATE)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            add_tone(container, sound)


@dataclass(frozen=True)
class Seen:
    """What an independent reader sees of a film."""

    luma: list[float]  # mean of each frame, of 255, as shown
    times: list[float]
    tags: tuple[int, int, int]  # transfer, primaries, and matrix
    matrix: bytes | None
    sound_s: float
    sound_packets: int  # that are heard
    all_sound_packets: int
    sound: str | None


def see(path: Path) -> Seen:
    """Read a film with plain PyAV."""
    with av.open(str(path)) as container:
        frames = [frame for frame in container.decode(video=0) if frame.pts is not None]
        first = frames[0]
        luma = [float(frame.reformat(format="gray").to_ndarray().mean()) for frame in frames]
        times = [float(frame.pts * frame.time_base) for frame in frames]
        tags = int(first.color_trc), int(first.color_primaries), int(first.colorspace)
        matrix = next((bytes(data) for data in first.side_data if data.type.name == "DISPLAYMATRIX"), None)
    with av.open(str(path)) as container:
        stream = next(iter(container.streams.audio), None)
        packets = [each for each in container.demux(stream) if each.size] if stream is not None else []
        heard = [each for each in packets if not each.is_discard]
        name = None if stream is None else stream.codec_context.name
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0)) if stream is not None else 0
    return Seen(luma, times, tags, matrix, samples / SOUND_RATE, len(heard), len(packets), name)


def judge(row: Row, source: Seen, output: Seen) -> list[str]:
    """Say what is wrong with an output; nothing if it is right."""
    faults = []
    if len(output.luma) != len(source.luma):
        return [f"{len(output.luma)} frames of {len(source.luma)}"]
    if (error := max(abs(a - b) for a, b in zip(source.luma, output.luma, strict=True))) > LUMA_ERROR:
        faults.append(f"luma differs by {error:.2f}")
    steps = [np.diff(seen.times) for seen in (source, output)]
    if row.container in EXACT_TIMES and np.abs(steps[0] - steps[1]).max() > 0.0011:
        faults.append(f"times differ by {np.abs(steps[0] - steps[1]).max():.4f} s")
    if row.container not in EXACT_TIMES and np.abs(steps[1] - 1 / RATE).max() > 0.0011:
        faults.append(f"times are {output.times}")
    wanted, found = source.tags, output.tags
    if wanted[:2] != found[:2] or (UNKNOWN not in wanted and wanted[2] != found[2]):
        faults.append(f"tags {wanted} became {found}")
    if source.matrix != output.matrix and row.geometry != "plain":
        faults.append("is shown another way")
    is_cut_at_will = source.sound is not None and source.sound.startswith("pcm")  # by readers
    if source.sound and abs(source.sound_s - output.sound_s) > (0 if is_cut_at_will else 0.04):
        faults.append(f"{output.sound_s:.3f} s of sound of {source.sound_s:.3f}")
    is_copied = source.sound is not None and source.sound == output.sound and not is_cut_at_will
    # A decoder may be given those before the first that is heard.
    if is_copied and not source.sound_packets <= output.sound_packets <= source.all_sound_packets:
        faults.append(f"{output.sound_packets} packets of sound of {source.sound_packets}")
    return faults

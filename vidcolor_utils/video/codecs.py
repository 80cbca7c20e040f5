"""The video codecs to write: which containers hold them, and what quality and preset mean to each encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.system.options import Within

LARGE = 4_000_000  # pixels of frames that are dealt with in less memory, see `VideoCodec.large_options`
INTERMEDIATE = ".nut"  # holds any codec, and exact times, for what is put into another container later
CONTAINERS = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
X26X_PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow", "placebo"),
)


class VideoCodec(NamedTuple):
    """One row of `CODECS`."""

    encoder: str  # FFmpeg's name
    containers: tuple[str, ...]
    options: dict[str, str]  # for the encoder, always
    # And with the default preset, in frames of `LARGE` pixels and more: names and values.
    large_options: tuple[tuple[str, str], ...] = ()
    # Of the default, chosen so that luma stays as near the source as with H.264; None: it has no such choice.
    crf: int | None = None
    crf_limit: int = 0  # the worst there is; 0 is the best
    presets: tuple[str, ...] = ()  # slowest or fastest first, as the encoder counts
    preset: str = ""  # of the default
    preset_option: str = "preset"
    halves_odd_sides: bool = True  # takes chroma of half the size also where a side is odd
    field_lines: int = 0  # heights at which it can say that frames are interlaced are multiples of this; 0: none
    bottom_first: tuple[str, str] | None = (
        None  # an option, and what it must hold where the lower field comes first
    )
    stores_pixel_aspect: bool = False  # by itself; other than .mp4, PyAV's .mkv does not say it
    depths: tuple[int, ...] = (8, 10, 12, 16)  # of luma to choose from, as far as the encoder has them
    halves_height: bool = True  # chroma has half the lines of luma
    hdr_option: str = ""  # in which the encoder takes HDR's static metadata; "": it cannot pass them on
    intermediate: str = INTERMEDIATE  # suffix of files that hold it until it is put into another container
    hdr_names: tuple[str, str] = ("master-display", "max-cll")
    quality_option: str = "crf"
    quality: Callable[[int], int] = int  # from crf to what that option takes
    device: str = ""  # FFmpeg's name of the hardware that frames are sent to first; "": the encoder does so itself

    def keeps_fields(self, lines: int) -> bool:
        """Whether it can say that frames of so many lines, as stored, are interlaced."""
        return self.field_lines > 0 and lines % self.field_lines == 0


# Sources: `ffmpeg -h encoder=NAME` for options and ranges; the containers are those that FFmpeg's muxers accept.
CODECS = {
    "h264": VideoCodec(
        encoder="libx264",
        containers=(".mp4", ".m4v", ".mov", ".mkv"),
        # With mbtree two runs of x264 on the same planes give different pictures at some sizes, and an interrupted
        # run would not end in the same film. Without it files are larger, and luma nearer to the source.
        # Trellis drops what little chroma changes from frame to frame, and then has to make up for it: colours
        # flicker a tenth more. Finer chroma makes blocks worth coding that only repeat what was there: files are a
        # fifth larger at 720p, take longer, and colours flicker more.
        # Frames are looked at one ahead of where they are coded, not four: the same file as fast, 11 MB less.
        options={
            "mbtree": "0",
            "trellis": "0",
            "chromaoffset": "2",
            "x264-params": "sync-lookahead=1",
        },
        # Frames that are coded from the one before and the one after: one in a row, not three, which the encoder
        # would all hold at once. 170 MB less at 2160p and a tenth less work; files are 5 % larger, and luma
        # 0.1 to 0.4 dB nearer to the source.
        large_options=(("bf", "1"),),
        crf=12,
        crf_limit=51,
        presets=X26X_PRESETS,
        preset="faster",
        halves_odd_sides=False,
        stores_pixel_aspect=True,
        field_lines=4,  # x264 halves them for the fields, and again for chroma
        bottom_first=("x264-params", "bff=1"),  # else the order of pictures in the stream contradicts their marks
        hdr_option="x264-params",
        hdr_names=("mastering-display", "cll"),
    ),
    "h265": VideoCodec(
        encoder="libx265",
        containers=(".mp4", ".mov", ".mkv"),
        options={"x265-params": "log-level=none"},
        crf=12,
        crf_limit=51,
        presets=X26X_PRESETS,
        preset="veryfast",
        halves_odd_sides=False,
        stores_pixel_aspect=True,
        hdr_option="x265-params",
    ),
    "vp9": VideoCodec(
        encoder="libvpx-vp9",
        containers=(".mp4", ".mkv", ".webm"),
        options={"b": "0", "row-mt": "1", "deadline": "good"},
        crf=12,
        crf_limit=63,
        presets=tuple(map(str, range(9))),
        preset="5",
        preset_option="cpu-used",
    ),
    "av1": VideoCodec(
        encoder="libsvtav1",
        containers=(".mp4", ".mkv", ".webm"),
        options={},
        crf=12,
        crf_limit=63,
        presets=tuple(map(str, range(14))),
        preset="8",
        hdr_option="svtav1-params",
        hdr_names=("mastering-display", "content-light"),
    ),
    "ffv1": VideoCodec(
        encoder="ffv1",
        containers=(".mkv", ".mp4"),
        options={"level": "3", "g": "1", "slicecrc": "1"},
        field_lines=1,
    ),
    "prores": VideoCodec(  # 422 HQ, what editing programs work in
        encoder="prores_ks",
        containers=(".mov",),
        options={"profile": "3", "vendor": "apl0"},
        field_lines=1,
        stores_pixel_aspect=True,
        depths=(10,),
        intermediate=".mov",
        halves_height=False,
    ),
}
SOUND = ("auto", "copy", "encode", "none")
QP_TO_LAMBDA = 118  # FFmpeg's unit of `global_quality` where the flag qscale is set


def _in_hardware(codec: str, encoder: str, options: dict[str, str], quality_option: str) -> VideoCodec:
    """A row for hardware: chroma of half the size only where sides are even, no fields, none of HDR's metadata."""
    return CODECS[codec]._replace(
        encoder=encoder,
        options=options,
        large_options=(),
        presets=(),
        preset="",
        halves_odd_sides=False,
        field_lines=0,
        depths=(8,) if codec == "h264" else (8, 10),  # few chips make H.264 of 10 bits
        hdr_option="",
        quality_option=quality_option,
    )


def _nvenc(codec: str, encoder: str) -> VideoCodec:
    presets = tuple(f"p{number}" for number in range(1, 8))
    row = _in_hardware(codec, encoder, {"rc": "constqp", "tune": "hq"}, "qp")
    return row._replace(presets=presets, preset="p5", quality=_of_255 if codec == "av1" else int)


def _videotoolbox(codec: str, encoder: str) -> VideoCodec:
    row = _in_hardware(codec, encoder, {"flags": "+qscale"}, "global_quality")
    return row._replace(quality=lambda crf: QP_TO_LAMBDA * round(100 - crf * 99 / row.crf_limit))  # 100 the best


def _qsv(codec: str, encoder: str) -> VideoCodec:
    row = _in_hardware(codec, encoder, {}, "global_quality")  # of 1 to 51: Intel's "intelligent constant quality"
    presets = X26X_PRESETS[X26X_PRESETS.index("veryfast") : X26X_PRESETS.index("placebo")]
    return row._replace(
        presets=presets, preset="medium", quality=lambda crf: max(1, round(crf * 51 / row.crf_limit))
    )


def _vaapi(codec: str, encoder: str) -> VideoCodec:
    row = _in_hardware(codec, encoder, {"rc_mode": "CQP"}, "global_quality" if codec == "av1" else "qp")
    return row._replace(  # 0 would be the driver's default
        device="vaapi", quality=lambda crf: max(1, _of_255(crf) if codec == "av1" else crf)
    )


def _of_255(crf: int) -> int:
    return round(crf * 255 / CODECS["av1"].crf_limit)


# A crf becomes the same share of the encoder's own scale. None of these was run: how good that looks and how large
# files get is not known. Sources: `ffmpeg -h encoder=NAME`, and FFmpeg's source for what goes together.
HARDWARE = {
    "nvenc": {
        "h264": _nvenc("h264", "h264_nvenc"),
        "h265": _nvenc("h265", "hevc_nvenc"),
        "av1": _nvenc("av1", "av1_nvenc"),
    },
    "videotoolbox": {
        "h264": _videotoolbox("h264", "h264_videotoolbox"),
        "h265": _videotoolbox("h265", "hevc_videotoolbox"),
    },
    "qsv": {
        "h264": _qsv("h264", "h264_qsv"),
        "h265": _qsv("h265", "hevc_qsv"),
        "av1": _qsv("av1", "av1_qsv"),
    },
    "vaapi": {
        "h264": _vaapi("h264", "h264_vaapi"),
        "h265": _vaapi("h265", "hevc_vaapi"),
        "av1": _vaapi("av1", "av1_vaapi"),
    },
}
SOFTWARE, AUTO = "software", "auto"
ENCODERS = (SOFTWARE, AUTO, *HARDWARE)


def is_large(size: tuple[int, int]) -> bool:
    """Tell whether frames of this (height, width) are so large that some of them fill most of a process."""
    return size[0] * size[1] >= LARGE


class Encoding(NamedTuple):
    """How a video is written.

    Args:
        codec: one of `CODECS`.
        crf: constant quality, 0 the best, as the codec's encoder counts; None: the codec's default.
        preset: speed against size, see `VideoCodec.presets`; None: the encoder's default; "auto" has no other.
        sound: "copy": as it is, an error where the container cannot hold it; "encode": all of it made anew;
            "none": left out; "auto": copied where the container can hold it, else made anew.
        encoder: one of `ENCODERS`: "software", hardware by its name, or "auto", see `streams.settled`.
    """

    codec: str = "h264"
    crf: int | None = None
    preset: str | None = None
    sound: str = "auto"
    encoder: str = SOFTWARE

    @property
    def spec(self) -> VideoCodec:
        """What is known of the codec and its encoder; of "auto" that in software, until it is settled."""
        return HARDWARE.get(self.encoder, {}).get(self.codec, CODECS[self.codec])

    def encoder_options(self, size: tuple[int, int]) -> dict[str, str]:
        """Options for the encoder, for frames of this (height, width)."""
        spec, found = self.spec, dict(self.spec.options)
        if is_large(size) and self.preset is None:
            found.update(spec.large_options)
        if spec.crf is not None:
            found[spec.quality_option] = str(spec.quality(spec.crf if self.crf is None else self.crf))
        if spec.presets:
            found[spec.preset_option] = self.preset or spec.preset
        return found

    def check_settings(self) -> Encoding:
        """Check that codec, encoder and settings go together; returns the same, crf a number of Python's own.

        Raises:
            OptionError: if they do not; says what would.
        """
        self._check_names()
        self._check_quality()
        return self._replace(crf=None if self.crf is None else int(self.crf))

    def _check_names(self) -> None:
        if self.codec not in CODECS:
            raise OptionError(f"{self.codec}: no such codec; there are {', '.join(CODECS)}")
        if self.encoder not in ENCODERS:
            raise OptionError(f"{self.encoder}: no such encoder; there are {', '.join(ENCODERS)}")
        if self.encoder in HARDWARE and self.codec not in HARDWARE[self.encoder]:
            made = ", ".join(HARDWARE[self.encoder])
            raise OptionError(f"{self.encoder} makes {made}, not {self.codec}: take the encoder software")
        if self.sound not in SOUND:
            raise OptionError(f"sound {self.sound}: there is {', '.join(SOUND)}")

    def _check_quality(self) -> None:
        spec = self.spec
        if spec.crf is None and (self.crf is not None or self.preset is not None):
            raise OptionError(f"{self.codec} takes no quality (crf) and no preset: it always writes the same")
        if self.crf is not None and not Within(0, spec.crf_limit, whole=True).allows(self.crf):
            limits = f"from 0 (best) to {spec.crf_limit}"
            raise OptionError(f"crf {self.crf}: {self.codec} takes a whole number {limits}")
        if self.preset is not None and self.encoder == AUTO:
            why = f"each encoder has its own, and {AUTO} leaves open which one it will be"
            raise OptionError(f"preset {self.preset}: {why}: name the encoder, or leave the preset out")
        if self.preset is not None and self.preset not in spec.presets:
            raise OptionError(f"preset {self.preset}: {self.codec} takes {', '.join(spec.presets) or 'none here'}")

    def check(self, output: Path) -> Encoding:
        """Check that codec, settings and the container that `output` names go together.

        Returns and raises what `check_settings` does, and `InputError` if the container is a wrong one.
        """
        checked, spec, suffix = self.check_settings(), self.spec, output.suffix.lower()
        if suffix not in CONTAINERS:
            raise InputError(f"{output}: a video is written to a file that ends in {', '.join(CONTAINERS)}")
        if suffix not in spec.containers:
            others = " or ".join(name for name, other in CODECS.items() if suffix in other.containers)
            names = f"name an output that ends in {' or '.join(spec.containers)}, or take the codec {others}"
            raise InputError(f"{output}: {suffix} cannot hold {self.codec}: {names}")
        return checked

"""FFmpeg's muxers: ask them what they take, and give them what they want."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import av
import av.error
import av.stream
from av.audio.codeccontext import AudioCodecContext
from av.container import OutputContainer

from vidcolor_utils.video.codecs import INTERMEDIATE
from vidcolor_utils.video.ffmpeg import MATROSKA

FORMAT_NAMES = {".mkv": "matroska", ".m4v": "ipod"}  # others are called as their suffix
# Languages that FFmpeg numbers in .mov by the other of their two names in ISO 639-2, and Swedish by QuickTime's.
UNNUMBERED = "sqi hye eus mya zho cze nld fre kat deu ell isl mkd msa fas rum slo bod cym swe"
OTHER_NAMES = "alb arm baq bur chi ces dut fra geo ger gre ice mac may per ron slk tib wel sve"
NUMBERED = dict(zip(UNNUMBERED.split(), OTHER_NAMES.split(), strict=True))


def muxer_takes(suffix: str, add: Callable[[OutputContainer], object]) -> bool:
    """Tell whether the container of a suffix takes the streams that `add` adds to it."""
    name = FORMAT_NAMES.get(suffix, suffix[1:])
    return is_taken(lambda: av.open(io.BytesIO(), "w", format=name), add)


def is_taken(open_: Callable[[], OutputContainer], add: Callable[[OutputContainer], object]) -> bool:
    """Tell whether a header can be written with the streams that `add` adds."""
    try:
        with open_() as container:
            add(container)
            container.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def is_mp4_kin(path: Path) -> bool:
    """Tell .mp4, .mov and the like by the name of a file to write: no Matroska, and no segment."""
    return path.suffix.lower() not in (*MATROSKA, INTERMEDIATE)


def open_muxer(path: Path, *, any_sound: bool = False, any_tags: bool = False) -> OutputContainer:
    """Open a file to write, in the container that its suffix says.

    Args:
        path: the file.
        any_sound: a .mkv that also takes sound for which Matroska has no name of its own, under its number in .avi
            and .wmv: the muxer can, but says no when PyAV asks it first. One that hands all on to it is not asked;
            it hands on no chapters.
        any_tags: .mp4 and its kin take tags of any name, and keep all as phones do; others take them anyway.
    """
    if any_sound:
        quoted = re.sub(r"([\\'|])", r"\\\1", str(path))
        return av.open(f"[f=matroska]file:{quoted}", "w", format="tee")
    options: dict[str, str] = {}
    if is_mp4_kin(path):
        options["movflags"] = "+faststart+use_metadata_tags" if any_tags else "+faststart"
        # Finer than the usual 1/1000 s: a shorter film would be said to last no time, and none of it be shown.
        options["movie_timescale"] = "90000"
    return av.open(f"file:{path}", "w", options=options)


def stream_tags(container: OutputContainer, tags: Mapping[str, str]) -> dict[str, str]:
    """Give tags of a stream as a container takes them: .mov knows languages that have a number in it."""
    language = NUMBERED.get(tags.get("language", "")) if container.format.name == "mov" else None
    title = {"title": tags["name"]} if "name" in tags else {}  # what .mp4 calls so only when it is read
    return {**title, **tags, **({"language": language} if language else {})}


def is_sound(stream: av.stream.Stream) -> bool:
    """Tell sound that can be played from damaged headers of it."""
    context = stream.codec_context
    return isinstance(context, AudioCodecContext) and context.sample_rate > 0 and context.channels > 0


def can_hold(suffix: str, stream: av.stream.Stream) -> bool:
    """Ask the muxer whether it takes a stream as it is: PyAV lets some in that the header cannot describe."""
    if stream.type == "attachment":
        return suffix == ".mkv"
    if stream.type not in ("audio", "subtitle", "video") or stream.codec_context is None:
        return False
    if stream.type == "audio" and not is_sound(stream):
        return False
    return muxer_takes(suffix, lambda container: copied(container, stream))


def has_no_name(stream: av.stream.Stream) -> bool:
    """Tell sound that Matroska holds, but has no name for: WMA, ADPCM, mu-law, ..."""
    if not is_sound(stream) or can_hold(".mkv", stream):
        return False
    return is_taken(
        lambda: open_muxer(Path(os.devnull), any_sound=True), lambda container: copied(container, stream)
    )


def describe(stream: av.stream.Stream, container: OutputContainer, source: av.stream.Stream) -> None:
    """Give a stream of a container to write the tags and the flags of the one that it is made of."""
    stream.metadata.update(stream_tags(container, source.metadata))
    stream.disposition = source.disposition


def copied(
    container: OutputContainer, stream: av.stream.Stream, coded_as: av.stream.Stream | None = None
) -> av.stream.Stream:
    """Add a stream like another one to a container, for packets that are copied.

    What a decoder must know is taken from `coded_as`, if that one does not say all of it.

    Raises:
        ValueError: if the container does not take it.
    """
    copy = container.add_stream_from_template(coded_as or stream, opaque=True)
    if isinstance(copy, av.AudioStream) and copy.layout.name.endswith("channels"):
        # .mp4 takes no sound that leaves the order of channels open.
        copy.layout = f"{copy.layout.nb_channels}c"
    describe(copy, container, stream)
    return copy

"""Carry over everything of a film but its colours: sound, subtitles, chapters, tags; say what cannot be."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import av
import av.stream

from vidcolor_utils.errors import InputError
from vidcolor_utils.segments import WHOLE, Span
from vidcolor_utils.video_codecs import Encoding
from vidcolor_utils.video_io import VideoInfo, VideoReader
from vidcolor_utils.video_writer import VideoWriter, stream_name

# Streams that PyAV lets in and the muxer then refuses.
REFUSED = {".mov": ("opus", "flac", "truehd")}
ALPHA_FORMATS = ("yuva", "rgba", "bgra", "argb", "abgr", "gbrap", "ya")


def keep_streams(reader: VideoReader, writer: VideoWriter, span: Span = WHOLE) -> list[str]:
    """Set a writer up for all that a span of the file holds beside the frames, before the first frame is written.

    `VideoWriter.write_packet` takes the packets that `VideoReader.luma_frames` or `other_packets` then give.

    Returns:
        A sentence for each thing that the output will not have.

    Raises:
        InputError: if the output cannot hold the sound.
    """
    writer.set_tags(reader.tags, reader.video_tags, _chapters_in(span, reader.chapters))
    warnings = []
    for stream in reader.other_streams:
        if _can_hold(writer.path.suffix.lower(), stream):
            writer.copy_stream(stream)
            continue
        name = stream_name(stream)
        if _is_sound(stream):
            raise InputError(f"{writer.path.suffix} cannot hold {name}: {_advice(stream, writer)}")
        if not _is_list_of_chapters(stream, reader):
            warnings.append(f"{reader.path}: {name}: not kept, {writer.path.suffix} cannot hold it")
    writer.begin()
    return warnings + picture_warnings(reader, writer)


def container_for(source: str | Path) -> str:
    """Suffix for a copy of a video with its sound: .mp4, which plays everywhere, if it can hold that, or .mkv."""
    with VideoReader(source) as reader:
        sound = [stream for stream in reader.other_streams if _is_sound(stream)]
        return ".mp4" if all(_can_hold(".mp4", stream) for stream in sound) else ".mkv"


def _chapters_in(span: Span, chapters: list[dict]) -> list[dict]:
    """The chapters that a span shows something of, with times from its start."""
    found = []
    for chapter in chapters:
        unit = chapter["time_base"]
        first, last = round(span.start / unit), None if span.end is None else round(span.end / unit)
        start, end = max(chapter["start"], first), chapter["end"] if last is None else min(chapter["end"], last)
        if start < end or span == WHOLE:
            found.append(chapter | {"start": start - first, "end": end - first})
    return found


def skipped_warning(reader: VideoReader, writer: VideoWriter) -> str | None:
    """After writing: a sentence if packets of the other streams could not be kept."""
    if writer.skipped_packets:
        return f"{reader.path}: damaged: {writer.skipped_packets} packets of sound or subtitles lack a usable time"
    return None


def picture_warnings(reader: VideoReader, writer: VideoWriter) -> list[str]:
    """Say what of the pictures the output cannot have, or what harms their colours."""
    info, codec = reader.info, writer.encoding.codec
    found = []
    if info.pixel_format.startswith(ALPHA_FORMATS):
        found.append(f"{info.path}: transparency is not kept")
    if info.bit_depth > writer.bit_depth:
        found.append(f"{info.path}: luma of {info.bit_depth} bits is written as {writer.bit_depth}")
    if info.pixel_aspect not in (None, 1) and not _keeps_pixel_aspect(writer):
        suffix = writer.path.suffix
        found.append(
            f"{info.path}: its pixels of {info.pixel_aspect.numerator}:{info.pixel_aspect.denominator} become "
            f"square: {codec} in {suffix} does not say; name an output that ends in .mp4 to keep them"
        )
    return found


def interlacing_warning(
    info: VideoInfo, encoding: Encoding, *, is_seen_deinterlaced: bool, is_written_deinterlaced: bool
) -> str | None:
    """Say what became of an interlaced video; None if it is not.

    Args:
        info: of the source.
        encoding: of the output.
        is_seen_deinterlaced: colours are made from de-interlaced frames.
        is_written_deinterlaced: the output has the luma of these.
    """
    if info.fields is None:
        return None
    if is_written_deinterlaced:
        return f"{info.path}: the video is interlaced; the output is de-interlaced: each frame's first field"
    kept = "still marked so" if encoding.row.keeps_fields else f"no longer marked so: {encoding.codec} cannot be"
    colors = "are made" if is_seen_deinterlaced else "come out cleaner with colorize --restore, which makes them"
    return f"{info.path}: the video is interlaced, and {kept}; colours {colors} from de-interlaced frames"


def _can_hold(suffix: str, stream: av.stream.Stream) -> bool:
    if stream.type == "attachment":  # PyAV does not ask the container of those
        return suffix == ".mkv"
    if stream.type not in ("audio", "subtitle", "video") or stream.codec_context is None:
        return False
    if stream.type == "audio" and not _is_sound(stream):
        return False
    if stream.codec_context.codec.canonical_name in REFUSED.get(suffix, ()):
        return False
    with av.open(f"any{suffix}", "w") as container, suppress(ValueError):  # opens no file before there are packets
        container.add_stream_from_template(stream, opaque=True)
        return True
    return False


def _is_sound(stream: av.stream.Stream) -> bool:
    """Tell sound that can be played from damaged headers of it."""
    context = stream.codec_context
    return isinstance(context, av.AudioCodecContext) and context.sample_rate > 0 and context.channels > 0


def _advice(stream: av.stream.Stream, writer: VideoWriter) -> str:
    suffixes = [suffix for suffix in writer.encoding.row.containers if _can_hold(suffix, stream)]
    if suffixes:
        return f"name an output that ends in {' or '.join(suffixes)}"
    return "turn the sound into FLAC or AAC first"


def _is_list_of_chapters(stream: av.stream.Stream, reader: VideoReader) -> bool:
    """In .mp4 chapters are a stream of their own as well; the writer makes a new one."""
    return stream.type == "data" and stream.name == "bin_data" and bool(reader.chapters)


def _keeps_pixel_aspect(writer: VideoWriter) -> bool:
    return writer.encoding.row.stores_pixel_aspect or writer.path.suffix.lower() not in (".mkv", ".webm")

"""Carry over everything of a film but its colours: sound, subtitles, chapters, tags; say what cannot be."""

from __future__ import annotations

import logging
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import av.container
import av.stream
import numpy as np
from av.stream import Disposition

from vidcolor_utils.system.errors import InputError, VidcolorError
from vidcolor_utils.system.quiet import quiet_native_logs
from vidcolor_utils.video.codecs import AUTO, HARDWARE, SOFTWARE, Encoding
from vidcolor_utils.video.encoders.lead_in import lead_in
from vidcolor_utils.video.encoders.muxers import can_hold, has_no_name, is_sound
from vidcolor_utils.video.encoders.sound import SOUND_CODECS, SoundEncoder, sound_encoder
from vidcolor_utils.video.encoders.subtitles import SUBTITLE_CODECS, subtitle_encoder
from vidcolor_utils.video.ffmpeg import MATROSKA, attached_picture, stream_name
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import WHOLE, Span
from vidcolor_utils.video.writer import VideoWriter

PICTURES = {"mjpeg": ("jpg", "image/jpeg"), "png": ("png", "image/png"), "bmp": ("bmp", "image/bmp")}
PHONES = "com.apple.quicktime."  # tags of their cameras begin so
RARE_IN_MP4 = ("pcm_s24", "pcm_s32", "pcm_f")  # its muxer takes them; players of before 2023 make noise of them

log = logging.getLogger(__name__)


def open_output(
    reader: VideoReader,
    path: Path,
    encoding: Encoding,
    *,
    is_deinterlaced: bool = False,
    shown: Path | None = None,
) -> VideoWriter:
    """Open a writer for coloured frames of a video, which are marked as interlaced if those of the video are.

    Args:
        reader: the open source.
        path: file to write.
        encoding: codec, quality and speed.
        is_deinterlaced: the frames to write are interlaced no more.
        shown: how messages call the file.
    """
    settings = reader.writer_settings()
    if is_deinterlaced:
        settings["fields"] = None
    any_sound = path.suffix.lower() == ".mkv" and not reader.chapters and encoding.sound in ("auto", "copy")
    any_sound = any_sound and any(map(has_no_name, reader.other_streams))
    any_tags = any(name.startswith(PHONES) for name in reader.tags)
    return VideoWriter(
        path,
        reader.info.stored_size,
        encoding=encoding,
        any_sound=any_sound,
        any_tags=any_tags,
        shown=shown,
        **settings,
    )


def settled(encoding: Encoding, reader: VideoReader, scratch: Path) -> Encoding:
    """Choose what encodes a video: of "auto" the first hardware that takes a frame of it, or else software.

    FFmpeg lists encoders whose hardware is not there, so each is tried with a frame of the video's size and bits.

    Args:
        encoding: codec, quality, speed and encoder.
        reader: the open source.
        scratch: file to write to and to remove, of the codec's `intermediate` kind.

    Returns:
        The same with the name of the encoder; one line says which it is if the choice was left open.

    Raises:
        InputError: if the hardware that is named cannot be used; says what can.
    """
    if encoding.encoder == SOFTWARE:
        return encoding
    if encoding.encoder != AUTO and (failure := _failure(encoding, reader, scratch)) is None:
        return encoding
    others = (name for name in HARDWARE if encoding.codec in HARDWARE[name] and name != encoding.encoder)
    plain = encoding._replace(preset=None)  # each has presets of its own
    there = (name for name in others if _failure(plain._replace(encoder=name), reader, scratch) is None)
    if encoding.encoder != AUTO:
        names = " or ".join([*there, SOFTWARE])
        raise InputError(f"{encoding.encoder} cannot encode this here ({failure}): take the encoder {names}")
    chosen = next(there, SOFTWARE)
    missing = ": no hardware for it works here" if chosen == SOFTWARE else ""
    _tell_once(f"{encoding.codec} is encoded by {chosen}{missing}")
    return encoding._replace(encoder=chosen)


def _failure(encoding: Encoding, reader: VideoReader, scratch: Path) -> str | None:
    """Encode one gray frame; say why it failed, None if it did not."""
    try:
        encoding.check(scratch.with_suffix(encoding.spec.containers[0]))
        with quiet_native_logs(), open_output(reader, scratch, encoding) as writer:
            kind = np.uint8 if writer.bit_depth == 8 else np.uint16
            writer.write_luma(np.zeros((writer.height, writer.width), kind), pts=0)
    except (VidcolorError, NotImplementedError) as error:  # the latter: PyAV finds no such device
        return str(error).removeprefix(f"{scratch}: ").partition(": take ")[0]
    finally:
        scratch.unlink(missing_ok=True)
    return None


@lru_cache
def _tell_once(line: str) -> None:
    log.info(line)


def keep_streams(reader: VideoReader, writer: VideoWriter, span: Span = WHOLE) -> list[str]:
    """Set a writer up for all that a span of the file holds beside the frames, before the first frame is written.

    `VideoWriter.write_packet` takes the packets that `VideoReader.luma_frames` or `other_packets` then give.

    Returns:
        A sentence for each thing that the output will not have, or not as it was.

    Raises:
        InputError: if the output cannot hold the sound.
    """
    writer.set_tags(reader.tags, reader.video_tags, _chapters_in(span, reader.chapters))
    told = [_keep(stream, reader, writer, span) for stream in reader.other_streams]
    writer.begin(reader.stream.disposition)
    return [f"{reader.path}: {sentence}" for sentence in told if sentence] + picture_warnings(reader, writer)


def _keep(stream: av.stream.Stream, reader: VideoReader, writer: VideoWriter, span: Span) -> str | None:
    """Have one stream kept, if the output can; return what is to be said of it."""
    suffix, name = writer.path.suffix.lower(), stream_name(stream)
    if is_sound(stream):
        return _keep_sound(stream, reader, writer, span)
    if stream.disposition & Disposition.attached_pic:
        return _keep_cover(stream, reader, writer)
    if can_hold(suffix, stream):
        writer.copy_stream(stream)
        return None
    if (codec := subtitle_encoder(suffix, stream)) is not None:
        writer.remake_stream(stream, codec)
        return f"{name}: made anew as {SUBTITLE_CODECS[codec]}, {suffix} cannot hold it as it is"
    is_chapters = stream.type == "data" and stream.name == "bin_data" and bool(reader.chapters)
    is_timecode = stream.type == "data" and "timecode" in stream.metadata  # which is a tag of the video, too
    return None if is_chapters or is_timecode else f"{name}: not kept, {suffix} cannot hold it"


def _keep_sound(stream: av.stream.Stream, reader: VideoReader, writer: VideoWriter, span: Span) -> str | None:
    suffix, name, wanted = writer.path.suffix.lower(), stream_name(stream), writer.encoding.sound
    if wanted == "none":
        return None
    can_copy = can_hold(suffix, stream) or (writer.any_sound and has_no_name(stream))
    is_rare = suffix in (".mp4", ".m4v") and stream.codec_context.name.startswith(RARE_IN_MP4)
    if can_copy and (wanted == "copy" or (wanted == "auto" and not is_rare)):
        has_lead_in = suffix in MATROSKA and stream.codec_context.name == "aac" and not span.start
        writer.copy_stream(stream, lead_in(reader.path, stream.index) if has_lead_in else Fraction(0))
        return None
    codec = sound_encoder(suffix, stream)
    if wanted == "copy" or codec is None:
        raise InputError(f"{suffix} cannot hold {name}: {_advice(stream, writer)}")
    writer.remake_stream(stream, codec)
    if wanted == "encode":
        why = "as was asked for"
    else:
        why = f"as few players know it in {suffix}" if is_rare else f"{suffix} cannot hold it as it is"
    return f"{name}: made anew as {SOUND_CODECS[codec]}, {why}"


def _keep_cover(stream: av.stream.Stream, reader: VideoReader, writer: VideoWriter) -> str | None:
    """Keep cover art what it is: an attachment in Matroska, a stream of one picture in .mp4."""
    suffix, codec = writer.path.suffix.lower(), stream.codec_context.codec.canonical_name
    if suffix == ".mkv" and codec in PICTURES:
        ending, mimetype = PICTURES[codec]
        writer.attach(
            stream.metadata.get("filename", f"cover.{ending}"),
            mimetype,
            attached_picture(reader.path, stream.index),
        )
    elif suffix == ".mp4" and codec in PICTURES and can_hold(suffix, stream):
        writer.copy_stream(stream)
    else:
        return f"cover art ({codec}): not kept, {suffix} cannot hold it"
    return None


def container_for(source: str | Path) -> str:
    """Suffix for a copy of a video with its sound: .mp4, which plays everywhere, if it can hold that, or .mkv."""
    with VideoReader(source) as reader:
        sound = [stream for stream in reader.other_streams if is_sound(stream)]
        return ".mp4" if all(can_hold(".mp4", stream) for stream in sound) else ".mkv"


def _chapters_in(span: Span, chapters: list[dict]) -> list[dict]:
    """The chapters that a span shows something of, with times from its start."""
    found = []
    for chapter in chapters:
        unit = chapter["time_base"]
        first, last = round(span.start / unit), None if span.end is None else round(span.end / unit)
        start, end = max(chapter["start"], first), chapter["end"] if last is None else min(chapter["end"], last)
        if start < end or (span == WHOLE and start == end):  # else it is over before the first frame
            found.append(chapter | {"start": start - first, "end": end - first})
    return found


def skipped_warnings(reader: VideoReader, writer: VideoWriter, told: list[str]) -> list[str]:
    """After writing: what `keep_streams` told, and a sentence for all of the other streams that could not be kept.

    Of sound of which nothing could be made anew it is said no more that it was.
    """
    found = list(told)
    if writer.skipped_packets:
        packets = f"{writer.skipped_packets} packets of sound or subtitles"
        found.append(f"{reader.path}: damaged: {packets} lack a usable time")
    for sound in writer.remakes.values():
        if not isinstance(sound, SoundEncoder):
            continue
        name = f"{reader.path}: {stream_name(sound.source)}"
        if sound.undecoded and sound.undecoded == sound.packets:
            untrue = next((each for each in found if each.startswith(f"{name}: made anew")), None)
            found = [each for each in found if each is not untrue]
            found.append(f"{name}: cannot be decoded, and is not in the output: {_instead(sound.source, writer)}")
        elif sound.undecoded:
            found.append(f"{name}: damaged: {sound.undecoded} of {sound.packets} packets could not be decoded")
    return found


def _instead(stream: av.stream.Stream, writer: VideoWriter) -> str:
    """Say where sound that cannot be made anew goes as it is."""
    if can_hold(writer.path.suffix.lower(), stream):
        return "have the sound copied"
    suffixes = _holding(stream, writer)
    return f"copied it fits into {' or '.join(suffixes)}" if suffixes else "it fits into no other container either"


def picture_warnings(reader: VideoReader, writer: VideoWriter) -> list[str]:
    """Say what of the pictures the output cannot have, or what harms their colours."""
    info, codec = reader.info, writer.encoding.codec
    found = []
    if reader.has_captions:
        found.append(f"{info.path}: closed captions, which lie in the pictures, are not kept: take them out first")
    if info.transparent:
        found.append(f"{info.path}: transparency is not kept")
    is_tagged = "stereo_mode" in reader.video_tags and writer.path.suffix.lower() in MATROSKA
    if info.views and not (info.views == "3D" and is_tagged):
        found.append(f"{info.path}: that its pictures are to be shown as {info.views} is not passed on")
    if info.bit_depth > writer.bit_depth:
        found.append(f"{info.path}: luma of {info.bit_depth} bits is written as {writer.bit_depth}")
    if (reader.colors.mastering or reader.colors.light_level) and not writer.encoding.spec.hdr_option:
        found.append(f"{info.path}: how bright the HDR film was made to be is not passed on: {codec} cannot")
    if info.pixel_aspect not in (None, 1) and not _keeps_pixel_aspect(writer):
        suffix = writer.path.suffix
        found.append(
            f"{info.path}: its pixels of {info.pixel_aspect.numerator}:{info.pixel_aspect.denominator} become "
            f"square: {codec} in {suffix} does not say; name an output that ends in .mp4 to keep them"
        )
    return found


def _advice(stream: av.stream.Stream, writer: VideoWriter) -> str:
    if suffixes := _holding(stream, writer):
        return f"name an output that ends in {' or '.join(suffixes)}"
    has_encoder = sound_encoder(writer.path.suffix.lower(), stream) is not None
    return "have the sound made anew, or left out" if has_encoder else "have the sound left out"


def _holding(stream: av.stream.Stream, writer: VideoWriter) -> list[str]:
    """Suffixes of the containers that hold both the pictures and a stream as it is."""
    return [suffix for suffix in writer.encoding.spec.containers if can_hold(suffix, stream)]


def _keeps_pixel_aspect(writer: VideoWriter) -> bool:
    return writer.encoding.spec.stores_pixel_aspect or writer.path.suffix.lower() not in MATROSKA

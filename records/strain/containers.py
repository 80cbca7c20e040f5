"""Check that films keep their frames, their length and their sound, in every container and codec."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NotRequired, TypedDict

import av
from rich.table import Table

from records.films import Recipe, write_film
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.machine import machine
from vidcolor_utils.system.progress import Progress, silent
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import CODECS, Encoding

ADTS_HEADERS = (0, 7, 9)  # bytes that AAC has before each packet in broadcasts, and nowhere else
SOUND = {".webm": "libopus"}  # of the made film, by container; AAC for the others


class FilmRow(TypedDict):
    """What became of one film; a refusal has an `error` in place of what is measured."""

    film: str
    container: str
    codec: str
    good: bool  # frames and sound are the same, times and durations within one frame
    error: NotRequired[str]
    frames_in: NotRequired[int]
    frames_out: NotRequired[int]
    duration_in_s: NotRequired[float]  # as the file says
    duration_out_s: NotRequired[float]
    frame_s: NotRequired[float]  # how long a frame lasts on average
    largest_shift_s: NotRequired[float]  # of a frame's time
    sound: NotRequired[str]  # see `compare_sound`
    warnings: NotRequired[list[str]]  # what the command said


class FidelityRecord(TypedDict):
    """What `check_fidelity` found."""

    machine: str
    rows: list[FilmRow]


def check_fidelity(clips: Path | None = None, *, progress: Progress = silent) -> FidelityRecord:
    """Colorize films, with gray for every colour, and compare the outputs with them.

    Each clip of a folder goes into .mp4 and .mkv, and a film made on the spot into every container with every
    codec that it holds.
    """
    pairs = [(codec, suffix) for codec, row in CODECS.items() for suffix in row.containers]
    films = sorted(clips.iterdir()) if clips else []
    rows: list[FilmRow] = []
    total = len(pairs) + 2 * len(films)
    with tempfile.TemporaryDirectory() as name:
        jobs = [(film, Encoding(), suffix) for film in films for suffix in (".mp4", ".mkv")]
        for codec, suffix in pairs:
            source = Path(name) / f"made_{SOUND.get(suffix, 'aac')}.mkv"
            if not source.exists():
                write_film(source, Recipe(source.name, "libx264", sound=SOUND.get(suffix, "aac")))
            jobs.append((source, Encoding(codec), suffix))
        for film, encoding, suffix in jobs:
            rows.append(check_film(film, Path(name) / f"out{suffix}", encoding))
            progress(len(rows), total)
    return {"machine": str(machine()), "rows": rows}


def check_film(source: Path, output: Path, encoding: Encoding) -> FilmRow:
    """Colorize one film and compare."""
    row: FilmRow = {"film": source.name, "container": output.suffix, "codec": encoding.codec, "good": False}
    try:
        report = colorize_file(source, output, GrayColorizer(), encoding=encoding)
    except InputError as error:
        return {**row, "error": str(error).replace(f"{source.parent}/", "")}
    before, after = frame_times(source), frame_times(output)
    frame_s = before[-1] / max(1, len(before) - 1)
    seconds = [file_duration(source), file_duration(output)]
    sound = compare_sound(source, output)
    good = (
        len(before) == len(after)
        and abs(before[-1] - after[-1]) <= frame_s
        and abs(seconds[0] - seconds[1]) <= frame_s
        and sound in ("identical", "none")
    )
    return {
        **row,
        "good": good,
        "frames_in": len(before),
        "frames_out": len(after),
        "duration_in_s": round(seconds[0], 4),
        "duration_out_s": round(seconds[1], 4),
        "frame_s": round(frame_s, 4),
        "largest_shift_s": round(max(abs(a - b) for a, b in zip(before, after, strict=False)), 6),
        "sound": sound,
        "warnings": [text.replace(f"{source.parent}/", "") for text in report.warnings],
    }


def frame_times(path: Path) -> list[float]:
    """The time of each frame in seconds, from the first frame on, as any player gets them."""
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    return [time - times[0] for time in times]


def file_duration(path: Path) -> float:
    """How long the file says it lasts, in seconds."""
    with av.open(str(path)) as container:
        return (container.duration or 0) / av.time_base


def compare_sound(source: Path, output: Path) -> str:
    """Compare the sound streams packet by packet, bit by bit; says "identical", "none" or what is wrong.

    Packets that an edit list of .mp4 keeps from being played may be missing.
    """
    before, played = sound_packets(source), sound_packets(source, only_played=True)
    after = sound_packets(output)
    if not before and not after:
        return "none"
    if len(before) != len(after):
        return f"{len(before)} streams became {len(after)}"
    for old, heard, new in zip(before, played, after, strict=True):
        bodies = [[packet[header:] for packet in packets] for header in ADTS_HEADERS for packets in (old, heard)]
        has_lead_in = old[-len(new) :] == new and new[-len(heard) :] == heard  # of what is hidden, for its decoder
        if new not in bodies and not has_lead_in:
            same = sum(a == b for a, b in zip(old, new, strict=False))
            return f"{same} of {len(old)} packets are identical, {len(new)} were written"
    return "identical"


def sound_packets(path: Path, *, only_played: bool = False) -> list[list[bytes]]:
    """The packets of each sound stream."""
    with av.open(str(path)) as container:
        packets: dict[int, list[bytes]] = {stream.index: [] for stream in container.streams.audio}
        for packet in container.demux(*container.streams.audio) if packets else ():
            if packet.size and not (only_played and packet.is_discard):
                packets[packet.stream.index].append(bytes(packet))
    return list(packets.values())


def fidelity_table(record: FidelityRecord) -> Table:
    """Lay the record of `check_fidelity` out for the terminal."""
    table = Table("film", "codec", "into", "frames", "seconds", "sound", "", title=record["machine"])
    for row in record["rows"]:
        facts = [row["film"], row["codec"], row["container"]]
        if "error" in row:
            table.add_row(*facts, "-", "-", row["error"], "FAILED")
            continue
        frames = f"{row['frames_in']} > {row['frames_out']}"
        seconds = f"{row['duration_in_s']:.3f} > {row['duration_out_s']:.3f}"
        table.add_row(*facts, frames, seconds, row["sound"], "" if row["good"] else "FAILED")
    return table

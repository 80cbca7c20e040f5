"""Where the time of colorizing a film goes: for each stage the work and the waiting of a frame, in milliseconds.

The product is measured as it runs: while `measuring` holds, its stages are wrapped from outside. A stage counts
what its own thread computes, without the stages that it calls; what the threads of decoder, encoder and networks
compute beside it is found by subtraction. Computing is told by the system's clock of each thread, so that other
programs on the machine change little of it.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypedDict
from unittest.mock import patch

from rich.table import Table

from records.films import write_walk
from records.speed.colorizing import FILMS, copy_film
from vidcolor_utils.colorizers import frame, links, meaning, steady
from vidcolor_utils.film import painting
from vidcolor_utils.pictures import restore
from vidcolor_utils.system import pipeline
from vidcolor_utils.system.machine import machine
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.writer import VideoWriter

FRAMES = {"480p": 120, "720p": 100, "1080p": 60, "2160p": 60}
BESIDE = "threads of decoder, encoder and networks"
WAIT = "wait for another stage"
# Name, and what does it: a module or class, and a function of it.
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("shrink", painting, "small_luma"),
    ("shrink", steady, "small_gray"),
    ("flicker", restore.Deflicker, "__call__"),
    ("flow", links, "link_between"),
    ("network", frame.FrameColorizer, "predict_ab"),
    ("meaning", meaning.Reader, "__call__"),
    ("carry meaning", meaning.CarriedMeaning, "__call__"),
    ("fuse", steady.Fusion, "_step"),
    ("bring to one size", painting.Painter, "_made_for"),
    ("U and V", painting.Painter, "_chroma"),
    ("encode", VideoWriter, "write_planes"),
)


class StageTime(TypedDict):
    """Milliseconds of one frame in one stage."""

    work: float  # that its threads compute
    wait: float  # that they stand still in it


class FilmProfile(TypedDict):
    """Milliseconds of one frame."""

    wall: float
    work: float  # of all threads together
    copy_work: float  # the same, of decoding and encoding alone
    stages: dict[str, StageTime]


class ProfileRecord(TypedDict):
    """What `run_profile` found."""

    machine: str
    films: dict[str, FilmProfile]


class Clock(NamedTuple):
    """Seconds since some moment: those that passed, and those that this thread computed."""

    wall: float
    work: float

    @staticmethod
    def now() -> Clock:
        """Read both clocks."""
        return Clock(time.perf_counter(), time.thread_time())


class Stages:
    """Adds up what stages take, in all threads; a stage within another one is not counted for both."""

    def __init__(self, now: Callable[[], Iterable[float]] = Clock.now) -> None:
        self._now = now
        self.taken: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])  # name: seconds passed, computed
        self._open, self._lock = threading.local(), threading.Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is done in the block."""
        within: list[list[float]] = self._open.__dict__.setdefault("within", [])
        began, inner = self._now(), [0.0, 0.0]
        within.append(inner)
        try:
            yield
        finally:
            within.pop()
            spans = [end - start for start, end in zip(began, self._now(), strict=True)]
            with self._lock:
                for kind, span in enumerate(spans):
                    self.taken[name][kind] += span - inner[kind]
                    if within:
                        within[-1][kind] += span

    def timed(self, name: str, function: Callable) -> Callable:
        """Return a function or method that counts as a stage."""

        def call(*arguments: Any, **options: Any) -> Any:
            with self.stage(name):
                return function(*arguments, **options)

        return call

    def each(self, name: str, items: Iterator) -> Iterator:
        """Yield items; to get them counts as a stage."""
        while True:
            with self.stage(name):
                item = next(items, self)
            if item is self:
                return
            yield item


@contextmanager
def measuring() -> Iterator[Stages]:
    """Have the stages of all films that are colorized in the block measured."""
    stages = Stages()
    luma_frames, running_ahead = VideoReader.luma_frames, pipeline.running_ahead

    def read(*arguments: Any) -> Iterator:
        return stages.each("read", luma_frames(*arguments))

    @contextmanager
    def ahead(items: Any, *arguments: int) -> Iterator[Iterator]:
        with running_ahead(items, *arguments) as made:
            yield stages.each(WAIT, made)

    class Room(threading.Semaphore):
        acquire = stages.timed(WAIT, threading.Semaphore.acquire)

    with ExitStack() as patches:
        for name, owner, function in STAGES:
            timed = stages.timed(name, getattr(owner, function))
            patches.enter_context(patch.object(owner, function, timed))
        patches.enter_context(patch.object(VideoReader, "luma_frames", read))
        patches.enter_context(patch.object(painting, "running_ahead", ahead))
        patches.enter_context(patch.object(pipeline, "Semaphore", Room))
        yield stages


def run_profile() -> ProfileRecord:
    """Measure films of all sizes."""
    films = {name: profile_film(size, FRAMES[name]) for name, size in FILMS.items()}
    return {"machine": str(machine()), "films": films}


def profile_table(record: ProfileRecord) -> Table:
    """Lay the record of `run_profile` out for the terminal: work, and waiting in brackets."""
    films = record["films"]
    lines = [
        f"{name}: {film['work']:.1f} ms of work in {film['wall']:.1f} ms, "
        f"{film['copy_work'] / film['work']:.2f} of it what decoding and encoding alone take"
        for name, film in films.items()
    ]
    table = Table(title=record["machine"], caption="\n".join(lines), caption_justify="left")
    table.add_column("ms of a frame: work (waiting)")
    for name in films:
        table.add_column(name, justify="right")
    for stage in dict.fromkeys(stage for film in films.values() for stage in film["stages"]):
        told = (film["stages"].get(stage, {"work": 0.0, "wait": 0.0}) for film in films.values())
        table.add_row(stage, *(f"{each['work']:.2f} ({each['wait']:.1f})" for each in told))
    return table


def profile_film(size: tuple[int, int], frames: int) -> FilmProfile:
    """Measure a rendered film with sound, of this (height, width) and length."""
    with tempfile.TemporaryDirectory() as folder:
        film, output = Path(folder) / "film.mp4", Path(folder) / "output.mp4"
        write_walk(film, size, frames)
        return profile_file(film, output, frames)


def profile_file(film: Path, output: Path, frames: int) -> FilmProfile:
    """Measure a film of so many frames; what starting takes is taken out by a run before."""
    colorize_file(film, output)
    with measuring() as stages:
        began, computed = time.perf_counter(), time.process_time()
        colorize_file(film, output)
        wall, work = time.perf_counter() - began, time.process_time() - computed
    computed = time.process_time()
    copy_film(film, output)
    copy_work = time.process_time() - computed
    each = 1000 / frames
    found: dict[str, StageTime] = {
        name: {"work": computed * each, "wait": (passed - computed) * each}
        for name, (passed, computed) in stages.taken.items()
    }
    told = sum(stage["work"] for stage in found.values())
    found[BESIDE] = {"work": work * each - told, "wait": 0.0}
    return {"wall": wall * each, "work": work * each, "copy_work": copy_work * each, "stages": found}

"""Kill the colorizer at random moments, and a worker of three, and see that nothing is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from math import inf
from pathlib import Path
from typing import TypedDict

import av
import numpy as np

from records.films import write_walk
from records.strain.containers import sound_packets
from vidcolor_utils.film.work_folder import work_folder_path
from vidcolor_utils.system.machine import machine
from vidcolor_utils.system.progress import Progress, Steps, silent_steps
from vidcolor_utils.system.spread import spread_over
from vidcolor_utils.tool.folder.colorize import colorize_folder

KILLS = 10
FILM_SIZE, FILM_FRAMES = (144, 256), 125
FILES, FILE_FRAMES, WORKERS = 12, 50, 3
SEGMENT_S = 1.0  # short, so that a short film has several
LOOK_EVERY_S = 0.02


class Kill(TypedDict):
    """One SIGKILL."""

    second: float  # after the start of the command
    finished: int  # segments that there were


class Kills(TypedDict):
    """What `kill_at_random` found."""

    frames: int
    kills: list[Kill]
    runs_to_the_end: int
    frames_identical: bool  # whether all of those gave the decoded frames of an uninterrupted run
    sound_identical: bool  # and the packets of the source's sound


class Workers(TypedDict):
    """What `lose_a_worker` found."""

    files: int
    killed: int  # workers
    done: int
    identical: int  # outputs with the decoded frames that a run without cluster gives


class EnduranceRecord(TypedDict):
    """What `run_endurance` found."""

    machine: str
    kills: Kills
    workers: Workers


def run_endurance(folder: str | Path, *, seed: int = 0, progress: Steps = silent_steps) -> EnduranceRecord:
    """Run both tests.

    Args:
        folder: to work in.
        seed: of the moments.
        progress: gives the progress callback for a named step.
    """
    folder = Path(folder)
    film = folder / "film.mp4"
    write_walk(film, FILM_SIZE, FILM_FRAMES)
    kills = kill_at_random(film, folder, seed=seed, progress=progress("kills"))
    workers = lose_a_worker(folder, progress=progress("files"))
    return {"machine": str(machine()), "kills": kills, "workers": workers}


def kill_at_random(film: Path, folder: Path, *, seed: int, progress: Progress) -> Kills:
    """Colorize a film over and over, with SIGKILL at `KILLS` random moments, each followed by the same command."""
    moments = random.Random(seed)
    whole, output = folder / "whole.mp4", folder / "killed.mp4"
    started = time.monotonic()
    subprocess.run(_command(film, whole), check=True, stdout=subprocess.DEVNULL)
    full_s = time.monotonic() - started
    expected, sound = decoded_frames(whole), sound_packets(film)
    record: Kills = {
        "frames": len(expected),
        "kills": [],
        "runs_to_the_end": 0,
        "frames_identical": True,
        "sound_identical": sound_packets(whole) == sound,
    }
    while len(record["kills"]) < KILLS or record["runs_to_the_end"] == 0:
        second = moments.uniform(0, full_s) if len(record["kills"]) < KILLS else inf
        if _runs_to_the_end(_command(film, output), second):
            record["runs_to_the_end"] += 1
            record["frames_identical"] &= np.array_equal(decoded_frames(output), expected)
            record["sound_identical"] &= sound_packets(output) == sound
            output.unlink()
        else:
            finished = len(list(work_folder_path(output).glob("[0-9]*.json")))
            record["kills"].append({"second": second, "finished": finished})
            progress(len(record["kills"]), KILLS)
    return record


def lose_a_worker(folder: Path, *, progress: Progress) -> Workers:
    """Colorize `FILES` films on `WORKERS` processes, one of which is killed after the first film is done."""
    from distributed import LocalCluster

    films = folder / "films"
    films.mkdir()
    for index in range(FILES):
        write_walk(films / f"{index:02}.mp4", FILM_SIZE, FILE_FRAMES + index)
    colorize_folder(films, folder / "alone", segment_s=SEGMENT_S)
    killed: list[int] = []
    is_over = threading.Event()
    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        spread_over(cluster.scheduler_address) as spread,
    ):
        pids = [nanny.pid for nanny in cluster.workers.values()]
        killer = threading.Thread(target=_kill_after_first, args=(pids[0], folder / "together", killed, is_over))
        killer.start()
        try:
            results = colorize_folder(films, folder / "together", spread=spread, segment_s=SEGMENT_S)
        finally:
            is_over.set()
            killer.join()
    names = [result.name for result in results if result.state == "done"]
    pairs = [[decoded_frames(folder / run / name) for run in ("alone", "together")] for name in names]
    progress(len(names), FILES)
    identical = sum(np.array_equal(alone, together) for alone, together in pairs)
    return {"files": FILES, "killed": len(killed), "done": len(names), "identical": identical}


def decoded_frames(path: Path) -> np.ndarray:
    """Decode a whole video to (T, H * 3 / 2, W) uint8, as stored."""
    with av.open(f"file:{path}") as container:
        return np.stack([frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)])


def _command(source: Path, output: Path) -> list[str]:
    start = "from vidcolor_utils.cli import main; main()"
    arguments = ["colorize", source, "-o", output, "--segment", SEGMENT_S]
    return [sys.executable, "-c", start, *map(str, arguments)]


def _runs_to_the_end(command: list[str], seconds: float) -> bool:
    """Run a command; kill it after so many seconds if it has not ended by itself."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        code = process.wait(None if seconds == inf else seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return False
    if code:
        raise subprocess.CalledProcessError(code, command)
    return True


def _kill_after_first(pid: int, output: Path, killed: list[int], is_over: threading.Event) -> None:
    while not is_over.wait(LOOK_EVERY_S):
        if list(output.glob("*.mp4")):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
            return

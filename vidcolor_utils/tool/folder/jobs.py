"""What there is to colorize in a folder, and what the outputs are called."""

from __future__ import annotations

import logging
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from vidcolor_utils.stills.images import ANIMATED_SUFFIXES, is_image, is_still, written_suffix
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import files_below, is_same_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.ffmpeg import is_called_video

REPORT = "vidcolor.json"  # in the output folder: what became of each file

log = logging.getLogger(__name__)


class Job(NamedTuple):
    """One file to colorize."""

    name: str  # of the source inside its folder
    source: Path
    output: Path


def find_jobs(source: Path, output: Path, encoding: Encoding) -> list[Job]:
    """List what there is to colorize in a folder, by name; hidden files and folders are left out.

    Outputs keep the names of their sources. A video gets .mkv, or .mov where the codec goes in that alone, in
    place of a suffix that the codec cannot go in; where two outputs would have one name, it is added instead.

    Raises:
        InputError: if there is nothing, or the two folders are one.
    """
    if not source.is_dir():
        raise InputError(f"{source}: no such folder")
    if is_same_file(output, source):
        raise InputError(f"{output}: input and output are the same folder")
    paths = sorted(path for path in files_below(source, but=output) if path.name != REPORT)
    for path in paths:
        if not path.is_file():
            log.warning("%s: passed over: %s", path, "is no file" if path.exists() else "leads nowhere")
        elif not _is_known(path):
            log.warning("%s: passed over: by its name it is no video or image", path)
    names = [path.relative_to(source) for path in paths if path.is_file() and _is_known(path)]
    if not names:
        raise InputError(f"{source}: holds no video or image")
    targets = _apart(names, [_target(source, name, encoding) for name in names])
    inputs = {(source / name).resolve() for name in names}
    for target in targets:
        if (output / target).resolve() in inputs:
            raise InputError(f"{output / target}: is to be coloured, and would be replaced: name another folder")
    return [Job(str(name), source / name, output / target) for name, target in zip(names, targets, strict=True)]


def _apart(names: Sequence[Path], targets: Sequence[Path]) -> list[Path]:
    """Change those names of outputs that are one file somewhere, but for what has the name of its source."""
    counts, found = Counter(map(_as_one, targets)), list[Path]()
    owners = {_as_one(name): name for name in reversed(names)}  # the first of them
    taken = set(owners)
    for name, target in zip(names, targets, strict=True):
        free, is_own = target, target == name == owners[_as_one(name)]
        if not is_own and (counts[_as_one(target)] > 1 or _as_one(target) in taken):
            free = name.with_name(f"{name.name}{target.suffix}")
            while _as_one(free) in taken:
                free = free.with_name(f"{free.name}{target.suffix}")
        taken.add(_as_one(free))
        found.append(free)
    return found


def _as_one(path: Path) -> str:
    """What names have in common that are one file on the disks of macOS, of Windows or of cameras."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def _is_known(path: Path) -> bool:
    return is_image(path) or path.suffix.lower() in ANIMATED_SUFFIXES or is_called_video(path)


def _target(source: Path, name: Path, encoding: Encoding) -> Path:
    if is_still(source / name):
        return name.with_suffix(written_suffix(name))
    containers = encoding.spec.containers
    if name.suffix.lower() in containers:
        return name
    return name.with_suffix(".mkv" if ".mkv" in containers else containers[0])

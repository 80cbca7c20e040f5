"""Choose how many processes colour a film where nobody has said it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from vidcolor_utils.colorizers.defaults import METHODS
from vidcolor_utils.colorizers.networks import uses_accelerator
from vidcolor_utils.film.color_video import expected_frames
from vidcolor_utils.film.look import SEGMENT_S, Look
from vidcolor_utils.film.tape import segment_frames
from vidcolor_utils.stills.images import is_still
from vidcolor_utils.system.errors import VidcolorError
from vidcolor_utils.system.machine import free_memory, usable_cores
from vidcolor_utils.tool.stand import needs_stand
from vidcolor_utils.video.codecs import SOFTWARE, Encoding
from vidcolor_utils.video.description import VideoInfo
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.times import WHOLE, Span

# One process works in steps side by side. Of the processor's time for a frame of 720p the longest step takes 22 of
# 94 parts (measured on two cores), so one process cannot keep many more than four cores busy (inferred). Two
# processes take 1.15 to 1.4 times the processor's time of one (measured), so on two cores they lose.
CORES_EACH = 4
MEMORY_EACH, MEMORY_OF_PIXEL = 430e6, 180  # bytes; --offline takes 550 MB at 720p, 1,020 at 1440p, 1,470 at 2160p


def workers_for(
    source: Path,
    output: Path,
    *,
    look: Look,
    encoding: Encoding | None = None,
    span: Span = WHOLE,
    only: Span | None = None,
    segment_s: float = SEGMENT_S,
    rate: float | Fraction | None = None,
) -> int:
    """Choose how many processes colour a film: as many as find cores, memory and a whole segment each.

    One does what is no film, or shorter than two segments; what another method than "frame" colours; what key
    frames and points colour, as each process would carry their colours from the start of the shot; and what a GPU
    has a part in, which they would share.

    Args:
        source, output, look, encoding, span, only, segment_s: as for `colorize_file`.
        rate: the same; numbered images, which alone have one, are coloured by one process.

    Returns:
        A number of workers; with 1, this process does the work. Also where a file cannot be read, which colorizing
        it will say.
    """
    cores = usable_cores()
    own = look.method == METHODS[0] and not look.is_of_one_film
    if cores < 2 * CORES_EACH or not own or (encoding or Encoding()).encoder != SOFTWARE:
        return 1
    try:
        if needs_stand(source, output) or is_still(source):
            return 1
        info = video_info(source)
    except (VidcolorError, OSError):
        return 1
    found = affordable(info, only or span, segment_s, cores, free_memory())
    return 1 if found > 1 and uses_accelerator(look.device) else found


def affordable(info: VideoInfo, span: Span, segment_s: float, cores: int, memory: int | None) -> int:
    """Tell how many processes can have `CORES_EACH` cores, memory, and a whole segment of a span of a film.

    Args:
        info: of the film.
        span: the part of it to colour.
        segment_s: seconds in a segment.
        cores: that may be used.
        memory: bytes that are free; None if nobody knows.
    """
    segments = int((expected_frames(info, span) or 0) // segment_frames(info.rate, segment_s))
    each = MEMORY_EACH + MEMORY_OF_PIXEL * info.width * info.height
    fitting = cores if memory is None else int(memory // each) - 1  # one more process reads
    return max(1, min(cores // CORES_EACH, segments, fitting))

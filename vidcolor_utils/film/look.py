"""What a film or a picture is to look like: all options that decide its colours, checked, in one object.

An option more is a field of `Look` and a key of `LookOptions`: the command line, Python, folders and previews take
it from there. Nothing heavy is imported, so that help is instant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, NamedTuple, TypedDict

from vidcolor_utils.colorizers.defaults import DEVICES, EVERY, LARGEST_SATURATION, METHODS, QUALITIES, STRENGTH
from vidcolor_utils.system.errors import InputError, OptionError
from vidcolor_utils.system.options import OneOf, Within, YesOrNo, check_option, check_options
from vidcolor_utils.system.times import parse_time

STEADINESS = Within(0, 1, open_end=True)  # what `strength` may be
FINEST_RATE = 100_000  # largest denominator of a rate, of what a film's clock can count
RATE = Within(1 / FINEST_RATE, 1000)  # what `rate`, pictures per second, may be
SEGMENT_LENGTH = Within(0, 86_400, open_start=True)  # what `segment_s` may be; at most a day
WHERE = Within(0)  # what a time, in seconds, or a place, in pixels, may be
SEGMENT_S = 30.0  # seconds of film in a segment: what a crash can cost, against a lead of about one second each


OF_FILMS = ("strength", "every", "offline", "skip_colored")  # options that a photograph has no use for


class Reference(NamedTuple):
    """A photograph, and a time in the shot whose colours it guides; without one it guides all shots."""

    photograph: str | Path
    at: float | None = None  # seconds


class Hint(NamedTuple):
    """A point of a film, and the colour of the region around it.

    Places are in pixels of the upright frame as `VideoInfo` and `vidcolor info` count them, whatever their shape.
    """

    at: float  # seconds
    x: float  # pixels from the left
    y: float  # pixels from the top
    color: str  # as #rrggbb


@dataclass(frozen=True)
class Look:
    """What decides the colours.

    Attributes:
        method: which colorizer to load, see `load_colorizer`.
        quality: "fast" leaves the transformer out, see `FrameColorizer`.
        device: where the networks run, see `colorizers.devices`.
        strength: of a frame's neighbours on its colours, in [0, 1), see `SteadyColorizer`; 0 leaves them out.
        every: frames of a video from one that the network is asked for to the next, see `SteadyColorizer`.
        offline: look at a video's frames to come as well: steadier, and needs more memory.
        saturation: factor on the chroma, in [0, 3]; luma stays as it is.
        skip_colored: leave the colours of a video's parts that have some, see `stored_color`.
        restore: make colours from a copy of each frame without flicker and grain, see `pictures.restore`, and
            from de-interlaced frames, see `video.fields`.
        restore_luma: take flicker, grain and interlacing out of a video's own luma, with `restore` or without.
        references: photographs whose colours guide the shots named with them, or all; see `director`.
        keyframes: folder of pictures in colour of frames of a video, whose shots follow them; see `keyframes`.
        hints: points of a video that have a colour, see `keyframes.hints`.

    Raises:
        OptionError: if a value is not one of those, or `quality` or `device` is for another method than "frame".
    """

    method: Annotated[
        str,
        OneOf(METHODS),
        "The network that ships, or Zhang et al. 2016 (fetch it once: vidcolor weights get zhang).",
    ] = "frame"
    quality: Annotated[
        str, OneOf(QUALITIES), "Whether a second network is asked what the film shows; fast does without."
    ] = QUALITIES[0]
    device: Annotated[
        str, OneOf(DEVICES), "Where the networks run; auto: an accelerator, if ONNX Runtime's build has one."
    ] = DEVICES[0]
    strength: Annotated[
        float, STEADINESS, "How long colours last from frame to frame; 0 leaves each frame's as they are."
    ] = STRENGTH
    every: Annotated[
        int,
        Within(1, whole=True),
        "Carry colours over so many frames from one that the network is asked for, over three times as many "
        "once those of a shot stand: faster. 1: ask it for all.",
    ] = EVERY
    offline: Annotated[bool, YesOrNo(), "Look at the frames to come as well: steadier, needs more memory."] = False
    saturation: Annotated[float, Within(0, LARGEST_SATURATION), "Factor on the colours."] = 1.0
    skip_colored: Annotated[bool, YesOrNo(), "Leave the parts of a video that have colour as they are."] = False
    restore: Annotated[
        bool,
        YesOrNo(),
        "Old film: make colours from a copy of each frame without flicker, grain and interlacing.",
    ] = False
    restore_luma: Annotated[
        bool, YesOrNo(), "Take flicker, grain and interlacing out of the film's own luma as well."
    ] = False
    references: tuple[Reference, ...] = ()
    keyframes: str | Path | None = None
    hints: tuple[Hint, ...] = ()

    def __post_init__(self) -> None:
        check_options(self)
        if self.method != METHODS[0] and self.networks[1:] != (QUALITIES[0], DEVICES[0]):
            raise OptionError(f"`quality` and `device` are of the method {METHODS[0]}. Received: {self.method}")
        if not isinstance(self.references, tuple) or not all(
            isinstance(each, Reference) for each in self.references
        ):
            raise OptionError(f"`references` must be a tuple of `Reference`. Received: {self.references!r}")
        if not isinstance(self.keyframes, str | Path | None):
            raise OptionError(f"`keyframes` must be a folder's path. Received: {self.keyframes!r}")
        if not isinstance(self.hints, tuple) or not all(map(_is_hint, self.hints)):
            raise OptionError(
                f"`hints` must be a tuple of `Hint`, with a time, a place and a colour. Received: {self.hints!r}"
            )
        object.__setattr__(self, "references", tuple(map(_plain_reference, self.references)))
        object.__setattr__(self, "hints", tuple(map(_plain_hint, self.hints)))

    @property
    def networks(self) -> tuple[str, str, str]:
        """What decides which networks are loaded, and for what: arguments of `load_colorizer`."""
        return self.method, self.quality, self.device

    @property
    def is_of_one_film(self) -> bool:
        """Whether it names frames or points of a film, which no other film and no picture has."""
        return self.keyframes is not None or bool(self.hints)

    def for_still(self) -> Look:
        """The same for a picture that is no film's: without `OF_FILMS` and what has a time, its luma kept."""
        timeless = tuple(reference for reference in self.references if reference.at is None)
        usual = {name: getattr(PLAIN, name) for name in OF_FILMS}
        return replace(self, references=timeless, restore=self.is_restored, restore_luma=False, **usual)

    @property
    def is_restored(self) -> bool:
        """Whether anything is restored, so that frames around each one are needed."""
        return self.restore or self.restore_luma


def _plain_reference(reference: Reference) -> Reference:
    """Check its time, and give it as JSON holds it."""
    at = None if reference.at is None else check_option("at", reference.at, WHERE)
    return reference._replace(at=at)


def _is_hint(hint: object) -> bool:
    return (
        isinstance(hint, Hint)
        and all(map(WHERE.allows, hint[:3]))
        and re.fullmatch("#[0-9a-fA-F]{6}", str(hint.color)) is not None
    )


def _plain_hint(hint: Hint) -> Hint:
    """Give a hint as JSON holds it."""
    return Hint(float(hint.at), float(hint.x), float(hint.y), str(hint.color))


def hint_from(text: str) -> Hint:
    """Read a hint from "1:20 x,y #aabbcc".

    Raises:
        OptionError: if it is none.
    """
    found = re.fullmatch(r"\s*(\S+)\s+([\d.]+)\s*,\s*([\d.]+)\s+(#[0-9a-fA-F]{6})\s*", text)
    try:
        if found:
            return Hint(parse_time(found[1]), float(found[2]), float(found[3]), found[4].lower())
    except (InputError, ValueError):
        pass
    raise OptionError(
        f'{text!r} is no point with a colour: write a time, a place and a colour, as "1:20 310,95 #8b2f1f"'
    )


def hints_from(texts: Iterable[str]) -> tuple[Hint, ...]:
    """Read hints, each a text as `hint_from` takes, or the path of a JSON file with a list of such texts.

    Raises:
        FileNotFoundError: if there is no such file.
        InputError: if it holds something else.
        OptionError: if a text is no hint.
    """
    found: list[Hint] = []
    for text in texts:
        found += _hints_in(Path(text)) if text.endswith(".json") else [hint_from(text)]
    return tuple(found)


def _hints_in(path: Path) -> list[Hint]:
    try:
        return [hint_from(text) for text in _texts_in(path)]
    except OptionError as error:
        raise OptionError(f"{path}: {error}") from None


def _texts_in(path: Path) -> list[str]:
    try:
        texts = json.loads(path.read_text("utf-8-sig"))  # as editors on Windows write it, too
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{path}: is no JSON file ({error})") from None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f'{path}: must hold a list of texts, as ["1:20 310,95 #8b2f1f"]')
    return texts


PLAIN = Look()


class LookOptions(TypedDict, total=False):
    """The options of `Look` by name, for functions that take them so."""

    method: str
    quality: str
    device: str
    strength: float
    every: int
    offline: bool
    saturation: float
    skip_colored: bool
    restore: bool
    restore_luma: bool
    references: tuple[Reference, ...]
    keyframes: str | Path | None
    hints: tuple[Hint, ...]

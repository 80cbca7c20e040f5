"""Options that commands share, and what their words mean."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vidcolor_utils.film.look import FINEST_RATE, RATE, Look, Reference, hints_from
from vidcolor_utils.system.files import check_target
from vidcolor_utils.system.options import OneOf, Option, Rule, Within, YesOrNo, options_of
from vidcolor_utils.video.codecs import CODECS, ENCODERS, SOUND, Encoding

if TYPE_CHECKING:
    from vidcolor_utils.video.times import Span


PathArgument = click.Path(path_type=Path)


class Command(click.Command):
    """A command that refuses a second file for an option that takes one, rather than to leave the first out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words behind the command, as click does."""
        *_, given = self.make_parser(ctx).parse_args(args=list(args))
        for param in given:
            takes_one = isinstance(param.type, click.Path) and param.nargs == 1 and not param.multiple
            if takes_one and given.count(param) > 1:
                raise click.UsageError(f"{param.opts[-1]} names one file or folder: give it once", ctx)
        return super().parse_args(ctx, args)


class Commands(click.Group):
    """A group of such commands."""

    command_class = Command


def writable(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """Check before the work, not after it, that a file can be written, if one is named."""
    if path is not None:
        check_target(path, None)
    return path


json_option = click.option(
    "-o", "--output", required=True, type=PathArgument, callback=writable, help="JSON file to write."
)


GUIDES = (  # in the order of the help, from its end
    click.option(
        "--at",
        "times",
        metavar="TIME",
        multiple=True,
        help="Time (1:23.5) in the shot that the photograph guides, one for each; without, all shots.",
    ),
    click.option(
        "--reference",
        "photographs",
        metavar="PICTURE",
        multiple=True,
        type=PathArgument,
        help="A photograph whose colours guide the frames that resemble it; may be given more than once.",
    ),
    click.option(
        "--keyframes",
        metavar="FOLDER",
        type=PathArgument,
        default=None,
        help="Pictures of `vidcolor keyframes` that came back in colour: their shots take these colours.",
    ),
    click.option(
        "--hint",
        "hints",
        metavar="POINT",
        multiple=True,
        default=(),
        help='A point and the colour of what is there, "1:20 310,95 #8b2f1f", or a .json file of such.',
    ),
)


def look_options(command: Callable) -> Callable:
    """Add all options of `Look`, --reference, --at, --keyframes and --hint; the command gets them as `look`."""

    @functools.wraps(command)
    def with_look(
        photographs: tuple[Path, ...],
        times: tuple[str, ...],
        keyframes: Path | None,
        hints: tuple[str, ...],
        **options: Any,
    ) -> None:
        names = {option.name for option in options_of(Look)}
        chosen = {name: options.pop(name) for name in names}
        look = Look(
            references=references(photographs, times), keyframes=keyframes, hints=hints_from(hints), **chosen
        )
        command(look=look, **options)

    made: Callable = with_look
    for option in GUIDES:
        made = option(made)
    return options_from(Look)(made)


def options_from(kind: type, *names: str) -> Callable[[Callable], Callable]:
    """Add the options of a dataclass, or those of these names; the command gets each by its name."""

    def with_options(command: Callable) -> Callable:
        for option in reversed(list(options_of(kind))):
            if not names or option.name in names:
                command = click_option(option)(command)
        return command

    return with_options


def span_options(command: Callable) -> Callable:
    """Add --start and --end; the command gets them as `span`."""

    @functools.wraps(command)
    def with_span(start: str | None, end: str | None, **options: Any) -> None:
        command(span=span(start, end), **options)

    with_span = click.option("--end", metavar="TIME", help="Where in the film to stop.")(with_span)
    return click.option("--start", metavar="TIME", help="Where in the film to begin, as 90, 1:30 or 00:01:30.5.")(
        with_span
    )


def only_option(command: Callable) -> Callable:
    """Add --only; the command gets it as `only`, None if it is not given."""

    @functools.wraps(command)
    def with_only(only: str | None, **options: Any) -> None:
        command(only=None if only is None else only_span(only), **options)

    return click.option(
        "--only",
        metavar="TIME-TIME",
        help="Make this part (1:20-1:32) of an earlier result, the output, anew and leave the rest of it.",
    )(with_only)


def only_span(text: str) -> Span:
    """Read two times with a dash between them."""
    start, dash, end = text.partition("-")
    if not dash:
        raise click.BadParameter(f"{text}: write two times, as 1:20-1:32", param_hint="--only")
    return span(start, end, names=("its second time", "its first"))


def click_option(option: Option) -> Callable[[Callable], Callable]:
    """Make a click option of an option of a dataclass: its name, what it may be, its default and its help."""
    name = f"--{option.name.replace('_', '-')}"
    if isinstance(option.rule, YesOrNo):
        return click.option(name, is_flag=True, default=option.default, help=option.help)
    return click.option(
        name, type=click_type(option.rule), default=option.default, show_default=True, help=option.help
    )


def click_type(rule: Rule) -> click.ParamType:
    """Say to click what an option may be."""
    if isinstance(rule, OneOf):
        return click.Choice(rule.names)
    if isinstance(rule, Within):
        most, opens = None if rule.most == inf else rule.most, (rule.open_start, rule.open_end)
        if rule.whole:
            return click.IntRange(round(rule.least), None if most is None else round(most), *opens)
        return click.FloatRange(rule.least, most, *opens)
    raise TypeError(f"The command line knows no {rule!r}")


def encoding_options(command: Callable) -> Callable:
    """Add --codec, --crf, --preset, --encoder and --sound; the command gets `encoding`, None if none is given."""

    @functools.wraps(command)
    def with_encoding(**options: Any) -> None:
        said = {name: options.pop(name) for name in Encoding._fields}
        given = {name: value for name, value in said.items() if value is not None}
        command(encoding=Encoding(**given) if given else None, **options)

    for option in (
        click.option("--preset", help="Speed against size, in the encoder's own words, such as veryfast or 5."),
        click.option("--crf", type=int, help="Quality, 0 the best."),
        click.option(
            "--sound",
            type=click.Choice(SOUND[1:]),
            help="Copy it, make it anew, or leave it out; default: copy what the container can hold.",
        ),
        click.option(
            "--encoder",
            type=click.Choice(ENCODERS),
            help="What encodes: auto takes hardware where it works; default: software, whose quality is known.",
        ),
        click.option("--codec", type=click.Choice(list(CODECS)), help="How video is coded; default: h264."),
    ):
        with_encoding = option(with_encoding)
    return with_encoding


def references(photographs: tuple[Path, ...], times: tuple[str, ...]) -> tuple[Reference, ...]:
    """Pair photographs with the times in the film that they guide."""
    from vidcolor_utils.system.times import parse_time

    if times and len(times) != len(photographs):
        raise click.UsageError(
            f"{len(photographs)} --reference and {len(times)} --at: give one time for each, or none"
        )
    seconds: Sequence[float | None] = [parse_time(time) for time in times] or [None] * len(photographs)
    return tuple(Reference(*pair) for pair in zip(photographs, seconds, strict=True))


def span(start: str | None, end: str | None, names: tuple[str, str] = ("--end", "--start")) -> Span:
    """Read the part of a film between two times, which messages call by their `names`."""
    from vidcolor_utils.system.times import parse_time
    from vidcolor_utils.video.times import Span

    span = Span(parse_time(start or "0"), parse_time(end) if end else None)
    if span.end is not None and span.end <= span.start:
        raise click.UsageError(f"{names[0]} must be later than {names[1]}")
    return span


def rate_of(text: str | None) -> Fraction | None:
    """Read frames per second, as 24, 23.976 or 24000/1001."""
    try:
        rate = None if text is None else Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(f"{text} is no number of frames per second", param_hint="--rate") from None
    if rate is not None and not RATE.allows(rate):
        raise click.BadParameter(f"{text}: from 1/{FINEST_RATE} to {RATE.most}", param_hint="--rate")
    return rate

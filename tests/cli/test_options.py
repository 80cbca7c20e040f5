"""What the words of the command line become, without a process."""

from fractions import Fraction
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from records.__main__ import records
from vidcolor_utils.cli import options, vidcolor
from vidcolor_utils.film.look import Look, Reference
from vidcolor_utils.system.options import OneOf, Within
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.times import Span


def received(decorator, *words):
    """Invoke a command that has a decorator's options, and return what it gets."""
    found = []
    command = click.command()(decorator(lambda **given: found.append(given)))
    result = CliRunner().invoke(command, words)
    return found[0] if result.exit_code == 0 else result.output


def test_no_words_are_the_library_s_own_defaults():
    assert received(options.look_options) == {"look": Look()}
    assert received(options.span_options) == {"span": Span(0, None)}
    assert received(options.encoding_options) == {"encoding": None}


def test_words_become_values():
    given = received(
        options.look_options, "--strength", "0.5", "--offline", "--reference", "a.png", "--at", "1:30"
    )
    assert given == {"look": Look(strength=0.5, offline=True, references=(Reference(Path("a.png"), 90.0),))}
    assert received(options.span_options, "--start", "1:00", "--end", "61.5") == {"span": Span(60, 61.5)}
    assert received(options.encoding_options, "--crf", "20") == {"encoding": Encoding("h264", 20)}


@pytest.mark.parametrize(
    ("decorator", "words", "said"),
    [
        (options.look_options, ("--reference", "a.png", "--at", "1", "--at", "2"), "1 --reference and 2 --at"),
        (options.look_options, ("--saturation", "9"), "--saturation"),
        (options.span_options, ("--start", "2", "--end", "1"), "later than --start"),
        (options.span_options, ("--start", "2", "--end", "2"), "later than --start"),
        (options.encoding_options, ("--codec", "mpeg0"), "mpeg0"),
    ],
)
def test_wrong_words_name_their_option(decorator, words, said):
    assert said in received(decorator, *words)


def test_rules_become_types_of_click():
    assert options.click_type(OneOf(("a", "b"))).choices == ("a", "b")
    whole = options.click_type(Within(1, 5, whole=True))
    assert (type(whole), whole.min, whole.max) == (click.IntRange, 1, 5)
    share = options.click_type(Within(0, 1, open_end=True))
    assert (type(share), share.min_open, share.max_open) == (click.FloatRange, False, True)


def test_rates():
    assert options.rate_of(None) is None
    assert options.rate_of("24000/1001") == Fraction(24000, 1001)
    assert options.rate_of("1/100000") == Fraction(1, 100_000)
    for wrong in ("fast", "1/0", "0", "0.000001", "1001"):
        with pytest.raises(click.BadParameter, match=wrong):
            options.rate_of(wrong)


def test_a_second_file_for_an_option_of_one_is_refused():
    command = click.command(cls=options.Command)(
        click.option("-o", "--output", type=options.PathArgument)(
            click.option("--photos", multiple=True, type=options.PathArgument)(
                click.option("--end")(lambda **given: click.echo(given["end"]))
            )
        )
    )
    twice = CliRunner().invoke(command, ["-o", "a", "--output=b"])
    assert twice.exit_code == 2 and "--output names one file or folder: give it once" in twice.output
    others = CliRunner().invoke(command, ["-o", "a", "--photos", "a", "--photos", "b", "--end", "1", "--end", "2"])
    assert (others.exit_code, others.output) == (0, "2\n")


def commands(group):
    for command in group.commands.values():
        yield from commands(command) if isinstance(command, click.Group) else [command]


def test_every_command_refuses_it():
    assert all(isinstance(each, options.Command) for group in (vidcolor, records) for each in commands(group))

"""Every command that a page prints is one: `vidcolor` with options that it has, `make` with its targets."""

import re
import shlex

import click
import pytest

from tests.helpers.command import REPOSITORY
from vidcolor_utils.cli import vidcolor

PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PAGES += [REPOSITORY / "data" / "README.md", REPOSITORY / "vidcolor_utils" / "weights" / "MODEL_CARD.md"]
BLOCK = re.compile(r"^```\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
MAKEFILE = (REPOSITORY / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
FROM_OUTSIDE = {"MAKE", "KERAS_BACKEND"}  # variables that make or the user's shell sets
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def commands(page) -> list[list[str]]:
    """What a page tells its reader to type, split into words; comments and variables in front are left out."""
    text = page.read_text()
    lines = [line for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    lines += INLINE.findall(BLOCK.sub("", text))
    words = (re.split(r"\s#\s", line)[0] for line in lines if "..." not in line)
    words = [without_variables(shlex.split(line)) for line in words if line.count("'") % 2 == 0]
    return [split for split in words if split]


def without_variables(words: list[str]) -> list[str]:
    while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    return words


def unknown_options(words: list[str]) -> list[str]:
    """Options in `vidcolor ...` that its command does not have, or the name of a command that is not there."""
    command: click.Command = vidcolor
    for number, word in enumerate(words[1:], start=1):
        if not isinstance(command, click.Group) or word.startswith("-"):
            known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            known |= {"--help", "-h"}
            return [word for word in words[number:] if word.startswith("-") and word.split("=")[0] not in known]
        if word not in command.commands:
            return [word]
        command = command.commands[word]
    return []


@each_page
def test_commands_of_vidcolor_have_the_options_that_pages_give_them(page):
    wrong = [words for words in commands(page) if words[0] == "vidcolor" and unknown_options(words)]
    assert wrong == []


@each_page
def test_targets_of_make_are_there(page):
    named = {word for words in commands(page) if words[0] == "make" for word in words[1:]}
    assert {word for word in named if re.match("[a-z]", word)} <= TARGETS


def test_a_wrong_command_is_seen():
    assert unknown_options(shlex.split("vidcolor colorize a.mp4 -o b.mp4 --strngth 3")) == ["--strngth"]
    assert unknown_options(["vidcolor", "colourize", "a.mp4"]) == ["colourize"]
    assert unknown_options(shlex.split("vidcolor weights get zhang")) == []


def test_commands_are_found():
    found = [words for page in PAGES for words in commands(page)]
    assert len([words for words in found if words[0] == "vidcolor"]) > 20
    assert len([words for words in found if words[0] == "make"]) > 8


def test_each_variable_of_the_makefile_is_set_once_and_each_that_it_uses_is_set():
    named = re.findall(r"^([\w-]+) *[?:]?=(?: |$)", MAKEFILE, re.MULTILINE)
    assert sorted(named) == sorted(set(named))
    assert set(re.findall(r"\$\(([A-Za-z][\w-]*)[:)]", MAKEFILE)) - set(named) == FROM_OUTSIDE

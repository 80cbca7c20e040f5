"""The `vidcolor` command: reads its options, calls the packages below, and shows what comes of it.

Heavy imports happen inside the commands, so that help is instant.
"""

from __future__ import annotations

import io
import logging
import os
import platform
import signal
import sys
from contextlib import suppress

import click

from vidcolor_utils.cli.clips import prepare
from vidcolor_utils.cli.films import colorize, info, stabilize
from vidcolor_utils.cli.keyframes import keyframes
from vidcolor_utils.cli.options import Commands
from vidcolor_utils.cli.scores import demo, evaluate, score
from vidcolor_utils.cli.screen import fail, plain
from vidcolor_utils.cli.survey import survey
from vidcolor_utils.cli.training import export, train
from vidcolor_utils.cli.weights import weights
from vidcolor_utils.system.errors import VidcolorError

INTERRUPTED, TERMINATED = 130, 143  # 128 and the number of the signal
NUMBERED = "; numbered pictures are for `vidcolor score` and `colorize`, without --preview and --dry-run"
HAS_SMALL = sys.platform == "linux" and platform.machine() == "x86_64"  # TensorFlow's wheel without CUDA
KERAS = "Keras", "keras tensorflow-cpu" if HAS_SMALL else "keras tensorflow"
TRAINING = "PyTorch and ONNX", "torch onnx"
# What colorizing does without, but for --method zhang.
MISSING = {"keras": KERAS, "tensorflow": KERAS, "torch": TRAINING, "onnx": TRAINING}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vidcolor-utils", prog_name="vidcolor")
def vidcolor() -> None:
    """Give black-and-white video its colours back.

    \b
    vidcolor colorize film.mp4 -o film_color.mp4     a video, sound kept, or a still image
    vidcolor stabilize film.mp4 color.mp4 -o out.mp4 calm another method's colours
    """


for _command in (
    *(colorize, keyframes, stabilize, info, score, demo, evaluate, prepare),
    *(weights, train, export, survey),
):
    vidcolor.add_command(_command)


class _PlainFormatter(logging.Formatter):
    """As `logging` has it, without what would steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return plain(super().format(record))


class _Terminated(KeyboardInterrupt):
    """SIGTERM, made an exception so that half-written files are removed."""


def _on_terminate(number: int, frame: object) -> None:
    raise _Terminated


def main() -> None:
    """Run the command line."""
    run(vidcolor)


def run(command: click.Group) -> None:
    """Run a group of commands; every expected failure is one line on stderr and an exit code."""
    _prepare()
    try:
        sys.exit(command.main(standalone_mode=False))
    except click.UsageError as error:
        fail(error.format_message(), error.exit_code)
    except VidcolorError as error:
        fail(str(error), error.exit_code)
    except FileNotFoundError as error:
        fail(f"{error}{_advice(str(error))}", 2)
    except ModuleNotFoundError as error:
        if error.name not in MISSING:
            raise
        name, packages = MISSING[error.name]
        fail(f"this needs {name}, which the network that ships does not: run `pip install {packages}`", 2)
    except OSError as error:
        _discard_output()
        fail(f"{error.filename or 'standard output'}: {error.strerror or error}", 1)
    except MemoryError:
        fail("there is not enough memory for this", 1)
    except (KeyboardInterrupt, click.Abort) as error:
        cause = error.__cause__ or error
        line = ", and ".join(["interrupted; nothing was left half-written", *getattr(cause, "__notes__", ())])
        fail(line, TERMINATED if isinstance(cause, _Terminated) else INTERRUPTED)


def _prepare() -> None:
    """Have all that is printed or logged be shown, and the end that the system asks for be an orderly one."""
    _open_closed_streams()
    _print_anything()
    handler = logging.StreamHandler()
    handler.setFormatter(_PlainFormatter("vidcolor: %(message)s"))
    logging.basicConfig(handlers=[handler])
    logging.getLogger("vidcolor_utils").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, _on_terminate)


def _advice(missing: str) -> str:
    from vidcolor_utils.video.files import NUMBER

    return NUMBERED if NUMBER.search(missing) else ""


def _open_closed_streams() -> None:
    """Let what is printed to a stream that was closed (2>&-) go nowhere, not into the next file that is opened."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            setattr(sys, name, os.fdopen(nowhere, "r" if number == 0 else "w"))


def _print_anything() -> None:
    """Show "?" for letters that a terminal or a file does not have, in the frame of a table too."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _discard_output() -> None:
    """Let what waits to be printed go nowhere: Python would try once more to print it where nothing can be."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

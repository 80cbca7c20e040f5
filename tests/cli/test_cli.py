"""The command line, in processes of their own, on wrong input above all."""

import subprocess
import sys
from inspect import Parameter, signature
from pathlib import Path

import pytest

from tests.helpers.command import REPOSITORY, fails_in_one_line, run_afresh, run_vidcolor
from vidcolor_utils.cli import run, vidcolor
from vidcolor_utils.film.look import Look
from vidcolor_utils.pairs.sources import find_clips
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.tool.demo import run_demo
from vidcolor_utils.tool.stabilize import stabilize_file
from vidcolor_utils.training.config import FrameTrainConfig
from vidcolor_utils.training.run_folder import CHECKPOINT


def test_help_fits_one_screen_and_needs_no_network_library():
    code = "import sys; from vidcolor_utils import cli; print({'keras', 'cv2', 'numpy', 'av'} & set(sys.modules))"
    assert run_afresh("-c", code).stdout == "set()\n"
    text = run_afresh("-c", "from vidcolor_utils.cli import main; main()", "--help")
    assert text.returncode == 0 and len(text.stdout.splitlines()) <= 24
    assert all(command in text.stdout for command in ("colorize", "score", "info", "demo"))


def test_unknown_option():
    assert fails_in_one_line(run_vidcolor("colorize", "a.mp4", "--no-such-option"), 2)


@pytest.mark.parametrize(
    ("package", "there", "command"),
    [("keras", (), ["export"]), ("torch", ("keras",), ["export"]), ("onnx", (), ["train", "vit"])],
)
def test_what_training_needs_is_named(tmp_path, package, there, command):
    """Whatever is installed here, as if this was not; what is `there` takes seconds to import, and is empty."""
    (tmp_path / CHECKPOINT).touch()
    code = (
        f"import sys, types; sys.modules[{package!r}] = None; "
        f"sys.modules.update((name, types.ModuleType(name)) for name in {there}); "
        "from vidcolor_utils.cli import main; main()"
    )
    run = run_afresh("-c", code, *command, tmp_path, "-o", "a.safetensors")
    assert fails_in_one_line(run, 2) and "which the network that ships does not: run `pip install " in run.stderr


INTERRUPTED = """
import importlib, sys
from vidcolor_utils.cli import main
def interrupt(*given, **named): raise KeyboardInterrupt
module, name = sys.argv.pop(1).split(":")
setattr(importlib.import_module(f"vidcolor_utils.{module}"), name, interrupt)
main()
"""


@pytest.mark.parametrize(
    ("function", "command", "goes_on"),
    [
        ("tool.colorize:colorize_file", "colorize a.mp4 -o b.mp4", True),
        ("tool.colorize:colorize_file", "colorize f/%d.png -o c/%d.png", True),
        ("tool.colorize:colorize_file", "colorize a.png -o b.png", False),
        ("tool.colorize:colorize_file", "colorize a.mp4 -o - --format mp4", False),
        ("tool.folder.colorize:colorize_folder", "colorize . -o c", True),
        ("tool.preview:preview_file", "colorize a.mp4 -o b.png --preview 2", False),
        ("tool.stabilize:stabilize_file", "stabilize a.mp4 b.mp4 -o c.mp4", False),
        ("pairs.prepare:prepare_clips", "prepare -o c", True),
        ("weights.fetched:get_weights", "weights get zhang", True),
    ],
)
def test_an_interruption_promises_to_go_on_only_where_the_command_does(tmp_path, function, command, goes_on):
    words = [str(tmp_path) if word == "." else word for word in command.split()]
    run = run_afresh("-c", INTERRUPTED, function, *words)
    line = "vidcolor: interrupted; nothing was left half-written"
    assert run.stderr.splitlines()[-1] == line + ", and the same command goes on" * goes_on
    assert run.returncode == 130 and "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("machine", "packages"), [("x86_64", "keras tensorflow-cpu"), ("aarch64", "keras tensorflow")]
)
def test_the_build_of_tensorflow_that_is_advised_has_a_wheel(monkeypatch, machine, packages):
    code = f"import platform, sys; sys.platform = 'linux'; platform.machine = lambda: {machine!r}; "
    run = run_afresh("-c", code + "from vidcolor_utils.cli import KERAS; print(KERAS[1])")
    assert run.stdout.strip() == packages


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_standard_output_is_one_line(make_video):
    with open("/dev/full", "w") as full:
        command = "-c", "from vidcolor_utils.cli import main; main()", "info", make_video("a.mp4")
        run = subprocess.run(
            [sys.executable, *command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert (run.returncode, run.stderr) == (1, "vidcolor: standard output: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_closed_streams_cost_no_film(make_video, tmp_path, closed):
    code = "from vidcolor_utils.cli import main; main()"
    words = f"'{sys.executable}' -c '{code}' colorize '{make_video()}' -o '{tmp_path / 'out.mp4'}' {closed}"
    assert subprocess.run(["/bin/sh", "-c", words], cwd=REPOSITORY, timeout=120, check=False).returncode == 0
    assert (tmp_path / "out.mp4").stat().st_size > 1000


def test_what_is_said_of_files_does_not_steer_a_terminal(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "\x1b[2Jnotes.txt").write_text("no film")
    (tmp_path / "in" / "\x1b[2Jbroken.png").write_text("no picture")
    result = run_vidcolor("colorize", tmp_path / "in", "-o", tmp_path / "out")
    assert "\ufffd[2Jnotes.txt: passed over" in result.stderr and "\ufffd[2Jbroken.png: failed" in result.stderr
    assert "\x1b" not in result.stderr + result.stdout


def test_every_default_is_that_of_the_library():
    """What a command calls by the name of a parameter of the function behind it has that parameter's default."""
    groups = {**vidcolor.commands, **vidcolor.commands["train"].commands}
    behind = {
        "train": [],
        "frame": [FrameTrainConfig],
        "stabilize": [stabilize_file],
        "demo": [run_demo],
        "prepare": [find_clips],
        "colorize": [Look, colorize_file],
    }
    compared = []
    for command, functions in behind.items():
        for option in groups[command].params:
            for parameter in (signature(function).parameters.get(option.name) for function in functions):
                if parameter and parameter.default not in (Parameter.empty, None) and option.default is not None:
                    compared.append((command, option.name, option.default, parameter.default))
    assert [row for row in compared if row[2] != row[3]] == []
    assert len(compared) > 20


def test_want_of_memory_is_one_line(monkeypatch, capsys):
    def fail(**_):
        raise MemoryError

    monkeypatch.setattr("signal.signal", lambda *_: None)  # of this process, which goes on
    monkeypatch.setattr(vidcolor, "main", fail)
    with pytest.raises(SystemExit) as end:
        run(vidcolor)
    assert (end.value.code, capsys.readouterr().err) == (1, "vidcolor: there is not enough memory for this\n")

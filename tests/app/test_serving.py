"""What `vidcolor-app` starts; tests/browser works the page itself."""

import json
import os
import signal
import time
from pathlib import Path
from typing import ClassVar

import nbformat
import pytest

from tests.helpers.command import REPOSITORY
from vidcolor_utils.app import serving


class Server:
    """A process that ends at once, or is interrupted first."""

    started: ClassVar[list] = []

    def __init__(self, command, *, cwd, env):
        nbformat.validate(nbformat.read(Path(cwd) / "page.ipynb", as_version=4))
        settings = json.loads((Path(cwd) / "voila.json").read_text())
        self.started.append((command, env["JUPYTER_PATH"], settings["Voila"]["ip"], Path(cwd)))
        self.signals = []

    def wait(self):
        return 3

    def terminate(self):
        self.signals.append("terminate")


class Interrupted(Server):
    def wait(self):
        if not self.signals:
            raise KeyboardInterrupt
        return -15


@pytest.fixture
def started(monkeypatch):
    monkeypatch.setattr(Server, "started", [])
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: name)
    return Server.started


@pytest.mark.parametrize(("server", "code"), [(Server, 3), (Interrupted, 0)])
def test_the_page_is_served_on_this_machine_until_it_is_ended(started, monkeypatch, server, code):
    monkeypatch.setattr(serving.subprocess, "Popen", server)
    assert serving.serve_page(7.5, ("--no-browser", "--port=8900")) == code
    ((command, paths, address, folder),) = started
    assert command[1:] == [
        *("-m", "vidcolor_utils.app.voila_server", "--template=vidcolor", "page.ipynb"),
        *("--no-browser", "--port=8900"),
    ]
    assert paths.startswith(str(serving.TEMPLATES)) and address == "127.0.0.1"
    assert not folder.exists()


def test_a_second_interrupt_waits_for_the_server_all_the_same(started, monkeypatch):
    class Impatient(Interrupted):
        def terminate(self):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            super().terminate()

    monkeypatch.setattr(serving.subprocess, "Popen", Impatient)
    before = signal.getsignal(signal.SIGINT)
    assert serving.serve_page(7.5) == 0
    assert not started[0][3].exists() and signal.getsignal(signal.SIGINT) is before


def test_what_the_programs_behind_it_leave_goes_with_it(started, monkeypatch):
    """As where a closed window takes the server away, and its kernels end without tidying up."""

    class Untidy(Interrupted):
        def __init__(self, command, *, cwd, env):
            super().__init__(command, cwd=cwd, env=env)
            assert "JUPYTER_TOKEN" not in env  # with one of the user's, the address would not be shown
            (Path(env["TMPDIR"]) / "vidcolor-film").mkdir()

    monkeypatch.setenv("JUPYTER_TOKEN", "theirs")
    monkeypatch.setattr(serving.subprocess, "Popen", Untidy)
    assert serving.serve_page(7.5) == 0
    assert not started[0][3].exists()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the system has no SIGHUP")
def test_a_window_that_is_closed_ends_it_as_ctrl_c_does(started, monkeypatch):
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    monkeypatch.setattr(serving, "serve_page", lambda *_: started.append(signal.getsignal(signal.SIGHUP)) or 0)
    monkeypatch.setattr("sys.argv", ["vidcolor-app"])
    try:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with pytest.raises(SystemExit):
            serving.main()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # under nohup
        with pytest.raises(SystemExit):
            serving.main()
    finally:
        for number, action in before.items():
            signal.signal(number, action)
    assert started == [signal.default_int_handler, signal.SIG_IGN]


def test_its_notebook_takes_files_up_to_the_size_that_was_said():
    assert "ColorizePage(max_megabytes=7.5)" in serving.notebook(7.5)["cells"][1]["source"]


def test_options_of_voila_go_to_it(started, monkeypatch):
    monkeypatch.setattr(serving, "serve_page", lambda *given: started.append(given) or 4)
    words = ["--max-megabytes", "20", "--no-browser", "--port", "8900", "--Voila.token=abc", "--debug"]
    monkeypatch.setattr("sys.argv", ["vidcolor-app", *words])
    with pytest.raises(SystemExit) as ended:
        serving.main()
    assert (ended.value.code, started) == (4, [(20.0, ["--no-browser", "--port=8900", *words[-2:]])])


@pytest.mark.parametrize(
    ("words", "there", "told"),
    [
        (["--max-megabytes", "0"], True, "above 0"),
        ([], False, "pip install '.[app]'"),
        (["film.mp4"], True, "film.mp4: there is no such option, and files are dropped on the page"),
        (["--brows"], True, "--brows: there is no such option"),
        (["--port=99999"], True, "from 1 to 65535"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(monkeypatch, capsys, words, there, told):
    monkeypatch.setattr(
        serving.importlib.util, "find_spec", lambda name: name if there or name != "voila" else None
    )
    monkeypatch.setattr("sys.argv", ["vidcolor-app", *words])
    with pytest.raises(SystemExit) as ended:
        serving.main()
    assert ended.value.code == 2 and told in capsys.readouterr().err


def test_the_page_says_what_the_notebook_of_the_course_says_around_it():
    chapter = nbformat.read(REPOSITORY / "notebooks" / "06_colorize_your_film.ipynb", as_version=4)
    said = [" ".join(chapter.cells[place].source.split()) for place in (0, -1)]
    assert said == [" ".join(text.split()) for text in (serving.ABOVE, serving.BELOW)]

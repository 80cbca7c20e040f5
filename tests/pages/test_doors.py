"""What each way of installing brings: the tool without TensorFlow, the course with all that it names."""

import json
import re
import subprocess
import sys
import tomllib

import yaml
from packaging.requirements import Requirement

from tests.helpers.command import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
COURSE_ONLY = ("keras", "tensorflow", "torch", "jax", "IPython", "ipywidgets", "matplotlib", "anywidget", "onnx")
WITHOUT_THEM = f"import sys; sys.modules.update(dict.fromkeys({COURSE_ONLY!r}))\n"


def pins(entries: list[str]) -> dict[str, str]:
    """Name and marker of each requirement, and its version."""
    found = [Requirement(entry.split("  #")[0]) for entry in entries]
    return {f"{each.name}; {each.marker}": str(each.specifier) for each in found}


def course() -> tuple[list[str], list[str]]:
    """The lines of requirements.txt that name a package, and the others."""
    lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    return [line for line in lines if not line.startswith("-")], [line for line in lines if line.startswith("-")]


def test_the_course_names_what_it_needs_each_with_its_version_and_a_reason():
    entries, _ = course()
    named = {re.split(r"[=;]", entry)[0] for entry in entries}
    assert named >= {"jupyterlab", "tensorflow", "numpy", "matplotlib", "opencv-python-headless"}
    assert named >= {"ipywidgets", "nbval", "papermill"}
    assert all("==" in entry and "  # " in entry for entry in entries)


def test_the_course_and_the_package_agree_on_versions():
    entries, (package,) = course()
    assert package.split("  #")[0] == "-e .[course,cpu]"
    ours = pins([*PROJECT["dependencies"], *EXTRAS["course"], *EXTRAS["cpu"]])
    for name, version in pins(entries).items():
        assert version == ours[name] or name.startswith("numpy"), name  # the package leaves a range for numpy


def test_the_tool_brings_neither_tensorflow_nor_jupyter():
    names = " ".join(PROJECT["dependencies"]).lower()
    assert not re.search("tensorflow|keras|jupyter|matplotlib|ipython|ipykernel|ipywidgets|torch", names)


def test_a_gpu_replaces_the_cpu_build():
    assert not [entry for entry in EXTRAS["gpu"] if entry.startswith("tensorflow-cpu")]
    assert not [entry for entry in EXTRAS["course"] + EXTRAS["train"] if re.match("keras|tensorflow", entry)]


def test_the_environment_of_conda_and_binder_is_the_course():
    """Both resolve `requirements.txt` in the repository's folder; the Python must be one of ours."""
    python, pip, others = yaml.safe_load((REPOSITORY / "environment.yml").read_text())["dependencies"]
    assert python in ("python=3.11", "python=3.12", "python=3.13") and pip == "pip"
    assert others == {"pip": ["-r requirements.txt"]}


IN_TURN = """
import json
from vidcolor_utils.cli import main

for words in json.loads(sys.argv[1]):
    sys.argv = ["vidcolor", *words]
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
    print("well ended:", words[0])
"""


def run_without_the_course(*commands: tuple) -> subprocess.CompletedProcess:
    """Run commands in turn, to the first that fails, as in an environment that has the tool alone."""
    words = json.dumps(commands, default=str)
    command = [sys.executable, "-c", WITHOUT_THEM + IN_TURN, words]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)


def test_the_tool_works_without_the_course(make_video, tmp_path):
    source, output = make_video(sound="aac"), tmp_path / "color.mp4"
    result = run_without_the_course(
        ("colorize", source, "-o", output),
        ("stabilize", source, output, "-o", tmp_path / "calm.mp4"),
        ("score", source, output),
        ("info", output),
    )
    assert result.returncode == 0, result.stderr
    assert re.findall("^well ended: (.*)$", result.stdout, re.M) == ["colorize", "stabilize", "score", "info"]


def test_what_needs_keras_says_how_to_get_it(tmp_path):
    result = run_without_the_course(("train", "frame", "--images", tmp_path, "--val-images", tmp_path))
    assert result.returncode == 2 and len(result.stderr.splitlines()) == 1
    assert "pip install keras tensorflow-cpu" in result.stderr

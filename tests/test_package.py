import os
import re
import subprocess
import sys
from importlib import import_module

import pytest
from PIL import Image

import vidcolor_utils
from tests.helpers.command import REPOSITORY


@pytest.mark.parametrize("package", ["", ".app", ".colorizers", ".course", ".pairs"])
def test_every_public_name_can_be_imported(package):
    module = import_module(f"vidcolor_utils{package}")
    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name).__name__.split(".")[-1] == name


@pytest.mark.parametrize("package", ["", ".app", ".colorizers", ".course", ".pairs"])
def test_a_package_alone_imports_nothing_heavy(package):
    code = (
        f"import sys, vidcolor_utils{package} as p; assert p.__all__; "
        "print({'numpy', 'cv2', 'av', 'keras', 'click'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY)
    assert result.stdout == "set()\n", result.stderr


def test_what_colorizes_imports_nothing_that_a_film_does_not_need():
    """Each of these takes longer to import than a frame to colour."""
    code = (
        "import sys, vidcolor_utils.tool.colorize; "
        "print({'scipy', 'skimage', 'matplotlib', 'pandas', 'keras', 'torch'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY)
    assert result.stdout == "set()\n", result.stderr


def test_nothing_reports_to_anybody(tmp_path):
    """ONNX Runtime keeps an identity and a queue of events in the caches, unless it is told not to report."""
    Image.new("L", (64, 48), 90).save(tmp_path / "in.png")
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    for folder in (home, temporary):
        folder.mkdir()
    code = "import sys, vidcolor_utils as vu; vu.colorize_file(*sys.argv[1:]); print('onnxruntime' in sys.modules)"
    places = {"HOME": str(home), "TMPDIR": str(temporary), "XDG_CACHE_HOME": str(home / "cache")}
    without = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    result = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "in.png", tmp_path / "out.png"],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=without | places,
    )
    assert result.stdout == "True\n", result.stderr
    assert not list(home.rglob("*onnxruntime*")) and not list(temporary.iterdir())


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """What mypy says of the README's Python, and of the same with a call that is wrong."""
    readme = (REPOSITORY / "README.md").read_text()
    example = "\n".join(re.findall(r"```python\n(.*?)```", readme, re.DOTALL))
    folder = tmp_path_factory.mktemp("checked")
    (folder / "right.py").write_text(example)
    (folder / "wrong.py").write_text(example + '\nvu.colorize_file("a.mp4", 3)\nvu.video_info("a.mp4").rat\n')
    (folder / "options.py").write_text(example + '\nvu.colorize_file("a.mp4", "b.mp4", strength="much", evry=3)\n')
    # With the cache that `make test` leaves, this takes seconds.
    command = [sys.executable, "-m", "mypy", *sorted(folder.glob("*.py"))]
    result = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    lines = [line for line in result.stdout.splitlines() if ": error: " in line]
    assert "vu.colorize_file" in example and len(lines) >= 4, result.stdout + result.stderr
    return {path.name: [line for line in lines if path.name in line] for path in folder.glob("*.py")}


def test_a_type_checker_sees_the_public_names(checked):
    assert checked["right.py"] == []
    path, attribute = checked["wrong.py"]
    assert "arg-type" in path and '"int"; expected "str | Path"' in path
    assert "attr-defined" in attribute and '"VideoInfo" has no attribute "rat"' in attribute
    assert [line.rsplit("[", 1)[1] for line in checked["options.py"]] == ["call-arg]", "arg-type]"]


def test_unknown_names_are_errors():
    with pytest.raises(AttributeError, match="no_such_name"):
        vidcolor_utils.no_such_name  # noqa: B018

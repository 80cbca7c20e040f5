"""The plan of the house (docs/architecture.md): floors, imports, sizes of rooms, and what docstrings say.

An import anywhere in a module counts, inside functions and under `if TYPE_CHECKING` too.
So does a package that is named in a string.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.helpers.command import REPOSITORY
from tests.helpers.floors import FLOORS

FLOOR_OF = {package: floor for floor, packages in enumerate(FLOORS) for package in packages}
ONLY_IN = {
    "keras": {"models", "training", "pairs", "course", "related", "records"},
    "tensorflow": {"models", "training", "pairs", "course", "related", "records"},
    "torch": {"models", "training", "records"},
    "onnx": {"models", "training", "records"},
    "av": {"video", "records"},
    "click": {"cli", "records"},
    "rich": {"cli", "records"},
}
MOST_LINES, MOST_MODULES = 300, 12
LAZY = {"__future__", "typing", "importlib", "lazy_loader", "os"}  # what an __init__ hands names on with, and `os`


def package_of(path: Path, root: Path) -> str:
    """The package a file belongs to: `system` ... `cli`, `records`; "" is the door, vidcolor_utils/__init__.py."""
    top, *rest = path.relative_to(root).parts
    return top if top == "records" else rest[0] if len(rest) > 1 else ""


def imports(tree: ast.AST) -> Iterator[str]:
    """Dotted names of all that is imported; of `from a import b` it is a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            yield from (name.value for name in node.args[:1] if isinstance(name, ast.Constant))
        elif isinstance(node, ast.Constant) and re.fullmatch(r"vidcolor_utils(\.\w+)+", str(node.value)):
            yield str(node.value)


def wrong_import(package: str, name: str) -> str:
    """Say what is wrong with an import, "" if nothing is."""
    top, inner, *_ = [*name.split("."), ""]
    if package not in ONLY_IN.get(top, {package}):
        return f"{top} is for {', '.join(sorted(ONLY_IN[top]))} only"
    target = inner if top == "vidcolor_utils" else top
    if top not in ("vidcolor_utils", "records", "") or target == package:
        return ""
    if target not in FLOOR_OF:
        return "imports inside the project name a package on a floor"
    return "" if FLOOR_OF[target] < FLOOR_OF[package] else f"{target} is not below {package}"


def for_checkers_only(node: ast.stmt) -> bool:
    """Whether a statement is an `if TYPE_CHECKING:`."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def eager(tree: ast.Module) -> list[str]:
    """What an `__init__` imports when it is imported itself, but for what handing names on lazily takes."""
    run = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) or for_checkers_only(node))]
    return [name for name in imports(ast.Module(run, [])) if name.split(".")[0] not in LAZY]


def options_told(tree: ast.AST) -> list[str]:
    """Options of the command line in what is raised: who calls from Python does not have them."""
    raised = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    texts = [node.value for part in raised for node in ast.walk(part) if isinstance(node, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and re.search(r"(^|[\s`(])--[a-z]", text)]


def open_functions(body: list[ast.stmt], of: ast.ClassDef | None = None) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Public functions and methods, each with its docstring, an `__init__` with that of its class."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from open_functions(node.body, node)
        elif isinstance(node, ast.FunctionDef) and (of and node.name == "__init__"):
            yield node, ast.get_docstring(of) or ""
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node, ast.get_docstring(node) or ""


def errors_of(node: ast.AST) -> Iterator[str]:
    """Names of the errors that a function raises in its own lines, not in those of functions within it."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.Raise) and isinstance(part.exc, ast.Call) and isinstance(part.exc.func, ast.Name):
            yield part.exc.func.id
        elif not isinstance(part, ast.FunctionDef):
            yield from errors_of(part)


def errors_untold(tree: ast.Module) -> Iterator[str]:
    """Errors of public functions whose docstrings speak neither of raising nor of them."""
    for function, text in open_functions(tree.body):
        untold = {error for error in errors_of(function) if error not in text}
        if untold and not re.search(r"\braises?\b", text, re.IGNORECASE):
            yield f"{function.name} does not say that it raises {', '.join(sorted(untold))}"


def faults_of(path: Path, root: Path) -> Iterator[str]:
    """What breaks the plan in one file."""
    package, tree = package_of(path, root), ast.parse(path.read_text())
    if (lines := len(path.read_text().splitlines())) > MOST_LINES:
        yield f"{lines} lines"
    if package and package not in FLOOR_OF:
        yield f"the package {package} stands on no floor"
    elif package:
        yield from (f"{name}: {wrong}" for name in imports(tree) if (wrong := wrong_import(package, name)))
    if package not in ("cli", "records"):
        yield from (f"speaks of the command line: {text}" for text in options_told(tree))
    if package != "cli":  # where docstrings are what --help says
        yield from errors_untold(tree)
    if path.name == "__init__.py" and package != "cli":
        yield from (f"{name} is imported at once" for name in eager(tree))


def faults(root: Path) -> list[str]:
    """Everything in a tree that breaks the plan, a line each."""
    paths = [path for top in ("vidcolor_utils", "records") for path in sorted((root / top).rglob("*.py"))]
    found = [f"{path.relative_to(root).as_posix()}: {fault}" for path in paths for fault in faults_of(path, root)]
    rooms = Counter(path.parent for path in paths if path.name != "__init__.py")
    return found + [f"{room.name}: {count} modules" for room, count in rooms.items() if count > MOST_MODULES]


def test_the_tree_keeps_to_the_plan():
    assert faults(REPOSITORY) == []


@pytest.mark.parametrize(
    ("place", "text", "fault"),
    [
        ("video/reader.py", "from vidcolor_utils.film import tape", "film is not below video"),
        (
            "film/tape.py",
            "def f():\n    from vidcolor_utils.pairs import store",
            "pairs is not below film",
        ),
        ("cli/films.py", "from records import films", "records is not below cli"),
        ("tool/plan.py", "import keras", "keras is for"),
        ("tool/plan.py", "from importlib import import_module\nimport_module('keras.ops')", "keras is for"),
        ("film/tape.py", "import av.container", "av is for records, video only"),
        ("system/spread.py", "log = getLogger('vidcolor_utils.colorizers')", "colorizers is not below system"),
        ("course/claims.py", "from rich.table import Table", "rich is for"),
        ("tool/plan.py", "from .colorize import colorize_file", "imports inside the project name a package"),
        ("tool/__init__.py", "from vidcolor_utils.tool.plan import plan_file", "is imported at once"),
        ("tool/plan.py", "raise ValueError('leave out --workers')", "speaks of the command line"),
        ("tool/plan.py", "def f():\n    raise ValueError('no')", "f does not say that it raises ValueError"),
        ("tool/plan.py", "def f():\n    'Fail; `ValueError` if not.'\n    raise ValueError('no')", None),
        ("tool/plan.py", "def _f():\n    raise ValueError('no')", None),
        (
            "tool/plan.py",
            "class C:\n    def __init__(self):\n        raise ValueError('no')",
            "__init__ does not say that it raises ValueError",
        ),
        ("attic/box.py", "", "attic stands on no floor"),
        ("tool/plan.py", "\n" * 301, "301 lines"),
        ("tool/plan.py", "\n" * 300, None),
        ("tool/plan.py", "from vidcolor_utils.film.tape import Tape\nimport numpy, tool", None),
        ("course/__init__.py", "def __getattr__(name):\n    import numpy", None),
    ],
)
def test_a_planted_fault_is_found(tmp_path, place, text, fault):
    (tmp_path / "vidcolor_utils" / place).parent.mkdir(parents=True)
    (tmp_path / "vidcolor_utils" / place).write_text(text)
    found = faults(tmp_path)
    assert found == [] if fault is None else len(found) == 1 and fault in found[0]


def test_a_thirteenth_module_is_found(tmp_path):
    (tmp_path / "vidcolor_utils" / "system").mkdir(parents=True)
    for name in ("__init__", *"abcdefghijklm"):
        (tmp_path / "vidcolor_utils" / "system" / f"{name}.py").touch()
    assert faults(tmp_path) == ["system: 13 modules"]


def test_what_measures_the_project_is_not_installed():
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert not any(fnmatch("records.speed", pattern) for pattern in settings["packages"]["find"]["include"])


def test_no_test_imports_a_test():
    """What tests share is in tests/helpers; fixtures are in a conftest."""
    for path in sorted((REPOSITORY / "tests").rglob("*.py")):
        parts = [part for name in imports(ast.parse(path.read_text())) for part in name.split(".")]
        assert not [part for part in parts if part.startswith("test_") or part == "conftest"], path

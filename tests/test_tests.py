"""Every module has a test of its name, `tests/<package>/test_<module>.py`: who changes one knows where to look."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.command import REPOSITORY

WITHOUT = {  # module: why there is no test of its name
    "colorizers/defaults": "constants; tests/cli/test_cli.py compares them with those of the functions",
    "pairs/defaults": "constants; tests/cli/test_cli.py compares them with those of the functions",
    "pairs/manifest": "types without a line that runs; tests/pairs/test_prepare.py reads what is written",
    "film/picture": "types without a line that runs; mypy holds all that passes through them to them",
    "related/discs": "the clips of the systems' lessons; tests/related/test_clips.py asks them what moved where",
    "related/pictures": "how the systems' lessons show maps; the chapters show them in `make test-notebooks`",
}
TOGETHER = ("related",)  # a package of these is one system: tests/related/test_<package>.py tests all of it


def expected_test(module: Path, root: Path) -> Path:
    """Where the test of a module is."""
    top, *folders = module.relative_to(root).parent.parts
    if top == "records":  # tests/records/ is flat, but what measures the cited systems is tested with them
        folder, name = ("tests/related", "totals") if "related" in folders else ("tests/records", module.stem)
    elif folders[0] in TOGETHER and len(folders) > 1:
        folder, name = f"tests/{folders[0]}", folders[1]
    else:
        folder, name = "/".join(("tests", *folders)), module.stem
    return root / folder / f"test_{name}.py"


def untested(root: Path) -> list[str]:
    """Modules of a tree that have no test of their name, and exceptions for which there is no need."""
    modules = [path for top in ("vidcolor_utils", "records") for path in sorted((root / top).rglob("*.py"))]
    names = {
        "/".join(
            path.relative_to(root).with_suffix("").parts[path.relative_to(root).parts[0] != "records" :]
        ): path
        for path in modules
        if not path.name.startswith("__")
    }
    without = {name for name, path in names.items() if not expected_test(path, root).exists()}
    return sorted(without ^ {name for name in WITHOUT if name in names})


def test_every_module_has_a_test_of_its_name():
    assert untested(REPOSITORY) == []
    assert all((REPOSITORY / "vidcolor_utils" / f"{name}.py").exists() for name in WITHOUT)


def test_a_module_without_one_is_found(tmp_path):
    for place in ("vidcolor_utils/tool/verb.py", "vidcolor_utils/related/new/model.py", "records/strain/heat.py"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).touch()
    assert untested(tmp_path) == ["records/strain/heat", "related/new/model", "tool/verb"]
    for place in ("tool/test_verb.py", "related/test_new.py", "records/test_heat.py"):
        (tmp_path / "tests" / place).parent.mkdir(parents=True)
        (tmp_path / "tests" / place).touch()
    assert untested(tmp_path) == []

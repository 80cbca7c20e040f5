"""Links inside the repository lead somewhere, and the notebooks lead through the course in its order."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from conftest import REPOSITORY

LINK = re.compile(r"(?P<text>\[[^\]]*)?\]\((?P<markdown>[^)\s]+)\)|\b(?:src|href)=\"(?P<html>[^\"]+)\"")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")  # https:, mailto:, attachment:
NOTEBOOKS = REPOSITORY / "notebooks"
FOLDERS = ("data", "docs", "notebooks", "params", "vidcolor_utils")
PAGES = sorted(
    path
    for folder in (REPOSITORY, *(REPOSITORY / name for name in FOLDERS))
    for path in (folder.glob("*.*") if folder == REPOSITORY else folder.rglob("*.*"))
    if path.suffix in (".md", ".ipynb") and ".ipynb_checkpoints" not in path.parts
)
COURSE = re.search(r"^COURSE := (.+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)[1].split()


def prose(path: Path) -> str:
    """What a page says; of a notebook its Markdown cells."""
    text = path.read_text()
    if path.suffix != ".ipynb":
        return text
    cells = (cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")
    return "\n\n".join("".join(cell["source"]) for cell in cells)


def links(text: str) -> list[tuple[str, str]]:
    """Text and target of the links in a page that are not examples of code."""
    found = LINK.finditer(CODE.sub("code", text))
    return [((link["text"] or "").lstrip("["), link["markdown"] or link["html"]) for link in found]


def anchors(path: Path) -> set[str]:
    """What the headings of a page are called in its address, as GitHub does it."""
    headings = HEADING.findall(re.sub(r"^```.*?^```", "", prose(path), flags=re.DOTALL | re.MULTILINE))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(path: Path) -> list[str]:
    """The targets of a page's links inside the repository that are not there."""
    found = []
    for _, link in links(prose(path)):
        if ELSEWHERE.match(link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = path.parent / name if name else path
        inside = target.resolve().is_relative_to(REPOSITORY)
        if not inside or not target.exists() or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


def step(name: str) -> int:
    """The number of a notebook, by which the course is ordered."""
    return int(name[:2])


def test_the_pages_are_found():
    names = {path.relative_to(REPOSITORY).as_posix() for path in PAGES}
    assert {"README.md", "CONTRIBUTING.md", "data/README.md", "vidcolor_utils/weights/MODEL_CARD.md"} <= names
    assert {f"notebooks/{name}.ipynb" for name in COURSE} <= names


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links_lead_to_files_and_headings_that_exist(path):
    assert broken(path) == []


def test_a_broken_link_is_seen(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "REPOSITORY", tmp_path)
    page = tmp_path / "page.md"
    (tmp_path / "there.md").write_text("# One, two\n")
    page.write_text(
        "# Here\n[a](there.md#one-two) [b](#here) [c](https://host/x) `[d](code.md)` ![e](no.png)"
        '<img src="gone.jpg"> [f](there.md#three) [g](../outside.md)\n'
    )
    assert broken(page) == ["no.png", "gone.jpg", "there.md#three", "../outside.md"]


def test_the_readme_lists_the_notebooks_in_the_order_of_the_course():
    listed = [Path(link).stem for _, link in links(prose(REPOSITORY / "README.md")) if link.endswith(".ipynb")]
    assert list(dict.fromkeys(listed)) == COURSE == sorted(COURSE)


@pytest.mark.parametrize("name", COURSE)
def test_the_first_cell_leads_to_the_notebooks_before_and_after(name):
    first = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"][0]
    found = [(text, Path(link).stem) for text, link in links("".join(first["source"])) if link.endswith(".ipynb")]
    others = [step(target) for _, target in found if step(target) != step(name)]
    steps = sorted(set(map(step, COURSE)))
    assert list(dict.fromkeys(others)) == [number for number in steps if abs(number - step(name)) == 1]
    for text, target in found:
        assert re.search(rf"\b{target[:2]}\b", text), f"{text!r} leads to {target}"


def test_the_environment_of_binder_installs_this_repository():
    """Binder builds `environment.yml` in the repository's folder; the Python must be one of ours."""
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    python, pip, others = environment["dependencies"]
    assert python in ("python=3.11", "python=3.12", "python=3.13") and pip == "pip"
    for entry in others["pip"]:
        option, target = entry.split()
        name, _, extras = target.partition("[")
        assert option in ("-r", "-e") and (REPOSITORY / name).exists()
        for extra in filter(None, extras.rstrip("]").split(",")):
            assert re.search(rf"^{extra} = \[", (REPOSITORY / "pyproject.toml").read_text(), re.MULTILINE)

"""Links inside the repository lead somewhere, and the notebooks lead through the course in its order."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.helpers.command import REPOSITORY

LINK = re.compile(r"(?P<text>\[[^\]]*)?\]\((?P<markdown>[^)\s]+)\)|\b(?:src|href)=\"(?P<html>[^\"]+)\"")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")  # https:, mailto:, attachment:
NOTEBOOKS = REPOSITORY / "notebooks"
FOLDERS = ("data", "docs", "exercises", "notebooks", "params", "vidcolor_utils")
PAGES = sorted(
    path
    for folder in (REPOSITORY, *(REPOSITORY / name for name in FOLDERS))
    for path in (folder.glob("*.*") if folder == REPOSITORY else folder.rglob("*.*"))
    if (path.suffix == ".md" or fnmatch(path.name, "[0-9][0-9]*_*.ipynb"))
    and ".ipynb_checkpoints" not in path.parts
)
MAKEFILE = (REPOSITORY / "Makefile").read_text().replace("\\\n", " ")
COURSE = re.search(r"^COURSE := (.+)$", MAKEFILE, re.MULTILINE)[1].split()


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
    """What the headings of a page are called in its address, as GitHub does it, and its own anchors."""
    text = re.sub(r"^```.*?^```", "", prose(path), flags=re.DOTALL | re.MULTILINE)
    headings = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}
    return headings | set(re.findall(r"<a id=\"([^\"]+)\">", text))


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
    assert [name for name in dict.fromkeys(listed) if name in COURSE] == COURSE == sorted(COURSE)
    assert set(listed) == {*COURSE, "06_colorize_your_film"}


@pytest.mark.parametrize("name", COURSE)
def test_the_first_cell_leads_to_the_notebooks_before_and_after_and_to_all(name):
    title = "".join(json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"][0]["source"])
    *around, readme = links(title.strip().split("\n\n")[-1])
    chapters = sorted({*COURSE, "06_colorize_your_film"})
    here = chapters.index(name)
    neighbours = chapters[max(0, here - 1) : here] + chapters[here + 1 : here + 2]
    assert [Path(link).stem for _, link in around] == neighbours
    assert all(text[:2] == link[:2] for text, link in around)
    assert readme == ("README", "../README.md#the-course")


@pytest.mark.parametrize("name", COURSE)
def test_a_chapter_is_linked_by_its_number(name):
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text())["cells"][:2]  # title, and box
    for text, link in links("\n".join("".join(cell["source"]) for cell in cells)):
        number = Path(link).stem.partition("_")[0]
        assert not link.endswith(".ipynb") or re.search(rf"\b{number}(\b|_)", text), f"{text!r} leads to {link}"

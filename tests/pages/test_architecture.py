"""The map of the code names what is there, and draws every package on its floor."""

import re
from xml.etree import ElementTree

import pytest

from tests.helpers.command import REPOSITORY
from tests.helpers.floors import FLOORS

PAGE = (REPOSITORY / "docs" / "architecture.md").read_text()
DRAWING = ElementTree.parse(REPOSITORY / "docs" / "architecture.svg").getroot()
PACKAGES = {path.parent.name for path in (REPOSITORY / "vidcolor_utils").glob("*/__init__.py")} | {"records"}
MODULES = sorted(set(re.findall(r"`([a-z_]+(?:/[a-z_]+)+)`", PAGE)))


def labels(kind: str) -> dict[str, float]:
    """What is written in the drawing in one style, and how far down it stands."""
    return {text.text: float(text.get("y")) for text in DRAWING.iter() if text.get("class") == kind}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_the_map_names_is_there(module):
    place = REPOSITORY / "vidcolor_utils" / module
    assert place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def test_every_package_is_drawn_on_its_floor():
    heights, floors = labels("name"), labels("floor")
    drawn = {name: min(floors, key=lambda floor: abs(floors[floor] - heights[name])) for name in heights}
    assert set(drawn) >= PACKAGES
    assert drawn == {name: str(number) for number, names in enumerate(FLOORS, start=1) for name in names}


def test_the_map_names_every_package():
    assert [name for name in PACKAGES if not re.search(rf"`{name}[`/]", PAGE)] == []

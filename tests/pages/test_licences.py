"""Whose what is that ships: each work that is not all our own is named with its terms."""

import re
import tomllib

from tests.helpers.command import REPOSITORY
from vidcolor_utils.weights.fetched import DERIVED

NOTICE = (REPOSITORY / "NOTICE").read_text()


def test_the_package_carries_the_licences_that_it_names():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    carried = {path.name for pattern in project["license-files"] for path in REPOSITORY.glob(pattern)}
    assert {
        "LICENSE",
        "NOTICE",
        *(f"{name}.txt" for name in re.findall(r"Apache-2\.0", project["license"])),
    } <= carried
    assert "Apache License" in (REPOSITORY / "LICENSES" / "Apache-2.0.txt").read_text()


def test_weights_that_began_as_others_are_in_the_notice():
    assert all(name in NOTICE for name in DERIVED)


def test_every_picture_and_clip_that_is_handed_out_has_an_origin():
    told = (REPOSITORY / "data" / "README.md").read_text().partition("What of others")[2]
    own = {"docs/architecture.svg", "docs/speed.svg"}
    for path in [*(REPOSITORY / "docs").glob("*.*"), *(REPOSITORY / "data" / "results").glob("*/")]:
        name = path.relative_to(REPOSITORY).as_posix()
        if name in own or path.suffix == ".md" or not has_pictures(path):
            continue
        assert f"`{name}`" in told, name


def has_pictures(path) -> bool:
    kinds = {".jpg", ".png", ".webp", ".mp4", ".svg"}
    return any(each.suffix in kinds for each in ([path] if path.is_file() else path.rglob("*")))

import json

import numpy as np
import pytest
from PIL import Image

from records.openings import LARGEST, opening_name, opening_picture, write_openings
from tests.helpers.command import REPOSITORY
from tests.helpers.shown import shown, write_notebook
from vidcolor_utils.system.errors import InputError

NOTEBOOKS, OPENINGS = REPOSITORY / "notebooks", REPOSITORY / "docs" / "openings"
TOLD_APART = 4.0  # mean of 255: of two encoders' roundings, or of two pictures


def test_the_first_picture_of_the_tagged_cell_is_written(tmp_path):
    write_notebook(tmp_path / "a.ipynb", [shown("jpeg", (90, 60)), shown("jpeg", (90, 60), "blue")], "opening")
    write_notebook(tmp_path / "b.ipynb", [shown("png", (80, 2 * LARGEST[1]))], "opening")
    write_notebook(tmp_path / "c.ipynb", [shown("png", (90, 60))])
    write_notebook(tmp_path / "small_a.ipynb", [shown("png", (90, 60))], "opening")
    written = write_openings(tmp_path, tmp_path / "out")
    assert written == [tmp_path / "out" / "a.jpg", tmp_path / "out" / "b.png"]
    red = np.asarray(Image.open(written[0]), int)[30, 45]
    assert red[0] > 240 and red[2] < 20
    assert Image.open(written[1]).size == (40, LARGEST[1])


def test_a_tag_without_a_picture_and_a_picture_without_a_tag_are_told(tmp_path):
    with pytest.raises(InputError, match="shows no picture"):
        write_openings(write_notebook(tmp_path / "a.ipynb", [], "opening").parent, tmp_path / "out")
    with pytest.raises(InputError, match="no cell has the tag"):
        opening_picture(write_notebook(tmp_path / "a.ipynb", [shown("png", (9, 9))]))


def test_the_committed_pictures_are_those_of_the_committed_notebooks():
    named = {
        name: path for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")) if (name := opening_name(path)) is not None
    }
    assert named and sorted(path.name for path in OPENINGS.iterdir()) == list(named)
    for name, path in named.items():
        kept, own = (
            np.asarray(picture, float) for picture in (Image.open(OPENINGS / name), opening_picture(path))
        )
        assert kept.shape == own.shape, f"{name}: run `make openings`"
        assert np.abs(kept - own).mean() < TOLD_APART, f"{name}: run `make openings`"
        first = json.loads(path.read_text())["cells"][0]["source"]
        assert f"](../docs/openings/{name})" in "".join(first), f"{path.name} does not open with its picture"

import numpy as np
import pytest

from vidcolor_utils.pictures.show import side_by_side, strip

FRAME = np.full((30, 41, 3), 77, np.uint8)


def test_side_by_side_holds_every_frame_and_has_even_sides():
    picture = side_by_side({"gray": FRAME, "ours": FRAME + 50, "true": FRAME + 100})
    assert picture.shape[0] % 2 == 0 and picture.shape[1] % 2 == 0
    for value in (77, 127, 177):
        assert (picture == value).all(axis=-1).sum() == 30 * 41


def test_strip_is_a_grid_of_rows_and_moments():
    picture = strip({"gray": [FRAME] * 3, "true": [FRAME + 100] * 3}, frame_width=82)
    assert picture.shape[1] == 3 * 82 + 2 * 4
    assert (picture == 77).all(axis=-1).sum() == 3 * 82 * 60


def test_a_row_without_frames_is_told():
    with pytest.raises(ValueError, match="true"):
        strip({"true": []})

import numpy as np
import pytest

from vidcolor_utils.colorizers.links import Cuts, Linker, flow_size, luma_agreement, small_gray


def flat(value):
    return np.full((20, 30), value, np.uint8)


def test_sizes_at_which_colours_are_carried():
    assert flow_size((1080, 1920)) == (192, 341) and flow_size((100, 60)) == (100, 60)
    small = small_gray(np.full((384, 400), 0.5, np.float32))
    assert small.shape == (192, 200) and small.dtype == np.uint8 and (small == 128).all()


def test_pictures_agree_apart_from_their_brightness():
    """Gains up to 1.5 are the lamp's. (119 + 1) / (59 + 1) is 2, so 1.5 of it is taken out: 119 - 88.5 = 30.5."""
    np.testing.assert_allclose(luma_agreement(flat(100), flat(100)), 1)
    np.testing.assert_allclose(
        luma_agreement(flat(119), flat(99)), np.exp(-((119 - 1.2 * 99) ** 2) / 20**2), rtol=1e-4
    )
    np.testing.assert_allclose(luma_agreement(flat(119), flat(59)), np.exp(-(30.5**2) / 20**2), rtol=1e-4)


@pytest.mark.parametrize("both_ways", [False, True])
def test_the_first_frame_has_no_link_and_later_ones_as_many_as_are_asked_for(both_ways):
    rng = np.random.default_rng(0)
    still = np.kron(rng.integers(0, 255, (6, 8)), np.ones((16, 16))).astype(np.uint8)
    linker = Linker(both_ways=both_ways)
    assert linker(still) == (None, None)
    back, ahead = linker(still)
    assert (ahead is not None) == both_ways
    np.testing.assert_allclose(back.flow, 0, atol=0.01)
    np.testing.assert_allclose(back.trust, 1, atol=1e-4)


def test_cuts_are_where_the_linker_has_no_link():
    rng = np.random.default_rng(0)
    pictures = [np.kron(rng.integers(0, 255, (6, 8)), np.ones((16, 16))).astype(np.uint8) for _ in range(3)]
    film = [np.roll(picture, 3 * index, axis=1) for picture in pictures for index in range(3)]
    linker, begins_shot = Linker(), Cuts()
    links = [linker(gray)[0] for gray in film]
    assert [begins_shot(gray) for gray in film] == [index > 0 and link is None for index, link in enumerate(links)]
    assert [index for index, link in enumerate(links) if link is None] == [0, 3, 6]

import numpy as np
import pytest

from vidcolor_utils.colorizers.links import Cuts, Fade, Linker, flow_size, luma_agreement, small_gray


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


def blocks(seed):
    """A picture of squares, uint8, that fills the range of luma."""
    rng = np.random.default_rng(seed)
    return np.kron(rng.integers(0, 255, (6, 8)), np.ones((16, 16))).astype(np.float32)


@pytest.mark.parametrize(
    ("printed", "least"), [(0.2, 0), (0.4, 0), (0.4, 76)], ids=["in the dark", "in twilight", "faded"]
)
def test_cuts_are_seen_in_dark_and_faded_films(printed, least):
    shots = [blocks(seed) for seed in range(3)]
    film = [(least + printed * np.roll(shot, 3 * n, axis=1)).astype(np.uint8) for shot in shots for n in range(3)]
    linker, begins_shot = Linker(), Cuts()
    assert [linker(gray)[0] is None for gray in film] == [n % 3 == 0 for n in range(9)]
    assert [begins_shot(gray) for gray in film] == [n in (3, 6) for n in range(9)]


@pytest.mark.parametrize("level", [0.02, 0.1, 0.2])
def test_grain_in_the_dark_is_no_cut(level):
    rng = np.random.default_rng(0)
    film = [20 + level * blocks(0) + rng.normal(0, 8, (96, 128)) for _ in range(6)]
    linker, begins_shot = Linker(), Cuts()
    grays = [np.clip(gray, 0, 255).astype(np.uint8) for gray in film]
    assert [linker(gray)[0] is None for gray in grays] == [True] + [False] * 5
    assert not any(begins_shot(gray) for gray in grays)


def test_of_what_a_fade_lights_the_darkness_has_shown_the_square_of_its_share():
    """By hand: spread 10 of 40 is (11 / 41)^2; above 60, and where it grows by itself or falls, all."""
    checks = np.indices((20, 30)).sum(0) % 2

    def seen(*pictures):
        fade = Fade()
        return [fade((mean + spread * (2.0 * checks - 1)).astype(np.uint8)) for mean, spread in pictures]

    assert seen((10, 10), (40, 40)) == [1, pytest.approx((11 / 41) ** 2)]
    assert seen((245, 10), (215, 40)) == [1, pytest.approx((11 / 41) ** 2)]
    assert seen((40, 40), (10, 10), (40, 40)) == [1, 1, 1]  # a lamp
    assert seen((61, 61), (120, 120)) == seen((100, 10), (100, 40)) == [1, 1]
    assert (3 / 60) ** 2 < np.prod(seen(*((level, level) for level in range(2, 60)))) < 0.01


def test_a_dissolve_is_trusted_less_and_less_and_a_pan_is_not():
    first, second = blocks(0), blocks(1)
    shares = np.clip((np.arange(60) - 20) / 24, 0, 1)
    linker = Linker()
    links = [linker((first + share * (second - first)).astype(np.uint8))[0] for share in shares]
    trusts = np.array([1.0 if link is None else link.trust.mean() for link in links])
    assert [n for n, link in enumerate(links) if link is None] == [0]
    assert trusts[:20].min() > 0.95 and trusts[20:50].min() < 0.6

    wide, linker = np.tile(first, 4), Linker()
    links = [linker(np.ascontiguousarray(wide[:, 2 * n : 2 * n + 128]).astype(np.uint8))[0] for n in range(60)]
    assert min(link.trust.mean() for link in links[1:]) > 0.85

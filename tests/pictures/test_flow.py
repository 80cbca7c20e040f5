import cv2
import numpy as np
import pytest

from vidcolor_utils.pictures.flow import FAST, MEDIUM, DenseFlow, motion_between, occlusion_mask, warp


def texture(height: int = 96, width: int = 128, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).random((height, width), np.float32)
    smooth = cv2.GaussianBlur(values, (0, 0), 2.5)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def shifted(gray: np.ndarray, right: int, down: int) -> np.ndarray:
    return np.roll(gray, (down, right), axis=(0, 1))


@pytest.mark.parametrize("preset", [FAST, MEDIUM])
def test_flow_finds_a_shift(preset):
    flow = DenseFlow(preset)(texture(), shifted(texture(), right=3, down=-2))
    assert flow.shape == (96, 128, 2)
    assert flow.dtype == np.float32
    inner = flow[16:-16, 16:-16]
    np.testing.assert_allclose(np.median(inner, axis=(0, 1)), [3, -2], atol=0.2)
    assert np.abs(inner - [3, -2]).mean() < 0.3


def test_flow_searched_smaller_is_in_full_size_pixels():
    gray = texture(160, 240)
    flow = DenseFlow(MEDIUM, max_side=120)(gray, shifted(gray, right=6, down=4))
    assert flow.shape == (160, 240, 2)
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), [6, 4], atol=0.25)


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (8, 64), (64, 8), (15, 300), (1, 400), (33, 47)])
def test_flow_of_small_and_thin_frames(shape):
    # OpenCV's own search raises on the small ones and crashes the process on the long thin ones.
    gray = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for flow_of in (DenseFlow(), DenseFlow(MEDIUM, max_side=40)):
        flow = flow_of(gray, gray)
        assert flow.shape == (*shape, 2)
        assert np.abs(flow).max() < 1


def test_flow_refuses_colour_and_unequal_sizes():
    flow_of = DenseFlow()
    with pytest.raises(ValueError, match="uint8"):
        flow_of(np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(ValueError, match=r"\(40, 41\)"):
        flow_of(np.zeros((40, 40), np.uint8), np.zeros((40, 41), np.uint8))
    with pytest.raises(ValueError, match="float32"):
        flow_of(np.zeros((40, 40), np.float32), np.zeros((40, 40), np.float32))


def test_max_side_below_the_least_is_refused():
    with pytest.raises(ValueError, match="max_side"):
        DenseFlow(max_side=8)


def test_warp_fetches_from_where_the_flow_points():
    image = np.array([[0, 10, 20], [30, 40, 50]], np.float32)
    flow = np.zeros((2, 3, 2), np.float32)
    flow[0, 0] = (1, 1)
    flow[0, 1] = (0.5, 0)
    flow[1, 2] = (5, 5)  # outside: the nearest pixel of the edge
    np.testing.assert_allclose(warp(image, flow), [[40, 15, 20], [30, 40, 50]], atol=0.01)


def test_warp_keeps_dtype_and_channels():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    np.testing.assert_array_equal(warp(image, np.zeros((5, 7, 2), np.float32)), image)


def test_warp_refuses_another_size():
    with pytest.raises(ValueError, match="differ in size"):
        warp(np.zeros((4, 4), np.float32), np.zeros((4, 5, 2), np.float32))


def test_warp_brings_the_next_frame_back():
    gray, following = texture(), shifted(texture(), right=3, down=2)
    brought_back = warp(following, DenseFlow(MEDIUM)(gray, following))
    inner = (slice(12, -12), slice(12, -12))
    before = np.abs(following[inner].astype(float) - gray[inner]).mean()
    assert np.abs(brought_back[inner].astype(float) - gray[inner]).mean() < 0.1 * before


def uniform_flow(x: float, y: float, height: int = 20, width: int = 30) -> np.ndarray:
    return np.full((height, width, 2), (x, y), np.float32)


def test_nothing_is_occluded_when_the_round_trip_comes_home():
    assert not occlusion_mask(uniform_flow(0, 0), uniform_flow(0, 0)).any()


def test_what_leaves_the_frame_is_occluded():
    occluded = occlusion_mask(uniform_flow(3, 0), uniform_flow(-3, 0))
    assert occluded[:, -3:].all()
    assert not occluded[:, :-3].any()


def test_round_trip_threshold():
    # |w + r|^2 > 0.01 (|w|^2 + |r|^2) + 0.5 with w = (0, 0) and r = (d, 0): the limit is d^2 = 0.5 / 0.99.
    still = uniform_flow(0, 0)
    limit = np.sqrt(0.5 / 0.99)
    assert not occlusion_mask(still, uniform_flow(limit * 0.99, 0)).any()
    assert occlusion_mask(still, uniform_flow(limit * 1.01, 0)).all()


def test_motion_boundary_threshold():
    # A step in u between two columns, u = 0 | s: the limit on the still side is s^2 = 0.002.
    for step, found in ((0.044, False), (0.046, True)):
        flow = uniform_flow(0, 0)
        flow[:, 15:, 0] = step
        occluded = occlusion_mask(flow, -flow)
        assert occluded[:, 14].all() == found
        assert not np.delete(occluded, 14, axis=1).any()
    rows = uniform_flow(0, 0)
    rows[10:, :, 1] = 0.046
    assert occlusion_mask(rows, -rows)[9].all()


def test_a_covered_background_is_occluded():
    # A square moves 8 pixels to the right over a still background and covers what lay there.
    background, square = texture(seed=1), texture(32, 32, seed=2)
    first, second = background.copy(), background.copy()
    first[30:62, 40:72] = square
    second[30:62, 48:80] = square
    flow_of = DenseFlow(MEDIUM)
    occluded = occlusion_mask(flow_of(first, second), flow_of(second, first))
    assert occluded[34:58, 73:79].mean() > 0.7
    assert occluded[70:90].mean() < 0.05


def test_motion_looks_there_and_back():
    asked = []

    def flow_of(gray, other):
        asked.append((int(gray[0, 0]), int(other[0, 0])))
        return uniform_flow(3, 0) if gray[0, 0] == 1 else uniform_flow(-3, 0)

    motion = motion_between(np.full((20, 30), 1, np.uint8), np.full((20, 30), 2, np.uint8), flow_of)
    assert asked == [(1, 2), (2, 1)]
    np.testing.assert_array_equal(motion.flow, uniform_flow(3, 0))
    assert motion.occluded[:, -3:].all() and not motion.occluded[:, :-3].any()

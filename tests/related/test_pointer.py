"""The pointer: what it carries, how it is trained, what is measured of it."""

import keras
import numpy as np
import pytest

from tests.helpers.eager import without_graphs
from tests.helpers.systems import SystemTests, sliding_clips
from vidcolor_utils.related.discs import disc_clip
from vidcolor_utils.related.pointer.model import Pointer, build_pointer
from vidcolor_utils.related.pointer.tracking import Track, error_correlation, iou, track, track_by_motion
from vidcolor_utils.related.pointer.training import (
    PointerConfig,
    color_classes,
    double_softmax_floor,
    nearest_class,
    train_pointer,
)


class TestPointer(SystemTests):
    def train(self, seed, steps):
        network, losses = train_pointer(
            sliding_clips(), PointerConfig(steps=steps, batch=4, width=16, seed=seed, learning_rate=5e-3)
        )
        return network.get_weights(), losses


def test_it_is_as_small_as_it_says():
    network = build_pointer()
    assert network.output_shape == (None, 16, 16, 32)
    assert network.count_params() == pytest.approx(138_000, rel=0.01)


def test_a_frame_finds_itself_whatever_the_weights():
    keras.utils.set_random_seed(0)
    clip = sliding_clips(1)[0]
    pointer = Pointer(build_pointer(side=16, width=16), temperature=0.001)
    features = pointer.features(clip.lab[:2])
    assert features.shape == (2, 16, 32)
    assert np.array_equal(pointer.weights(features[0], features[0]).argmax(axis=1), np.arange(16))
    carried = pointer.guess(clip.lab[0], clip.lab[0, ..., 0])
    assert carried.shape == (4, 4, 2)


@pytest.mark.parametrize("loss", ["classes", "softmax of probabilities"])
@without_graphs()
def test_classes_can_be_carried_as_well(loss):
    _, losses = train_pointer(sliding_clips(), PointerConfig(loss=loss, steps=2, batch=2, width=16))
    assert min(losses) > (double_softmax_floor() if loss != "classes" else 0)


def test_an_unknown_loss_is_named():
    with pytest.raises(ValueError, match="nothing"):
        train_pointer(sliding_clips(), PointerConfig(loss="nothing"))


def test_the_floor_of_a_softmax_too_many():
    assert double_softmax_floor(16) == pytest.approx(1.875, abs=1e-3)
    sure = keras.ops.one_hot([3], 16)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)(sure, sure)
    assert float(loss) == pytest.approx(double_softmax_floor(16), abs=1e-5)


def test_colours_are_given_to_the_nearest_class():
    clips = sliding_clips()
    centres = color_classes(clips, count=4)
    assert centres.shape == (4, 2) and np.array_equal(centres, color_classes(clips, count=4))
    assert nearest_class(np.array([[0.0, 1.0], [9, 9]]), np.array([[10.0, 10], [0, 0]])).tolist() == [1, 0]


def test_a_mask_that_stands_still_overlaps_less_and_less():
    masked = disc_clip(5, frames=8, speed=3)
    overlap = track(None, masked).overlap
    assert overlap.shape == (7,) and overlap[0] > overlap[-1]
    assert track_by_motion(masked)[0] > 0.7


def test_the_right_pointer_keeps_the_mask():
    masked = disc_clip(5, frames=4, speed=0.0)
    keras.utils.set_random_seed(0)
    found = track(Pointer(build_pointer(), 0.001), masked)
    assert found.overlap.min() > 0.9 and found.color_error.max() < 8


def test_overlap_and_rank_by_hand():
    assert iou(np.array([1, 1, 0], bool), np.array([0, 1, 1], bool)) == pytest.approx(1 / 3)
    assert iou(np.zeros(2, bool), np.zeros(2, bool)) == 1
    tracks = [Track(np.array([0.9, 0.5]), np.array([1.0, 5.0])), Track(np.array([0.1]), np.array([9.0]))]
    assert error_correlation(tracks) == pytest.approx(1)

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from vidcolor_utils.course.consistency_loss import ConsistencyLoss
from vidcolor_utils.pairs.examples import (
    FramePairs,
    Inputs,
    example_inputs,
    motion_to_previous,
    picture_mask,
    with_flicker,
)
from vidcolor_utils.pairs.prepare import prepare_clips
from vidcolor_utils.pairs.sources import Clip
from vidcolor_utils.pairs.store import ClipStore
from vidcolor_utils.pairs.targets import TargetLayout
from vidcolor_utils.pictures.color import luma_from_rgb
from vidcolor_utils.system.errors import InputError

LENGTHS = {"a": 7, "b": 5, "c": 4}  # frames of the clips
LEVELS = {"a": 0, "b": 80, "c": 160}  # gray value of their first frames


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ClipStore:
    """Three clips whose frames are one gray value each: level + number; the baseline is 5 brighter."""
    folder = tmp_path_factory.mktemp("clips")
    clips = [
        Clip(name, {}, lambda name=name: [solid(LEVELS[name] + number) for number in range(LENGTHS[name])])
        for name in LENGTHS
    ]
    prepare_clips(
        clips,
        folder,
        baseline=lambda gray: np.repeat(gray[..., None] + 5, 3, axis=-1),
        baseline_name="brighter",
    )
    return ClipStore(folder)


def solid(level: int) -> np.ndarray:
    return np.full((256, 256, 3), level, np.uint8)


def levels(frames: np.ndarray) -> list[int]:
    """The gray value of each frame (B, H, W, 3) of values in [0, 1]."""
    return np.rint(frames[:, 0, 0, 0] * 255).astype(int).tolist()


def test_pairs_in_order(store: ClipStore):
    pairs = FramePairs(store, ["a", "b"], run_length=3, training=False)
    (previous, current), true = pairs[0]
    assert previous.dtype == current.dtype == true.dtype == np.float32
    assert levels(true) == [0, 1, 2]
    assert levels(current) == [5, 6, 7]
    assert levels(previous) == [5, 5, 6]  # the first frame's previous is itself
    (previous, current), _ = pairs[1]
    assert levels(previous) == [7, 8, 9] and levels(current) == [8, 9, 10]
    assert len(pairs) == 3  # two runs of a, one of b


def test_no_pair_crosses_a_clip_border(store: ClipStore):
    for epoch in range(6):
        pairs = FramePairs(store, list(LENGTHS), run_length=2, batch_clips=3, seed=1)
        pairs.epoch = epoch
        for index in range(len(pairs)):
            (previous, current), true = pairs[index]
            for name, level in LEVELS.items():
                last = level + LENGTHS[name] - 1
                for row, number in enumerate(levels(true)):
                    if level <= number <= last:
                        assert levels(current)[row] == number + 5
                        assert levels(previous)[row] == max(number - 1, level) + 5
            runs = np.array(levels(true)).reshape(-1, 2)
            assert (runs[:, 1] - runs[:, 0] == 1).all()


def test_batches_depend_on_seed_epoch_and_index_alone(store: ClipStore):
    first, second = (FramePairs(store, list(LENGTHS), run_length=2, batch_clips=2, seed=3) for _ in range(2))
    second.epoch = 2
    _ = second[1]
    second.epoch = 0
    for index in reversed(range(len(first))):
        np.testing.assert_array_equal(first[index][1], second[index][1])
    assert first.runs(0) == second.runs(0) != first.runs(1)
    assert FramePairs(store, list(LENGTHS), run_length=2, seed=4).runs(0) != first.runs(0)


def test_all_batches_have_one_size(store: ClipStore):
    """Keras takes the batch size from the first two."""
    pairs = FramePairs(store, list(LENGTHS), run_length=2, batch_clips=3)
    assert pairs.num_runs == 7 and len(pairs) == 2
    assert {pairs[index][1].shape for index in range(len(pairs))} == {(6, 128, 128, 3)}
    assert len(FramePairs(store, ["c"], run_length=4, batch_clips=3)) == 1


def test_window_stacks_previous_frames_newest_first(store: ClipStore):
    (previous, _), _ = FramePairs(store, ["a"], run_length=3, training=False, inputs=Inputs(window=2))[1]
    assert previous.shape[-1] == 6
    assert levels(previous[..., :3]) == [7, 8, 9] and levels(previous[..., 3:]) == [6, 7, 8]
    stacked, _ = example_inputs(np.arange(3).reshape(3, 1, 1, 1), np.arange(3), Inputs(window=2))
    assert stacked.reshape(3, 2).tolist() == [[0, 0], [0, 0], [1, 0]]


def test_an_averaged_window_is_one_picture():
    frames = np.array([10, 20, 60], np.uint8).reshape(3, 1, 1, 1).repeat(3, axis=-1)
    averaged, _ = example_inputs(frames, np.arange(3), Inputs(window=2, average=True))
    assert averaged.shape == (3, 1, 1, 3)
    assert averaged[:, 0, 0, 0].tolist() == [10, 10, 15]


def test_a_gray_current_frame_leaves_the_previous_one_its_colour():
    frames = np.zeros((2, 2, 2, 3), np.uint8)
    frames[..., 0] = 200
    previous, current = example_inputs(frames, np.arange(2), Inputs(gray_current=True))
    assert previous[1, 0, 0].tolist() == [200, 0, 0]
    assert current[1, 0, 0].tolist() == [60, 60, 60]  # 0.299 * 200


def test_an_epoch_of_some_runs_draws_them_afresh_when_training(store: ClipStore):
    def drawn(training: bool, epoch: int) -> list:
        pairs = FramePairs(store, list(LENGTHS), run_length=2, training=training, epoch_runs=3)
        return pairs.runs(epoch)

    assert len(FramePairs(store, list(LENGTHS), run_length=2, batch_clips=3, epoch_runs=3)) == 1
    assert len(drawn(True, 0)) == 3
    assert drawn(True, 0) != drawn(True, 1)
    assert [(run.name, run.start) for run in drawn(False, 0)] == [("a", 0), ("b", 0), ("c", 2)]
    assert drawn(False, 0) == drawn(False, 1)
    assert FramePairs(store, ["a"], run_length=2, epoch_runs=99).num_runs == 3


def test_flicker_is_on_the_inputs_of_training_alone_and_repeats(store: ClipStore):
    def batch(training: bool, epoch: int = 0, flicker: float = 6.0) -> list[np.ndarray]:
        pairs = FramePairs(store, ["b"], run_length=5, training=training, flicker=flicker)
        pairs.epoch = epoch
        (previous, current), true = pairs[0]
        return [previous, current, true]

    steady, flickering = batch(True, flicker=0.0), batch(True)
    np.testing.assert_array_equal(flickering[2], steady[2])
    assert all(np.abs(flickering[i] - steady[i]).mean() > 1 / 255 for i in (0, 1))
    np.testing.assert_array_equal(flickering[0][1:], flickering[1][:-1])  # a frame flickers once, not by its role
    for part, again in zip(flickering, batch(True), strict=True):
        np.testing.assert_array_equal(part, again)
    assert not np.array_equal(batch(True, epoch=1)[1], flickering[1])
    for part, plain in zip(batch(False), batch(False, flicker=0.0), strict=True):
        np.testing.assert_array_equal(part, plain)


def test_value_range_255(store: ClipStore):
    (_, current), true = FramePairs(store, ["b"], run_length=2, training=False, value_range=255.0)[0]
    assert true[1, 0, 0, 0] == 81 and current[1, 0, 0, 0] == 86


def test_shuffled_frames_keep_right_inputs_but_break_the_order(store: ClipStore):
    pairs = FramePairs(store, ["a"], run_length=7, shuffle_frames=True)
    (previous, current), true = pairs[0]
    numbers = levels(true)
    assert sorted(numbers) == list(range(7)) != numbers
    assert levels(current) == [number + 5 for number in numbers]
    assert levels(previous) == [max(number - 1, 0) + 5 for number in numbers]


def test_shuffled_frames_raise_the_second_term(store: ClipStore):
    loss = ConsistencyLoss(0.0, run_length=7)
    values = []
    for shuffled in (False, True):
        true = FramePairs(store, ["a"], run_length=7, shuffle_frames=shuffled)[0][1]
        values.append(float(keras.ops.convert_to_numpy(loss(true, true))))
    assert values[0] == pytest.approx(6 / 7, rel=1e-3) and values[1] > 3 * values[0]


def test_targets_carry_mask_and_motion(store: ClipStore):
    pairs = FramePairs(store, ["b"], run_length=2, targets=TargetLayout(True, True), training=False)
    _, targets = pairs[0]
    assert targets.shape == (2, 128, 128, 7)
    assert targets.shape[-1] == ConsistencyLoss(run_length=2, masked=True, motion_compensated=True).target_channels
    assert (targets[..., 3] == 1).all()


def test_picture_mask_finds_the_bars():
    true = np.full((3, 20, 30, 3), 90, np.uint8)
    true[:, :4] = true[:, :, 25:] = 3  # codecs do not keep 0
    mask = picture_mask(true)
    assert mask.shape == (20, 30, 1)
    assert mask[4:, :25].all() and mask.sum() == 16 * 25


def test_motion_points_to_where_things_were():
    rng = np.random.default_rng(0)
    texture = np.kron(rng.integers(30, 220, (16, 24)), np.ones((8, 8))).astype(np.uint8)
    frames = np.stack([texture[:96, 8 - shift : 104 - shift] for shift in (0, 3)])  # content moves right by 3
    motion = motion_to_previous(np.repeat(frames[..., None], 3, axis=-1))
    assert not motion[0, ..., :2].any() and (motion[0, ..., 2] == 1).all()
    middle = motion[1, 20:-20, 20:-20]
    assert np.median(middle[..., 0]) == pytest.approx(-3, abs=0.3)
    assert np.median(middle[..., 1]) == pytest.approx(0, abs=0.3)
    assert motion[1, :, :2, 2].mean() < 0.5 < middle[..., 2].mean()  # what came in from the left was not there


def test_impossible_options_are_refused(store: ClipStore):
    with pytest.raises(InputError, match="shorten run_length"):
        FramePairs(store, ["c"], run_length=5)
    with pytest.raises(ValueError, match="shuffle_frames"):
        FramePairs(store, ["a"], run_length=2, targets=TargetLayout(motion=True), shuffle_frames=True)
    with pytest.raises(ValueError, match="at least 1"):
        FramePairs(store, ["a"], run_length=0)


def test_fit_sees_the_batches_of_each_epoch_in_order(store: ClipStore, tmp_path: Path):
    seen = []

    class Noting(FramePairs):
        def __getitem__(self, index):
            seen.append((self.epoch, index))
            return super().__getitem__(index)

    pairs = Noting(store, list(LENGTHS), run_length=2, batch_clips=2)
    previous, current = keras.Input((128, 128, 3)), keras.Input((128, 128, 3))
    model = keras.Model([previous, current], keras.layers.Conv2D(3, 1)(previous + current))
    model.compile("sgd", loss=ConsistencyLoss(run_length=2), jit_compile=False)
    follow = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(pairs, "epoch", epoch))
    model.fit(pairs, epochs=3, initial_epoch=1, shuffle=False, verbose=0, callbacks=[follow])
    for epoch in (1, 2):
        assert [index for number, index in seen if number == epoch] == list(range(len(pairs)))


def test_flicker_is_a_smooth_colour_error_of_each_frame_and_leaves_the_luma():
    still = np.full((40, 32, 48, 3), (120, 110, 100), np.uint8)
    flickering = with_flicker(still, 4.0, np.random.default_rng(0))
    assert flickering.shape == still.shape and flickering.dtype == np.uint8
    np.testing.assert_allclose(luma_from_rgb(flickering), luma_from_rgb(still), atol=2 / 255)
    cb = (flickering[..., 2].astype(float) / 255 - luma_from_rgb(flickering)) / 1.772 * 255
    assert 2.5 < cb.std(axis=0).mean() < 4  # between the spots it is interpolated, and so a little smaller
    errors = cb - cb.mean()
    assert np.corrcoef(errors[:-1].ravel(), errors[1:].ravel())[0, 1] < 0.2
    assert np.corrcoef(errors[:, :, :-1].ravel(), errors[:, :, 1:].ravel())[0, 1] > 0.9
    again = with_flicker(still, 4.0, np.random.default_rng(0))
    np.testing.assert_array_equal(again, flickering)

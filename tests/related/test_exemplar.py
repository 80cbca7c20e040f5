"""Exemplars: what is matched, what the network is asked for, what is measured."""

import numpy as np
import pytest

from tests.helpers.systems import SystemTests, sliding_clips
from vidcolor_utils.related.clips import SmallClip
from vidcolor_utils.related.exemplar.model import build_small_color_network, match
from vidcolor_utils.related.exemplar.tokens import TokenReader, enlarged
from vidcolor_utils.related.exemplar.training import (
    ExemplarConfig,
    Known,
    Pair,
    base_colors,
    brought_over,
    calibration,
    colored,
    described,
    draw_pair,
    held_out_pairs,
    mean_psnr,
    network_inputs,
    targets,
    train_exemplar,
)
from vidcolor_utils.related.learning import AB_SCALE, grid_values


class Sepia:
    """A colorizer that gives every frame one colour."""

    def predict_ab(self, lumas):
        return np.full((len(lumas), 8, 8, 2), 7, np.float32)


def knowing(frames=30, side=16):
    """Clips whose features are their colours, so that matching is perfect."""
    rng = np.random.default_rng(0)
    found = []
    for clip in sliding_clips(frames=frames, side=side):
        points = grid_values(clip.lab)
        features = np.concatenate([points, rng.standard_normal((*points.shape[:2], 2)) * 0.01], axis=-1)
        found.append(Known(clip, base_colors(clip, Sepia()), features.astype(np.float32), points))
    return found


class TestExemplar(SystemTests):
    steps = 30

    def train(self, seed, steps):
        model, losses = train_exemplar(knowing(), ExemplarConfig(steps=steps, batch=2, seed=seed))
        return model.get_weights(), losses


def test_base_colours_are_those_of_the_gray_frames():
    ab = base_colors(sliding_clips(1)[0], Sepia())
    assert ab.shape == (14, 16, 16, 2) and np.allclose(ab, 7)


def test_points_take_the_colour_of_their_like():
    features = np.eye(3, dtype=np.float32)[None] * 5
    ab = np.array([[[1.0, 1], [2, 2], [3, 3]]], np.float32)
    warped, forth, back = match(features[:, [2, 0, 1]], features, ab, temperature=0.01)
    assert warped[0, :, 0] == pytest.approx([3, 1, 2], abs=1e-3)
    assert forth == pytest.approx(np.ones((1, 3)), abs=1e-3) and back == pytest.approx(forth)


def test_at_first_the_network_trusts_its_exemplar_by_half():
    known = knowing()
    pair = Pair(known[0], 20, known[0], 2)
    made = build_small_color_network(side=16).predict_on_batch(network_inputs([pair]))
    half = (known[0].base[20] + brought_over([pair])[0]) / 2
    np.testing.assert_allclose(made[0] * AB_SCALE, half, atol=1e-4)


def test_without_backward_likeness_every_match_seems_mutual():
    noise = np.random.default_rng(0).standard_normal((30, 16, 8)).astype(np.float32)
    known = [each._replace(features=noise) for each in knowing()]
    pair = [Pair(known[0], 20, known[1], 2)]
    both, one_way = network_inputs(pair), network_inputs(pair, backward=False)
    assert not np.allclose(both[..., 3], both[..., 4])
    assert np.array_equal(one_way[..., 4], both[..., 3])
    assert np.array_equal(np.delete(one_way, 4, axis=-1), np.delete(both, 4, axis=-1))


def test_a_wrong_exemplar_should_change_nothing():
    known = knowing()
    right, wrong = Pair(known[0], 20, known[0], 2), Pair(known[0], 20, known[1], 2)
    asked = targets([right, wrong]) * AB_SCALE
    np.testing.assert_allclose(asked[0], known[0].clip.lab[20, ..., 1:], atol=1e-4)
    np.testing.assert_allclose(asked[1], known[0].base[20], atol=1e-4)


def test_pairs_are_ten_to_fifty_frames_apart_or_of_two_clips():
    known, rng = knowing(), np.random.default_rng(0)
    for _ in range(30):
        pair = draw_pair(known, rng, wrong=False)
        assert pair.target is pair.source and 10 <= abs(pair.frame - pair.exemplar) <= 50
        assert (other := draw_pair(known, rng, wrong=True)).target is not other.source
    with pytest.raises(ValueError, match="longer than 10"):
        draw_pair([], rng, wrong=False)


def test_pairs_to_test_on_are_the_same_for_every_way():
    known = knowing()
    pairs = held_out_pairs(known, 20, count=3)
    assert len(pairs) == 9 and {pair.frame - pair.exemplar for pair in pairs} == {20}
    wrong = held_out_pairs(known, 20, count=3, wrong=True)
    assert [(pair.target.clip.name, pair.frame) for pair in wrong] == [
        (pair.target.clip.name, pair.frame) for pair in pairs
    ]
    assert all(pair.target is not pair.source for pair in wrong)
    with pytest.raises(ValueError, match="needs another clip"):
        held_out_pairs(known[:1], 20, wrong=True)
    assert mean_psnr(pairs, [pair.target.clip.lab[pair.frame, ..., 1:] for pair in pairs]) == 60
    assert colored(build_small_color_network(side=16), pairs).shape == (9, 16, 16, 2)


def test_calibration_sorts_errors_by_likeness():
    measured = calibration(held_out_pairs(knowing(), 10), bins=4)
    assert (np.diff(measured.likeness) > 0).all() and measured.error.shape == (4,)
    assert -1 <= measured.rank_correlation <= 1


def test_clips_of_one_kind_only_cannot_teach_to_ignore():
    one = SmallClip("one", np.repeat(sliding_clips(1)[0].lab[:1], 30, axis=0))
    known = [Known(one, one.lab[..., 1:], grid_values(one.lab), grid_values(one.lab))]
    with pytest.raises(ValueError, match="another one"):
        draw_pair(known, np.random.default_rng(0), wrong=True)


def test_colours_are_brought_over_by_the_features_a_clip_is_described_with():
    class Flat:
        def features(self, lab):
            return np.ones((len(lab), 16, 3), np.float32)

    known = knowing()
    pairs, mean = [Pair(known[0], 20, known[0], 2)], known[0].points[2].mean(axis=0)
    true = known[0].clip.lab[20, ..., 1:]
    near = np.abs(brought_over(pairs)[0] - true).mean()
    (flat,) = described(known[:1], Flat())
    blind = brought_over([Pair(flat, 20, flat, 2)])[0]
    np.testing.assert_allclose(blind, np.broadcast_to(mean, blind.shape), atol=1e-3)
    assert near < 0.7 * np.abs(blind - true).mean()


def test_tokens_are_kept_while_the_colorizer_reads():
    def load(path):
        names = {
            "frame_vit.onnx": seen,
            "frame.onnx": lambda luma, meaning: np.zeros((len(luma), 16, 16, 2), np.float32),
        }
        return names.get(path.name, lambda tokens: tokens[..., :1])

    def seen(luma):  # brightness of each token's place, in the first of 768 numbers
        tokens = np.zeros((1, 12, 12, 768), np.float32)
        tokens[0, ..., 0] = luma[0, ..., 0].reshape(12, 14, 12, 14).mean(axis=(1, 3))
        return tokens

    clips = sliding_clips(1, side=32)
    reader = TokenReader(32, load)
    (known,) = reader.know(clips)
    assert known.features.shape == (14, 64, 384) and known.base.shape == (14, 32, 32, 2)
    grid = clips[0].lab[..., 0].reshape(14, 8, 4, 8, 4).mean(axis=(2, 4)).reshape(14, 64)
    assert np.corrcoef(known.features[..., 0].ravel(), grid.ravel())[0, 1] > 0.98
    assert enlarged(np.ones((12, 12, 384), np.float32), 24).shape == (24, 24, 384)

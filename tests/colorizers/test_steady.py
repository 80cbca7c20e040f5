import cv2
import numpy as np
import pytest

from tests.helpers.steadiness import unsteadiness
from vidcolor_utils.colorizers import steady
from vidcolor_utils.colorizers.links import Link, Linker, small_gray
from vidcolor_utils.colorizers.steady import Evidence, Fusion, LinkedFrame, SteadyColorizer
from vidcolor_utils.pictures.cuts import CutDetector

SIZE = (24, 32)


class Flickering:
    """Fresh colours: the given ab of each frame, all over it. Counts the frames it is asked for."""

    def __init__(self, colors):
        self.colors, self.asked = iter(colors), 0

    def predict_ab(self, lumas):
        self.asked += len(lumas)
        return np.stack([np.full((*SIZE, 2), next(self.colors), np.float32) for _ in lumas])


def texture(seed=0, height=96, width=128):
    rng = np.random.default_rng(seed)
    small = rng.random((height // 8, width // 8), np.float32)
    return np.kron(small, np.ones((8, 8), np.float32))


def pan(frames, *, step=4, seed=3, height=96, width=128):
    """A picture that moves left by `step` pixels a frame."""
    wide = texture(seed, height, -(-(width + step * frames) // 8) * 8)
    return [np.ascontiguousarray(wide[:, step * t : step * t + width]) for t in range(frames)]


def mean_colors(colorizer, lumas):
    return np.array([ab.mean() for ab in colorizer.predict_ab(lumas)])


def test_flicker_is_calmed_on_a_still_picture():
    colors = 20 + 10 * (-1.0) ** np.arange(60)
    calmed = mean_colors(SteadyColorizer(Flickering(colors), every=1), [texture()] * 60)
    assert np.abs(np.diff(calmed)).mean() < 0.2 * np.abs(np.diff(colors)).mean()
    assert abs(calmed[-20:].mean() - colors.mean()) < 2


@pytest.mark.parametrize("offline", [False, True])
def test_strength_0_changes_nothing(offline):
    colors = np.arange(5.0)
    colorizer = SteadyColorizer(Flickering(colors), strength=0, offline=offline)
    np.testing.assert_allclose(mean_colors(colorizer, [texture()] * 5), colors)


def test_colours_are_the_weighted_mean_of_the_predictions_so_far():
    """By hand for strength 0.5: (3), (0 + 3/2) / (3/2) = 1, (6 + 0/2 + 3/4) / (7/4) = 27/7."""
    colorizer = SteadyColorizer(Flickering([3.0, 0.0, 6.0]), strength=0.5, every=1)
    np.testing.assert_allclose(mean_colors(colorizer, [texture()] * 3), [3, 1, 27 / 7], rtol=1e-5)


def test_offline_colours_are_the_weighted_mean_of_all_predictions():
    """By hand for strength 0.5: each prediction counts for 1/2 to the power of its distance in frames."""
    colors = np.array([3.0, 0.0, 6.0])
    weights = 0.5 ** np.abs(np.subtract.outer(range(3), range(3)))
    colorizer = SteadyColorizer(Flickering(colors), strength=0.5, every=1, offline=True)
    expected = weights @ colors / weights.sum(axis=1)
    np.testing.assert_allclose(mean_colors(colorizer, [texture()] * 3), expected, rtol=1e-5)


@pytest.mark.parametrize("offline", [False, True])
def test_no_colour_crosses_a_cut(offline):
    """What comes before a cut changes nothing behind it, to the last bit, and offline the other way round."""
    shots = pan(5, seed=0), [1 - 0.5 * luma for luma in pan(5, seed=1)]
    colors = [60.0, 50.0, 60.0, 50.0, 60.0], [-40.0, -30.0, -40.0, -30.0, -40.0]
    options = {"every": 1, "offline": offline}
    both = SteadyColorizer(Flickering(colors[0] + colors[1]), **options).predict_ab(shots[0] + shots[1])
    for part, lumas, shot_colors in zip((both[:5], both[5:]), shots, colors, strict=True):
        alone = SteadyColorizer(Flickering(shot_colors), **options).predict_ab(lumas)
        np.testing.assert_array_equal(part, alone)
    assert (both[5] == -40).all() or offline


class Knowing:
    """Colours the first of two pictures red and the other one blue, by which it sees more of; none in the dark."""

    def __init__(self, first, second):
        self.pictures = [picture - picture.mean() for picture in (first, second)]

    def predict_ab(self, lumas):
        return np.stack([self._ab(luma - luma.mean()) for luma in lumas])

    def _ab(self, luma):
        red, blue = ((luma * picture).mean() / np.square(picture).mean() for picture in self.pictures)
        color = (60.0, 40.0) if red > max(blue, 0.5) else (10.0, -60.0) if blue > 0.5 else (0.0, 0.0)
        return np.full((*SIZE, 2), color, np.float32)


def joined(first, second, how):
    """A film of two still pictures that are joined within a second."""
    steps = np.linspace(0, 1, 24, dtype=np.float32)
    if how == "dissolve":
        between = [first + step * (second - first) for step in steps]
    else:
        end = np.full_like(first, how == "through white")
        between = [
            *(first + step * (end - first) for step in steps),
            *(end + step * (second - end) for step in steps),
        ]
    return [first] * 40 + between + [second] * 12


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("how", ["dissolve", "through black", "through white"])
def test_no_colour_stays_when_the_picture_has_become_another_one(how, offline):
    first, second = texture(0), texture(1)
    steady = SteadyColorizer(Knowing(first, second), offline=offline)
    colors = [ab.mean((0, 1)) for ab in steady.stream(joined(first, second, how))]
    np.testing.assert_allclose(colors[10], (60, 40), atol=0.1)
    np.testing.assert_allclose(colors[-1], (10, -60), atol=10)


def test_fast_motion_and_a_flickering_lamp_are_no_cuts():
    lumas = [0.7 * luma * gain for luma, gain in zip(pan(8), [1, 0.75, 1.25, 1] * 2, strict=True)]
    linker, detector = Linker(), CutDetector()
    grays = [small_gray(luma) for luma in lumas]
    assert sum(detector(gray) for gray in grays) > 3  # the detector alone is deceived
    assert [linker(gray)[0] is None for gray in grays] == [True] + [False] * 7


def test_colour_moves_with_the_picture():
    class Once:
        """Colour on the left half of the first frame."""

        def predict_ab(self, lumas):
            ab = np.zeros((len(lumas), 96, 128, 2), np.float32)
            ab[0, :, :64] = 50
            return ab

    last = SteadyColorizer(Once(), strength=0.99, every=9).predict_ab(pan(5))[-1]
    assert last[20:76, 10:40].mean() > 40 and np.abs(last[20:76, 60:100]).mean() < 8


@pytest.mark.parametrize("every", [1, 3])
def test_calls_continue_each_other(every):
    colors = [0.0, 30.0, 0.0, 30.0, 0.0]
    at_once = mean_colors(SteadyColorizer(Flickering(colors), every=every), [texture()] * 5)
    colorizer = SteadyColorizer(Flickering(colors), every=every)
    in_parts = np.concatenate([mean_colors(colorizer, [texture()] * count) for count in (2, 1, 2)])
    np.testing.assert_allclose(at_once, in_parts)


@pytest.mark.parametrize("offline", [False, True])
def test_every_third_frame_is_asked_for_and_the_first_after_a_cut(offline):
    lumas = pan(8, step=1, seed=0) + [1 - 0.5 * luma for luma in pan(4, step=1, seed=1)]
    colors = [10.0, 10.0, 10.0, -20.0, -20.0]  # for frames 0, 3, 6, 8 (the cut), 11
    colorizer = Flickering(colors)
    calmed = mean_colors(SteadyColorizer(colorizer, every=3, offline=offline), lumas)
    assert colorizer.asked == 5
    np.testing.assert_allclose(calmed, [10] * 8 + [-20] * 4, atol=1e-4)


def link(trust=1.0, new=0.0):
    """A link of a frame of which this share is new."""
    grid = np.full((100, 10), trust, np.float32)
    grid[: round(100 * new)] = 0
    return Link(np.zeros((100, 10, 2), np.float32), grid)


@pytest.mark.parametrize(
    ("trust", "later"),
    [
        (1.0, [12, 48, 84]),
        (0.98, [12, 15, 18, 21, 24, 36, 48, 60, 72, 84, 96]),
        (0.8, [12, 15, 18, 21, 24, 33, 42, 51, 60, 69, 78, 87, 96]),
    ],
)
def test_where_the_colours_of_a_shot_stand_the_network_is_asked_as_seldom_as_they_can_be_followed(trust, later):
    schedule = steady.Schedule(3)
    for _ in range(2):  # two shots
        asked = [n for n in range(100) if schedule.asks(link(trust) if n else None)]
        assert asked == [0, 3, 6, 9, *later]


def test_what_has_come_bit_by_bit_is_asked_for_as_often_as_at_the_start():
    schedule = steady.Schedule(3)
    for n in range(13):
        schedule.asks(link() if n else None)
    coming = [link(new=0.1) for _ in range(9)]  # each is enough
    assert [n for n, back in enumerate(coming) if schedule.asks(back)] == [2, 5, 8]
    assert [n for n in range(36) if schedule.asks(link())] == [35]


@pytest.mark.parametrize(("apart", "first"), [(4, 8), (5, 36), (2, 4)])
def test_where_little_comes_at_a_time_more_of_it_is_waited_for(apart, first):
    """A hundredth of the picture, so many frames apart; the shot is still all the same."""
    schedule = steady.Schedule(3)
    for n in range(13):
        schedule.asks(link() if n else None)
    coming = (link(new=0.01 if n % apart == 0 else 0) for n in range(1, 50))
    assert next(n for n, back in enumerate(coming, start=1) if schedule.asks(back)) == first


def test_every_frame_is_asked_for_to_the_end_where_somebody_says_so():
    schedule = steady.Schedule(1)
    assert all(schedule.asks(link() if n else None) for n in range(60))


def test_a_prediction_changes_no_more_where_the_last_one_was_long_ago():
    still = Link(np.zeros((4, 4, 2), np.float32), np.ones((4, 4), np.float32))

    def colors(interval):
        """Of three predictions, 10, 10 and 40, this many frames apart."""
        fresh = {0: 10.0, interval: 10.0, 2 * interval: 40.0}
        own = [
            Evidence(np.full((4, 4, 2), fresh[n], np.float32), np.ones((4, 4), np.float32)) if n in fresh else None
            for n in range(2 * interval + 1)
        ]
        frames = [LinkedFrame(ab, still if n else None, None) for n, ab in enumerate(own)]
        return [float(ab.mean()) for ab in Fusion(0.9)(frames)]

    assert colors(1)[-1] < colors(5)[-1] < colors(steady.FADING)[-1]
    assert colors(36)[-1] == pytest.approx(colors(steady.FADING)[-1], rel=1e-5)


def test_colorizers_take_turns_from_the_start_of_a_shot():
    shots = [texture(0)] * 5 + [1 - 0.5 * texture(1)] * 3
    first, second = Flickering([10.0, 10.0, 10.0, 30.0, 30.0]), Flickering([20.0, 20.0, 20.0, 40.0, 40.0])
    options = {"in_turn": [second], "every": 1}
    found = mean_colors(SteadyColorizer(first, strength=0.5, **options), shots)
    np.testing.assert_allclose(found[:2], [15, 15 + 5 / 1.5], rtol=1e-5)
    np.testing.assert_allclose(found[5:7], [35, 35 + 5 / 1.5], rtol=1e-5)
    assert (first.asked, second.asked) == (5, 5)
    alone = Flickering(np.arange(8.0))
    np.testing.assert_allclose(mean_colors(SteadyColorizer(alone, strength=0, **options), shots), np.arange(8))


def test_what_is_new_is_asked_for_at_once():
    """Part of the picture changes for good at frame 3: no cut, but too much to wait for frame 8."""
    before, after = texture(0), texture(0)
    after[:, 80:] = texture(1)[:, 80:]
    colorizer = Flickering([0.0] * 10)
    SteadyColorizer(colorizer, every=8).predict_ab([before] * 3 + [after] * 3)
    assert colorizer.asked == 2


class Noisy:
    """The true colours of a panned picture, known, with noise that is new in each frame."""

    def __init__(self, ab, noise=8.0, seed=0):
        self.ab, self.noise, self.rng = iter(ab), noise, np.random.default_rng(seed)

    def predict_ab(self, lumas):
        true = np.stack([next(self.ab) for _ in lumas])
        shift = self.rng.normal(0, self.noise, (len(true), 1, 1, 2))
        return (true + shift + self.rng.normal(0, self.noise / 2, true.shape)).astype(np.float32)


def panned_colors(frames, **options):
    """Luma of a panned picture, and its ab, one colour for each block."""
    ab = np.stack([pan(frames, seed=seed, **options) for seed in (10, 11)], axis=-1)
    return pan(frames, **options), 80 * (ab - 0.5)


def mean_square_error(found, true):
    return np.mean(np.square(found[:, 8:-8, 16:-16] - true[:, 8:-8, 16:-16]))


@pytest.fixture(scope="module")
def noisy_clip():
    """Luma, true ab, and what comes of noisy predictions: fresh, causal, offline."""
    lumas, true = panned_colors(32, step=2)
    found = {"fresh": Noisy(true).predict_ab(lumas)}
    for name, offline in (("causal", False), ("offline", True)):
        found[name] = SteadyColorizer(Noisy(true), every=1, offline=offline).predict_ab(lumas)
    return lumas, true, found


def test_steadier_and_more_right_than_the_predictions_and_offline_more_so(noisy_clip):
    lumas, true, found = noisy_clip
    error = {name: mean_square_error(ab, true) for name, ab in found.items()}
    change = {name: unsteadiness(lumas, ab) for name, ab in found.items()}
    assert error["offline"] < error["causal"] < 0.5 * error["fresh"]
    assert change["offline"] < change["causal"] < 0.6 * change["fresh"]


@pytest.mark.parametrize("name", ["causal", "offline"])
def test_colours_do_not_pale(noisy_clip, name):
    _, true, found = noisy_clip
    assert np.abs(found[name]).mean() > 0.9 * np.abs(true).mean()


def test_offline_in_pieces_equals_the_whole(noisy_clip, monkeypatch):
    """Pieces are joined without a seam: what lies beyond the look-ahead weighs next to nothing."""
    lumas, true, found = noisy_clip
    monkeypatch.setattr(steady, "PIECE", 5)
    monkeypatch.setattr(steady, "LOOKAHEAD", 12)
    in_pieces = SteadyColorizer(Noisy(true), every=1, offline=True).predict_ab(lumas)
    assert in_pieces.shape == found["offline"].shape
    assert np.abs(in_pieces - found["offline"]).mean() < 0.5


@pytest.mark.parametrize("offline", [False, True])
def test_few_frames_are_read_ahead(offline, monkeypatch):
    monkeypatch.setattr(steady, "PIECE", 4)
    monkeypatch.setattr(steady, "LOOKAHEAD", 4)
    taken, ahead = 0, []

    def lumas():
        nonlocal taken
        for _ in range(40):
            taken += 1
            yield texture()

    for given, _ in enumerate(SteadyColorizer(Flickering([0.0] * 40), every=2, offline=offline).stream(lumas())):
        ahead.append(taken - given)
    assert len(ahead) == 40 and max(ahead) <= 2 * steady.BATCH + 8 * offline


def test_colours_neither_fade_nor_drift_over_300_frames():
    """A clip of 10 frames that swings back and forth 15 times, with predictions that flicker."""
    lumas, true = panned_colors(11, step=2, height=48, width=64)
    swing = [*range(10), *range(10, 0, -1)] * 15
    found = SteadyColorizer(Noisy([true[i] for i in swing]), every=1).predict_ab([lumas[i] for i in swing])
    energy = np.hypot(found[..., 0], found[..., 1]).mean(axis=(1, 2))
    assert abs(energy[-60:].mean() / energy[20:80].mean() - 1) < 0.05


def test_a_flickering_lamp_unsettles_colours_little():
    lumas, true = panned_colors(24, step=1)
    gains = np.random.default_rng(0).uniform(0.9, 1.1, 24)
    calm, lit = (
        SteadyColorizer(Noisy(true), every=1).predict_ab(
            [0.9 * gain * luma for luma, gain in zip(lumas, by, strict=True)]
        )
        for by in (np.ones(24), gains)
    )
    assert unsteadiness(lumas, lit) < 1.2 * unsteadiness(lumas, calm)


class Exposed:
    """Fresh colours that depend on how a frame is lit, as a network's do."""

    def predict_ab(self, lumas):
        return np.stack([100 * cv2.resize(luma, SIZE[::-1], interpolation=cv2.INTER_AREA) for luma in lumas])[
            ..., None
        ].repeat(2, axis=-1)


@pytest.mark.parametrize(
    "gains", [np.random.default_rng(0).uniform(0.9, 1.1, 48), 1 + 0.1 * (-1.0) ** np.arange(48)]
)
def test_a_network_is_spared_the_flicker_of_a_lamp(gains):
    lumas = [0.2 + 0.6 * cv2.GaussianBlur(luma, (0, 0), 3) for luma in pan(48, step=1)]
    lit = [np.float32(gain) * luma for gain, luma in zip(gains, lumas, strict=True)]
    calm, flickering = (SteadyColorizer(Exposed()).predict_ab(seen) for seen in (lumas, lit))
    per_frame = SteadyColorizer(Exposed(), strength=0).predict_ab(lit)
    assert unsteadiness(lumas, per_frame) > 20 * unsteadiness(lumas, calm)
    assert unsteadiness(lumas, flickering) < 2.5 * unsteadiness(lumas, calm)  # of which there is less, too


def test_joining_evidence_by_hand():
    one, three = (np.full((1, 1), weight, np.float32) for weight in (1, 3))
    first = Evidence(np.full((1, 1, 2), 8, np.float32), one)
    joined = first.joined(Evidence(np.zeros((1, 1, 2), np.float32), three))
    assert joined.ab.tolist() == [[[2, 2]]] and joined.weight.tolist() == [[4]]
    nothing = Evidence(first.ab, 0 * one)
    np.testing.assert_array_equal(nothing.joined(Evidence(0 * first.ab, 0 * one)).ab, first.ab)
    carried = first.carried(Link(np.zeros((1, 1, 2), np.float32), np.float32(0.5) * one), 0.8)
    np.testing.assert_allclose(carried.weight, 0.4)


@pytest.mark.parametrize("strength", [1, -0.1])
def test_strength_is_checked(strength):
    with pytest.raises(ValueError, match="strength"):
        Fusion(strength)


def test_every_is_checked():
    with pytest.raises(ValueError, match="every"):
        SteadyColorizer(Flickering([]), every=0)

import base64
from io import BytesIO

import numpy as np
import pytest
import traitlets
from PIL import Image

from tests.helpers.scrubbers import encoded_frame
from vidcolor_utils.system.errors import InputError

pytest.importorskip("anywidget")
from vidcolor_utils.course import scrubber
from vidcolor_utils.course.scrubber import FrameScrubber

MAX_MEAN_ERROR = 3.0  # levels that JPEG may cost; the clips below differ by more between frames


def moving(num_frames: int = 5, size: tuple[int, int] = (20, 28), shift: int = 0) -> np.ndarray:
    """A colour ramp that moves and darkens, another one for each shift."""
    height, width = size
    frames = np.zeros((num_frames, height, width, 3), np.uint8)
    for index in range(num_frames):
        ramp = np.linspace(0, 255, width)
        frames[index, ..., 0] = np.roll(ramp, index + shift)
        frames[index, ..., 1] = 20 + 30 * (index % 6)
        frames[index, ..., 2] = np.linspace(255, shift, height)[:, None]
    return frames


def decoded(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(jpeg)).convert("RGB")).astype(int)


def test_every_panel_holds_the_frame_asked_for():
    clips = {"true": moving(), "baseline": moving(shift=40), "ours": moving(shift=90)}
    exact, compressed = FrameScrubber(clips), FrameScrubber(clips, quality=90)
    for name, clip in clips.items():
        for index in range(5):
            np.testing.assert_array_equal(decoded(encoded_frame(exact, name, index)), clip[index])
            shown = decoded(encoded_frame(compressed, name, index))
            errors = [np.abs(shown - frame).mean() for frame in clip]
            assert errors[index] < MAX_MEAN_ERROR
            assert np.argmin(errors) == index
    assert exact.num_frames == 5


def test_packed_bytes_and_offsets_are_what_the_browser_slices():
    scrubber = FrameScrubber({"a": moving(), "b": moving(shift=40)})
    state = scrubber.get_state()
    for packed, offsets in zip(state["packed"], state["offsets"], strict=True):
        assert offsets[0] == 0 and offsets[-1] == len(packed) and len(offsets) == 6
        assert all(packed[start : start + 4] == b"RIFF" for start in offsets[:-1])
    assert state["kind"] == "image/webp" and FrameScrubber({"a": moving()}, quality=80).kind == "image/jpeg"
    assert state["names"] == ["a", "b"] and state["size"] == [20, 28]
    assert "createImageBitmap" in state["_esm"] and ".vidcolor-scrubber" in state["_css"]


def test_same_clips_give_the_same_bytes():
    first, second = (FrameScrubber({"a": moving()}) for _ in range(2))
    assert first.packed == second.packed
    assert first._repr_mimebundle_()[0]["image/jpeg"] == second._repr_mimebundle_()[0]["image/jpeg"]


def test_frame_and_playing_can_be_set_and_observed():
    scrubber = FrameScrubber({"a": moving()}, frame=1)
    seen = []
    scrubber.observe(lambda change: seen.append((change["name"], change["new"])), ["frame", "playing"])
    scrubber.frame = 4
    scrubber.playing = True
    scrubber.set_state({"frame": 2})  # as from the browser
    assert seen == [("frame", 4), ("playing", True), ("frame", 2)]


def test_output_has_the_widget_and_a_strip_of_all_clips():
    scrubber = FrameScrubber({"a": moving(), "b": moving(shift=40)}, strip_frames=3)
    data, metadata = scrubber._repr_mimebundle_()
    assert metadata["image/jpeg"]["alt"] == "Frames of a, b, a row each, 5 frames in all."
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == scrubber.model_id
    picture = decoded(base64.b64decode(data["image/jpeg"]))
    assert picture.shape[1] == 3 * 160 + 2 * 4
    assert data["text/plain"] == "FrameScrubber(a, b: 5 frames of 28x20)"


def test_ninety_frames_of_four_clips_fit():
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    texture = np.asarray(Image.fromarray(coarse).resize((256, 256), Image.Resampling.BICUBIC)).astype(int)
    grain = rng.integers(-12, 13, (256, 256, 1))  # film grain costs bytes
    frames = np.stack([np.roll(texture, index, axis=1) + np.roll(grain, 7 * index) for index in range(90)])
    clip = frames.clip(0, 255).astype(np.uint8)
    scrubber = FrameScrubber({name: clip for name in "abcd"}, quality=90)
    assert 4_000_000 < sum(map(len, scrubber.packed)) < 40_000_000


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        ({}, "clips is empty"),
        ({"a": moving(5), "b": moving(4)}, "a has 5 frames, b has 4"),
        ({"a": moving(), "b": moving(size=(20, 30))}, "one size"),
        ({"a": moving().astype(np.float32)}, r"clip a must be uint8 .* float32"),
        ({"a": moving()[..., :1]}, r"clip a must be uint8 \(T, H, W, 3\)"),
        ({"a": moving()[0]}, r"clip a must be uint8 \(T, H, W, 3\)"),
        ({"a": [1, 2]}, "Received: list"),
        ({"a": moving(0)}, "clip a is empty"),
    ],
)
def test_wrong_clips_are_named(clips, message):
    with pytest.raises(InputError, match=message):
        FrameScrubber(clips)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frame": 5}, "frame must be 0 to 4"),
        ({"frame": -1}, "frame must be 0 to 4"),
        ({"amplify": 3}, "amplify must be one of"),
        ({"rate": 0.0}, "rate must be above 0"),
        ({"rate": float("nan")}, "rate must be above 0"),
        ({"quality": 0}, "quality must be None or 1 to 95"),
        ({"strip_frames": 0}, "strip_frames must be at least 1"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(InputError, match=message):
        FrameScrubber({"a": moving()}, **options)


def test_frames_out_of_range_are_refused_later_too():
    scrubber = FrameScrubber({"a": moving()})
    with pytest.raises(InputError, match="frame must be 0 to 4"):
        scrubber.frame = 5
    assert scrubber.frame == 0


def test_too_many_bytes_are_refused(monkeypatch):
    monkeypatch.setattr(scrubber, "MAX_BYTES", 500)
    with pytest.raises(InputError, match="show fewer or smaller ones, or give a quality"):
        FrameScrubber({"a": moving(9)})


def test_the_browser_is_told_what_may_be_chosen():
    scrubber = FrameScrubber({"a": moving()})
    state = scrubber.get_state(["_esm", "amplifications"])
    assert 'get("amplifications")' in state["_esm"] and state["amplifications"]
    for factor in state["amplifications"]:
        scrubber.amplify = factor


def test_numpys_numbers_are_taken_as_ones_that_a_browser_can_be_sent():
    scrubber = FrameScrubber({"a": moving()}, frame=np.int64(3), amplify=np.int32(8), rate=np.float32(12))
    assert (scrubber.frame, scrubber.amplify, scrubber.rate) == (3, 8, 12)
    scrubber.frame, scrubber.rate = np.uint8(1), np.int64(24)
    state = scrubber.get_state(["frame", "amplify", "rate"])
    assert state == {"frame": 1, "amplify": 8, "rate": 24} and type(state["frame"]) is int
    for wrong in (1.5, "1"):
        with pytest.raises(traitlets.TraitError):
            scrubber.frame = wrong

import json
from types import SimpleNamespace

import cv2
import numpy as np

from records.related import exemplar
from records.related.exemplar import bases, carried
from vidcolor_utils.related.clips import SmallClip, Split
from vidcolor_utils.related.exemplar.training import Known, held_out_pairs, mean_psnr


def drifting(frames: int, side: int) -> SmallClip:
    """Smooth noise in many colours that moves by a pixel a frame."""
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.standard_normal((side, side + frames, 3)).astype(np.float32), (0, 0), 4)
    world = np.float32((50, 0, 0)) + noise / noise.std(axis=(0, 1)) * np.float32((15, 15, 15))
    return SmallClip("drifting", np.stack([world[:, t : t + side] for t in range(frames)]))


def test_a_key_frame_carried_along_the_clip_is_worth_more_than_no_exemplar():
    clip = drifting(16, 64)
    gray = np.zeros_like(clip.lab[..., 1:])
    pairs = held_out_pairs([Known(clip, gray, gray[:, 0], gray[:, 0])], 10, count=2)
    assert len(pairs) == 2
    assert mean_psnr(pairs, carried(pairs)) > mean_psnr(pairs, bases(pairs)) + 6


def test_a_gray_exemplar_guides_nothing_as_in_the_tool():
    clip = drifting(16, 64)
    gray = clip.lab.copy()
    gray[..., 1:] = 0
    base = np.full_like(clip.lab[..., 1:], 7)
    known = Known(SmallClip("gray", gray), base, base[:, 0], base[:, 0])
    pairs = held_out_pairs([known], 10, count=2)
    for pair, ab in zip(pairs, exemplar.referred(pairs, None), strict=True):
        np.testing.assert_array_equal(ab, base[pair.frame])


def test_seeds_and_tokens_are_added_to_a_record_that_lacks_them(tmp_path, monkeypatch):
    clips = [SmallClip(str(number), drifting(52, 16).lab) for number in range(2)]
    points = np.zeros((52, 16, 2), np.float32)
    known = [Known(clip, clip.lab[..., 1:], points, points) for clip in clips]
    trained = []

    def learned(known, unseen, config):
        trained.append((config.seed, config.backward))
        return {"right": {}, "wrong": {}}

    reader = SimpleNamespace(know=lambda clips: known, colorizer=None)
    monkeypatch.setattr(exemplar, "TokenReader", lambda side: reader)
    monkeypatch.setattr(exemplar, "learned", learned)
    monkeypatch.setattr(exemplar, "calibrated", lambda unseen: {})
    monkeypatch.setattr(exemplar, "train_pointer", lambda clips, config: (None, []))
    monkeypatch.setattr(exemplar, "described", lambda known, pointer: known)
    for way in ("carried", "moved"):
        monkeypatch.setattr(exemplar, way, bases)
    monkeypatch.setattr(exemplar, "referred", lambda pairs, colorizer: bases(pairs))
    output, options = tmp_path / "exemplar.json", {"seeds": 1, "steps": 1, "say": print}
    exemplar.record_exemplar(Split(clips, clips), output, **options)
    assert trained == [(0, True), (0, False), (0, True)]
    record = json.loads(output.read_text())
    assert record["controls"]["right"][exemplar.TOKENS].keys() == record["controls"]["right"]["hold"].keys()
    del record["seeds"]["0"][exemplar.TOKENS]
    output.write_text(json.dumps(record))
    exemplar.record_exemplar(Split(clips, clips), output, **options)
    assert trained[3:] == [(0, True)]
    assert exemplar.TOKENS in json.loads(output.read_text())["seeds"]["0"]

import json

import numpy as np
import pytest

from records.quality import figure_3
from vidcolor_utils.pictures.color import rgb_from_gray
from vidcolor_utils.system.errors import InputError


def test_pieces_follow_on_one_another(make_video, tmp_path, monkeypatch):
    monkeypatch.setattr(figure_3, "FILMS", ("a.mp4",))
    monkeypatch.setattr(figure_3, "FPS", 25)
    make_video("a.mp4", frames=12, options={"crf": "0"})
    first, second, *_ = clips = figure_3.pieces(tmp_path)
    assert [clip.name for clip in clips][:2] == ["a-00", "a-06"] and len(clips) == figure_3.PIECES
    assert second.origin == {"kind": "video", "file": "a.mp4", "fps": 25, "first": 6, "frames": 6}
    frames = [np.stack(list(clip.frames())) for clip in (first, second)]
    assert [len(part) for part in frames] == [6, 6]
    assert not np.array_equal(frames[0][0], frames[1][0])


def test_a_record_of_other_colours_is_refused_before_the_trainings(make_video, tmp_path, monkeypatch):
    monkeypatch.setattr(figure_3, "FILMS", ("a.mp4",))
    monkeypatch.setattr(figure_3, "FPS", 25)
    monkeypatch.setattr(figure_3, "baseline_colorizer", lambda name: rgb_from_gray)
    make_video("a.mp4", frames=figure_3.PIECE * figure_3.PIECES)
    trained, asked = [], []
    monkeypatch.setattr(figure_3, "train_report_model", lambda *of, **options: trained.append(of))
    monkeypatch.setattr(figure_3, "record_full_runs", lambda *of, **options: asked.append((of, options)))
    figure_3.record_figure_3(tmp_path, tmp_path / "work", tmp_path / "out")
    assert [config for *_, config in trained] == list(figure_3.NETWORKS)
    (((data, runs, output), options),) = asked
    assert (data, runs, output) == (tmp_path / "work" / "clips", tmp_path / "work" / "runs", tmp_path / "out")
    assert options["frames"] == figure_3.PIECE and options["shown"]
    (tmp_path / "out").mkdir()
    record = {"frames": figure_3.PIECE, "shown": options["shown"], "references": {"dev": {}}, "runs": {}}
    (tmp_path / "out" / "full.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match=r"other settings \(dev, test\): remove it"):
        figure_3.record_figure_3(tmp_path, tmp_path / "work", tmp_path / "out")
    assert len(trained) == len(figure_3.NETWORKS) and len(asked) == 1


def test_the_networks_are_the_rows_of_the_report_s_figure():
    assert [(config.model, config.beta) for config in figure_3.NETWORKS] == [
        ("alexnet", 0.8),
        ("vgg16", 1.0),
        ("vgg16", 0.8),
    ]

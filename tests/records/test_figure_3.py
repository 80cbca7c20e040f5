import numpy as np

from records.quality import figure_3


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


def test_the_networks_are_the_rows_of_the_report_s_figure():
    assert [(config.model, config.beta) for config in figure_3.NETWORKS] == [
        ("alexnet", 0.8),
        ("vgg16", 1.0),
        ("vgg16", 0.8),
    ]

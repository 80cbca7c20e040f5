import json

import numpy as np

from records import kept
from records.pictures import Excerpt
from vidcolor_utils.video.files import iter_rgb, video_info


def test_films_are_kept_side_by_side_and_matched_with_the_truth(make_video, tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "CLIPS", ("1",))
    monkeypatch.setattr(kept, "OURS", {"ours": {}})
    monkeypatch.setattr(kept, "SHOWN", Excerpt(start=0, step=1, frames=3, width=0, columns=0))
    for name in ("color_1.mp4", "bw_1.mp4"):
        make_video(name, frames=4)
    make_video("colorized_1.mp4", frames=4).write_bytes((tmp_path / "color_1.mp4").read_bytes())
    matches = kept.keep_films(tmp_path, tmp_path / "out", colorizer=Gray())
    films = tmp_path / "out" / "hiking 1"
    assert sorted(path.stem for path in films.iterdir()) == ["Zhang", "gray", "ours", "true"]
    assert {len(list(iter_rgb(path))) for path in films.iterdir()} == {3}
    assert video_info(films / "true.mp4").rate == 25
    assert matches["1"]["Zhang"] == {"whole": 100.0, "inside": 100.0}, "the very film"
    assert 0 <= matches["1"]["gray"]["whole"] < 100
    assert json.loads((tmp_path / "out" / kept.MATCH).read_text()) == matches


class Gray:
    def predict_ab(self, lumas):
        return np.zeros((*np.shape(lumas), 2), np.float32)


def test_gray_is_the_luma_three_times():
    red = np.full((2, 3, 3), (255, 0, 0), np.uint8)
    assert np.unique(kept.gray_rgb(red)).tolist() == [76]  # BT.601: 0.299 of 255

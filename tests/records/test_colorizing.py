"""Benchmarks on tiny inputs; what they measure is left to `make bench`."""

from records.films import write_walk
from records.speed import colorizing
from records.speed.colorizing import PLAIN, Effort, bench_film, bench_options, copy_film, write_key_frame
from vidcolor_utils.film.keyframes.album import read_key_pictures
from vidcolor_utils.stills.images import read_image
from vidcolor_utils.video.files import video_info

TINY = (64, 96)


def test_the_film_has_sound_and_the_copy_keeps_it(tmp_path):
    write_walk(tmp_path / "film.mp4", TINY, 60)
    copy_film(tmp_path / "film.mp4", tmp_path / "copy.mp4")
    for name in ("film.mp4", "copy.mp4"):
        info = video_info(tmp_path / name)
        assert (info.height, info.width, info.frames, info.sound) == (64, 96, 60, ("aac",))


def test_bench_film_compares_two_rates(monkeypatch):
    def fastest(runs, rounds):
        for run in runs.values():
            run()
        assert rounds == 2
        return {"colorize": 0.5, "copy": 0.125}

    monkeypatch.setattr(colorizing, "fastest", fastest)
    speed = bench_film(TINY, Effort(frames=5, scenery=3, rounds=2))
    assert speed == {"colorize_fps": 10.0, "copy_fps": 40.0, "ratio": 0.25}


def test_options_are_compared_with_the_same_film_without(monkeypatch):
    asked = []

    def colorize(film, output, colorizer, **options):
        assert video_info(film).frames == 5
        asked.append({name: name == "keyframes" or value for name, value in options.items()})
        return original(film, output, colorizer, **options)

    def fastest(runs, rounds):
        for run in runs.values():
            run()
        return {name: 0.5 if name == PLAIN else 2.0 for name in runs}

    original = colorizing.colorize_file
    monkeypatch.setattr(colorizing, "colorize_file", colorize)
    monkeypatch.setattr(colorizing, "fastest", fastest)
    options = bench_options(TINY, Effort(frames=5))
    assert asked == [{}, {"offline": True}, {"restore": True}, {"keyframes": True}]
    assert options == {name: {"fps": 2.5, "ratio": 0.25} for name in ("`--offline`", "`--restore`", "a key frame")}


def test_the_key_frame_is_the_first_one_in_its_colours(tmp_path):
    write_walk(tmp_path / "film.mp4", TINY, 3)
    write_key_frame(tmp_path / "film.mp4", tmp_path / "keys")
    (key,) = read_key_pictures(tmp_path / "keys")
    assert key.seconds == 0 and read_image(key.path).rgb.shape == (*TINY, 3)

import tracemalloc

import av
import numpy as np
import pytest
from PIL import Image, ImageSequence

from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.video.encoders import animations
from vidcolor_utils.video.encoders.animations import write_apng


def animation(path, *, count=3, size=(64, 48), mode="RGB", times=100):
    colors = [(40 * (number + 1) % 256, 90, 20, 128) for number in range(count)]
    pictures = [Image.new(mode, size, color[: len(mode)]) for color in colors]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, lossless=True)
    return path


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_pictures_times_and_what_shines_through_are_kept(tmp_path, mode):
    source = animation(tmp_path / "in.webp", mode=mode, times=[100, 40, 500])
    write_apng(source, tmp_path / "out.apng")
    with Image.open(source) as before, Image.open(tmp_path / "out.apng") as after:
        pairs = zip(ImageSequence.Iterator(before), ImageSequence.Iterator(after), strict=True)
        for number, (one, other) in enumerate(pairs):
            assert other.mode == mode and other.info["duration"] == [100, 40, 500][number]
            np.testing.assert_array_equal(np.asarray(one.convert(mode)), np.asarray(other))


def test_pictures_that_are_alike_stay_as_many(tmp_path):
    pictures = [Image.effect_noise((64, 48), 50).convert("RGB")] * 3
    pictures[0].save(tmp_path / "in.webp", save_all=True, append_images=pictures[1:], duration=100)
    with Image.open(tmp_path / "in.webp") as image:
        count = image.n_frames
    write_apng(tmp_path / "in.webp", tmp_path / "out.apng")
    with av.open(str(tmp_path / "out.apng")) as container:
        assert sum(1 for _ in container.decode(video=0)) == count


def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path):
    peaks = []
    for count in (3, 30):
        source = animation(tmp_path / f"{count}.webp", count=count, size=(400, 300))
        tracemalloc.start()
        write_apng(source, tmp_path / "out.apng")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 400 * 300 * 3


def test_what_is_too_large_or_damaged_is_refused(tmp_path, monkeypatch):
    source = animation(tmp_path / "in.webp")
    with pytest.raises(OutputError, match=r"no place for a copy of .*in\.webp"):
        write_apng(source, tmp_path / "none" / "out.apng")
    monkeypatch.setattr(animations, "MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(InputError, match="pictures of 64x48 are too large"):
        write_apng(source, tmp_path / "out.apng")
    (tmp_path / "cut.webp").write_bytes(source.read_bytes()[:60])
    with pytest.raises(InputError, match="not an animation that can be read"):
        write_apng(tmp_path / "cut.webp", tmp_path / "out.apng")

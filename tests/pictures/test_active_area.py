from collections.abc import Iterator

import numpy as np
import pytest

from vidcolor_utils.pictures.active_area import Area, ab_in_area, find_active_area


def test_bars_with_codec_noise_are_found():
    rng = np.random.default_rng(0)
    frames = rng.uniform(0, 6 / 255, (12, 40, 50))
    frames[:, 7:31] = rng.uniform(0.25, 0.8, (12, 24, 50))
    assert find_active_area(frames) == (7, 31, 0, 50)


def test_a_row_that_is_lit_once_is_no_bar():
    frames = np.zeros((6, 20, 20))
    frames[:, 5:15] = 0.4
    frames[5, 2:18] = 0.4
    assert find_active_area(frames) == (2, 18, 0, 20)


def test_a_black_video_has_no_bars():
    assert find_active_area(np.zeros((1, 20, 30))) == (0, 20, 0, 30)


def test_the_search_stops_when_there_can_be_no_bars():
    def frames() -> Iterator[np.ndarray]:
        yield np.full((20, 30), 0.4)
        raise AssertionError("read on")

    assert find_active_area(frames()) == (0, 20, 0, 30)


def test_no_frames_are_an_error():
    with pytest.raises(ValueError, match="no frame"):
        find_active_area([])


def test_cut_takes_the_area_of_every_layer():
    image = np.arange(24).reshape(4, 3, 2)
    np.testing.assert_array_equal(Area(1, 3, 0, 2).cut(image), image[1:3, :2])


def test_an_area_of_a_resized_image():
    assert Area(1, 11, 0, 7).resized((11, 7), (22, 13)) == (2, 22, 0, 13)
    for row in range(360):
        area = Area(row, row + 1, 639, 640).resized((360, 640), (240, 427))
        assert area.cut(np.zeros((240, 427))).shape == (1, 1), row


def test_chroma_is_laid_over_the_area_and_nowhere_else():
    ab = ab_in_area(np.full((2, 2, 2), 30, np.float32), (6, 8), Area(1, 5, 2, 6))
    assert ab.shape == (6, 8, 2) and ab.dtype == np.float32
    assert (ab[1:5, 2:6] == 30).all() and ab.sum() == 30 * 4 * 4 * 2


def old_film(frames=6, height=72, width=96, *, level=20 / 255, grain=6 / 255, soft=3, seed=0):
    """A bright scene between pillars that are not quite black, grainy, and fade into it over a few pixels."""
    rng = np.random.default_rng(seed)
    across = np.arange(width)
    inside = np.clip((np.minimum(across - 12, width - 13 - across) + 1) / soft, 0, 1)
    scene = rng.uniform(0.3, 0.8, (frames, height, width))
    return np.float32(np.clip(level + inside * (scene - level) + rng.normal(0, grain, scene.shape), 0, 1))


def test_soft_grainy_borders_of_old_film_are_found():
    top, bottom, left, right = find_active_area(old_film())
    assert (top, bottom) == (0, 72) and 12 <= left <= 14 and 82 <= right <= 84


def test_a_dark_scene_is_no_border():
    """As dark as a border, but uneven."""
    scene = np.full((4, 72, 96), 0.04, np.float32) + np.linspace(0, 0.05, 96, dtype=np.float32)
    assert find_active_area(scene) == (0, 72, 0, 96)


def test_a_border_that_lights_up_is_none():
    frames = old_film(grain=0)
    frames[3, :, :12] += 0.05
    assert find_active_area(frames)[2] == 0


@pytest.mark.parametrize("layout", ["pillarbox", "letterbox"])
def test_borders_of_a_colorized_video_stay_neutral(tmp_path, layout):
    import av

    from vidcolor_utils.tool.colorize import colorize_file
    from vidcolor_utils.video.formats import chroma_planes
    from vidcolor_utils.video.reader import VideoReader

    class Orange:
        def predict_ab(self, lumas):
            return np.full((len(lumas), 12, 16, 2), 40, np.float32)

    frames = old_film() if layout == "pillarbox" else np.swapaxes(old_film(), 1, 2)
    with av.open(str(tmp_path / "in.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:], "gray"
        for luma in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.uint8(luma * 255), format="gray")))
        container.mux(stream.encode())
    colorize_file(tmp_path / "in.mkv", tmp_path / "out.mkv", Orange())
    with VideoReader(tmp_path / "out.mkv") as reader:
        u, v = np.mean([chroma_planes(frame.decoded, "yuv420p") for frame in reader.luma_frames()], axis=0)
    difference = np.hypot(u - 128, v - 128) if layout == "pillarbox" else np.hypot(u - 128, v - 128).T
    edges = difference[:, :3], difference[:, -3:]  # next to the picture the encoder mixes colours
    assert max(edge.max() for edge in edges) < 4 and difference[:, 8:-8].min() > 15

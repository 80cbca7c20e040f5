import numpy as np
import pytest
from PIL import Image

from tests.helpers.films import combing, moving_disc, woven
from vidcolor_utils.colorizers.steady import SteadyColorizer
from vidcolor_utils.film import painting
from vidcolor_utils.pictures.color import luma_from_rgb
from vidcolor_utils.pictures.restore import QUANTILES, CopyRestorer, Deflicker, denoised, noise_of, quantiles_of
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video.codecs import Encoding
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.formats import chroma_planes
from vidcolor_utils.video.reader import VideoReader


def film(frames=24, height=96, width=128):
    return [luma_from_rgb(rgb) * 0.8 for rgb in moving_disc(frames, height, width)]


def worn(lumas, noise=0.04, flicker=0.1, seed=0):
    rng = np.random.default_rng(seed)
    return [
        np.float32(np.clip(luma * rng.uniform(1 - flicker, 1 + flicker) + rng.normal(0, noise, luma.shape), 0, 1))
        for luma in lumas
    ]


def brightness_change(lumas):
    """Mean change of mean luma from frame to frame, once the running mean has settled."""
    return np.abs(np.diff([luma.mean() for luma in lumas[8:]])).mean()


def deflickered(lumas):
    deflicker = Deflicker()
    return [deflicker(luma).apply(luma) for luma in lumas]


def test_flicker_is_evened_out():
    lumas = worn(film(), noise=0)
    assert brightness_change(deflickered(lumas)) < 0.25 * brightness_change(lumas)


def test_a_steady_film_stays_as_it_is():
    lumas = film()
    for before, after in zip(lumas, deflickered(lumas), strict=True):
        assert np.abs(before - after).mean() < 0.02  # the disc changes the histogram


@pytest.mark.parametrize(
    ("gains", "flickers"),
    [
        (np.ones(24), False),
        (np.linspace(0.5, 1, 24), False),  # a fade
        (np.random.default_rng(0).uniform(0.9, 1.1, 24), True),
        (1 + 0.1 * (-1.0) ** np.arange(24), True),
    ],
)
def test_flicker_is_seen_where_there_is_some(gains, flickers):
    deflicker, seen = Deflicker(), []
    for gain, luma in zip(gains, film(), strict=True):
        deflicker(np.float32(gain) * luma)
        seen.append(deflicker.sees_flicker)
    assert not seen[1] and set(seen[8:]) == {flickers}


def test_quantiles_are_those_of_numpy():
    luma = np.random.default_rng(0).random((32, 57), np.float32)
    np.testing.assert_allclose(quantiles_of(luma), np.quantile(luma, QUANTILES), rtol=1e-6)


def test_a_cut_begins_anew():
    dark = [0.5 * np.ascontiguousarray(luma[::-1, ::-1]) for luma in film(4)]
    found = deflickered(film(20) + dark)
    np.testing.assert_allclose(found[20], dark[0], atol=1e-3)


def test_noise_is_measured_and_taken_out_and_edges_stay():
    clean = film(1)[0]
    (noisy,) = worn([clean], flicker=0)
    assert noise_of(noisy) == pytest.approx(0.04, rel=0.35) and noise_of(clean) < 0.005
    error = np.abs(denoised(noisy) - clean).mean()
    assert error < 0.6 * np.abs(noisy - clean).mean()
    assert np.abs(denoised(clean) - clean).max() < 0.05


def test_colours_of_worn_film_are_steadier_with_restoration(colorizer):
    """A still picture: any change of its colours is flicker."""
    lumas = worn(film(1) * 24)

    def change(copies):
        ab = SteadyColorizer(colorizer, every=1).predict_ab(copies)
        return np.abs(np.diff(ab[8:], axis=0)).mean()

    assert change([CopyRestorer()(luma) for luma in lumas[:1]] * 24) < 0.05
    restorer = CopyRestorer()
    assert change([restorer(luma) for luma in lumas]) < 0.7 * change(lumas)


class Recorder:
    """Gray, whatever the frame; keeps what it was shown."""

    def __init__(self):
        self.shown = []

    def predict_ab(self, lumas):
        self.shown += [luma.copy() for luma in lumas]
        return np.zeros((len(lumas), 12, 16, 2), np.float32)


def luma_of(path):
    with VideoReader(path) as reader:
        return np.stack([frame.luma for frame in reader.luma_frames()]).astype(float)


@pytest.fixture
def flickering(tmp_path):
    """A film of 24 frames that flickers; lossless."""
    import av

    with av.open(str(tmp_path / "in.mkv"), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "gray"
        for luma in worn(film()):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.uint8(luma * 255), format="gray")))
        container.mux(stream.encode())
    return tmp_path / "in.mkv"


def test_only_the_copy_is_restored_unless_asked(flickering, tmp_path):
    changes = {}
    for name, options in {"plain": {}, "copy": {"restore": True}, "luma": {"restore_luma": True}}.items():
        seen = Recorder()
        colorize_file(flickering, tmp_path / "out.mkv", seen, every=1, strength=0, **options)
        changes[name] = brightness_change(seen.shown), brightness_change(list(luma_of(tmp_path / "out.mkv")))
        if name == "copy":
            assert np.abs(luma_of(flickering) - luma_of(tmp_path / "out.mkv")).mean() < 2
    assert changes["copy"][0] < 0.4 * changes["plain"][0] and changes["luma"][0] < 0.4 * changes["plain"][0]
    assert changes["copy"][1] > 0.9 * changes["plain"][1] > 2 * changes["luma"][1]


def test_interlacing_is_taken_out_of_the_copy_and_of_the_luma_when_asked(make_interlaced, tmp_path):
    progressive = np.stack([np.uint8(16 + 200 * luma) for luma in film(24)])
    films = {
        "progressive": make_interlaced(progressive[::2], "top", name="progressive.mkv", marked=False),
        "interlaced": make_interlaced(woven(progressive, "top"), "top"),
    }
    seen, lumas, infos = {}, {}, {}

    def run(name, film, **options):
        seen[name] = Recorder()
        report = colorize_file(
            films[film], tmp_path / "out.mkv", seen[name], strength=0, encoding=Encoding("ffv1"), **options
        )
        lumas[name], infos[name] = luma_of(tmp_path / "out.mkv"), video_info(tmp_path / "out.mkv")
        return " ".join(report.warnings)

    run("true", "progressive", restore_luma=True)
    run("true copy", "progressive", restore=True)
    assert "still marked so" in run("plain", "interlaced")
    assert "colours are made from de-interlaced frames" in run("copy", "interlaced", restore=True)
    assert "the output is de-interlaced" in run("luma", "interlaced", restore_luma=True)
    assert [infos[name].fields for name in ("plain", "copy", "luma", "true")] == ["top", "top", None, None]
    for name in ("plain", "copy"):
        np.testing.assert_array_equal(lumas[name], luma_of(films["interlaced"]))
    assert len(lumas["luma"]) == 12 and infos["luma"].duration_s == infos["plain"].duration_s
    assert combing(lumas["plain"]) > 2 * combing(lumas["true"])
    assert combing(lumas["luma"]) < 1.1 * combing(lumas["true"])

    def error(name, true):
        return np.mean([np.abs(a - b).mean() for a, b in zip(seen[name].shown, seen[true].shown, strict=True)])

    assert max(error("copy", "true copy"), error("luma", "true")) < 0.3 * error("plain", "true copy")


def test_colours_that_are_kept_are_de_interlaced_with_the_luma(make_interlaced, tmp_path):
    disc = moving_disc(24, 96, 128)[..., 0]
    progressive = np.where(np.roll(disc, 64, axis=2) > 128, 200, 128).astype(np.uint8)[:, ::2, ::2]
    chroma = woven(progressive, "bottom")
    source = make_interlaced(woven(disc, "bottom"), "bottom", chroma=chroma)

    def chroma_after(**options):
        encoding = Encoding("ffv1")
        colorize_file(source, tmp_path / "out.mkv", Recorder(), skip_colored=True, encoding=encoding, **options)
        with VideoReader(tmp_path / "out.mkv") as reader:
            return np.stack([chroma_planes(frame.decoded, "yuv420p")[0] for frame in reader.luma_frames()])

    np.testing.assert_array_equal(chroma_after(restore=True), chroma)
    assert combing(chroma_after(restore_luma=True)) < 1.1 * combing(progressive) < 0.5 * combing(chroma)


def test_a_progressive_film_is_not_de_interlaced(flickering, tmp_path, monkeypatch):
    monkeypatch.setattr(painting, "deinterlaced", None)
    for options in ({"restore": True}, {"restore_luma": True}):
        assert colorize_file(flickering, tmp_path / "out.mkv", Recorder(), **options).frames == 24


def test_a_still_is_shown_without_grain_and_keeps_its_own(tmp_path):
    (noisy,) = worn(film(1), flicker=0)
    Image.fromarray(np.uint8(noisy * 255)).save(tmp_path / "in.png")
    seen = Recorder()
    colorize_file(tmp_path / "in.png", tmp_path / "out.png", seen, restore=True)
    assert noise_of(seen.shown[0]) < 0.5 * noise_of(noisy)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png"))[..., 0], np.uint8(noisy * 255))

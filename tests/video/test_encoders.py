import av
import pytest

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.codecs import CODECS, Encoding
from vidcolor_utils.video.description import ColorDescription, LightLevel, MasteringDisplay
from vidcolor_utils.video.encoders import chroma_steps, encoder_options, find_encoder, pixel_format

GRADED = MasteringDisplay((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), (0.3127, 0.329), (0.005, 1000))
HDR = ColorDescription(9, 9, 16, GRADED, LightLevel(1000, 400))


def test_h265_takes_the_display_in_units_and_keeps_its_other_options():
    own = Encoding("h265").encoder_options.get("x265-params")
    text = encoder_options(Encoding("h265"), HDR)["x265-params"]
    assert text.startswith(own or "")
    display = "G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50)"
    assert f"master-display={display}:max-cll=1000,400" in text
    assert encoder_options(Encoding("h265"), ColorDescription(1)).get("x265-params") == own


def test_chroma_is_as_coarse_as_the_codec_takes_it():
    assert chroma_steps(CODECS["h264"], (48, 64)) == (2, 2)
    assert chroma_steps(CODECS["h264"], (47, 64)) == (1, 1)
    assert chroma_steps(CODECS["prores"], (48, 64)) == (1, 2)


def test_bits_are_as_many_as_the_encoder_has():
    encoder = find_encoder(Encoding("h264"))
    assert pixel_format(encoder, CODECS["h264"], (2, 2), 8) == (8, "yuv420p")
    assert pixel_format(encoder, CODECS["h264"], (2, 2), 16) == (10, "yuv420p10le")


def test_an_encoder_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(av, "Codec", lambda *name: (_ for _ in ()).throw(ValueError))
    with pytest.raises(InputError, match="h264: the FFmpeg that is installed has no libx264: take the codec"):
        find_encoder(Encoding("h264"))

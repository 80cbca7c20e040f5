from fractions import Fraction

import av

from tests.helpers.films import write_part
from vidcolor_utils.video.encoders.lead_in import lead_in, with_lead_in


def test_sound_leads_in_by_what_an_edit_list_hides(tmp_path):
    for name, offset, lead_s in (("in.mp4", 0, Fraction(1024, 48_000)), ("late.mp4", 1, 0), ("in.mkv", 0, 0)):
        write_part(tmp_path / name, offset=offset, sound=True)
        assert lead_in(tmp_path / name, 1) == lead_s


def test_a_stream_is_like_another_one_and_says_how_it_leads_in(tmp_path):
    write_part(tmp_path / "in.mp4", sound=True)
    with av.open(str(tmp_path / "in.mp4")) as container, av.open(str(tmp_path / "out.mkv"), "w") as output:
        (sound,) = container.streams.audio
        with with_lead_in(sound, Fraction(1024, 48_000)) as like:
            assert like.codec_context.extradata == sound.codec_context.extradata
            assert (like.rate, like.layout.name) == (sound.rate, sound.layout.name)
            output.add_stream_from_template(like, opaque=True)
        output.start_encoding()
    assert b"\x56\xaa\x84\x01\x45\x85\x55" in (tmp_path / "out.mkv").read_bytes()  # CodecDelay of 21,333,333 ns

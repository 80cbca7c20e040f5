import av
import numpy as np
import pytest

from vidcolor_utils.video.encoders.sound import SOUND_CODECS, SoundEncoder, sound_encoders


def test_each_container_has_the_codecs_that_it_takes():
    found = {suffix: sound_encoders(suffix) for suffix in (".mkv", ".mp4", ".webm")}
    assert set(found[".mkv"]) == set(SOUND_CODECS) and found[".webm"] == ("libopus",)
    assert found[".mp4"][0] == "flac"


@pytest.mark.parametrize("codec", ["flac", "alac"])
def test_sound_of_16_bits_is_made_anew_without_loss(tmp_path, codec):
    wave = (8000 * np.sin(np.arange(4800) / 20)).astype(np.int16)[None]
    with av.open(str(tmp_path / "in.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with av.open(str(tmp_path / "in.wav")) as source, av.open(str(tmp_path / "out.mkv"), "w") as container:
        encoder = SoundEncoder(source.streams.audio[0], container, codec)
        for packet in source.demux():
            container.mux(encoder.encoded(packet if packet.size else None))
    with av.open(str(tmp_path / "out.mkv")) as container:
        heard = np.concatenate([frame.to_ndarray().reshape(1, -1) for frame in container.decode(audio=0)], axis=1)
    np.testing.assert_array_equal(heard, wave)

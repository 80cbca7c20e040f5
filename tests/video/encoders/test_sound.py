from fractions import Fraction

import av
import numpy as np
import pytest

from vidcolor_utils.video.encoders.sound import SOUND_CODECS, SoundEncoder, sound_encoder, sound_encoders


def test_each_container_has_the_codecs_that_it_takes():
    found = {suffix: sound_encoders(suffix) for suffix in (".mkv", ".mp4", ".webm")}
    assert set(found[".mkv"]) == set(SOUND_CODECS) and found[".webm"] == ("libopus",)
    assert found[".mp4"][0] == "flac"


def write_switching(path):
    """A second in stereo at 48 kHz, a pause, one of six channels at 44.1 kHz, as a broadcast switches."""
    parts = []
    for layout, rate, offset in (("stereo", 48_000, 0), ("5.1", 44_100, Fraction(11, 10))):
        part = path.with_name(f"{layout}.ts")
        with av.open(str(part), "w", options={"muxdelay": "0"}) as container:
            stream = container.add_stream("ac3", rate=rate, layout=layout)
            wave = np.sin(np.arange(rate) * 2 * np.pi * 440 / rate).astype(np.float32) / 4
            frame = av.AudioFrame.from_ndarray(np.stack([wave] * stream.layout.nb_channels), "fltp", layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, int(offset * rate), Fraction(1, rate)
            container.mux([*stream.encode(frame), *stream.encode(None)])
        parts.append(part.read_bytes())
    path.write_bytes(b"".join(parts))


@pytest.mark.parametrize("codec", ["flac", "aac", "libopus"])
def test_sound_whose_speakers_and_rate_change_stays_as_it_began(tmp_path, codec):
    write_switching(tmp_path / "in.ts")
    with av.open(str(tmp_path / "in.ts")) as source, av.open(str(tmp_path / "out.mkv"), "w") as container:
        encoder = SoundEncoder(source.streams.audio[0], container, codec)
        for packet in source.demux():
            container.mux(encoder.encoded(packet if packet.size else None))
    with av.open(str(tmp_path / "out.mkv")) as container:
        frames = list(container.decode(audio=0))
    assert {(frame.layout.name, frame.sample_rate) for frame in frames} == {("stereo", 48_000)}
    assert sum(frame.samples for frame in frames) == pytest.approx(2 * 48_000, abs=4096)
    times = [frame.time for frame in frames]
    assert times == sorted(times) and times[-1] == pytest.approx(2.1, abs=0.1)
    late = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames if 1.3 < frame.time < 1.8])
    assert np.abs(late.astype(np.float64)).max() > 0.1 * (2**15 if late.dtype == np.int16 else 1)


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


@pytest.mark.parametrize(
    ("layout", "codec", "speakers"),
    [
        ("5.1(side)", "alac", "5.1"),
        ("5.0(side)", "alac", "5.0"),
        ("quad", "pcm_s24le", None),
        ("7.1", "pcm_s24le", None),
    ],
)
def test_speakers_at_the_sides_and_many_of_them_go_into_mov_without_loss(tmp_path, layout, codec, speakers):
    with av.open(str(tmp_path / "in.mkv"), "w") as container:
        stream = container.add_stream("flac", rate=48_000, layout=layout)
        waves = [1000 * number + np.arange(4800) % 700 for number in range(stream.layout.nb_channels)]
        waves = np.stack(waves).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(waves.T.reshape(1, -1), "s16", layout)
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with av.open(str(tmp_path / "in.mkv")) as source, av.open(str(tmp_path / "out.mov"), "w") as container:
        assert sound_encoder(".mov", source.streams.audio[0]) == codec
        encoder = SoundEncoder(source.streams.audio[0], container, codec)
        for packet in source.demux():
            container.mux(encoder.encoded(packet if packet.size else None))
    with av.open(str(tmp_path / "out.mov")) as container:
        frames = list(container.decode(audio=0))
    is_planar, deep = frames[0].format.is_planar, frames[0].format.bytes == 4
    heard = np.concatenate([each.to_ndarray() for each in frames], axis=1)
    heard = heard if is_planar else heard.reshape(-1, len(waves)).T
    np.testing.assert_array_equal(heard >> 16 if deep else heard, waves)
    assert speakers in (None, frames[0].layout.name)

"""Files with everything in them, made on the spot; nothing of it may be lost silently."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.stream import Disposition

from records.strain.containers import compare_sound
from tests.helpers.films import frame_times, packets_of
from vidcolor_utils.colorizers.base import GrayColorizer
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.tool.colorize import colorize_file
from vidcolor_utils.video import streams
from vidcolor_utils.video.codecs import CODECS, HARDWARE, Encoding
from vidcolor_utils.video.files import video_info
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.streams import settled
from vidcolor_utils.video.times import Span

PHONE_TAGS = {
    "title": "Walk",
    "com.apple.quicktime.model": "iPhone 12",
    "com.apple.quicktime.location.ISO6709": "+50.0+014.4+200/",
}

CHAPTERS = ((0, 120, "Arrival"), (120, 240, "Departure"))  # milliseconds
LINES = ((0, 100, "Hello."), (120, 200, "Grüße, čau!"))


def mux_film(
    container,
    *,
    subtitles,
    sound="aac",
    layout="stereo",
    pixel_aspect=None,
    field=None,
    codec="libx264",
    sound_from=0,
    volume=0.0,
    language="cze",
    disposition=Disposition.default,
    stereo_mode=None,
):
    """Write six frames, a tone of 440 Hz, subtitles, chapters and tags into an open container."""
    video = container.add_stream(codec, rate=25)
    video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
    if pixel_aspect:
        video.codec_context.sample_aspect_ratio = pixel_aspect
    graph = None
    if field:
        video.codec_context.flags |= av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
        video.codec_context.field_order = {"tff": 2, "bff": 3}[field]
        graph = av.filter.Graph()
        source = graph.add_buffer(width=64, height=48, format="yuv420p", time_base=Fraction(1, 25))
        graph.link_nodes(source, graph.add("setfield", field), graph.add("buffersink")).configure()
    voice = container.add_stream(sound, rate=48000, layout=layout)
    voice.metadata.update(language=language, title="commentary")
    video.metadata["language"], video.disposition = language, disposition
    if stereo_mode:
        video.metadata["stereo_mode"] = stereo_mode
    text = container.add_mux_stream(subtitles) if subtitles else None
    if text is not None:
        text.time_base = Fraction(1, 1000)
        text.metadata["language"] = "ger"
        text.disposition = av.stream.Disposition.forced
    container.metadata.update(title="The film", artist="Nobody", comment="a test")
    if subtitles:
        container.set_chapters(
            [
                {"id": n, "start": a, "end": b, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
                for n, (a, b, title) in enumerate(CHAPTERS)
            ]
        )
    for index in range(6):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 30 * index, np.uint8), format="rgb24")
        frame = frame.reformat(format="yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, 25)
        if graph is not None:
            graph.push(frame)
            frame = graph.pull()
        container.mux(video.encode(frame))
    container.mux(video.encode())
    for start in range(0, 11520, 960):
        wave = volume * np.sin(np.arange(start, start + 960) * (440 * 2 * np.pi / 48000)).astype(np.float32)
        waves = np.tile(wave, (voice.codec_context.channels, 1))
        tone = av.AudioFrame.from_ndarray(waves, format="fltp", layout=layout)
        tone.sample_rate, tone.pts, tone.time_base = 48000, start + sound_from, Fraction(1, 48000)
        container.mux(voice.encode(tone))
    container.mux(voice.encode())
    if text is not None:
        for begin, end, line in LINES:
            data = line.encode()
            packet = av.Packet(len(data).to_bytes(2, "big") + data if subtitles == "mov_text" else data)
            packet.stream, packet.time_base = text, Fraction(1, 1000)
            packet.pts = packet.dts = begin
            packet.duration = end - begin
            container.mux(packet)


@pytest.fixture
def make_film(tmp_path):
    def make(name, **settings):
        with av.open(str(tmp_path / name), "w") as container:
            mux_film(container, **settings)
        return tmp_path / name

    return make


def timed_packets(path, kind):
    with av.open(str(path)) as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        return [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in container.demux(*streams)
            if packet.size
        ]


@pytest.mark.parametrize(
    ("source_name", "subtitles", "output_name"),
    [("in.mp4", "mov_text", "out.mp4"), ("in.mkv", "subrip", "out.mkv"), ("in.mov", "mov_text", "out.m4v")],
)
def test_sound_subtitles_chapters_and_tags_are_kept(make_film, tmp_path, source_name, subtitles, output_name):
    source, output = make_film(source_name, subtitles=subtitles), tmp_path / output_name
    report = colorize_file(source, output, GrayColorizer())
    assert report.warnings == ()
    for kind in ("audio", "subtitle"):
        before, after = timed_packets(source, kind), timed_packets(output, kind)
        assert [data for _, data in before] == [data for _, data in after] and before
        np.testing.assert_allclose([time for time, _ in after], [time for time, _ in before], atol=1.1e-3)
    with av.open(str(source)) as a, av.open(str(output)) as b:
        tags = {name.lower(): value for name, value in b.metadata.items() if name.lower() != "encoder"}
        assert tags.items() >= {"title": "The film", "artist": "Nobody", "comment": "a test"}.items()
        for before, after in zip(a.streams.audio, b.streams.audio, strict=True):
            titles = [stream.metadata.get("title", stream.metadata.get("name")) for stream in (before, after)]
            assert titles[0] == "commentary" and (titles[1] == titles[0] or output_name == "out.m4v")  # has none
        for chapter, (start, end, title) in zip(b.chapters(), CHAPTERS, strict=True):
            unit = 1000 * chapter["time_base"]
            assert (chapter["start"] * unit, chapter["end"] * unit) == (start, end)
            assert chapter["metadata"]["title"] == title
        for before, after in zip(a.streams, b.streams, strict=True):
            assert (after.type, after.language or "und") == (before.type, before.language or "und")
            if after.type != "data":
                assert after.disposition == before.disposition


@pytest.mark.parametrize("suffix", [".mov", ".mp4", ".mkv"])
def test_what_a_phone_says_of_a_film_is_kept_and_what_has_no_place_is_named(make_video, tmp_path, suffix):
    for name, tags in (("phone.mov", PHONE_TAGS), ("other.mkv", {"title": "Walk", "MOOD": "sad"})):
        with (
            av.open(str(make_video())) as plain,
            av.open(str(tmp_path / name), "w", options={"movflags": "use_metadata_tags"}) as tagged,
        ):
            tagged.metadata.update(tags)
            copy = tagged.add_stream_from_template(plain.streams.video[0])
            for packet in plain.demux(video=0):
                if packet.size:
                    packet.stream = copy
                    tagged.mux(packet)
        report = colorize_file(tmp_path / name, tmp_path / f"out{suffix}", GrayColorizer())
        with av.open(str(tmp_path / f"out{suffix}")) as film:
            found = {name.lower(): value for name, value in film.metadata.items()}
        lost = [tag for tag, value in tags.items() if found.get(tag.lower()) != value]
        assert lost == (["MOOD"] if name == "other.mkv" and suffix != ".mkv" else [])
        assert any("no place for these tags: MOOD" in text for text in report.warnings) == bool(lost)


@pytest.mark.parametrize(("name", "subtitles"), [("in.mkv", "subrip"), ("in.mp4", "mov_text")])
def test_a_subtitle_that_is_on_screen_when_a_part_begins_is_kept(make_film, tmp_path, name, subtitles):
    output = tmp_path / f"out{name[2:]}"
    colorize_file(make_film(name, subtitles=subtitles), output, GrayColorizer(), span=Span(0.06))
    with av.open(str(output)) as container:
        found = [
            (float(packet.pts * packet.time_base), float(packet.duration * packet.time_base), bytes(packet))
            for packet in container.demux(subtitles=0)
            if b"Hello" in bytes(packet) or b"Gr" in bytes(packet)
        ]
    (begin, length, first), (later, *_, second) = found
    assert (begin, length, later) == pytest.approx((0, 0.04, 0.06), abs=0.002)
    assert b"Hello" in first and "Grüße".encode() in second


def test_a_chapter_that_is_over_before_the_first_frame_costs_no_film(make_film, tmp_path):
    """As where the subtitles of a film begin before its pictures."""
    early, late = make_film("in.mkv", subtitles="subrip", codec="mpeg4"), tmp_path / "late.mkv"
    with av.open(str(early)) as source, av.open(str(late), "w") as target:
        picture = target.add_stream_from_template(source.streams.video[0])
        text = target.add_mux_stream("subrip")
        text.time_base = Fraction(1, 1000)
        arrival, departure = source.chapters()
        target.set_chapters([arrival, departure | {"end": 20 * departure["start"]}])
        for packet in source.demux(video=0):
            if packet.pts is not None:
                packet.pts = packet.dts = packet.pts + 1500
                packet.stream = picture
                target.mux(packet)
        hello = av.Packet(b"Hello.")
        hello.stream, hello.time_base, hello.pts, hello.dts, hello.duration = text, Fraction(1, 1000), 0, 0, 400
        target.mux(hello)
    assert colorize_file(late, tmp_path / "out.mkv", GrayColorizer()).frames == 6
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["Departure"]


def test_what_a_container_refuses_is_named(make_film, tmp_path, monkeypatch):
    monkeypatch.setattr(
        streams, "_chapters_in", lambda span, chapters: [chapter | {"end": -9} for chapter in chapters]
    )
    with pytest.raises(InputError, match=r"\.mkv cannot hold this file's sound \(aac\)"):
        colorize_file(make_film("in.mkv", subtitles="subrip"), tmp_path / "out.mkv", GrayColorizer())


def test_sound_from_the_sides_goes_into_webm(make_film, tmp_path):
    source = make_film("in.mkv", subtitles=None, sound="ac3", layout="5.1(side)")
    colorize_file(source, tmp_path / "out.webm", GrayColorizer(), encoding=Encoding("vp9"))
    with av.open(str(tmp_path / "out.webm")) as container:
        sound = container.streams.audio[0]
        assert (sound.codec_context.name, sound.layout.name) == ("opus", "5.1")
        assert sum(frame.samples for frame in container.decode(sound)) >= 11520


def test_a_film_with_sound_from_the_sides_goes_into_mov(make_film, tmp_path):
    source = make_film("in.mkv", subtitles=None, sound="ac3", layout="5.1(side)")
    report = colorize_file(source, tmp_path / "out.mov", GrayColorizer(), encoding=Encoding(sound="encode"))
    assert any("sound (ac3) in language cze: made anew as ALAC" in text for text in report.warnings)
    assert video_info(tmp_path / "out.mov").sound == ("alac",)


def test_where_no_encoder_takes_the_sound_it_is_not_said_that_it_could_be_made_anew(
    make_film, tmp_path, monkeypatch
):
    source, encoding = make_film("in.mkv", subtitles=None), Encoding("vp9", sound="encode")
    monkeypatch.setattr(streams, "sound_encoder", lambda suffix, stream: None)
    with pytest.raises(InputError, match=r"\.webm cannot hold sound \(aac\) .*: name an output"):
        colorize_file(source, tmp_path / "out.webm", GrayColorizer(), encoding=encoding)
    monkeypatch.setattr(streams, "can_hold", lambda suffix, stream: False)
    with pytest.raises(InputError, match=r"\.webm cannot hold sound \(aac\) .*: have the sound left out$"):
        colorize_file(source, tmp_path / "out.webm", GrayColorizer(), encoding=encoding)


@pytest.mark.parametrize(
    ("sound", "kept"), [("pcm_s24le", "flac"), ("pcm_f32le", "flac"), ("pcm_s16le", "pcm_s16le")]
)
def test_sound_that_few_players_take_in_mp4_is_made_anew(make_film, tmp_path, sound, kept):
    source = make_film("in.mkv", subtitles=None, sound=sound)
    report = colorize_file(source, tmp_path / "out.mp4", GrayColorizer())
    assert video_info(tmp_path / "out.mp4").sound == (kept,)
    assert ("made anew as FLAC, as few players know it in .mp4" in " ".join(report.warnings)) == (kept == "flac")
    colorize_file(source, tmp_path / "copy.mp4", GrayColorizer(), encoding=Encoding(sound="copy"))
    assert video_info(tmp_path / "copy.mp4").sound == (sound,)


def test_closed_captions_are_said_to_be_lost(make_film, tmp_path):
    """A pair of bytes of EIA-608 in the user data of each picture, as ATSC A/53 has it."""
    with av.open(str(tmp_path / "plain.m2v"), "w", format="mpeg2video") as container:
        picture = container.add_stream("mpeg2video", rate=25)
        picture.width, picture.height, picture.pix_fmt = 352, 240, "yuv420p"
        for index in range(4):
            frame = av.VideoFrame.from_ndarray(np.full((240, 352, 3), 60 * index, np.uint8), format="rgb24")
            container.mux(picture.encode(frame))
        container.mux(picture.encode())
    content = (tmp_path / "plain.m2v").read_bytes()
    captions = b"\0\0\1\xb2GA94\x03\x41\xff\xfc\x94\x2c\xff"
    (tmp_path / "captions.m2v").write_bytes(content.replace(b"\0\0\1\1", captions + b"\0\0\1\1"))
    for name in ("plain", "captions"):
        report = colorize_file(tmp_path / f"{name}.m2v", tmp_path / f"{name}.mp4", GrayColorizer())
        assert ("closed captions" in " ".join(report.warnings)) == (name == "captions")


@pytest.mark.parametrize(("codec", "suffix"), [("libx264", "h264"), ("libx265", "hevc")])
def test_a_stream_without_a_container_has_the_rate_that_it_says(tmp_path, codec, suffix):
    with av.open(str(tmp_path / f"in.{suffix}"), "w", format=suffix) as container:
        picture = container.add_stream(codec, rate=Fraction(30000, 1001))
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        for index in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 8 * index, np.uint8), format="rgb24")
            container.mux(picture.encode(frame))
        container.mux(picture.encode())
    colorize_file(tmp_path / f"in.{suffix}", tmp_path / "out.mp4", GrayColorizer())
    assert frame_times(tmp_path / "out.mp4") == pytest.approx(
        [number * 1001 / 30000 for number in range(30)], abs=1e-3
    )


@pytest.mark.parametrize(
    ("source", "subtitles", "output", "made"),
    [
        ("in.mkv", "subrip", "out.mp4", "MPEG-4 Timed Text"),
        ("in.mp4", "mov_text", "out.mkv", "SubRip"),
        ("in.mkv", "subrip", "out.webm", "WebVTT"),
    ],
)
def test_text_that_the_container_cannot_hold_is_made_anew(make_film, tmp_path, source, subtitles, output, made):
    encoding = Encoding("vp9", sound="none") if output.endswith(".webm") else Encoding()
    report = colorize_file(
        make_film(source, subtitles=subtitles), tmp_path / output, GrayColorizer(), encoding=encoding
    )
    (told,) = report.warnings
    assert f"in language ger: made anew as {made}, {tmp_path.joinpath(output).suffix} cannot hold it" in told
    with av.open(str(tmp_path / output)) as container:
        (text,) = container.streams.subtitles
        assert text.language == "ger" and text.disposition & av.stream.Disposition.forced
        packets = [packet for packet in container.demux(text) if packet.size > 2]  # 2: a pause
        ends = [
            (packet.pts * packet.time_base, (packet.pts + packet.duration) * packet.time_base)
            for packet in packets
        ]
        assert [(float(a) * 1000, float(b) * 1000) for a, b in ends] == [line[:2] for line in LINES]
        assert [line[2] in bytes(packet).decode() for packet, line in zip(packets, LINES, strict=True)] == [
            True
        ] * 2


def test_pictures_of_text_that_the_container_cannot_hold_are_named(make_film, tmp_path):
    source = make_film("in.mkv", subtitles="hdmv_pgs_subtitle")
    (told,) = colorize_file(source, tmp_path / "out.mp4", GrayColorizer()).warnings
    assert "subtitles (hdmv_pgs_subtitle) in language ger: not kept, .mp4 cannot hold it" in told
    assert video_info(tmp_path / "out.mp4").sound == ("aac",)


def test_sound_that_the_container_cannot_hold_is_made_anew_or_an_error(make_film, tmp_path):
    source, output = make_film("in.mkv", subtitles="subrip"), tmp_path / "out.webm"
    with pytest.raises(InputError, match=r"\.webm cannot hold sound \(aac\).*in \.mp4 or \.mkv"):
        colorize_file(source, output, GrayColorizer(), encoding=Encoding("vp9", sound="copy"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mkv"]
    report = colorize_file(source, output, GrayColorizer(), encoding=Encoding("vp9"))
    assert any("sound (aac)" in text and "made anew as Opus" in text for text in report.warnings)
    assert video_info(output).sound == ("opus",)


def break_sound(path, every):
    """Damage the beginning of some packets of a file's FLAC; return how many, and how many there are."""
    content, packets, place = bytearray(path.read_bytes()), packets_of(path, "audio"), 0
    for number, packet in enumerate(packets):
        place = content.index(packet, place)
        if number % every == 0:
            content[place : place + 4] = b"oops"
        place += len(packet)
    path.write_bytes(content)
    return len(range(0, len(packets), every)), len(packets)


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
def test_sound_that_cannot_be_decoded_is_said_to_be_lost(make_film, tmp_path, name):
    source, encoding = make_film("in.mkv", subtitles=None, sound="flac"), Encoding(sound="encode")
    bad, packets = break_sound(source, 2)
    report = colorize_file(source, tmp_path / name, GrayColorizer(), encoding=encoding)
    sentences = " ".join(report.warnings)
    assert "sound (flac) in language cze: made anew as FLAC, as was asked for" in sentences
    assert f"sound (flac) in language cze: damaged: {bad} of {packets} packets could not be decoded" in sentences
    break_sound(source, 1)
    report = colorize_file(source, tmp_path / f"all_{name}", GrayColorizer(), encoding=encoding)
    (told,) = report.warnings
    assert "(flac) in language cze: cannot be decoded, and is not in the output: have the sound copied" in told
    (told,) = colorize_file(source, tmp_path / "out.mov", GrayColorizer()).warnings
    assert told.endswith("cannot be decoded, and is not in the output: copied it fits into .mp4 or .mkv")


def test_fonts_and_cover_pictures_are_kept(make_film, tmp_path):
    source = tmp_path / "in.mkv"
    with av.open(str(source), "w") as container:
        container.add_attachment("font.ttf", "font/ttf", b"letters")
        mux_film(container, subtitles="subrip")
    assert colorize_file(source, tmp_path / "out.mkv", GrayColorizer()).warnings == ()
    with av.open(str(tmp_path / "out.mkv")) as container:
        (font,) = (stream for stream in container.streams if stream.type == "attachment")
        assert (font.name, bytes(font.data)) == ("font.ttf", b"letters")
    report = colorize_file(source, tmp_path / "out.mp4", GrayColorizer())
    assert any("stream of attachment: not kept" in text for text in report.warnings)


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1", "ffv1"])
def test_the_shape_of_pixels_is_kept_or_a_warning_says_so(make_film, tmp_path, name, codec):
    source = make_film("in.mp4", subtitles=None, pixel_aspect=Fraction(16, 11))
    report = colorize_file(source, tmp_path / name, GrayColorizer(), encoding=Encoding(codec))
    is_kept = video_info(tmp_path / name).pixel_aspect == Fraction(16, 11)
    assert is_kept == (name == "out.mp4" or codec in ("h264", "h265"))
    assert is_kept != any("16:11 become square" in text for text in report.warnings)


@pytest.mark.parametrize("field", ["tff", "bff"])
@pytest.mark.parametrize(("codec", "is_kept"), [("h264", True), ("ffv1", True), ("av1", False)])
def test_interlacing_is_flagged_and_a_warning_tells(make_film, tmp_path, field, codec, is_kept):
    source = make_film("in.mkv", subtitles=None, field=field)
    assert video_info(source).fields == {"tff": "top", "bff": "bottom"}[field]
    report = colorize_file(source, tmp_path / "out.mkv", GrayColorizer(), encoding=Encoding(codec))
    (warning,) = report.warnings
    assert "is interlaced" in warning and ("still marked" in warning) == is_kept
    assert video_info(tmp_path / "out.mkv").fields == (video_info(source).fields if is_kept else None)
    assert report.frames == 6


@pytest.mark.parametrize(("field", "number"), [("tff", 2), ("bff", 3)])
def test_the_order_of_fields_is_that_of_the_pictures_in_the_stream_too(make_film, tmp_path, field, number):
    """As a parser finds it that decodes nothing: .mp4 says nothing of it."""
    source, output = make_film("in.mkv", subtitles=None, field=field), tmp_path / "out.mp4"
    colorize_file(source, output, GrayColorizer())
    with av.open(str(output)) as film:
        assert film.streams.video[0].codec_context.field_order == number


def test_a_de_interlaced_film_keeps_its_sound_and_times(make_film, tmp_path):
    source, output = make_film("in.mkv", subtitles="subrip", field="tff"), tmp_path / "out.mkv"
    report = colorize_file(source, output, GrayColorizer(), restore_luma=True)
    (warning,) = report.warnings
    assert "the output is de-interlaced" in warning and video_info(output).fields is None and report.frames == 6
    colorize_file(source, tmp_path / "plain.mkv", GrayColorizer())
    for kind in ("audio", "subtitle"):
        assert timed_packets(output, kind) == timed_packets(source, kind)
    assert frame_times(output) == frame_times(source)
    assert video_info(output).duration_s == video_info(tmp_path / "plain.mkv").duration_s


def test_streams_that_start_late_count_from_the_same_moment(make_film, tmp_path):
    source = make_film("in.ts", subtitles=None)  # broadcasts start at 1.4 seconds or so
    output = tmp_path / "out.mp4"
    colorize_file(source, output, GrayColorizer())
    with av.open(str(source)) as container:
        start = container.start_time / av.time_base
    before, after = timed_packets(source, "audio"), timed_packets(output, "audio")
    header = 7  # bytes of ADTS before each packet, which .mp4 has once for all
    assert packets_of(output, "audio") == [data[header:] for _, data in before]
    np.testing.assert_allclose([time for time, _ in after], [time - start for time, _ in before], atol=1e-3)


@pytest.mark.parametrize("name", ["in.avi", "in.mkv"])
def test_plain_sound_fits_into_mp4(make_film, tmp_path, name):
    """Neither says which of two channels is the left one, and .mp4 insists."""
    source = make_film(name, subtitles=None, sound="pcm_s16le")
    colorize_file(source, tmp_path / "out.mp4", GrayColorizer())
    assert b"".join(packets_of(tmp_path / "out.mp4", "audio")) == b"".join(packets_of(source, "audio"))


def test_sound_that_the_muxer_refuses_is_named_at_once(make_film, tmp_path):
    source = make_film("in.mkv", subtitles=None, sound="libopus")
    with pytest.raises(InputError, match=r"\.mov cannot hold sound \(opus\).*\.mp4 or \.mkv"):
        colorize_file(source, tmp_path / "out.mov", GrayColorizer(), encoding=Encoding(sound="copy"))
    colorize_file(source, tmp_path / "out.mov", GrayColorizer())
    assert video_info(tmp_path / "out.mov").sound == ("alac",)


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_sound_that_an_edit_list_cuts_off_does_not_come_back(tmp_path, name):
    source = tmp_path / "in.mp4"
    with av.open(str(source), "w") as container:
        mux_film(container, subtitles=None, sound_from=-4800)
    with av.open(str(source)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        assert any(packet.is_discard for packet in packets)
    colorize_file(source, tmp_path / name, GrayColorizer())
    assert video_info(tmp_path / name).duration_s == pytest.approx(video_info(source).duration_s, abs=0.04)
    assert compare_sound(source, tmp_path / name) == "identical"
    with av.open(str(tmp_path / name)) as container:
        assert (
            next(container.decode(video=0)).time <= 1024 / 48000
        )  # what is left of a packet that is played in part


@pytest.mark.parametrize("sound", ["copy", "encode"])
@pytest.mark.parametrize(("language", "in_mov"), [("deu", "ger"), ("cze", "ces"), ("eng", "eng"), ("swe", "sve")])
def test_languages_are_kept_in_mov_by_the_names_that_have_a_number_there(
    make_film, tmp_path, language, in_mov, sound
):
    source = make_film("in.mp4", subtitles=None, language=language)
    for name, expected in (("out.mov", in_mov), ("out.mp4", language)):
        colorize_file(source, tmp_path / name, GrayColorizer(), encoding=Encoding(sound=sound))
        with av.open(str(tmp_path / name)) as container:
            assert [stream.language for stream in container.streams] == [expected, expected]


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
def test_what_the_video_is_for_is_kept(make_film, tmp_path, name):
    flags = Disposition.default | Disposition.forced
    source = make_film("in.mkv", subtitles=None, disposition=flags)
    colorize_file(source, tmp_path / name, GrayColorizer())
    for film in (source, tmp_path / name):
        with av.open(str(film)) as container:
            assert container.streams.video[0].disposition == flags


def test_pictures_of_3d_are_marked_so_in_mkv_and_else_a_warning_says_so(make_film, tmp_path):
    source = make_film("in.mkv", subtitles=None, stereo_mode="left_right")
    assert video_info(source).views == "3D" and video_info(make_film("flat.mkv", subtitles=None)).views is None
    assert colorize_file(source, tmp_path / "out.mkv", GrayColorizer()).warnings == ()
    assert video_info(tmp_path / "out.mkv").views == "3D"
    (told,) = colorize_file(source, tmp_path / "out.mp4", GrayColorizer()).warnings
    assert told == f"{source}: that its pictures are to be shown as 3D is not passed on"


def heard(path):
    """When sound begins, in seconds, and its samples (channels, T)."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return float(frames[0].time), np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


@pytest.mark.parametrize(("sound_from", "layout"), [(0, "stereo"), (-1088, "5.1"), (0, "mono")])
def test_aac_sounds_the_same_in_mkv_from_its_first_sample_on(make_film, tmp_path, sound_from, layout):
    """Two packets and a part of a third one come before what is heard, as Apple's encoder has it, or one."""
    source = make_film("in.mp4", subtitles=None, sound_from=sound_from, layout=layout, volume=0.4)
    begin, samples = heard(source)
    for name, film in (("out.mkv", source), ("again.mkv", tmp_path / "out.mkv")):
        colorize_file(film, tmp_path / name, GrayColorizer())
        assert heard(tmp_path / name)[0] == begin == 0
        np.testing.assert_array_equal(heard(tmp_path / name)[1], samples)
        assert compare_sound(source, tmp_path / name) == "identical"
        assert frame_times(tmp_path / name)[0] == 0
    assert np.abs(samples[:, :1024]).max() > 0.2


def test_of_a_part_sound_begins_where_it_does(make_film, tmp_path):
    source = make_film("in.mp4", subtitles=None, volume=0.4)
    colorize_file(source, tmp_path / "out.mkv", GrayColorizer(), span=Span(0.08))
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert b"\x56\xaa" not in (tmp_path / "out.mkv").read_bytes()  # CodecDelay
        assert next(container.decode(audio=0)).time >= 0


@pytest.fixture
def hardware(monkeypatch):
    """A function that makes some hardware there, which is libx264 in disguise, and all other not."""
    streams._tell_once.cache_clear()

    def there(*names):
        for name in HARDWARE:
            options = {"rc-lookahead": "7"} if name in names else {}
            encoder = "libx264" if name in names else "h264_missing"
            row = CODECS["h264"]._replace(encoder=encoder, options=options, presets=("p1",), preset="p1")
            row = row._replace(preset_option="x264-disguise", depths=(8,), hdr_option="", field_lines=0)
            monkeypatch.setitem(HARDWARE, name, {"h264": row})

    return there


def settle(film, tmp_path, **encoding):
    with VideoReader(film) as reader:
        return settled(Encoding(**encoding), reader, tmp_path / "scratch.nut").encoder


def test_hardware_is_tried_and_else_replaced_in_one_line(make_video, tmp_path, hardware, caplog):
    caplog.set_level("INFO")
    film = make_video()
    hardware()
    assert settle(film, tmp_path) == "software" and not caplog.records
    assert [settle(film, tmp_path, encoder="auto") for _ in range(2)] == ["software"] * 2
    assert [record.getMessage() for record in caplog.records] == [
        "h264 is encoded by software: no hardware for it works here"
    ]
    hardware("qsv", "vaapi")
    assert settle(film, tmp_path, encoder="auto") == "qsv"
    assert caplog.records[-1].getMessage() == "h264 is encoded by qsv"
    assert settle(film, tmp_path, encoder="auto", codec="vp9") == "software"
    assert settle(film, tmp_path, encoder="vaapi", preset="p1") == "vaapi"
    assert [path.name for path in tmp_path.iterdir()] == [film.name]


def test_hardware_that_was_named_and_is_not_there_is_an_error_that_names_what_is(make_video, tmp_path, hardware):
    film = make_video()
    hardware("qsv")
    with pytest.raises(
        InputError, match=r"nvenc cannot encode this here .*h264_missing.*: take the encoder qsv or sof"
    ):
        settle(film, tmp_path, encoder="nvenc", preset="p1")
    hardware()
    with pytest.raises(InputError) as caught:
        colorize_file(film, tmp_path / "out.mp4", GrayColorizer(), encoding=Encoding(encoder="nvenc"))
    assert str(caught.value).endswith("take the encoder software") and "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [film.name]


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_parts_that_hardware_made_are_joined_with_their_colours_tagged(make_video, tmp_path, hardware, name):
    hardware("nvenc")
    film = make_video(frames=60, colorspace=5, color_range=2, sound="flac")
    encoding = Encoding(encoder="auto")
    report = colorize_file(film, tmp_path / name, GrayColorizer(), encoding=encoding, segment_s=1.0)
    assert report.frames == 60 and report.warnings == ()
    assert frame_times(tmp_path / name) == pytest.approx([number / 25 for number in range(60)], abs=1e-3)
    assert packets_of(tmp_path / name, "audio") == packets_of(film, "audio")
    with VideoReader(tmp_path / name) as made, VideoReader(film) as source:
        assert made.colors == source.colors and made.info.full_range
        pairs = zip(made.luma_frames(), source.luma_frames(), strict=True)
        assert max(np.abs(a.luma.astype(int) - b.luma).mean() for a, b in pairs) < 1.5


@pytest.mark.parametrize("lines", [121, 122, 124])
def test_interlaced_films_of_any_height_are_coloured(make_interlaced, tmp_path, lines):
    lumas = np.random.default_rng(0).integers(0, 255, (4, lines, 64), np.uint8)
    report = colorize_file(make_interlaced(lumas, "bottom"), tmp_path / "out.mp4", GrayColorizer())
    told = "still marked so" if lines == 124 else f"no longer marked so: h264 of {lines} lines cannot be"
    assert report.frames == 4 and any(told in text for text in report.warnings)
    assert video_info(tmp_path / "out.mp4").fields == ("bottom" if lines == 124 else None)
    assert video_info(tmp_path / "fields.mkv").fields == "bottom"


def test_a_codec_that_marks_no_fields_is_named_without_the_lines(make_interlaced, tmp_path):
    lumas = np.random.default_rng(0).integers(0, 255, (2, 124, 64), np.uint8)
    source = make_interlaced(lumas, "bottom")
    report = colorize_file(source, tmp_path / "out.mkv", GrayColorizer(), encoding=Encoding("vp9"))
    assert any("no longer marked so: vp9 cannot be;" in text for text in report.warnings)

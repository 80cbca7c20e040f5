import errno
import socket
import threading
from contextlib import suppress
from fractions import Fraction
from itertools import count

import av
import cv2
import numpy as np
import pytest

from tests.helpers.films import moving_disc, planes_of
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.ffmpeg import Packets
from vidcolor_utils.video.files import iter_rgb, video_info
from vidcolor_utils.video.reader import VideoReader
from vidcolor_utils.video.times import Span


def test_video_info_describes_the_file(make_video):
    info = video_info(make_video(sound="aac", colorspace=1, color_range=1))
    assert (info.width, info.height, info.frames, info.codec) == (64, 48, 6, "h264")
    assert info.rate == 25 and info.sound == ("aac",) and info.rotation == 0
    assert info.matrix == "BT.709" and not info.full_range
    assert abs(info.duration_s - 0.24) < 0.1


@pytest.mark.parametrize("begin", range(48000, 48009))
def test_the_first_frame_is_read_wherever_between_two_microseconds_it_lies(tmp_path, begin):
    path = tmp_path / "a.ts"
    with av.open(str(path), "w", options={"mpegts_copyts": "1"}) as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 112, "yuv420p"
        noise = np.random.default_rng(0)
        for index in range(25):
            frame = av.VideoFrame.from_ndarray(noise.integers(0, 256, (168, 160), np.uint8), "yuv420p")
            frame.pts = index
            for packet in stream.encode(frame):
                container.mux(at_90_khz(packet, begin))
        for packet in stream.encode(None):
            container.mux(at_90_khz(packet, begin))
    with VideoReader(path) as reader:
        seconds = [frame.seconds for frame in reader.frames_in(Span())]
    np.testing.assert_allclose(seconds, np.arange(25) / 25, atol=1e-9)


def at_90_khz(packet, begin):
    packet.pts, packet.dts = (begin + round(time * packet.time_base * 90000) for time in (packet.pts, packet.dts))
    packet.time_base = Fraction(1, 90000)
    return packet


def test_untagged_matrix_depends_on_the_size(make_video):
    assert video_info(make_video("sd.mp4")).matrix == "BT.601"
    assert video_info(make_video("hd.mp4", size=(720, 1280), frames=1)).matrix == "BT.709"


def test_luma_frames_are_the_stored_planes(make_video):
    path = make_video(size=(50, 66))
    with VideoReader(path) as reader:
        for ours, theirs in zip(reader.luma_frames(), planes_of(path), strict=True):
            np.testing.assert_array_equal(ours.luma, theirs[0])


def test_iter_rgb_equals_opencv(make_video):
    path = make_video()
    capture = cv2.VideoCapture(str(path))
    for rgb in iter_rgb(path):
        _, bgr = capture.read()
        assert np.abs(rgb.astype(int) - bgr[..., ::-1]).max() <= 1


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_is_honoured_as_opencv_does(make_video, rotation):
    path = make_video(rotation=rotation)
    ok, bgr = cv2.VideoCapture(str(path)).read()
    first = next(iter_rgb(path))
    assert ok and first.shape == bgr.shape
    assert np.abs(first.astype(int) - bgr[..., ::-1]).max() <= 1
    info = video_info(path)
    assert (info.height, info.width) == bgr.shape[:2] and info.rotation == rotation % 360


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        ("a.mp4", "libx264", "yuv444p"),
        ("a.mkv", "ffv1", "gray"),
        ("a.mkv", "ffv1", "bgr0"),
        ("a.avi", "mpeg4", "yuv420p"),
        ("a.mkv", "libx264", "yuv420p10le"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
    ],
)
def test_luma_of_many_formats_shows_the_disc(make_video, name, codec, pixel_format):
    path = make_video(name, codec=codec, pixel_format=pixel_format)
    with VideoReader(path) as reader:
        frames = list(reader.luma_frames())
        depth = reader.info.bit_depth
    assert len(frames) == 6
    disc, corner = frames[2].luma[24, 27], frames[2].luma[46, 62]
    assert frames[0].luma.shape == (48, 64)
    assert 60 << (depth - 8) < disc < 120 << (depth - 8) < corner


def test_a_url_is_no_file():
    with pytest.raises(FileNotFoundError):
        VideoReader("http://127.0.0.1:9/a.mp4")


@pytest.fixture
def visitors():
    """A server on this machine that only counts who comes."""
    seen = []
    server = socket.create_server(("127.0.0.1", 0))

    def wait():
        with suppress(OSError):
            while True:
                seen.append(server.accept()[0].close())

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    yield server.getsockname()[1], seen
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.2,\n{target}\n#EXT-X-ENDLIST\n"),
        ("renamed.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.2,\n{target}\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", "ffconcat version 1.0\nfile '{target}'\n"),
        (
            "list.mpd",
            '<?xml version="1.0"?><MPD type="static" mediaPresentationDuration="PT1S" '
            'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" xmlns="urn:mpeg:dash:schema:mpd:2011"><Period>'
            '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL>'
            '<SegmentList><SegmentURL media="{target}"/></SegmentList></Representation></AdaptationSet></Period>'
            "</MPD>",
        ),
        ("list.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"),
    ],
)
def test_playlists_are_refused_and_nothing_they_name_is_opened(tmp_path, make_video, visitors, name, text):
    port, seen = visitors
    clip = make_video("clip.ts", codec="mpeg2video")
    for target in (clip.name, str(clip), f"http://127.0.0.1:{port}/clip.ts", f"tcp://127.0.0.1:{port}"):
        (tmp_path / name).write_text(text.format(target=target))
        with pytest.raises(InputError, match="not a video"):
            VideoReader(tmp_path / name)
    assert seen == []


def test_a_film_that_points_to_another_file_is_not_followed(tmp_path, make_video):
    """QuickTime lets a track say, in a Macintosh alias record, that its samples lie in another file."""
    target = make_video("target.mov", frames=3)
    path = str(target).encode() + b"\0" * (len(str(target)) % 2)
    alias = bytes(150) + b"\x00\x02" + len(path).to_bytes(2, "big") + path + b"\xff\xff\x00\x00"
    entry = (12 + len(alias)).to_bytes(4, "big") + b"alis" + bytes(4) + alias
    own = b"\x00\x00\x00\x0curl \x00\x00\x00\x01"  # "in this file"
    content = target.read_bytes()
    content = bytearray(content[: content.index(own)] + entry + content[content.index(own) + len(own) :])
    for box in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        size = content.rindex(box, 0, content.index(entry)) - 4
        grown = int.from_bytes(content[size : size + 4], "big") + len(entry) - len(own)
        content[size : size + 4] = grown.to_bytes(4, "big")
    source = tmp_path / "alias.mov"
    source.write_bytes(content)
    followed = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(source), container_options=followed) as container:  # what we must not do
        assert len(list(container.decode(video=0))) == 3
    with pytest.raises(InputError, match="no frame"):
        VideoReader(source)


@pytest.mark.parametrize("is_once", [True, False], ids=["of the disk", "of the file"])
def test_an_error_of_reading_is_none_of_the_file_if_it_does_not_come_again(make_video, monkeypatch, is_once):
    path, read, number = make_video("in.mp4", frames=6), Packets.__next__, count(1)

    def failing(packets):
        at = next(number)
        if at == 7 or (at > 7 and not is_once):
            raise av.error.OSError(errno.EIO, "Input/output error")
        return read(packets)

    monkeypatch.setattr(Packets, "__next__", failing)
    with VideoReader(path) as reader:
        if is_once:
            with pytest.raises(InputError, match=r"in\.mp4: reading failed \(Input/output error\)"):
                list(reader.luma_frames())
        else:
            assert len(list(reader.luma_frames())) < 6 and "damaged" in reader.truncation_warning()


def test_a_file_that_was_not_read_from_is_not_opened_again(make_video, monkeypatch):
    opened, of_av = [], av.open
    monkeypatch.setattr(av, "open", lambda *given, **options: opened.append(given) or of_av(*given, **options))
    with VideoReader(make_video(frames=6)) as reader:
        opened.clear()
        frames = [frame.luma for frame in reader.frames_in()]
        assert len(frames) == 6 and not opened
        again = [frame.luma for frame in reader.frames_in()]
        assert len(opened) == 1
        np.testing.assert_array_equal(again, frames)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_an_avi_that_was_cut_is_said_to_be(make_video, codec):
    path = make_video("in.avi", frames=60, codec=codec)
    with VideoReader(path) as whole:
        assert len(list(whole.luma_frames())) == 60 and whole.truncation_warning() is None
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with VideoReader(path) as reader:
        read = len(list(reader.luma_frames()))
        assert read < 50 and f"cut short: {read} of " in reader.truncation_warning()


@pytest.mark.parametrize(("bf", "name"), [("2", "in.mp4"), ("0", "in.mp4"), ("0", "in.flv")])
def test_a_file_that_is_cut_in_a_frame_keeps_those_before_and_says_so(tmp_path, bf, name):
    """As recorders leave fragments of .mp4 when they stop in the middle; threads swallow the error of the last."""
    path = tmp_path / name
    movflags = {"movflags": "frag_keyframe+empty_moov"} if name == "in.mp4" else {}
    with av.open(str(path), "w", options=movflags) as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": bf, "g": "10", "b-adapt": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index, rgb in enumerate(moving_disc(30, 48, 64)):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        ends = [packet.pos + packet.size for packet in container.demux(video=0) if packet.size]
    path.write_bytes(path.read_bytes()[: ends[17] - 30])
    with av.open(str(path)) as container:
        container.streams.video[0].thread_count = 1
        whole = 0
        for packet in container.demux(video=0):
            with suppress(av.error.FFmpegError):
                whole += len(packet.decode())
    with VideoReader(path) as reader:
        assert sum(1 for _ in reader.luma_frames()) == whole
        assert reader.counts.damaged == 1 and "damaged" in reader.truncation_warning()

import shutil

import av

from records.strain import containers
from records.strain.containers import check_fidelity, check_film, compare_sound, fidelity_table
from vidcolor_utils.film.picture import ColorizeReport
from vidcolor_utils.video.codecs import CODECS, Encoding


def test_every_codec_in_every_container_is_checked_and_good():
    record = check_fidelity()
    assert len(record["rows"]) == sum(len(row.containers) for row in CODECS.values())
    assert all(row["good"] and row["frames_out"] == 8 and row["sound"] == "identical" for row in record["rows"])
    assert fidelity_table(record).row_count == len(record["rows"])


def test_a_lost_frame_is_noticed(make_video, tmp_path, monkeypatch):
    source = make_video(frames=12, sound="aac")
    assert check_film(source, tmp_path / "out.mkv", Encoding())["good"]
    short = make_video("short.mp4", frames=11, sound="aac")

    def lose_one(_, output, *__, **___):
        shutil.copy(short, output)
        return ColorizeReport(output, 11, ())

    monkeypatch.setattr(containers, "colorize_file", lose_one)
    assert not check_film(source, tmp_path / "short.mkv", Encoding())["good"]


def test_a_lost_packet_of_sound_is_noticed(make_video, tmp_path):
    source, lost = make_video(frames=12, sound="aac"), tmp_path / "lost.mp4"
    with av.open(str(source)) as film, av.open(str(lost), "w") as container:
        copies = {stream.index: container.add_stream_from_template(stream, opaque=True) for stream in film.streams}
        for packet in film.demux():
            if packet.size and not (packet.stream.type == "audio" and packet.pts == 1024):
                packet.stream = copies[packet.stream.index]
                container.mux(packet)
    assert "packets are identical" in compare_sound(source, lost)


def test_a_refusal_is_a_row(make_video, tmp_path):
    row = check_film(make_video(), tmp_path / "out.webm", Encoding("ffv1"))
    assert not row["good"] and "cannot hold ffv1" in row["error"]

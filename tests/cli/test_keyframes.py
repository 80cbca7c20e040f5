from click.testing import CliRunner

from vidcolor_utils.cli import vidcolor


def test_frames_are_written_and_counted(make_video, tmp_path):
    film, folder = make_video(frames=6), tmp_path / "keys"
    result = CliRunner().invoke(vidcolor, ["keyframes", str(film), "-o", str(folder), "--every", "4"])
    assert result.exit_code == 0 and f"{folder}: 2 frames to colour" in result.output
    assert len(list(folder.glob("shot_0001_*.png"))) == 2 and (folder / "index.html").exists()


def test_one_way_of_choosing_is_enough(make_video, tmp_path):
    words = ["keyframes", str(make_video()), "-o", str(tmp_path / "keys"), "--every", "4", "--at", "0:00.04"]
    result = CliRunner().invoke(vidcolor, words)
    assert result.exit_code == 2 and "give one of them" in result.output
    assert not (tmp_path / "keys").exists()

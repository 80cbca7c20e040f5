from tests.helpers.command import fails_in_one_line, run_vidcolor


def test_zhang_without_its_weights_says_how_to_get_them(make_video, tmp_path, monkeypatch):
    monkeypatch.setenv("VIDCOLOR_HOME", str(tmp_path / "home"))
    result = run_vidcolor("colorize", make_video(), "-o", tmp_path / "out.mp4", "--method", "zhang")
    assert fails_in_one_line(result, 2) and "vidcolor weights get zhang" in result.stderr
    assert "not fetched" in run_vidcolor("weights", "list").stdout


def test_importing_the_wrong_file_as_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDCOLOR_HOME", str(tmp_path / "home"))
    (tmp_path / "weights.pth").write_bytes(b"no weights")
    result = run_vidcolor("weights", "import", "zhang", tmp_path / "weights.pth")
    assert result.returncode != 0 and len(result.stderr.strip().splitlines()) == 1
    assert run_vidcolor("weights", "get", "no-such-name").returncode == 2

import os
from pathlib import Path

import pytest

from vidcolor_utils.system import files
from vidcolor_utils.system.errors import InputError, OutputError
from vidcolor_utils.system.files import check_target, finished_file, read_checked, write_sidecar


def test_finished_file_appears_only_when_the_block_ends(tmp_path):
    target = tmp_path / "out.txt"
    with finished_file(target) as part:
        part.write_text("done")
        assert not target.exists() and part.suffix == ".txt" and part.parent == tmp_path
    assert target.read_text() == "done"
    assert os.listdir(tmp_path) == ["out.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_finished_file_leaves_the_old_one_after_a_failure(tmp_path, error):
    target = tmp_path / "out.txt"
    target.write_text("old")
    with pytest.raises(error), finished_file(target) as part:
        part.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_lock_that_was_removed_while_it_was_waited_for_is_none(tmp_path, monkeypatch):
    """One run holds the file and removes it in the end: who opened it before must not hold what is gone."""
    lock, real = tmp_path / "lock", Path.open
    first, opened = files.hold(lock), []

    def open_and_lose(path, mode):
        opened.append(real(path, mode))
        if len(opened) == 1:
            lock.unlink()
            first.close()
        return opened[-1]

    monkeypatch.setattr(Path, "open", open_and_lose)
    with files.hold(lock), pytest.raises(BlockingIOError):
        files.hold(lock)


def test_a_lock_that_cannot_be_removed_hides_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "unlink", lambda *_: (_ for _ in ()).throw(PermissionError("open")))
    with pytest.raises(ValueError, match="first"), files.alone(tmp_path / "lock", shown=tmp_path):
        raise ValueError("first")
    with files.alone(tmp_path / "lock", shown=tmp_path):
        pass


def test_real_folders_keep_their_names_and_the_results_are_no_input(tmp_path):
    inside, out = tmp_path / "in", tmp_path / "in" / "out"
    for each in (inside / "sub", out / "deep"):
        each.mkdir(parents=True)
        (each / "b.png").touch()
    (inside / "album").symlink_to(inside / "sub")
    (inside / "best").symlink_to(out / "deep")
    assert list(files.files_below(inside, but=out)) == [inside / "sub" / "b.png"]
    assert sorted(files.files_below(inside)) == [out / "deep" / "b.png", inside / "sub" / "b.png"]


def test_one_run_is_alone_in_a_place(tmp_path):
    lock = tmp_path / "lock"
    with files.alone(lock, shown=tmp_path), pytest.raises(OutputError, match="another run is at work there"):
        files.alone(lock, shown=tmp_path).__enter__()
    assert not lock.exists()


def test_finished_file_refuses_its_own_source(tmp_path):
    target = tmp_path / "a.mp4"
    target.write_text("x")
    (tmp_path / "link.mp4").symlink_to(target)
    with pytest.raises(InputError, match="same file"), finished_file(tmp_path / "link.mp4", source=target):
        pass


def test_what_is_written_to_a_link_goes_where_it_leads(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "disk" / "real.txt")
    for text in ("first", "second"):  # it leads to nothing at first
        with finished_file(tmp_path / "link.txt") as part:
            part.write_text(text)
        assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "disk" / "real.txt").read_text() == text


@pytest.mark.parametrize("where", ["missing/out.mp4", "."])
def test_finished_file_names_a_bad_folder(tmp_path, where):
    with pytest.raises(OutputError, match="folder"), finished_file(tmp_path / where):
        pass


@pytest.mark.parametrize("sidecar", ["", "\n", "0" * 64 + "  weights\n", "caf\u00e9"])
def test_weights_that_are_not_what_their_sha256_says_are_named(tmp_path, sidecar):
    (tmp_path / "weights").write_bytes(b"numbers")
    write_sidecar(tmp_path / "weights")
    assert read_checked(tmp_path / "weights") == b"numbers"
    (tmp_path / "weights.sha256").write_text(sidecar, "latin-1")
    with pytest.raises(InputError, match="damaged"):
        read_checked(tmp_path / "weights")


def test_weights_that_are_not_there_are_named_whoever_named_them(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"typo\.onnx: no such file of weights; if it came with the package"
    ):
        read_checked(tmp_path / "typo.onnx")


def test_a_source_that_is_not_there_is_left_to_whoever_reads_it(tmp_path):
    (tmp_path / "out.png").touch()
    check_target(tmp_path / "out.png", tmp_path / "none.mp4")

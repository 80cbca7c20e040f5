from pathlib import Path

import cv2
import pytest

from vidcolor_utils.system import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("VidcolorError", 1),
        ("InputError", 2),
        ("OptionError", 2),
        ("OutputError", 1),
        ("RefusedError", 1),
        ("UnreadableError", 1),
        ("NoMemoryError", 1),
    ],
)
def test_a_kind_of_error_has_its_exit_code(kind, code):
    assert getattr(errors, kind)("a line").exit_code == code


def test_who_calls_from_python_may_catch_a_wrong_option_as_a_value_error():
    with pytest.raises(ValueError, match="every"):
        raise errors.OptionError("every is wrong")


def test_want_of_memory_is_told_from_all_else():
    opencv = cv2.error("(-4:Insufficient memory)")
    opencv.code = cv2.Error.StsNoMem
    assert errors.is_want_of_memory(MemoryError()) and errors.is_want_of_memory(opencv)
    assert not errors.is_want_of_memory(cv2.error("damaged")) and not errors.is_want_of_memory(OSError(4, "no"))


def test_a_refusal_is_told_from_a_full_disk():
    assert issubclass(errors.RefusedError, errors.OutputError)
    assert not issubclass(errors.OutputError, errors.InputError)


def test_an_error_names_the_original_of_a_copy():
    copy = Path("/tmp/x/copy.apng")
    with pytest.raises(errors.InputError, match=r"^a\.webp: is damaged$"), errors.telling_of(Path("a.webp"), copy):
        raise errors.InputError(f"{copy}: is damaged")

from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.weights.shipped import FRAME_WEIGHTS, shipped_weights, shipped_weights_path


def test_what_ships_is_there_and_is_what_its_checksums_say():
    paths = list(shipped_weights())
    assert shipped_weights_path(FRAME_WEIGHTS) in paths
    for path in paths:
        assert path.with_name(f"{path.name}.sha256").read_text().split()[0] == file_sha256(path), path.name


def test_all_that_ships_is_small():
    assert sum(path.stat().st_size for path in shipped_weights()) <= 40e6

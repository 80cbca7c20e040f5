import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends


def test_the_cost_by_hand():
    from vidcolor_utils.training.trainee import balance, cost, weighted_error

    true = torch.tensor([[[[30.0, 0.0]], [[40.0, 0.0]]]])  # lengths 50 and 0: weights 2.5 and 1
    pred = torch.tensor([[[[28.0, 0.0]], [[40.0, 4.0]]]])
    assert weighted_error(pred, true).item() == pytest.approx((2.5 * 2 + 1 * 4) / 4)
    assert balance(true).item() == pytest.approx((12 / (17.5 + 6)) ** 0.5)
    assert cost(pred, true).item() == pytest.approx(weighted_error(pred, true).item() * balance(true).item())


def test_parts_are_told_by_the_names_of_parameters():
    from vidcolor_utils.training.trainee import part_of

    assert part_of("frame.parts._blocks_0__bn1.weight") == "encoder"
    assert part_of("frame.parts.decoder0_conv.weight") == "decoder"
    assert part_of("frame.parts.broad.weight") == part_of("meaning.parts.narrow.weight") == "meaning"


def test_scores_are_ratios_by_kind():
    from vidcolor_utils.training.trainee import _scores

    rows = np.array([[1.0, 2.0, 3.0, 4.0], [3.0, 2.0, 1.0, 4.0]])
    assert _scores(rows) == {"error": 1.0, "chroma": 0.5, "worse": 0.5}


def test_gray_pictures_alone_have_no_ratios():
    from vidcolor_utils.training.trainee import _scores

    rows = np.array([[1.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    assert _scores(rows) == {"error": None, "chroma": None, "worse": 0.5}
    assert _scores(rows[1:]) == {"error": None, "chroma": None, "worse": 0.0}

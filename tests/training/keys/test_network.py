"""The network that cleans key frames' colours, and the ONNX file that is made of it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch (pip install '.[train]')")
pytestmark = pytest.mark.backends


def picture(height, width, seed=0):
    rng = np.random.default_rng(seed)
    luma = rng.uniform(0, 255, (1, height, width, 2))
    return np.concatenate([luma, rng.normal(0, 20, (1, height, width, 2))], axis=-1).astype(np.float32)


def in_torch(network, planes):
    with torch.inference_mode():
        return network(torch.from_numpy(planes).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()


def test_untrained_it_leaves_colours_as_they_are():
    from vidcolor_utils.training.keys.network import Cleaner

    planes = picture(32, 48)
    np.testing.assert_array_equal(in_torch(Cleaner(), planes), planes[..., 2:])


def test_onnx_computes_the_same(tmp_path):
    import onnx

    from vidcolor_utils.colorizers.networks import load_network
    from vidcolor_utils.training.keys.network import Cleaner, to_onnx

    torch.manual_seed(0)
    network = Cleaner()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    onnx.save(to_onnx(network), str(tmp_path / "key_colors.onnx"))
    written = load_network(tmp_path / "key_colors.onnx")
    for size in ((32, 48), (50, 22)):
        planes = picture(*size)
        wanted = in_torch(network, planes)
        assert np.abs(wanted - planes[..., 2:]).mean() > 1
        np.testing.assert_allclose(written(planes), wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_a_point_sees_as_far_as_blocks_of_coded_chroma_reach_and_no_farther():
    from vidcolor_utils.training.keys.network import Cleaner

    torch.manual_seed(0)
    network = Cleaner()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    planes = torch.from_numpy(picture(96, 96)).permute(0, 3, 1, 2).requires_grad_()
    network(planes)[0, 0, 48, 48].backward()
    rows = planes.grad[0, 3].abs().sum(1).nonzero()[:, 0]
    assert 48 - int(rows.min()) >= 24 and int(rows.max()) - 48 >= 24
    assert 48 - int(rows.min()) <= 36

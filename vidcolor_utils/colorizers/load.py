"""Load a colorizer by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

from vidcolor_utils.colorizers.base import Colorizer
from vidcolor_utils.colorizers.defaults import DEVICES, METHODS, QUALITIES
from vidcolor_utils.colorizers.frame import FrameColorizer
from vidcolor_utils.colorizers.networks import load_network
from vidcolor_utils.system.options import OneOf, check_option


def _load_zhang(*_: str) -> Colorizer:
    """Keras chooses where it runs."""
    from vidcolor_utils.colorizers.zhang import ZhangColorizer  # here: it brings all that downloads need

    return ZhangColorizer()


LOADERS: dict[str, Callable[[str, str], Colorizer]] = {
    "frame": lambda quality, device: FrameColorizer(quality=quality, load=partial(load_network, device=device)),
    "zhang": _load_zhang,
}


def load_colorizer(method: str = METHODS[0], quality: str = QUALITIES[0], device: str = DEVICES[0]) -> Colorizer:
    """Load a per-frame colorizer by name.

    Args:
        method: "frame", the network that ships, or "zhang", the report's baseline.
        quality: of the first, "fine" or "fast"; see `FrameColorizer`.
        device: where it runs, see `devices.providers_for`.

    Raises:
        OptionError: if there is no such method, quality or device.
        InputError: if its weights are not there yet.
    """
    check_option("method", method, OneOf(METHODS))
    check_option("quality", quality, OneOf(QUALITIES))
    check_option("device", device, OneOf(DEVICES))
    return LOADERS[method](quality, device)


@lru_cache(maxsize=1)
def shared_colorizer(method: str = METHODS[0], quality: str = QUALITIES[0], device: str = DEVICES[0]) -> Colorizer:
    """Do as `load_colorizer`, once in a process as long as all three stay the same."""
    return load_colorizer(method, quality, device)

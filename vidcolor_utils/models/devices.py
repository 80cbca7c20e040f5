"""Train on several devices, each with its share of every batch; what devices there are, and their memory."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from vidcolor_utils.system.errors import InputError
from vidcolor_utils.system.machine import usable_cores

log = logging.getLogger(__name__)


@contextmanager
def on_devices(count: int) -> Iterator[None]:
    """Share the batches of the models that are built in the block among devices; the weights are on each of them.

    The loss, and batch normalization, still see the batch as a whole, so a training is the same as on one device,
    up to rounding.

    Args:
        count: devices to use; with 1, the block is left to the backend's default.

    Raises:
        InputError: if there are not as many devices, or the Keras backend is not JAX: Keras distributes batches
            fully there only.

    Example:
        with on_devices(4):
            record = train_report_model(data_dir, out_dir, ReportTrainConfig(batch_clips=8))
    """
    if count == 1:
        yield
        return
    if keras.backend.backend() != "jax":
        raise InputError(f"{count} devices need another backend: set the environment variable KERAS_BACKEND=jax")
    found = keras.distribution.list_devices()
    if not 1 <= count <= len(found):
        raise InputError(f"there are {len(found)} devices ({', '.join(found)}), not {count}")
    with _SharedBatches(devices=found[:count]).scope():
        yield


class _SharedBatches(keras.distribution.DataParallel):
    """`DataParallel` that also takes batches that do not divide, as a clip's last: each device computes all."""

    def get_data_layout(self, data_shape: tuple[int, ...]) -> keras.distribution.TensorLayout:
        if data_shape[0] % self.num_model_replicas == 0:
            return super().get_data_layout(data_shape)
        log.warning("a batch of %d is not shared by %d devices", data_shape[0], self.num_model_replicas)
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


def accelerators() -> list[str]:
    """Names of the devices that the backend computes on, besides the processor."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if backend == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    import tensorflow as tf

    details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
    return [found.get("device_name", "unknown GPU") for found in details]


def computing_on() -> str:
    """Say which backend computes on which devices: the first line that a training chapter shows."""
    found = accelerators() or [f"the processor, {usable_cores()} cores"]
    return f"Keras {keras.__version__} on {keras.backend.backend()} computes on {', '.join(found)}."


def peak_memory() -> dict[str, float]:
    """The most memory that this process has had, in MB.

    Returns:
        `host_peak_mb`, unless the system does not say (Windows), and `device_peak_mb` on an accelerator.
    """
    peaks = {"host_peak_mb": _host_peak_bytes(), "device_peak_mb": _device_peak_bytes()}
    return {name: size / 1e6 for name, size in peaks.items() if size is not None}


def _host_peak_bytes() -> int | None:
    """Bytes of memory that this process has had at once; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def _device_peak_bytes() -> int | None:
    """Bytes that the backend has had at once on its first accelerator; None if there is no accelerator."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    if backend == "jax":
        import jax

        stats = jax.local_devices()[0].memory_stats()
        return stats["peak_bytes_in_use"] if stats else None
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        return None
    return tf.config.experimental.get_memory_info("GPU:0")["peak"]

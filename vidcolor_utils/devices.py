"""Train on several devices, each with its share of every batch."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import keras

from vidcolor_utils.errors import InputError

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

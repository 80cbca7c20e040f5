"""Processes on other Keras backends than the one of the tests."""

from __future__ import annotations

import os

from tests.helpers.command import REPOSITORY

# JAX compiles nearly every operation that a small test does once: without optimising, in less than half the time.
QUICKLY_COMPILED = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


def backend_environment(backend: str) -> dict[str, str]:
    """Return the variables of a process that runs the package on a Keras backend."""
    return {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(REPOSITORY), "XLA_FLAGS": QUICKLY_COMPILED}

"""The algebra of the layers, the totals, and what goes back into a network hold on PyTorch and on JAX as well."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.backends import backend_environment
from tests.helpers.command import REPOSITORY

HERE = Path(__file__).parent
ALGEBRA = (
    "test_affinity.py",
    "test_sweep.py",
    "test_adversarial.py",
    "test_clip_layers.py",
    "test_totals.py",
    "test_trust.py",
    "test_feedback.py::test_a_networks_own_results_are_fed_back",
    "test_feedback.py::test_the_adversarial_half_changes_the_network",
)


@pytest.mark.backends
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_the_algebra_holds_on_another_backend(backend):
    environment = backend_environment(backend)
    command = [sys.executable, "-m", "pytest", *(str(HERE / name) for name in ALGEBRA)]
    result = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=1800)
    assert result.returncode == 0, result.stdout[-3000:]
    assert "passed" in result.stdout

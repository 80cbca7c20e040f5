"""A plugin for nbval: kernels are forks of a process that has imported TensorFlow, which takes seconds each time.

`pytest -p tests.helpers.kernels`; without it, as in JupyterLab and papermill, a kernel is a process of its own.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import time
from unittest import mock

IMPORTED = [
    "vidcolor_utils",
    "keras",
    "matplotlib.pyplot",
    "skimage.metrics",
    "scipy.stats",
    "onnxruntime",
    "cv2",
    "av",
]
BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
_PROCESSES = multiprocessing.get_context("forkserver")


class Fork:
    """A forked kernel, with as much of `subprocess.Popen` as jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, command: list[str], *, env: dict[str, str], cwd: str | None = None, **_: object):
        self._process = _PROCESSES.Process(target=_kernel, args=(command, env, cwd))
        self._process.start()
        self.pid = self._process.pid
        while os.getpgid(self.pid) != self.pid:  # who kills a kernel kills its group
            time.sleep(0.005)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _kernel(command: list[str], environment: dict[str, str], place: str | None) -> None:
    os.setsid()
    gc.freeze()  # what has been imported is no garbage
    silent = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(silent, number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place or ".")
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance(argv=command[command.index("ipykernel_launcher") + 1 :])


def pytest_configure() -> None:
    """Have jupyter_client fork kernels; which backend of pyplot is meant is read when it is imported."""
    from jupyter_client.provisioning import local_provisioner

    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    _PROCESSES.set_forkserver_preload([BACKEND, *IMPORTED, "ipykernel.kernelapp", __name__])
    mock.patch.object(local_provisioner, "launch_kernel", Fork).start()

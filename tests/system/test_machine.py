import os
import platform

import pytest

from tests.helpers.command import run_afresh
from vidcolor_utils.system import machine as machine_module
from vidcolor_utils.system.machine import Machine, free_memory, machine, usable_cores

ALL = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_this_machine_has_a_name_and_cores():
    here = machine()
    assert here.processor and here.system
    assert 1 <= here.cores <= os.cpu_count()


def test_as_text_it_is_one_line_whatever_the_processor_is_called():
    assert str(Machine("AMD EPYC 7B13, 64-Core", 2, "Linux")) == "AMD EPYC 7B13, 64-Core, 2 cores, Linux"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, ALL),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, ALL),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "150000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": f"{ALL}99999 100000\n"}, ALL),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/c\n3:memory:/c\n",
                "sys/fs/cgroup/cpu/c/cpu.cfs_quota_us": "100000\n",
                "sys/fs/cgroup/cpu/c/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            ALL,
        ),
    ],
)
def test_a_containers_quota_leaves_fewer_cores(tmp_path, files, cores):
    write(tmp_path, files)
    assert usable_cores(tmp_path) == cores


def test_free_memory_is_the_least_that_anybody_grants(tmp_path):
    assert free_memory(tmp_path) is None
    write(tmp_path, {"proc/meminfo": "MemTotal:  99 kB\nMemAvailable:     4000 kB\n"})
    assert free_memory(tmp_path) == 4000 * 1024
    write(tmp_path, {"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/memory.max": "max\n"})
    assert free_memory(tmp_path) == 4000 * 1024
    write(
        tmp_path,
        {
            "sys/fs/cgroup/memory.max": "1000000\n",
            "sys/fs/cgroup/memory.current": "700000\n",
            "sys/fs/cgroup/memory.stat": "anon 5\ninactive_file 200000\n",
        },
    )
    assert free_memory(tmp_path) == 500_000


COUNT = """
import ctypes, sys, threading
from vidcolor_utils.system.machine import share_one_heap
if sys.argv[1] == "shared":
    assert share_one_heap()
all_here = threading.Barrier(4)
def take():
    all_here.wait()
    bytearray(10_000)
threads = [threading.Thread(target=take) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
ctypes.CDLL(None).malloc_stats()
"""

GIVE = """
from pathlib import Path
from vidcolor_utils.system.machine import give_back
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
blocks = [bytes(100_000) for _ in range(1000)]  # below malloc's threshold for pages of their own
del blocks[:-1]  # the last one keeps all before it from being given back by itself
before = held()
give_back()
print(before - held())
"""
only_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc is asked")


@only_glibc
@pytest.mark.parametrize(("how", "is_one"), [("shared", True), ("apart", False)])
def test_threads_share_one_heap(how, is_one):
    said = run_afresh("-c", COUNT, how).stderr
    assert (said.count("Arena") == 1) == is_one


@only_glibc
def test_what_is_free_is_given_back():
    assert float(run_afresh("-c", GIVE).stdout) > 50  # of 100 MB


def test_elsewhere_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(machine_module.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(machine_module.ctypes, "CDLL", lambda name: pytest.fail("asked"))
    assert machine_module.share_one_heap() is False and machine_module.give_back() is False

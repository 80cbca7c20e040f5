import os

import pytest

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

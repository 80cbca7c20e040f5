"""One heap for all threads, told by glibc itself; what is free is the system's again."""

import platform

import pytest

from tests.helpers.command import run_afresh
from vidcolor_utils.system import heap

COUNT = """
import ctypes, sys, threading
from vidcolor_utils.system.heap import share_one_heap
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
from vidcolor_utils.system.heap import give_back
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
    monkeypatch.setattr(heap.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: pytest.fail("asked"))
    assert heap.share_one_heap() is False and heap.give_back() is False

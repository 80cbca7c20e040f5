"""One heap for all threads, told by glibc itself."""

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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc has heaps by thread")
@pytest.mark.parametrize(("how", "is_one"), [("shared", True), ("apart", False)])
def test_threads_share_one_heap(how, is_one):
    said = run_afresh("-c", COUNT, how).stderr
    assert (said.count("Arena") == 1) == is_one


def test_elsewhere_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(heap.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: pytest.fail("asked"))
    assert heap.share_one_heap() is False

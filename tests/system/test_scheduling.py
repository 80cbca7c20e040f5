import os
import threading

import pytest

from vidcolor_utils.system.scheduling import ordinary_scheduling

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setscheduler") or os.geteuid() != 0, reason="only root may ask for real time"
)


@pytest.fixture(autouse=True)
def ordinary():
    """The thread as it should be: tests that code AV1 by FFmpeg alone may have made it a real-time one."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    yield
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def make_real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def test_this_thread_and_new_ones_are_ordinary_again():
    end = threading.Event()
    seen: list[int] = []

    def work() -> None:
        make_real_time()
        seen.append(threading.get_native_id())
        end.wait(60)

    with ordinary_scheduling():
        other = threading.Thread(target=work)
        other.start()
        while not seen:
            pass
        make_real_time()
        assert os.sched_getscheduler(0) == os.sched_getscheduler(seen[0]) == os.SCHED_FIFO
    assert os.sched_getscheduler(0) == os.sched_getscheduler(seen[0]) == os.SCHED_OTHER
    end.set()
    other.join()


def test_what_was_real_time_before_stays_so():
    make_real_time()
    with ordinary_scheduling():
        pass
    assert os.sched_getscheduler(0) == os.SCHED_FIFO

import threading
import time
import weakref

import pytest

from vidcolor_utils.system.pipeline import mapped_ahead, paired, running_ahead

THREADS = "running ahead"


def count(limit, made=None, fail_at=None):
    for number in range(limit):
        if number == fail_at:
            raise OSError("broken")
        if made is not None:
            made.append(number)
        yield number


def running():
    return [thread for thread in threading.enumerate() if thread.name.startswith(THREADS)]


def test_items_keep_their_order_through_several_steps():
    with running_ahead(count(100)) as first, running_ahead((n * n for n in first), 1) as second:
        assert list(second) == [n * n for n in range(100)]
        assert list(second) == []
    assert not running()


def test_steps_run_at_the_same_time_and_in_threads_of_their_own():
    threads, both = set(), threading.Barrier(2, timeout=30)  # breaks unless two steps wait at it together

    def step(items):
        for item in items:
            threads.add(threading.current_thread())
            both.wait()
            yield item

    with running_ahead(step(iter(range(3)))) as first, running_ahead(step(iter(range(3)))) as second:
        assert list(zip(first, second, strict=True)) == [(n, n) for n in range(3)]
    assert len(threads) == 2 and threading.current_thread() not in threads


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_wait_than_asked_for(ahead):
    made = []
    with running_ahead(count(100, made), ahead) as items:
        for taken, _ in zip(range(1, 6), items, strict=False):
            time.sleep(0.02)
            assert len(made) <= taken + ahead + 1  # those that wait, and one in hand
    assert len(made) < 20


@pytest.mark.parametrize("fail_at", [0, 5])
def test_an_error_arrives_after_the_items_before_it(fail_at):
    taken = []
    with (
        pytest.raises(OSError, match="broken"),
        running_ahead(count(9, fail_at=fail_at)) as first,
        running_ahead(n for n in first) as second,
    ):
        for item in second:
            taken.append(item)
    assert taken == list(range(fail_at))
    assert not running()


def test_who_takes_no_more_ends_all_steps_even_full_ones():
    closed = []

    def step(items):
        try:
            yield from items
        finally:
            closed.append(threading.current_thread().name)

    with (
        pytest.raises(KeyboardInterrupt),
        running_ahead(step(iter(range(10**9))), 1) as first,
        running_ahead(step(first), 1) as second,
    ):
        assert next(second) == 0
        raise KeyboardInterrupt
    assert not running()
    assert len(closed) == 2 and all(name.startswith(THREADS) for name in closed)


def test_ahead_is_checked():
    with pytest.raises(ValueError, match="`ahead`"), running_ahead(count(1), 0):
        pass


def test_a_function_is_mapped_in_order_in_several_threads():
    both = threading.Barrier(2, timeout=30)  # breaks unless two calls wait at it together

    def square(number):
        both.wait()
        return number**2

    assert list(mapped_ahead(square, range(10), threads=2)) == [number**2 for number in range(10)]


def test_a_slow_taker_finds_no_more_made_than_asked_for():
    made = []
    for taken, number in enumerate(mapped_ahead(lambda n: made.append(n) or n, range(50), threads=2, ahead=3)):
        time.sleep(0.005)
        assert number == taken and len(made) <= taken + 1 + 3


def test_what_the_function_raises_arrives_in_its_place_and_nothing_more_is_begun():
    made = []

    def fails_at_two(number):
        made.append(number)
        if number == 2:
            raise OSError("broken")
        return number

    results = mapped_ahead(fails_at_two, range(10**9), threads=1, ahead=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(OSError, match="broken"):
        next(results)
    assert max(made) <= 4
    assert list(results) == []


def test_a_closed_map_leaves_out_what_has_not_begun():
    made, may_end = [], threading.Event()

    def waits(number):
        made.append(number)
        assert number == 0 or may_end.wait(30)
        return number

    results = mapped_ahead(waits, range(100), threads=1, ahead=20)
    assert next(results) == 0
    threading.Timer(0.1, may_end.set).start()
    results.close()
    assert made in ([0], [0, 1])


def test_pairs_hold_no_more_than_what_waits_for_its_result():
    class Frame:
        """Something that takes much memory."""

    alive = weakref.WeakSet()

    def frames():
        for _ in range(200):
            frame = Frame()
            alive.add(frame)
            yield frame

    def two_later(items):
        taken = 0
        for taken, _ in enumerate(items, start=1):
            if taken > 2:
                yield taken - 3
        yield from range(max(0, taken - 2), taken)

    numbers, most = [], 0
    for _, number in paired(frames(), two_later):
        numbers.append(number)
        most = max(most, len(alive))
    assert numbers == list(range(200)) and most <= 5


@pytest.mark.parametrize(("results", "words"), [(2, "fewer"), (4, "more")])
def test_pairs_that_do_not_come_out_even(results, words):
    def make(items):
        assert list(items) == [0, 1, 2]
        return [None] * results

    with pytest.raises(ValueError, match=words):
        list(paired(range(3), make))

import threading

import pytest
import traitlets

from vidcolor_utils.app.threaded import Tasks, ThreadedWidget


class Counter(ThreadedWidget):
    _esm = ""
    by_thread = traitlets.Int().tag(sync=True)
    by_browser = traitlets.Int().tag(sync=True)


def test_what_a_thread_sets_is_told_at_once_whatever_the_browser_sends():
    counter, told, late = Counter(), [], []
    counter.observe(lambda change: told.append(change["new"]), "by_thread")

    def work() -> None:
        for number in range(1, 3001):
            counter.by_thread = number
            if told[-1:] != [number]:
                late.append(number)

    thread = threading.Thread(target=work)
    thread.start()
    sent = 0
    while thread.is_alive():
        sent += 1
        counter.set_state({"by_browser": sent})
    thread.join()
    assert late == [] and told == list(range(1, 3001)) and sent > 1


def test_of_tasks_of_a_name_one_waits_or_runs():
    tasks, done = Tasks(), []

    def fail() -> None:
        tasks.put(lambda: done.append("while it runs"), "get")
        raise ValueError

    for task, name in (
        (fail, "get"),
        (lambda: done.append("second"), "get"),
        (lambda: done.append("other"), None),
    ):
        tasks.put(task, name)
    with pytest.raises(ValueError):
        tasks.get()()
    tasks.get()()
    assert done == ["other"]
    tasks.put(lambda: done.append("afterwards"), "get")
    tasks.get()()
    assert done == ["other", "afterwards"]

from records.speed import timing
from records.speed.timing import fastest


def test_fastest_takes_turns_and_keeps_the_best(monkeypatch):
    calls, seconds = [], {"a": iter([0, 5, 1, 3]), "b": iter([0, 2, 4, 6])}
    now = 100
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now)

    def run(name):
        nonlocal now
        calls.append(name)
        now += next(seconds[name])

    best = fastest({name: lambda name=name: run(name) for name in seconds}, rounds=3)
    assert calls == list("abababab")
    assert best == {"a": 1, "b": 2}

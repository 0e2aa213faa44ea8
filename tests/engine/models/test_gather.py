"""Calls that meet at a model: put together, never mixed up, and failing each for itself."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from cropflow.models.gather import Batching, Gatherer


class Busy:
    """Doubles numbers; the first call takes until it is let go, so that others gather."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.entered = threading.Event()
        self.release = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.calls.append(list(items))
        self.entered.set()
        assert self.release.wait(10)
        if 13 in items:
            raise ValueError(f"13 among {len(items)}")
        return [2 * item for item in items]


def gathered(gatherer: Gatherer, work: Busy, groups: Sequence[tuple[str, list[int]]]) -> list[list[int] | str]:
    """Call with the first group; once it is at work, with all others; then let go."""

    def ask(key: str, items: list[int]) -> list[int] | str:
        try:
            return list(gatherer.call(key, items, work))
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(len(groups)) as pool:
        first = pool.submit(ask, *groups[0])
        assert work.entered.wait(10)
        others = []
        for number, group in enumerate(groups[1:], start=1):
            others.append(pool.submit(ask, *group))
            while len(gatherer._waiting) < number:
                pass
        work.release.set()
        return [job.result(10) for job in (first, *others)]


def test_calls_that_meet_a_busy_model_become_one() -> None:
    met: list[tuple[int, int]] = []
    work = Busy()
    gatherer = Gatherer(Batching(), lambda calls, items: met.append((calls, items)))
    answers = gathered(gatherer, work, [("a", [1]), ("a", [2, 3]), ("a", []), ("a", [4])])
    assert answers == [[2], [4, 6], [], [8]]
    assert work.calls == [[1], [2, 3, 4]]
    assert met == [(1, 1), (3, 3)]


def test_calls_with_other_settings_stay_apart() -> None:
    work = Busy()
    answers = gathered(Gatherer(Batching()), work, [("a", [1]), ("a", [2]), ("b", [3]), ("a", [4]), ("b", [5])])
    assert answers == [[2], [4], [6], [8], [10]]
    assert work.calls == [[1], [2, 4], [3, 5]]


def test_a_failure_meets_only_who_caused_it() -> None:
    work = Busy()
    answers = gathered(Gatherer(Batching()), work, [("a", [1]), ("a", [2]), ("a", [13]), ("a", [4])])
    assert answers == [[2], [4], "13 among 1", [8]]


@pytest.mark.parametrize("largest", [1, 2, 3])
def test_no_call_is_larger_than_allowed(largest: int) -> None:
    work = Busy()
    answers = gathered(Gatherer(Batching(largest)), work, [("a", [number]) for number in range(7)])
    assert answers == [[2 * number] for number in range(7)]
    assert max(map(len, work.calls)) == largest


def test_a_single_call_may_be_larger_than_what_is_put_together() -> None:
    assert Gatherer(Batching(2)).call("a", [1, 2, 3], lambda items: items) == [1, 2, 3]


def test_an_idle_model_waits_for_others_if_told_to() -> None:
    calls: list[list[int]] = []
    gatherer = Gatherer(Batching(largest=4, wait=30))
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda n: gatherer.call("a", [n], lambda items: calls.append(items) or items), range(4))
        )
    assert answers == [[0], [1], [2], [3]]
    assert list(map(len, calls)) == [4]  # full, so nobody waited for the time to pass


def test_who_waits_takes_along_all_that_come_however_many_may_work_at_once() -> None:
    calls: list[list[int]] = []
    gatherer = Gatherer(Batching(largest=4, wait=30), abreast=8)
    with ThreadPoolExecutor(12) as pool:
        answers = list(
            pool.map(lambda n: gatherer.call(n % 3, [n], lambda items: calls.append(items) or items), range(12))
        )
    assert answers == [[n] for n in range(12)]
    assert list(map(len, calls)) == [4, 4, 4]  # full, so nobody waited for the time to pass


def test_many_threads_get_their_own_answers() -> None:
    gatherer = Gatherer(Batching(8))

    def ask(number: int) -> bool:
        items = [number * 100 + place for place in range(number % 5)]
        return gatherer.call(number % 3, items, lambda items: [-item for item in items]) == [-item for item in items]

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(ask, range(2000)))
    assert not gatherer._waiting and not gatherer._inside


def test_no_more_threads_work_at_once_than_may() -> None:
    gatherer, together, most = Gatherer(Batching(8), abreast=3), threading.Semaphore(3), threading.Barrier(3)

    def work(items: Sequence[int]) -> list[int]:
        assert together.acquire(blocking=False), "a fourth thread works"
        with contextlib.suppress(threading.BrokenBarrierError):
            most.wait(0.5)  # passed only where three are here at once
        together.release()
        return [-item for item in items]

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda n: gatherer.call(n % 5, [n], work), range(3)))
        assert answers == [[0], [-1], [-2]]
        assert not most.broken
        most.abort()
        assert list(pool.map(lambda n: gatherer.call(n % 5, [n], work), range(2000))) == [[-n] for n in range(2000)]
    assert not gatherer._waiting and not gatherer._inside


def test_who_is_interrupted_leaves_nobody_waiting() -> None:
    """In a process of its own: libraries that others load, such as polars, take Ctrl-C for themselves."""
    code = """
import random, signal, threading, time
from concurrent.futures import ThreadPoolExecutor
from cropflow.models.gather import Batching, Gatherer

gatherer, calling, over = Gatherer(Batching()), False, threading.Event()

def interrupted(number, frame):
    global calling
    if calling:
        calling = False
        raise KeyboardInterrupt

def work(items):
    time.sleep(random.random() / 2000)
    return [2 * item for item in items]

def go_on(key):
    while not over.is_set():
        assert gatherer.call(key, [key], work) == [2 * key]
    return True

def interrupt():
    while not over.is_set():
        time.sleep(random.random() / 500)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

signal.signal(signal.SIGINT, interrupted)
times = 0
with ThreadPoolExecutor(4) as pool:
    others = [pool.submit(go_on, key) for key in (0, 1, 0)]
    pool.submit(interrupt)
    while times < 500:
        try:
            calling = True
            gatherer.call(0, [7], work)
            calling = False
        except KeyboardInterrupt:
            times += 1
    over.set()
    print([other.result(60) for other in others])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "[True, True, True]\n", done.stderr

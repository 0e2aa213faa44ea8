"""Puts calls of several threads that meet at a model into one call of it.

While the model works, calls gather; whoever is woken first takes all that ask for the same thing along. So a lone
call waits for nothing, and the more there are, the larger their batches become.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Work: TypeAlias = Callable[[Sequence[Any]], Any]
"""Answers for items, one each; the same whatever else is in the call."""


@dataclass(frozen=True, slots=True)
class Batching:
    """How calls that meet are put together.

    Attributes:
        largest: the most pictures of one call, beyond those of a single caller; 1 puts nothing together.
        wait: seconds for which a call may wait for others while the model is idle; 0 takes what has gathered while
            it was busy.
    """

    largest: int = 64
    wait: float = 0.0


@dataclass(slots=True, eq=False)
class _Job:
    """What one thread asks for."""

    key: Hashable
    items: Sequence[Any]
    work: Work
    woken: threading.Event = field(default_factory=threading.Event)
    answers: Any = None
    error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is an answer or an error."""
        return self.answers is not None or self.error is not None


class Gatherer:
    """Lets few threads in at a time, each with what others ask for in its hands.

    >>> Gatherer(Batching()).call("double", [1, 2], lambda items: [2 * item for item in items])
    [2, 4]
    """

    def __init__(
        self,
        batching: Batching,
        met: Callable[[int, int], None] = lambda calls, items: None,
        *,
        abreast: int = 1,
    ) -> None:
        """Make one that nobody has called.

        Args:
            batching: how calls are put together.
            met: told how many calls and items each call of the model had.
            abreast: how many threads may work at the same time.
        """
        self._batching = batching
        self._met = met
        self._waiting: list[_Job] = []
        self._leading: list[_Job] = []
        self._free = abreast
        self._changed = threading.Condition()

    def call(self, key: Hashable, items: Sequence[Any], work: Work) -> Any:
        """Return the answers for `items`; calls with an equal `key` may be answered by one `work`.

        Raises:
            Exception: what `work` raises for these items; where a shared call fails, each is tried alone.
        """
        job = _Job(key, items, work)
        with self._changed:
            self._waiting.append(job)
            self._wake()
            self._changed.notify_all()
        try:
            job.woken.wait()
            if not job.is_done:
                self._lead(job)
        except BaseException:  # such as Ctrl-C; the others must not wait for this thread
            self._withdraw(job)
            raise
        if job.error is not None:
            raise job.error
        return job.answers

    def _lead(self, job: _Job) -> None:
        jobs = self._taken(job)
        _answer(jobs)
        with self._changed:
            self._free += 1
            self._wake()
        for other in jobs:
            other.woken.set()
        self._met(len(jobs), sum(len(one.items) for one in jobs))

    def _wake(self) -> None:
        """Let those lead that wait longest, unless somebody is about to take them along."""
        for job in self._waiting:
            if self._free and not job.woken.is_set() and all(job.key != other.key for other in self._leading):
                self._free -= 1
                self._leading.append(job)
                job.woken.set()

    def _withdraw(self, job: _Job) -> None:
        with self._changed:
            self._waiting = [other for other in self._waiting if other is not job]
            self._leading = [other for other in self._leading if other is not job]
            if job.woken.is_set() and not job.is_done:
                self._free += 1
            self._wake()

    def _taken(self, job: _Job) -> list[_Job]:
        """Take the calls that go with one, oldest first, off the waiting list."""
        deadline = time.monotonic() + self._batching.wait
        with self._changed:
            while (left := deadline - time.monotonic()) > 0 and not self._is_full(job):
                self._changed.wait(left)
            jobs, count = [job], len(job.items)
            for other in self._alike(job):
                if count + len(other.items) <= self._batching.largest:
                    jobs.append(other)
                    count += len(other.items)
            self._waiting = [other for other in self._waiting if other not in jobs]
            self._leading.remove(job)
            self._wake()
        return jobs

    def _alike(self, job: _Job) -> list[_Job]:
        return [other for other in self._waiting if not other.woken.is_set() and other.key == job.key]

    def _is_full(self, job: _Job) -> bool:
        return sum(len(one.items) for one in (job, *self._alike(job))) >= self._batching.largest


def _answer(jobs: Sequence[_Job]) -> None:
    """Answer calls together; if that fails, each by itself, so that a failure meets only who caused it."""
    try:
        answers = jobs[0].work([item for job in jobs for item in job.items])
    except Exception as error:
        if len(jobs) == 1:
            jobs[0].error = error
            return
        for job in jobs:
            _answer([job])
        return
    except BaseException as error:
        for job in jobs:
            job.error = error
        return
    start = 0
    for job in jobs:
        job.answers = answers[start : start + len(job.items)]
        start += len(job.items)

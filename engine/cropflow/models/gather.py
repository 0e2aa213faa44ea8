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
    """What one thread asks for; once it is let in, it `gathers` others until it begins to work."""

    key: Hashable
    items: Sequence[Any]
    work: Work
    woken: threading.Event = field(default_factory=threading.Event)
    gathers: bool = True
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
        self._inside: list[_Job] = []
        self._abreast = abreast
        self._changed = threading.Condition()

    def call(self, key: Hashable, items: Sequence[Any], work: Work) -> Any:
        """Return the answers for `items`; calls with an equal `key` may be answered by one `work`.

        Raises:
            Exception: what `work` raises for these items; where a shared call fails, each is tried alone.
        """
        job = _Job(key, items, work)
        try:
            with self._changed:
                self._waiting.append(job)
                self._wake()
                self._changed.notify_all()
            job.woken.wait()
            if not job.is_done:
                self._lead(job)
        except BaseException:  # such as Ctrl-C, wherever it comes; the others must not wait for this thread
            self._leave(job)
            raise
        if job.error is not None:
            raise job.error
        return job.answers

    def _lead(self, job: _Job) -> None:
        jobs = [job]
        try:
            self._take_along(jobs)
            _answer(jobs)
        finally:
            self._leave(job, [other for other in jobs[1:] if not other.is_done])
            for one in jobs:
                if one.is_done:
                    one.woken.set()
        self._met(len(jobs), sum(len(one.items) for one in jobs))

    def _wake(self) -> None:
        """Let those in that wait longest, unless somebody is about to take them along."""
        for job in self._waiting:
            if len(self._inside) >= self._abreast:
                return
            if all(job.key != other.key for other in self._inside if other.gathers):
                job.woken.set()  # first: an interruption between these lines must not leave one that is never woken
                self._inside.append(job)
                self._waiting = [other for other in self._waiting if other is not job]

    def _leave(self, job: _Job, unanswered: Sequence[_Job] = ()) -> None:
        """Let others in; those whom an interrupted call took along wait again."""
        with self._changed:
            self._waiting = [*unanswered, *(other for other in self._waiting if other is not job)]
            self._inside = [other for other in self._inside if other is not job]
            self._wake()

    def _take_along(self, jobs: list[_Job]) -> None:
        """Add the calls that go with the first, oldest first, and take them off the waiting list."""
        (job,) = jobs
        deadline = time.monotonic() + self._batching.wait
        with self._changed:
            while (left := deadline - time.monotonic()) > 0 and not self._is_full(job):
                self._changed.wait(left)
            count = len(job.items)
            for other in self._alike(job):
                if count + len(other.items) <= self._batching.largest:
                    jobs.append(other)
                    count += len(other.items)
            self._waiting = [other for other in self._waiting if other not in jobs]
            job.gathers = False
            self._wake()

    def _alike(self, job: _Job) -> list[_Job]:
        return [other for other in self._waiting if other.key == job.key]

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
    start = 0
    for job in jobs:
        job.answers = answers[start : start + len(job.items)]
        start += len(job.items)

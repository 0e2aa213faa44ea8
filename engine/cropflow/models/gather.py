"""Puts calls of several threads that meet at a model into one call of it.

While the model works, calls gather; whoever is woken first takes all that ask for the same thing along. So a lone
call waits for nothing, and the more there are, the larger their batches become.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
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
    """What one thread asks for.

    Attributes:
        bell: rung when there is something to do for the thread: it is let in, answered, or more has gathered. A queue,
            since all of it is in C, where no Ctrl-C can leave a lock behind.
        gathers: whether it takes others along once it is let in; no longer when it works.
        along: those it took along.
    """

    key: Hashable
    items: Sequence[Any]
    work: Work
    bell: SimpleQueue[None] = field(default_factory=SimpleQueue)
    gathers: bool = True
    along: list[_Job] = field(default_factory=list)
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
        self._lock = threading.Lock()

    def call(self, key: Hashable, items: Sequence[Any], work: Work) -> Any:
        """Return the answers for `items`; calls with an equal `key` may be answered by one `work`.

        Raises:
            Exception: what `work` raises for these items; where a shared call fails, each is tried alone.
        """
        job = _Job(key, items, work)
        try:
            with self._lock:
                self._waiting.append(job)
                self._let_in()
                for other in self._inside:
                    if other.gathers and other.key == key:
                        other.bell.put(None)
            job.bell.get()
            if not job.is_done:
                self._take_along(job)
                _answer([job, *job.along])
                self._leave(job)
                self._met(1 + len(job.along), sum(len(one.items) for one in (job, *job.along)))
        except BaseException:  # such as Ctrl-C, wherever it comes; the others must not wait for this thread
            self._leave(job)
            raise
        if job.error is not None:
            raise job.error
        return job.answers

    def _let_in(self) -> None:
        """Let those in that wait longest, unless somebody is about to take them along."""
        for job in self._waiting:
            if len(self._inside) >= self._abreast:
                return
            if all(job.key != other.key for other in self._inside if other.gathers):
                job.bell.put(None)  # first: who is cut off between these lines must not leave one that never hears
                self._inside.append(job)
                self._waiting = [other for other in self._waiting if other is not job]

    def _leave(self, job: _Job) -> None:
        """Let others in; those it took along go, or wait again where they have no answer. May be done twice."""
        with self._lock:
            again = [other for other in job.along if not other.is_done]
            for other in job.along:
                if other.is_done:
                    other.bell.put(None)
            self._waiting = [*again, *(other for other in self._waiting if other is not job and other not in again)]
            self._inside = [other for other in self._inside if other is not job]
            self._let_in()

    def _take_along(self, job: _Job) -> None:
        """Take the calls that go with one, oldest first, off the waiting list."""
        deadline = time.monotonic() + self._batching.wait
        while (left := deadline - time.monotonic()) > 0 and not self._is_full(job):
            try:
                job.bell.get(timeout=left)
            except Empty:
                break
        with self._lock:
            count = len(job.items)
            for other in self._alike(job):
                if count + len(other.items) <= self._batching.largest:
                    job.along.append(other)
                    count += len(other.items)
            self._waiting = [other for other in self._waiting if other not in job.along]
            job.gathers = False
            self._let_in()

    def _alike(self, job: _Job) -> list[_Job]:
        return [other for other in self._waiting if other.key == job.key]

    def _is_full(self, job: _Job) -> bool:
        with self._lock:
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

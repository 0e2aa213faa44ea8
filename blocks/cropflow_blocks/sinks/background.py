"""Does things later and in order, for sinks that do not wait; never more of them than fit into memory."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

log = logging.getLogger("cropflow")


class Background:
    """One thread that does jobs one after the other; it begins with the first.

    Args:
        name: whose jobs these are, for messages.
        most: how many jobs may wait.
        patience: seconds that `close` waits for them.
    """

    def __init__(self, name: str, most: int = 64, patience: float = 30.0) -> None:
        self._name = name
        self._patience = patience
        self._room = threading.BoundedSemaphore(most)
        self._jobs: set[Future[None]] = set()
        self._pool: ThreadPoolExecutor | None = None

    def put(self, job: Callable[[], None]) -> bool:
        """Take a job that raises nothing; return whether there was room for it."""
        if not self._room.acquire(blocking=False):
            return False
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="cropflow-sink")
        future = self._pool.submit(job)
        self._jobs.add(future)
        future.add_done_callback(self._done)
        return True

    def close(self) -> None:
        """Wait for the jobs, though not forever; those that are left then are dropped, which is told."""
        if self._pool is None:
            return
        left = wait(list(self._jobs), timeout=self._patience).not_done
        self._pool.shutdown(wait=False, cancel_futures=True)
        dropped = sum(job.cancelled() for job in left)
        if dropped:
            log.warning("%s: %d left undone after waiting %g s", self._name, dropped, self._patience)
        self._pool = None

    def _done(self, future: Future[None]) -> None:
        self._jobs.discard(future)
        self._room.release()

"""How many requests run at once, how many wait beside them, and when they are called off."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

from starlette.requests import Request

from cropflow.errors import CancelledError
from cropflow.server.faults import Fault
from cropflow.server.metrics import Metrics
from cropflow.server.settings import Settings

_T = TypeVar("_T")
Cancelled: TypeAlias = Callable[[], bool]
"""Says whether a request was called off."""


class Desk:
    """Runs requests in threads, within limits."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="cropflow-request")
        self._inside = 0

    def check(self) -> None:
        """Refuse a request before its body is read, if there is no place for it.

        Raises:
            Fault: too many run and wait.
        """
        if self._inside >= self._settings.concurrency + self._settings.queue:
            raise Fault(
                429,
                f"The server is busy: {self._settings.concurrency} requests run and {self._settings.queue} wait.",
                "Send the request again after the time in Retry-After.",
                {"Retry-After": "1"},
            )

    async def do(self, request: Request, work: Callable[[Cancelled], _T]) -> _T:
        """Do work in a thread; called off when the client goes away, or its time is over.

        Raises:
            Fault: there is no place for it, or it took too long.
            CancelledError: the client went away.
        """
        self.check()
        off = threading.Event()
        loop = asyncio.get_running_loop()
        self._inside += 1
        self._count()
        waiting = [
            work
        ]  # dropped with all it holds when it is called off, though the queue of the pool keeps its place
        future = loop.run_in_executor(self._pool, _unless_off, waiting, off)
        future.add_done_callback(lambda _: self._leave())
        async with _watched(request) as gone:
            both: set[asyncio.Future[Any]] = {future, gone}
            try:
                await asyncio.wait(both, timeout=self._settings.timeout, return_when=asyncio.FIRST_COMPLETED)
                if future.done():
                    return future.result()
            finally:  # also where the client of a streamed answer goes away, which cancels this
                off.set()
                waiting.clear()
                future.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody else asks for it
            if gone.done():
                raise CancelledError("the client went away")
        raise Fault(
            504,
            f"The answer took longer than the {self._settings.timeout:g} s allowed.",
            "Send fewer or smaller pictures, or ask the operator for a longer --timeout.",
        )

    def close(self) -> None:
        """Wait for what runs."""
        self._pool.shutdown()

    def _leave(self) -> None:
        self._inside -= 1
        self._count()

    def _count(self) -> None:
        self._metrics.running.set(min(self._inside, self._settings.concurrency))
        self._metrics.waiting.set(max(0, self._inside - self._settings.concurrency))


def _unless_off(waiting: list[Callable[[Cancelled], _T]], off: threading.Event) -> _T:
    """Do work, unless it was called off while it waited for a thread."""
    try:
        work = waiting.pop()
    except IndexError:
        raise CancelledError("the request was called off before it began") from None
    return work(off.is_set)


@contextlib.asynccontextmanager
async def _watched(request: Request) -> AsyncIterator[asyncio.Task[None]]:
    """Give a task that ends when the client goes away; the body must have been read."""

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    task = asyncio.create_task(listen())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

"""The blocks of a workflow: made once for every thread that runs it, so that no block has to be safe for threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from cropflow.compiler.plan import PlannedStep

Crew: TypeAlias = Mapping[str, Any]
"""One block for each step, by the name of the step."""
Runs: TypeAlias = Mapping[str, Callable[..., Any]]
"""The `run` of each of them."""


class Crews:
    """Hands a crew to each run, and makes another one where all are at work.

    Blocks with effects are there once for all crews, one run at a time: they may keep files open.

    Args:
        steps: those that need a block.
        make: makes the block of a step.
    """

    def __init__(self, steps: Iterable[PlannedStep], make: Callable[[PlannedStep], Any]) -> None:
        self._steps = tuple(steps)
        self._make = make
        self._shared: dict[str, Any] = {}
        self._made: list[Crew] = []
        self._free: list[Crew] = []
        self._lock = threading.Lock()
        self._locks = {step.name: threading.Lock() for step in self._steps if step.spec.effects}
        self._is_open = True

    @property
    def first(self) -> Crew:
        """The crew that is made first, which tells whether the blocks can be made at all."""
        with self.hired():
            return self._made[0]

    @contextmanager
    def hired(self) -> Iterator[Runs]:
        """Lend the blocks of a crew for one run.

        Raises:
            RuntimeError: the workflow is closed.
        """
        with self._lock:
            if not self._is_open:
                raise RuntimeError("the workflow is closed; load it again to run it")
            crew = self._free.pop() if self._free else self._new()
        try:
            yield self._runs(crew)
        finally:
            with self._lock:
                self._free.append(crew)

    def close(self) -> None:
        """Close the blocks that can be closed; a run that is not done yet may fail."""
        with self._lock:
            made, self._made, self._free, self._is_open = self._made, [], [], False
        for block in {id(block): block for crew in made for block in crew.values()}.values():
            getattr(block, "close", lambda: None)()

    def _runs(self, crew: Crew) -> Runs:
        found = {step.name: step.spec.callable(crew[step.name].run) for step in self._steps}
        return found | {name: _one_at_a_time(found[name], lock) for name, lock in self._locks.items()}

    def _new(self) -> Crew:
        crew: dict[str, Any] = {}
        self._made.append(crew)  # before its blocks, so that those of a crew that fails are closed
        for step in self._steps:
            crew[step.name] = self._shared[step.name] if step.name in self._shared else self._make(step)
            if step.spec.effects:
                self._shared[step.name] = crew[step.name]
        return crew


def _one_at_a_time(run: Callable[..., Any], lock: threading.Lock) -> Callable[..., Any]:
    def locked(**arguments: Any) -> Any:
        with lock:
            return run(**arguments)

    return locked

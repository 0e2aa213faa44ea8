"""Notes how far a run got, so that one that was killed can be resumed with the results of one that was not.

The journal lies in the output folder, in `.cropflow/`: `state.json` says where the run stands, and is replaced in one
go after each batch; `names.txt` lists the names of the files it wrote. What a run wrote after its last note is cut off
on resuming and made again. Where steps remember earlier frames, notes are made between videos only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cropflow.cli.exits import UsageError
from cropflow.compiler.plan import Plan
from cropflow.output_folder import Mark, OutputFolder
from cropflow.serialize import to_json
from cropflow.sources.batches import Batch
from cropflow.sources.rows import Place, Rows

FOLDER = ".cropflow"


@dataclass(frozen=True, slots=True)
class State:
    """Where a run stands.

    Attributes:
        run: what the results depend on; a run is resumed with the same only.
        after: for each image input, where reading goes on.
        sizes: bytes of the files that grow.
        names_size: bytes of the list of names.
        tally: what the run came to so far.
        seconds: what it took so far.
        finished: whether there is nothing left to do.
    """

    run: Mapping[str, str]
    after: Mapping[str, Place] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    names_size: int = 0
    tally: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    finished: bool = False


class Journal:
    """The notes of one run.

    Args:
        output: the folder the run writes to.
        run: what the results depend on, from `identify`.
        stateful: whether steps remember earlier frames, so that a video can only be resumed from its beginning.
    """

    def __init__(self, output: OutputFolder, run: Mapping[str, str], stateful: bool) -> None:
        self._output = output
        self._folder = output.path / FOLDER
        self._run = run
        self._stateful = stateful
        self._pending: list[str] = []

    def resume(self) -> State | None:
        """Read the last note and go back to it; `None` where no run has begun in the folder.

        Raises:
            UsageError: the folder holds something else, or another run.
        """
        path = self._folder / "state.json"
        if not path.exists():
            if self._output.path.is_dir() and any(item.name != FOLDER for item in self._output.path.iterdir()):
                raise UsageError(
                    f"--resume: '{self._output.path}' is not empty, and no run left a note in it to go on from"
                )
            return None
        state = State(**json.loads(path.read_text("utf-8")))
        if not state.tally.get("rows") and not state.finished:
            self._restore(state)  # nothing was done yet, so whatever it was to be, this one may begin
            return None
        for what, value in self._run.items():
            if state.run.get(what) != value:
                raise UsageError(
                    f"--resume: {what} changed since the run in '{self._output.path}' began, so its results would "
                    "not fit; name another folder with --out, or begin anew with --overwrite"
                )
        if not state.finished:
            self._restore(state)
        return state

    def begin(self) -> None:
        """Start a new journal, before anything else is written; an earlier one is gone from here on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "names.txt").write_bytes(b"")
        self._write({}, Mark(), {}, 0.0, finished=False)

    def discard(self) -> None:
        """Take back a journal of a run that could not begin, and the folder with it if nothing else is in it."""
        for name in ("state.json", "names.txt"):
            (self._folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()
            self._output.path.rmdir()

    def note(self, batch: Batch, tally: Mapping[str, Any], seconds: float, sizes: Mapping[str, int]) -> None:
        """Note that a batch is done and all of it is written; `sizes` of files that no block may have."""
        mark = self._marked(sizes)
        if not self._stateful or batch.rows[-1].ends:
            self._write(dict(batch.rows[-1].after), mark, tally, seconds, finished=False)

    def finish(self, tally: Mapping[str, Any], seconds: float, sizes: Mapping[str, int]) -> None:
        """Note that nothing is left to do."""
        self._write({}, self._marked(sizes), tally, seconds, finished=True)

    def _marked(self, sizes: Mapping[str, int]) -> Mark:
        mark = self._output.mark()
        self._pending += mark.names
        return Mark({**mark.sizes, **sizes})

    def _write(
        self, after: Mapping[str, Place], mark: Mark, tally: Mapping[str, Any], seconds: float, *, finished: bool
    ) -> None:
        with (self._folder / "names.txt").open("ab") as names:
            names.write(b"".join(json.dumps(name).encode() + b"\n" for name in self._pending))
            size = names.tell()
        self._pending = []
        state = State(self._run, after, mark.sizes, size, tally, seconds, finished)
        part = self._folder / "state.part"
        part.write_text(json.dumps({name: getattr(state, name) for name in State.__slots__}), "utf-8")
        part.replace(self._folder / "state.json")

    def _restore(self, state: State) -> None:
        path = self._folder / "names.txt"
        os.truncate(path, state.names_size)
        with path.open("rb") as names:
            try:
                self._output.restore(state.sizes, map(json.loads, names))
            except ValueError as error:
                raise UsageError(f"--resume: {error}; begin anew with --overwrite") from error


def identify(
    plan: Plan, rows: Rows, settings: Mapping[str, Any], models: Iterable[str], batch_size: int
) -> dict[str, str]:
    """Say in short, by name, what the results of a run depend on."""
    definition = plan.definition
    secret = {item.name for item in plan.inputs if any(kind.name == "secret" for kind in item.kinds)}
    told = {name: to_json(value) for name, value in settings.items() if name not in secret}
    ids = [f"{name}={item.id}" for name, items in rows.items.items() for item in items]
    return {
        "the document": _digest(map(repr, (definition.inputs, definition.steps, definition.outputs))),
        "what --set gives": _digest([json.dumps(told, sort_keys=True)]),
        "--model": _digest(sorted(models)),
        "what --source names": _digest(ids),
        "--stride": str(rows.reading.stride),
        "--batch-size": str(batch_size),
    }


def _digest(texts: Iterable[str] | Iterator[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8", "backslashreplace") + b"\n")
    return digest.hexdigest()

"""The front of the engine: load a document once, run it as often as you like."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np

from cropflow.compiler import compile_definition
from cropflow.compiler.plan import INPUTS, Key, PlannedStep
from cropflow.compiler.problems import refuse
from cropflow.compiler.prune import prune
from cropflow.compiler.resources import find_models, find_resources, find_unready, named_models, written_secrets
from cropflow.crew import Crews, Runs
from cropflow.document import definition as documents
from cropflow.document.definition import Definition
from cropflow.draw import svg
from cropflow.dynamic import registry_of
from cropflow.errors import InputError, RunError
from cropflow.hiding import Hidden, flat
from cropflow.http import HttpClient
from cropflow.models.protocol import DetectSettings, Task
from cropflow.models.store import ModelStore
from cropflow.resources import Clock, DocumentFolder, Resources, hiding, listed
from cropflow.result import Result, RunReport
from cropflow.runtime.executor import execute, serial, threaded
from cropflow.runtime.frames import Frames
from cropflow.runtime.inputs import assemble
from cropflow.runtime.outputs import depths, rows
from cropflow.runtime.step import Memory, StepReport, Surroundings
from cropflow.secrets import Secrets
from cropflow.sources import Reading
from cropflow.sources.rows import Rows
from cropflow.streaming import BATCH_SIZE, Sources, Streaming, batch_size_of, find_items

log = logging.getLogger("cropflow")


class Workflow:
    """A compiled document with its blocks, ready to run.

    >>> workflow = Workflow.loads('''
    ... version: "1.0"
    ... inputs: [{type: WorkflowParameter, name: size}]
    ... steps: []
    ... outputs: [{type: JsonField, name: size, selector: $inputs.size}]
    ... ''')
    >>> workflow.run({"size": 3})[0]
    {'size': 3}

    Attributes:
        definition: the document as written.
        plan: what it was compiled to; steps that no output and no effect needs are left out when it runs.
    """

    def __init__(
        self,
        definition: Definition,
        *,
        blocks: Iterable[object] = (),
        resources: Iterable[object] | None = None,
        allow_code: bool = False,
    ) -> None:
        self._hidden = Hidden()
        given = tuple(hiding(item, self._hidden) for item in listed(resources))
        self._store = next((item for item in given if isinstance(item, ModelStore)), None) or ModelStore()
        self._owns_store = self._store not in given
        made = (DocumentFolder(definition.base), self._store, HttpClient(), Secrets(), Clock())
        self._resources = Resources(given, made)
        registry = registry_of(definition, blocks, allow_code)
        self.definition = definition
        self.plan = compile_definition(definition, registry)
        self._asked = prune(self.plan)
        if self._asked.unused:
            names = ", ".join(map(repr, self._asked.unused))
            log.warning("left out, since no output and no sink needs it: %s", names)
        refuse([*find_models(self._asked, self._store), *find_resources(self._asked, self._resources)], definition)
        self._crews = Crews(self._asked.steps, self._make)
        self._memory = Memory()
        try:
            refuse(find_unready(self._asked, self._crews.first), definition)
        except BaseException:
            self.close()
            raise
        self._hidden.add(written_secrets(self.plan))
        self._secret = {key for key, kinds in self.plan.kinds.items() if any(kind.name == "secret" for kind in kinds)}
        self._frames = Frames()
        self._lock = threading.Lock()
        self._remembers = any(step.spec.stream for step in self._asked.steps)

    @classmethod
    def load(
        cls,
        source: str | os.PathLike[str] | Mapping[str, Any],
        *,
        blocks: Iterable[object] = (),
        resources: Iterable[object] | None = None,
        base: str | os.PathLike[str] | None = None,
        allow_code: bool = False,
    ) -> Self:
        """Load a document from a JSON or YAML file, or from a mapping.

        Args:
            source: path of the file (a string is always a path; text goes to `loads`), or the document itself.
            blocks: further block classes, specs or modules, beside those of installed packages.
            resources: what blocks share, such as `ModelStore(...)` or `OutputFolder(...)`.
            base: folder that paths in the document are relative to; that of the file, if there is one.
            allow_code: whether Python code that stands in the document may run; it has all rights of this program.

        Raises:
            WorkflowError: the document is refused; every mistake is told with its position.
            BlockError: a block or plug-in cannot be loaded.
            TypeError: `resources` is no list of objects.
        """
        folder = Path(base) if base is not None else None
        if isinstance(source, Mapping):
            definition = documents.from_mapping(source, base=folder)
        else:
            definition = documents.load(source)
            definition = replace(definition, base=folder) if folder else definition
        return cls(definition, blocks=blocks, resources=resources, allow_code=allow_code)

    @classmethod
    def loads(
        cls,
        text: str,
        *,
        blocks: Iterable[object] = (),
        resources: Iterable[object] | None = None,
        base: str | os.PathLike[str] | None = None,
        allow_code: bool = False,
    ) -> Self:
        """Load a document from JSON or YAML text; arguments and errors as in `load`."""
        definition = documents.loads(text, base=Path(base) if base is not None else None)
        return cls(definition, blocks=blocks, resources=resources, allow_code=allow_code)

    def run(
        self,
        inputs: Mapping[str, Any] | None = None,
        *,
        on_error: Literal["raise", "skip"] = "raise",
        allow_urls: bool = False,
        workers: int = 1,
        effects: bool = True,
        remember: bool = True,
        cancelled: Callable[[], bool] | None = None,
    ) -> Result:
        """Run the workflow once over a batch; several threads may do so at the same time.

        Args:
            inputs: a value for every input; for pictures anything `Image.load` takes, or a list of it.
            on_error: `raise` the first failure, or `skip` the element: it becomes missing and is told in `.errors`.
            allow_urls: whether pictures may be fetched; private addresses never are.
            workers: how many independent steps may run at the same time.
            effects: whether sinks and other blocks with effects run; without them their outputs are missing.
            remember: whether steps that follow objects or frames go on from the run before; else they begin anew, and
                forget. Runs of documents with such steps that remember wait for one another.
            cancelled: asked before every step and every call of a block; once it says so, the run ends.

        Returns:
            One dictionary per element of the batch; a list of one where no output lies on the batch axis.

        Raises:
            InputError: an input is missing, unknown or of the wrong kind.
            RunError: an element failed and `on_error` is `raise`.
            CancelledError: the run was cancelled.
        """
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error must be 'raise' or 'skip', not {on_error!r}")
        if workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        given, stop = {} if inputs is None else inputs, on_error == "raise"
        try:
            return self._run(given, stop, allow_urls, workers, effects, remember, cancelled)
        except Exception as error:
            shown = self._hidden.error(error)
            if shown is error:
                raise
        raise shown  # outside of the handler, since Python would note the error in it

    def _run(
        self,
        inputs: Mapping[str, Any],
        stop: bool,
        allow_urls: bool,
        workers: int,
        effects: bool,
        remember: bool,
        cancelled: Callable[[], bool] | None,
    ) -> Result:
        started = time.perf_counter()
        errors: list[RunError] = []
        with self._session(remember) as (runs, memory, frames):
            self._note_inputs(inputs)
            columns = assemble(self._asked, inputs, _raise if stop else errors.append, {"allow_urls": allow_urls})
            around = Surroundings(
                batch=columns.axes.get(INPUTS),
                frames=frames.of(columns, inputs) if self._remembers else (),
                memory=memory,
                targets=self.plan.targets,
                titles=self.plan.axes,
                stop=stop,
                effects=effects,
                met=self._note,
                cancelled=cancelled,
            )
            executor = serial if workers == 1 else threaded(workers)
            failed, reports = execute(self._asked, runs, columns, around, executor)
            made = self._hidden.value(rows(self.plan, columns))
        errors = [self._hidden.error(error) for error in (*errors, *failed)]
        errors.sort(key=lambda error: -1 if error.row is None else error.row)
        return Result(made, tuple(errors), _report(reports, started), depths(self.plan))

    @contextmanager
    def _session(self, remember: bool) -> Iterator[tuple[Runs, Memory, Frames]]:
        """Give blocks for one run, with what they remember; only runs that remember streams wait for one another."""
        with ExitStack() as stack:
            if remember and self._remembers:
                stack.enter_context(self._lock)
            runs = stack.enter_context(self._crews.hired())
            if remember:
                yield runs, self._memory, self._frames
                return
            memory = Memory()
            stack.callback(memory.forget)  # what a step holds open for its stream, such as a video, ends with the run
            yield runs, memory, Frames()

    def stream(
        self,
        sources: Sources | Mapping[str, Sources],
        *,
        inputs: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        on_error: Literal["raise", "skip"] = "raise",
        frames: Literal["latest", "every"] = "latest",
        stride: int = 1,
        reconnects: int = 5,
        allow_urls: bool = False,
        workers: int = 1,
    ) -> Streaming:
        """Run the workflow over pictures, videos and cameras, read while it runs.

            with workflow.stream(["gate.mp4", 0], batch_size=8, on_error="skip") as running:
                for result in running:
                    print(result.id, result["count"])

        Files follow one another; as soon as there is a camera, all are read side by side and run together. What steps
        remember is kept for each video and camera, and forgotten where it ends.

        Args:
            sources: one or several of what `--source` takes: a file, folder, pattern, list or URL, or the number of a
                camera. Where a document has several image inputs, a mapping from their names. Frames in memory go to
                `run`.
            inputs: values of the other inputs.
            batch_size: the most pictures that go through at once; 8 if not given.
            frames: of a camera, only the `latest` frame when the workflow is ready for one, or `every` frame.
            stride: every how many frames of a video or camera one is taken.
            reconnects: how often in a row a lost camera is tried again.
            on_error, allow_urls, workers: as for `run`.

        Raises:
            ImageError: a source is not there, or URLs are not allowed.
            InputError: the sources do not fit the document.
        """
        reading = Reading(allow_urls, _positive("stride", stride), frames == "latest", reconnects)
        size = batch_size_of(self.plan, batch_size, BATCH_SIZE, "batch_size=")
        rows = Rows(find_items(self.plan, sources, allow_urls), reading)
        return Streaming(self, rows, inputs or {}, _positive("batch_size", size), on_error, workers)

    def warm_up(self) -> None:
        """Load all models that the document names and let each see an empty picture, so that no first frame waits."""
        for model_id, base in named_models(self._asked):
            model = self._store.get(model_id, base, get_args(Task))
            blank = [np.zeros((*model.info.image_size, 3), np.uint8)]
            if model.info.task == "classify":
                model.classify(blank)
            else:
                model.detect(blank, DetectSettings())

    def reset(self, stream: str | None = None) -> None:
        """Forget what steps remember of one stream, or of all."""
        self._memory.forget(stream)
        self._frames.forget(stream)

    def close(self) -> None:
        """End what blocks and models hold open."""
        self._memory.forget()
        self._crews.close()
        if self._owns_store:
            self._store.close()

    def _repr_html_(self) -> str:
        """Show the workflow as a drawing where a notebook displays it."""
        return svg(self.plan)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _note_inputs(self, inputs: Mapping[str, Any]) -> None:
        """Note the secrets among the inputs before any message can be about them."""
        if not isinstance(inputs, Mapping):
            return  # and is refused when it is read
        for key in self._secret:
            if key.step == INPUTS and key.output in inputs:
                self._hidden.add(flat(inputs[key.output]))

    def _note(self, key: Key, values: Iterable[Any]) -> None:
        if key in self._secret:
            self._hidden.add(values)

    def _make(self, step: PlannedStep) -> Any:
        folder = DocumentFolder(step.base)
        resources = {
            parameter: folder if wanted is DocumentFolder else self._resources.get(wanted)
            for parameter, wanted in step.spec.resources
        }
        block = step.spec.make(**resources)
        block.step = step.name
        return block


def _report(steps: Iterable[StepReport], started: float) -> RunReport:
    return RunReport(tuple(steps), time.perf_counter() - started, started, threading.get_ident())


def _positive(name: str, number: int) -> int:
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return number


def _raise(error: RunError) -> None:
    """Raise what was told about an input; a value of the wrong kind stays the `InputError` it is."""
    if isinstance(error.__cause__, InputError):
        raise error.__cause__
    raise error from error.__cause__

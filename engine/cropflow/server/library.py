"""The workflows that are served by name, and those that clients sent along, compiled once each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cropflow.compiler.resources import named_models
from cropflow.document import definition as documents
from cropflow.errors import ModelError, Problem, WorkflowError, nearest
from cropflow.http import HttpClient
from cropflow.models import ModelStore
from cropflow.models.names import MAP_FILE
from cropflow.resources import OutputFolder, Withheld
from cropflow.secrets import Secrets
from cropflow.server.faults import Fault
from cropflow.server.settings import Settings
from cropflow.workflow import Workflow

_SUFFIXES = (".yaml", ".yml", ".json")
_MOST = 64
_LARGEST = 2**20
"""Characters of a document that is kept for the next request; a larger one is compiled each time."""
"""How many documents that were sent along are kept."""
_ASK = "ask the operator of the server for {}"


@dataclass(slots=True, eq=False)
class _Sent:
    """A workflow that was sent along, and how many requests use it."""

    workflow: Workflow
    users: int = 0
    is_kept: bool = True


class Library:
    """Compiles documents of the folder at once, and those of clients when they come.

    Documents of the folder are those of the operator: their secrets come from the environment, and they may name any
    weights. What clients send gets no secrets, opens no other documents, and takes weights from the allowed folder
    only; that holds also for a model id that a client gives to a document of the folder.

    Raises:
        WorkflowError: documents of the folder are refused; the mistakes of all are told.
    """

    def __init__(self, settings: Settings, store: ModelStore) -> None:
        self._settings = settings
        self._folders = [folder for folder in [settings.models] if folder is not None]
        self._store = store.also_in(*self._folders)
        self._output = [OutputFolder(settings.output)] if settings.output else []
        self._sent: OrderedDict[str, _Sent] = OrderedDict()
        self._lock = threading.Lock()
        self.workflows: dict[str, Workflow] = {}
        try:
            self._load_all()
        except BaseException:
            self.close()
            raise

    def named(self, name: str) -> Workflow:
        """Return a workflow of the folder.

        Raises:
            Fault: there is none of this name.
        """
        found = self.workflows.get(name)
        if found is None:
            near = "".join(f" Did you mean {close!r}?" for close in nearest(name, self.workflows)[:1])
            raise Fault(404, f"There is no workflow {name[:100]!r}.{near}", "See GET /workflows for what is served.")
        return found

    def name_of(self, workflow: Workflow) -> str | None:
        """Return the name of a workflow of the folder; `None` for one that was sent along."""
        return next((name for name, served in self.workflows.items() if served is workflow), None)

    @contextlib.contextmanager
    def sent(self, document: Any) -> Iterator[Workflow]:
        """Lend the workflow of a document that was sent along: a mapping, or text in JSON or YAML.

        Raises:
            WorkflowError: the document is refused.
        """
        entry = self._entry(document)
        try:
            yield entry.workflow
        finally:
            self._give_back(entry)

    def warm_up(self) -> None:
        """Load the models of all documents of the folder."""
        for workflow in self.workflows.values():
            workflow.warm_up()

    def close(self) -> None:
        """End what the workflows hold open."""
        with self._lock:
            sent, self._sent = [*self._sent.values()], OrderedDict()
        for workflow in (*self.workflows.values(), *(entry.workflow for entry in sent)):
            workflow.close()

    def _load_all(self) -> None:
        problems: list[Problem] = []
        for name, file in _files(self._settings.workflows).items():
            try:
                self.workflows[name] = self._load(file)
            except WorkflowError as error:
                problems += error.problems
        if problems:
            raise WorkflowError(problems)

    def _load(self, file: Path) -> Workflow:
        """Compile a document twice: what the first finds out, which weights it names, the second may open."""
        definition = documents.load(file)
        with Workflow(definition, resources=[self._store, *self._output]) as probe:
            models = [*self._weights(probe)]
        return Workflow(definition, resources=[self._store.within(*self._folders, *models), *self._output])

    def _weights(self, workflow: Workflow) -> Iterator[Path]:
        for model_id, base in named_models(workflow.plan):
            with contextlib.suppress(ModelError):  # of a step that is left out
                yield self._store.locate(model_id, base)

    def _entry(self, document: Any) -> _Sent:
        """Return the entry of a document, which counts one user more."""
        text = document if isinstance(document, str) else json.dumps(document)
        name = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        with self._lock:
            entry = self._sent.get(name)
            if entry is not None:
                self._sent.move_to_end(name)
                entry.users += 1
                return entry
        entry = _Sent(self._compile(document), users=1)
        if len(text) > _LARGEST:
            entry.is_kept = False
            return entry
        with self._lock:
            before = self._sent.pop(name, None)  # compiled by two at once
            self._sent[name] = entry
            gone = [self._sent.popitem(last=False)[1]] if len(self._sent) > _MOST else []
        for old in (*filter(None, [before]), *gone):
            self._let_go(old)
        return entry

    def _compile(self, document: Any) -> Workflow:
        base = self._settings.workflows or self._settings.models
        mapping = isinstance(document, Mapping)
        definition = documents.from_mapping(document, base=base) if mapping else documents.loads(document, base=base)
        output: list[object] = [*self._output] or [Withheld(OutputFolder, _ASK.format("--out DIR"))]
        client = [] if self._settings.allow_urls else [Withheld(HttpClient, _ASK.format("--allow-urls"))]
        given = [self._store.within(*self._folders), *output, Secrets({}), *client]
        return Workflow(replace(definition, alone=True), resources=given)

    def _let_go(self, entry: _Sent) -> None:
        with self._lock:
            entry.is_kept = False
            idle = not entry.users
        if idle:
            entry.workflow.close()

    def _give_back(self, entry: _Sent) -> None:
        with self._lock:
            entry.users -= 1
            done = not entry.users and not entry.is_kept
        if done:
            entry.workflow.close()


def _files(folder: Path | None) -> dict[str, Path]:
    """Return the documents by name: without suffix, unless another one has this name already."""
    if folder is None:
        return {}
    found = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in _SUFFIXES and file.name != MAP_FILE]
    named: dict[str, Path] = {}
    for file in sorted(found, key=lambda file: _SUFFIXES.index(file.suffix.lower())):
        named[file.name if file.stem in named else file.stem] = file
    return dict(sorted(named.items()))

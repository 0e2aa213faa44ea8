"""The document: read once, checked for form, and kept with the place of every part.

The compiler turns a `Definition` into a plan. Whether block types, kinds and selectors exist is judged there,
not here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from cropflow.document.elements import (
    InputDefinition,
    OutputDefinition,
    StepDefinition,
    read_input,
    read_output,
    read_step,
    read_unique,
)
from cropflow.document.fields import Fields
from cropflow.document.text import Path, Positions, Report, parse, plain, read_file
from cropflow.errors import Position, Problem

__all__ = [
    "Definition",
    "InputDefinition",
    "OutputDefinition",
    "StepDefinition",
    "from_mapping",
    "load",
    "loads",
]

_REQUIRED = ("version", "inputs", "steps", "outputs")
_FILE = re.compile(r"\S(.*\S)?\.(ya?ml|json)", re.IGNORECASE)
_VERSION = re.compile(r"1(\.[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Definition:
    """A workflow as it is written.

    Attributes:
        version: `1.0` or another 1.x, as written.
        inputs: in document order, as are steps and outputs; names are unique in each of the three.
        steps: see `StepDefinition`.
        outputs: see `OutputDefinition`.
        base: the folder that paths in the document are relative to; `None` where there is none.
        file: what messages call the document; `None` for text or a mapping without a file.
        positions: the places of all parts.
        other: top-level keys beside the required ones, as written.
        files: the places of parts that come from other files, by the path they are put in at.
        inlined: for each inner workflow whose steps were put in its place, the names of these steps.
        alone: opens no other documents; for documents of strangers.
    """

    version: str
    inputs: tuple[InputDefinition, ...]
    steps: tuple[StepDefinition, ...]
    outputs: tuple[OutputDefinition, ...]
    base: FilePath | None = None
    file: str | None = None
    positions: Positions = field(default=Positions(), compare=False, repr=False)
    other: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[Path, Positions] = field(default_factory=dict, compare=False, repr=False)
    inlined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alone: bool = False

    def position(self, path: Path) -> Position | None:
        """Return the place of a part, or of the nearest enclosing part that is known; `None` for a mapping.

        >>> document = loads("{version: 1.0, inputs: [], steps: [], outputs: []}")
        >>> str(document.position(("outputs",)))
        '<document>:1:39'
        """
        for length in range(len(path), 0, -1):
            if path[:length] in self.files:
                return self.files[path[:length]].find(path[length:])
        return self.positions.find(path)

    def nested(self, document: Mapping[str, object], path: Path) -> Definition:
        """Read a document that is written inside this one, such as the one of an inner workflow.

        Args:
            document: the inner document as it stands in a step's fields.
            path: its place in this document; the paths of its elements begin with it.

        Raises:
            WorkflowError: mistakes in the inner document, with positions in this one.
        """
        return replace(_read(document, Report(self.positions), self.base, path), alone=self.alone)


def load(path: str | os.PathLike[str]) -> Definition:
    """Read a document from a JSON or YAML file; the text must be UTF-8.

    Raises:
        WorkflowError: the file cannot be read, or there are mistakes in it; all of them are told at once.
    """
    file = FilePath(path)
    return loads(read_file(file), base=file.parent, file=str(path))


def loads(text: str, *, base: FilePath | None = None, file: str | None = None) -> Definition:
    """Read a document from JSON or YAML text.

    >>> loads("{version: 1.0, inputs: [], steps: [], outputs: []}").version
    '1.0'

    Args:
        text: the document.
        base: the folder that paths in the document are relative to.
        file: what to call the document in messages; a name that ends in `.json` asks for JSON.

    Raises:
        WorkflowError: there are mistakes in the document; all of them are told at once.
    """
    parsed = parse(text, file)
    return _read(parsed.value, parsed.report, base)


def from_mapping(mapping: Mapping[str, object], *, base: FilePath | None = None) -> Definition:
    """Read a document from Python data; nothing of it is changed or kept.

    Args:
        mapping: the document: text, numbers, booleans, None, lists and mappings.
        base: the folder that paths in the document are relative to.

    Raises:
        WorkflowError: there are mistakes in the document; all of them are told at once.
    """
    report = Report(Positions())
    return _read(plain(mapping, report), report, base)


def _read(data: object, report: Report, base: FilePath | None, root: Path = ()) -> Definition:
    if not isinstance(data, dict):
        report.fail(_not_a_document(data, root, report.positions.file))
    fields = Fields("document", data, root, report, _REQUIRED)
    definition = Definition(
        version=_read_version(fields),
        inputs=read_unique(fields.entries("inputs", "input", ("type", "name")), read_input),
        steps=read_unique(fields.entries("steps", "step", ("type", "name")), read_step),
        outputs=read_unique(fields.entries("outputs", "output", ("type", "name", "selector")), read_output),
        base=FilePath(base) if base is not None else None,
        file=report.positions.file,
        positions=report.positions,
        other={key: value for key, value in data.items() if key not in _REQUIRED},
    )
    report.check(data, root)
    return definition


def _not_a_document(data: object, root: Path, file: str | None) -> Problem:
    found = "nothing" if data is None else f"a {type(data).__name__}"
    message = "a workflow document must be a mapping"
    hint = 'write `version: "1.0"`, `inputs:`, `steps:` and `outputs:`'
    if file is None and isinstance(data, str) and _FILE.fullmatch(data):
        found, hint = f"the name of a file, {data!r}", "read it with `load`; `loads` takes the text of a document"
    position = Position(1, 1, file) if data is None and file else None  # an empty file has no part with a place
    return Problem("wrong-literal", message, position, root, expected="a mapping", found=found, hint=hint)


def _read_version(fields: Fields) -> str:
    if "version" not in fields.values:
        fields.missing("version", '"1.0"')
        return ""
    written = fields.values["version"]
    text = str(written) if isinstance(written, str | float | int) else ""
    if not _VERSION.fullmatch(text):
        message = f"this document has version {written!r}, and only versions 1.x can be read"
        fields.report("wrong-version", message, "version", expected='"1.0"', hint='write version: "1.0"')
    return text

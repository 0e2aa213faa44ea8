"""The three kinds of element a document lists: inputs, steps and outputs, and what each may contain.

Only what can be judged from the element alone is judged here; block types, kinds and selectors are the
compiler's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Literal, TypeVar, cast

from cropflow.document.fields import Fields
from cropflow.document.text import Path
from cropflow.errors import nearest


@dataclass(frozen=True, slots=True)
class InputDefinition:
    """A value the workflow is given when it runs.

    Attributes:
        type: `WorkflowImage`, `WorkflowParameter`, `WorkflowBatchInput` or `WorkflowVideoMetadata`.
        name: what selectors call it.
        kinds: names of the kinds it may have; `("*",)` where the document names none.
        dimensionality: 0 for a parameter, 1 for one value per element of the batch, more for nested batches.
        default: the value where the run gives none; `None` where the document has none.
        has_default: whether the document gives a default (which may be null).
        path: its place, such as `("inputs", 0)`.
    """

    type: str
    name: str
    kinds: tuple[str, ...]
    dimensionality: int
    default: object
    has_default: bool
    path: Path


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """One block at work.

    Attributes:
        name: what selectors call it.
        type: the block's type as written, such as `dynamic_crop@v1` or an alias.
        fields: everything else as written, selectors included.
        path: its place, such as `("steps", 2)`.
        base: the folder that its paths are relative to; `None` for that of the document.
    """

    name: str
    type: str
    fields: Mapping[str, object]
    path: Path
    base: FilePath | None = None


@dataclass(frozen=True, slots=True)
class OutputDefinition:
    """A value the workflow gives back.

    Attributes:
        name: its name in the result.
        selector: what it is, as written.
        coordinates_system: `parent`: predictions in coordinates of the input image; `own`: of the crop.
        path: its place, such as `("outputs", 1)`.
        members: selectors by name where all outputs of an inner workflow are shown as one mapping.
    """

    name: str
    selector: str
    coordinates_system: Literal["own", "parent"]
    path: Path
    members: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _InputType:
    """What an input type allows: its fields beside type and name, its kinds and its level."""

    fields: tuple[str, ...]
    kinds: tuple[str, ...] = ("*",)
    dimensionality: int = 1


_INPUT_TYPES = {
    "WorkflowImage": _InputType(("kind",), ("image",)),
    "WorkflowParameter": _InputType(("kind", "default_value"), dimensionality=0),
    "WorkflowBatchInput": _InputType(("kind", "dimensionality")),
    "WorkflowVideoMetadata": _InputType(("kind",), ("video_metadata",)),
}
_INPUT_ALIASES = {"InferenceImage": "WorkflowImage", "InferenceParameter": "WorkflowParameter"}
_INPUT_FIELDS = frozenset(field for rule in _INPUT_TYPES.values() for field in rule.fields)
_COORDINATES = ("parent", "own")
_NOT_IN_NAMES = re.compile(r"[\s.$]+")


_Element = TypeVar("_Element", InputDefinition, StepDefinition, OutputDefinition)


def read_unique(entries: Iterable[Fields], read: Callable[[Fields], _Element | None]) -> tuple[_Element, ...]:
    """Read all entries of one list; reports those whose name an earlier one has."""
    elements: dict[str, _Element] = {}
    for entry in entries:
        element = read(entry)
        if element is not None and elements.setdefault(element.name, element) is not element:
            _refuse_duplicate(entry, element.name, elements[element.name].path)
    return tuple(elements.values())


def _refuse_duplicate(fields: Fields, name: str, first: Path) -> None:
    place = fields.mistakes.positions.find((*first, "name"))
    where = f"at line {place.line}, column {place.column}" if place else ".".join(map(str, first))
    message = f"two {fields.noun}s are called {name!r}"
    fields.report("duplicate-name", message, "name", hint=f"rename one of them; the first stands {where}")


def read_input(fields: Fields) -> InputDefinition | None:
    """Read one entry of `inputs`; `None` (and the mistakes reported) where it cannot be used."""
    written = fields.text("type")
    name = _read_name(fields)
    if written is None:
        return None
    type_name = _INPUT_ALIASES.get(written, written)
    rule = _INPUT_TYPES.get(type_name)
    if rule is None:
        _refuse_input_type(fields, written)
        return None
    fields.allow(("type", "name", *rule.fields), elsewhere=_INPUT_FIELDS)
    kinds, depth = _read_kinds(fields, rule), _read_dimensionality(fields, rule)
    default, has_default = fields.values.get("default_value"), "default_value" in fields.values
    if name is None or kinds is None:
        return None
    return InputDefinition(type_name, name, kinds, depth, default, has_default, fields.path)


def read_step(fields: Fields) -> StepDefinition | None:
    """Read one entry of `steps`; `None` (and the mistakes reported) where it cannot be used."""
    block, name = fields.text("type"), _read_name(fields)
    if block is None or name is None:
        return None
    others = {key: value for key, value in fields.values.items() if key not in ("type", "name")}
    return StepDefinition(name, block, others, fields.path)


def read_output(fields: Fields) -> OutputDefinition | None:
    """Read one entry of `outputs`; `None` (and the mistakes reported) where it cannot be used."""
    fields.allow((*fields.required, "coordinates_system"))
    fields.choice("type", ("JsonField",))
    name, selector = fields.text("name"), fields.text("selector")
    system = fields.choice("coordinates_system", _COORDINATES, default="parent")
    if name is None or selector is None or system is None:
        return None
    return OutputDefinition(name, selector, cast(Literal["own", "parent"], system), fields.path)


def _read_name(fields: Fields) -> str | None:
    name = fields.text("name")
    if name is None or not _NOT_IN_NAMES.search(name):
        return name
    fields.report(
        "wrong-literal",
        f"the name {name!r} cannot be used in a selector",
        "name",
        expected="letters, digits, '_' and '-'; no spaces, no '.' and no '$'",
        hint=f"write {_NOT_IN_NAMES.sub('_', name)!r}",
    )
    return None


def _refuse_input_type(fields: Fields, written: str) -> None:
    fields.report(
        "unknown-input-type",
        f"there is no input type {written!r}",
        "type",
        expected=", ".join(_INPUT_TYPES),
        nearest=nearest(written, [*_INPUT_TYPES, *_INPUT_ALIASES], limit=1),
        hint="use WorkflowImage for pictures and WorkflowParameter for settings",
    )


def _read_kinds(fields: Fields, rule: _InputType) -> tuple[str, ...] | None:
    if "kind" not in fields.values:
        return rule.kinds
    written = fields.values["kind"]
    kinds = tuple(map(_kind_name, written)) if isinstance(written, list) else (None,)
    if None in kinds:
        fields.wrong("kind", "a list of kinds such as [float]", "write the names in brackets")
        return None
    names = cast(tuple[str, ...], kinds) or ("*",)
    if rule.kinds == ("*",):
        return names
    if not {*rule.kinds, "*"} & {*names}:
        fields.wrong("kind", f"[{rule.kinds[0]}]", "leave the field out; the type of the input says it")
    return rule.kinds


def _kind_name(kind: object) -> str | None:
    """Return a kind's name; documents write it bare or as a mapping that describes the kind."""
    name = kind.get("name") if isinstance(kind, dict) else kind
    return name if isinstance(name, str) and name else None


def _read_dimensionality(fields: Fields, rule: _InputType) -> int:
    depth = fields.values.get("dimensionality", rule.dimensionality)
    if "dimensionality" not in rule.fields:
        return rule.dimensionality
    if isinstance(depth, int) and not isinstance(depth, bool) and depth >= 1:
        return depth
    fields.wrong("dimensionality", "a whole number from 1", "1 is one value per element of the batch")
    return rule.dimensionality

"""Opens the documents that steps stand for, in place or from files, within limits and without circles."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path as FilePath

from cropflow.compiler.arguments import Path
from cropflow.compiler.problems import Found
from cropflow.compiler.resolve import resolve_step
from cropflow.compiler.scope import GiveUpError, Scope, inner_fields
from cropflow.document.definition import StepDefinition, load
from cropflow.errors import WorkflowError

MOST_DEEP = 4
MOST = 32
"""How deep inner workflows may be nested, and how many there may be in all."""


def open_inner(scope: Scope) -> None:
    """Open all inner workflows of a document, and those inside of them.

    Raises:
        GiveUpError: a mistake was noted after which nothing further can be told.
    """
    found = Found(scope.definition)
    for step in scope.inner:
        resolve_step(step, scope.shared.registry, found)
    scope.shared.problems += found.problems
    if found.problems:
        raise GiveUpError
    for step in scope.inner:
        place = (*step.path, inner_fields(step, scope.shared.registry)[0])
        _keep_limits(scope, place)
        child = scope.children[step.name] = _open(scope, step, place)
        _check_bindings(child, scope, step)
        open_inner(child)


def _keep_limits(scope: Scope, place: Path) -> None:
    scope.shared.count += 1
    if scope.depth >= MOST_DEEP or scope.shared.count > MOST:
        limit = f"{MOST_DEEP} deep" if scope.depth >= MOST_DEEP else f"{MOST} in all"
        scope.refuse(
            "too-many-workflows",
            f"inner workflows may be nested up to {limit}",
            place,
            hint="put the steps of some of them into the document itself",
        )


def _open(scope: Scope, step: StepDefinition, place: Path) -> Scope:
    document = step.fields[place[-1]]  # type: ignore[index]
    try:
        if isinstance(document, Mapping):
            inner = scope.definition.nested(document, place)
            return Scope(inner, scope.shared, (scope, step), scope.root, scope.opened)
        return _open_file(scope, step, str(document), place)
    except WorkflowError as error:
        scope.shared.problems += error.problems
        raise GiveUpError from error


def _open_file(scope: Scope, step: StepDefinition, name: str, place: Path) -> Scope:
    if scope.definition.alone:
        scope.refuse(
            "closed-document",
            "this document may not open others",
            place,
            found=name,
            hint="write the inner workflow into the document",
        )
    tried = [folder / name for folder in (scope.definition.base, FilePath()) if folder is not None]
    file = next((path for path in tried if path.is_file()), None)
    if file is None:
        scope.refuse(
            "unreadable-file",
            f"there is no workflow {name!r}",
            place,
            expected=f"a document at {' or '.join(dict.fromkeys(map(str, tried)))}",
            found=name,
            hint="correct the path; it is relative to the folder of the document",
        )
    real = os.path.realpath(file)
    if real in scope.opened:
        path = " → ".join(FilePath(one).name for one in (*scope.opened[scope.opened.index(real) :], real))
        scope.refuse(
            "cycle",
            f"these workflows hold each other: {path}",
            place,
            found=name,
            hint="no workflow can be inside of itself; take one of these steps out",
        )
    definition = load(file)
    root = (*scope.root, *place)
    scope.shared.files[root] = definition.positions
    return Scope(definition, scope.shared, (scope, step), root, (*scope.opened, real))


def _check_bindings(inner: Scope, outer: Scope, step: StepDefinition) -> None:
    field = (*step.path, inner_fields(step, outer.shared.registry)[1])
    declared = {item.name: item for item in inner.definition.inputs}
    for name in inner.bindings:
        if name not in declared:
            outer.refuse_unknown(
                f"the inner workflow {step.name!r} has no input {name!r}",
                (*field, name),
                name,
                declared,
                "correct the name, or declare the input in the inner workflow",
            )
    for name, item in declared.items():
        if name not in inner.bindings and item.type != "WorkflowParameter":
            outer.refuse(
                "missing-field",
                f"the input {name!r} of the inner workflow {step.name!r} is not bound",
                field,
                expected=f"{field[-1]}: {{{name}: $inputs.NAME or $steps.NAME.OUTPUT}}",
                hint=f"bind {name!r} to an input or an output of a step",
            )

"""Does an answer keep what the signature promised? One that does not is a failure of its element alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cropflow.block import Columns
from cropflow.compiler.plan import PlannedStep
from cropflow.errors import BlockError
from cropflow.runtime.calls import Failure


def reviewed(step: PlannedStep, answers: list[Any]) -> list[Any]:
    """Return the answers, with a `Failure` in the place of every one that breaks the promise."""
    spec = step.spec
    if not (spec.outputs or spec.dynamic_outputs or spec.routes) or _all_rows(step, answers):
        return answers
    return [_review(step, number, answer) for number, answer in enumerate(answers)]


def _review(step: PlannedStep, number: int, answer: Any) -> Any:
    if isinstance(answer, Failure):
        return answer
    if step.spec.routes:
        wrong = None if isinstance(answer, set | frozenset) else f"a Route, not {type(answer).__name__}"
    elif not step.spec.fan_out:
        wrong = _wrong_row(step, answer)
    elif isinstance(answer, Columns):
        wrong = _wrong_columns(step, answer)
    elif isinstance(answer, Sequence) and not isinstance(answer, str | bytes):
        rows = () if _all_rows(step, answer) else answer
        wrong = next(filter(None, (_wrong_row(step, row) for row in rows)), None)
    else:
        wrong = f"a list of rows, not {type(answer).__name__}"
    return Failure(BlockError(f"run must answer with {wrong}"), number, number) if wrong else answer


def _all_rows(step: PlannedStep, rows: Sequence[Any]) -> bool:
    """Whether all rows are fine at a glance: of one type with the right fields, and complete where they must be."""
    types = set(map(type, rows))
    spec = step.spec
    if len(types) != 1 or spec.dynamic_outputs or spec.routes or _fields(types.pop()) != _names(step):
        return False
    needed = [place for place, output in enumerate(spec.outputs) if not output.optional]
    return not any(row[place] is None for place in needed for row in rows)


def _wrong_row(step: PlannedStep, row: Any) -> str | None:
    """Say what was expected of a row in place of what it is; `None` if it is fine."""
    if step.spec.dynamic_outputs is not None:
        return _wrong_mapping(step, row)
    if _fields(type(row)) != _names(step):
        return f"{' and '.join(_names(step))} as one NamedTuple, not {type(row).__name__}"
    for value, output in zip(row, step.spec.outputs, strict=True):
        if value is None and not output.optional:
            return _a_value(output.name)
    return None


def _wrong_mapping(step: PlannedStep, row: Any) -> str | None:
    if not isinstance(row, Mapping):
        return f"a mapping of its outputs, not {type(row).__name__}"
    absent = [name for name in step.kept if name not in row]
    return f"a value for the output {absent[0]!r}; a missing one is told by None" if absent else None


def _wrong_columns(step: PlannedStep, rows: Columns[Any]) -> str | None:
    for output in step.spec.outputs:
        if (
            not output.optional
            and output.name in step.kept
            and any(value is None for value in rows.columns[output.name])
        ):
            return _a_value(output.name)
    return None


def _a_value(output: str) -> str:
    return f"a value for the output {output!r}, not None, because it is not declared as `T | None`"


def _fields(row: type[Any]) -> tuple[str, ...]:
    return getattr(row, "_fields", ())


def _names(step: PlannedStep) -> tuple[str, ...]:
    return tuple(output.name for output in step.spec.outputs)

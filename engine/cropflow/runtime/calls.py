"""Calls a block in the form its signature asks for: once per element, or in batches.

A failed call never takes down more than it must: a batch is split in halves until the bad element is found,
unless calling twice would do something twice. An answer of the wrong length is no element's fault, and is not split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from cropflow.errors import BlockError, ModelError
from cropflow.runtime.feeds import Feed, Items, Prepared, Same, Together
from cropflow.spec import BlockSpec

FATAL = (BlockError, ModelError)
"""Failures that no other element would survive; they end the run whatever `on_error` says."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Stands in the place of the answer for an element that failed."""

    cause: Exception


def failed(answers: Sequence[Any]) -> list[int]:
    """Return the places of the answers that are failures."""
    if Failure not in set(map(type, answers)):  # nearly always; a glance at all of them at once
        return []
    return [place for place, answer in enumerate(answers) if type(answer) is Failure]


def call(
    spec: BlockSpec, run: Callable[..., Any], prepared: Prepared, *, stop: bool, check: Callable[[], None]
) -> tuple[list[Any], int]:
    """Call a block for all prepared elements; return one answer or `Failure` per element, and the calls made.

    Args:
        stop: leave off at the first failure; the answers end with it.
        check: called before each call; what it raises ends them all.
    """
    if prepared.count == 0:
        return [], 0
    if spec.batch:
        return _call_batches(spec, run, prepared, stop, check)
    return _call_elements(run, prepared, stop, check)


def _call_elements(
    run: Callable[..., Any], prepared: Prepared, stop: bool, check: Callable[[], None]
) -> tuple[list[Any], int]:
    answers: list[Any] = []
    names = tuple(prepared.feeds)
    columns = [feed.items() for feed in prepared.feeds.values()]
    for _, *values in zip(range(prepared.count), *columns, strict=False):
        check()
        try:
            answers.append(run(**dict(zip(names, values, strict=True))))
        except FATAL:
            raise
        except Exception as cause:
            answers.append(Failure(cause))
            if stop:
                break
    return answers, len(answers)


def _call_batches(
    spec: BlockSpec, run: Callable[..., Any], prepared: Prepared, stop: bool, check: Callable[[], None]
) -> tuple[list[Any], int]:
    answers: list[Any] = []
    calls = 0
    pending = list(reversed(list(_chunks(spec, prepared))))
    while pending:
        check()
        first, last = pending.pop()
        calls += 1
        cause: Exception
        try:
            rows = _call_chunk(spec, run, prepared.feeds, first, last)
            wrong = _wrong_rows(rows, last - first)
            if wrong is None:
                answers.extend(rows)
                continue
            cause = BlockError(wrong)
        except FATAL:
            raise
        except Exception as error:
            if spec.splits and last - first > 1:
                middle = (first + last) // 2
                pending += [(middle, last), (first, middle)]
                continue
            cause = error
        answers.extend([Failure(cause)] * (last - first))
        if stop:
            break
    return answers, calls


def _call_chunk(spec: BlockSpec, run: Callable[..., Any], feeds: Mapping[str, Feed], first: int, last: int) -> Any:
    arguments = {
        name: feed.chunk(first, last) if _in_batches(spec, name) else next(iter(_from(feed, first)))
        for name, feed in feeds.items()
    }
    answer = run(**arguments)
    return answer if spec.outputs or spec.routes or spec.dynamic_outputs else [None] * (last - first)


def _wrong_rows(rows: Any, count: int) -> str | None:
    """Say what was expected in place of the rows of a call; `None` if there is one for each element, in order."""
    if type(rows) is not list and (not isinstance(rows, Sequence) or isinstance(rows, str | bytes)):
        return f"run must answer with a list of rows, not {type(rows).__name__}"
    if len(rows) != count:
        return f"run took {count} elements and must answer with as many rows, but gave {len(rows)}"
    return None


def _in_batches(spec: BlockSpec, name: str) -> bool:
    return spec.streams if name == spec.stream else spec.port(name).batch


def _chunks(spec: BlockSpec, prepared: Prepared) -> Iterator[tuple[int, int]]:
    """Cut the elements where a value that holds for a whole call changes, and at the batch size."""
    cuts = {0, prepared.count}
    for name, feed in prepared.feeds.items():
        if not _in_batches(spec, name) and not isinstance(feed, Same):
            values = list(_from(feed, 0, prepared.count))
            cuts.update(i for i in range(1, prepared.count) if not _same(values[i - 1], values[i]))
    edges = sorted(cuts)
    size = spec.batch_size if spec.batch_size and not spec.whole else prepared.count
    for start, stop in pairwise(edges):
        for first in range(start, stop, size):
            yield first, min(first + size, stop)


def _from(feed: Feed, first: int, last: int | None = None) -> Sequence[Any]:
    """Return per-element values from the first on."""
    last = first + 1 if last is None else last
    if isinstance(feed, Items):
        return feed.values[first:last]
    if isinstance(feed, Together):
        part = tuple(Items(member.chunk(first, last)) for member in feed.members)
        return list(Together(part, feed.names).items())
    return list(islice(feed.items(), last - first))


def _same(one: object, other: object) -> bool:
    """Equality that is safe for arrays and predictions, which do not compare to a single truth."""
    if one is other or type(one) is not type(other):
        return one is other
    try:
        return bool(one == other)
    except ValueError:
        return False

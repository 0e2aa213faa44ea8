"""From `--source` and `--set` to what the workflow is given."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cropflow.cli.exits import UsageError
from cropflow.cli.values import read_pairs, read_value
from cropflow.compiler.plan import Plan, PlannedInput
from cropflow.errors import ImageError, InputError, nearest
from cropflow.sources import Reading, Source, chain, find_source
from cropflow.sources.rows import Rows
from cropflow.streaming import image_inputs

_NAMED = re.compile(r"([^\W\d][\w-]*)=(.*)", re.DOTALL)


def read_rows(plan: Plan, sources: list[str], reading: Reading, *, skip: Path | None) -> Rows:
    """Find what all image inputs are given.

    Raises:
        UsageError: a source names no image input or finds nothing, an input has no source, counts differ.
    """
    found = _find(image_inputs(plan), sources, reading.allow_urls, skip)
    try:
        return Rows({name: chain(parts) for name, parts in found.items()}, reading)
    except InputError as error:
        raise UsageError(f"--source: {error}") from error


def read_settings(plan: Plan, texts: list[str]) -> dict[str, Any]:
    """Read the values of `--set`.

    Raises:
        UsageError: a name is unknown, or that of an image input.
    """
    inputs = {item.name: item for item in plan.inputs}
    images = [item.name for item in image_inputs(plan)]
    return {
        name: _setting(name, text, inputs, images)
        for name, text in read_pairs(texts, "--set", "NAME=VALUE, such as confidence=0.4").items()
    }


def _find(wanted: list[PlannedInput], texts: list[str], allow_urls: bool, skip: Path | None) -> dict[str, list[Source]]:
    """Find the sources of each image input; one that is optional and has none is left out."""
    found: dict[str, list[Source]] = {item.name: [] for item in wanted}
    for text in texts:
        name, place = _addressee(text, list(found))
        try:
            found[name].append(find_source(place, allow_urls=allow_urls, skip=skip))
        except ImageError as error:
            raise UsageError(f"--source: {error}") from error
    for item in wanted:
        if item.required and not found[item.name]:
            raise UsageError(_no_source(item.name, len(wanted)))
    return {name: sources for name, sources in found.items() if sources}


def _setting(name: str, text: str, inputs: Mapping[str, PlannedInput], images: Sequence[str]) -> object:
    if name not in inputs:
        others = [other for other in inputs if other not in images]
        near = "".join(f"; did you mean {other!r}?" for other in nearest(name, others)[:1])
        raise UsageError(f"--set: the workflow has no input {name!r}{near} {_listed(others)}")
    item = inputs[name]
    if name in images:
        raise UsageError(f"--set: {name!r} takes pictures; write --source {name}={text}")
    if any(kind.name == "secret" for kind in item.kinds):
        return text  # not read, so that no message can show it
    value = read_value(text)
    only_text = all(kind.python is str for kind in item.kinds)
    return text if only_text and value is not None and not isinstance(value, str) else value


def _addressee(text: str, inputs: list[str]) -> tuple[str, str]:
    """Tell the input a source is for from the source."""
    match = _NAMED.fullmatch(text)
    if match and match[1] in inputs:
        return match[1], match[2]
    if match and not Path(text).exists():
        near = "".join(f"; did you mean {name!r}?" for name in nearest(match[1], inputs)[:1])
        raise UsageError(f"--source: the workflow has no image input {match[1]!r}{near} {_listed(inputs)}")
    if len(inputs) == 1:
        return inputs[0], text
    if not inputs:
        raise UsageError(f"--source {text}: the workflow has no image input")
    raise UsageError(f"--source {text}: say for which input, as in --source {inputs[0]}={text}. {_listed(inputs)}")


def _no_source(name: str, count: int) -> str:
    prefix = f"{name}=" if count > 1 else ""
    return f"the input {name!r} needs pictures: add --source {prefix}FILE, FOLDER, 'PATTERN', URL or camera number"


def _listed(names: Sequence[str]) -> str:
    return f"(there are: {', '.join(names)})" if names else "(there are none)"

"""From `--source` and `--set` to what the workflow is given, batch by batch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cropflow.cli.exits import UsageError
from cropflow.cli.values import read_pairs, read_value
from cropflow.compiler.plan import Plan, PlannedInput
from cropflow.errors import ImageError, nearest
from cropflow.image import Image
from cropflow.sources import Picture, Source, chain, find_pictures

_NAMED = re.compile(r"([^\W\d][\w-]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of the rows: the id of each, and what the inputs of the workflow get."""

    ids: tuple[str, ...]
    images: Mapping[str, list[Image]]


@dataclass(frozen=True, slots=True)
class Rows:
    """All pictures of a run.

    Attributes:
        pictures: for each image input its pictures; one, or as many as there are rows.
        ids: the id of each row; that of the first image input with more than one picture.
    """

    pictures: Mapping[str, Sequence[Picture]]
    ids: tuple[str, ...]
    allow_urls: bool

    def batches(self, size: int) -> Iterator[Batch]:
        """Cut the rows into batches; none of the pictures is read yet."""
        shared = {
            name: found[0].load(allow_urls=self.allow_urls) for name, found in self.pictures.items() if len(found) == 1
        }
        for start in range(0, len(self.ids), size):
            ids = self.ids[start : start + size]
            yield Batch(ids, {name: self._images(name, start, len(ids), shared) for name in self.pictures})

    def _images(self, name: str, start: int, count: int, shared: Mapping[str, Image]) -> list[Image]:
        if name in shared:
            return [shared[name]] * count
        part = self.pictures[name][start : start + count]
        return [picture.load(allow_urls=self.allow_urls) for picture in part]


def read_rows(plan: Plan, sources: list[str], *, allow_urls: bool, skip: Path | None) -> Rows:
    """Find the pictures of all image inputs.

    Raises:
        UsageError: a source names no image input or finds nothing, an input has no source, counts differ.
    """
    wanted = [item for item in plan.inputs if is_image(item)]
    named: dict[str, list[Source]] = {item.name: [] for item in wanted}
    for text in sources:
        name, place = _addressee(text, list(named))
        try:
            named[name].append(find_pictures(place, allow_urls=allow_urls, skip=skip))
        except ImageError as error:
            raise UsageError(f"--source: {error}") from error
    for item in wanted:
        if item.required and not named[item.name]:
            raise UsageError(_no_source(item.name, len(wanted)))
    pictures = {name: chain(found) for name, found in named.items() if found}
    return Rows(pictures, _row_ids(pictures), allow_urls)


def read_settings(plan: Plan, texts: list[str]) -> dict[str, Any]:
    """Read the values of `--set`.

    Raises:
        UsageError: a name is unknown, or that of an image input.
    """
    inputs = {item.name: item for item in plan.inputs}
    return {
        name: _setting(name, text, inputs)
        for name, text in read_pairs(texts, "--set", "NAME=VALUE, such as confidence=0.4").items()
    }


def is_image(item: PlannedInput) -> bool:
    """Whether an input takes pictures, one per row."""
    return len(item.level) == 1 and any(kind.name == "image" for kind in item.kinds)


def _setting(name: str, text: str, inputs: Mapping[str, PlannedInput]) -> object:
    if name not in inputs:
        others = [other for other, item in inputs.items() if not is_image(item)]
        near = "".join(f"; did you mean {other!r}?" for other in nearest(name, others)[:1])
        raise UsageError(f"--set: the workflow has no input {name!r}{near} {_listed(others)}")
    item = inputs[name]
    if is_image(item):
        raise UsageError(f"--set: {name!r} takes pictures; write --source {name}={text}")
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
    return f"the input {name!r} needs pictures: add --source {prefix}FILE, FOLDER, 'PATTERN' or URL"


def _listed(names: Sequence[str]) -> str:
    return f"(there are: {', '.join(names)})" if names else "(there are none)"


def _row_ids(pictures: Mapping[str, Sequence[Picture]]) -> tuple[str, ...]:
    counts = {name: len(found) for name, found in pictures.items()}
    if len(set(counts.values()) - {1}) > 1:
        told = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
        raise UsageError(f"--source: image inputs need equally many pictures, or one; {told}")
    longest = max(pictures.values(), key=len, default=())
    return tuple(picture.id for picture in longest) if pictures else ("",)

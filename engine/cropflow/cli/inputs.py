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
from cropflow.sources.chain import distinct_names

_NAMED = re.compile(r"([^\W\d][\w-]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of the rows: the id of each, and what the inputs for images and for video metadata get."""

    ids: tuple[str, ...]
    images: Mapping[str, list[Image]]
    videos: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Rows:
    """All pictures of a run.

    Attributes:
        pictures: for each image input its pictures; one, or as many as there are rows.
        ids: the id of each row; that of the first image input with more than one picture.
        videos: for each input of video metadata what it gets, as many as there are rows.
    """

    pictures: Mapping[str, Sequence[Picture]]
    ids: tuple[str, ...]
    allow_urls: bool
    videos: Mapping[str, list[Mapping[str, Any]]]

    def batches(self, size: int) -> Iterator[Batch]:
        """Cut the rows into batches; none of the pictures is read yet."""
        shared = {
            name: found[0].load(allow_urls=self.allow_urls) for name, found in self.pictures.items() if len(found) == 1
        }
        for start in range(0, len(self.ids), size):
            ids = self.ids[start : start + size]
            images = {name: self._images(name, start, len(ids), shared) for name in self.pictures}
            yield Batch(ids, images, {name: told[start : start + size] for name, told in self.videos.items()})

    def _images(self, name: str, start: int, count: int, shared: Mapping[str, Image]) -> list[Image]:
        if name in shared:
            return [shared[name]] * count
        part = self.pictures[name][start : start + count]
        return [picture.load(allow_urls=self.allow_urls) for picture in part]


def read_rows(
    plan: Plan, sources: list[str], settings: Mapping[str, Any], *, allow_urls: bool, skip: Path | None
) -> Rows:
    """Find the pictures of all image inputs, and tell of them to inputs of video metadata without a setting.

    Raises:
        UsageError: a source names no image input or finds nothing, an input has no source, counts differ.
    """
    found = _find([item for item in plan.inputs if is_image(item)], sources, allow_urls, skip)
    pictures = {name: chain(parts) for name, parts in found.items()}
    _check_counts(pictures)
    leading = max(pictures, key=lambda name: len(pictures[name]), default=None)
    if leading is None:
        return Rows(pictures, ("",), allow_urls, {})
    ids = tuple(picture.id for picture in pictures[leading])
    unset = [item.name for item in plan.inputs if _is_video(item) and item.name not in settings]
    return Rows(pictures, ids, allow_urls, dict.fromkeys(unset, _video_metadata(found[leading])))


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


def _is_video(item: PlannedInput) -> bool:
    return any(kind.name == "video_metadata" for kind in item.kinds)


def _find(wanted: list[PlannedInput], texts: list[str], allow_urls: bool, skip: Path | None) -> dict[str, list[Source]]:
    """Find the sources of each image input; one that is optional and has none is left out."""
    found: dict[str, list[Source]] = {item.name: [] for item in wanted}
    for text in texts:
        name, place = _addressee(text, list(found))
        try:
            found[name].append(find_pictures(place, allow_urls=allow_urls, skip=skip))
        except ImageError as error:
            raise UsageError(f"--source: {error}") from error
    for item in wanted:
        if item.required and not found[item.name]:
            raise UsageError(_no_source(item.name, len(wanted)))
    return {name: sources for name, sources in found.items() if sources}


def _video_metadata(sources: list[Source]) -> list[Mapping[str, Any]]:
    """Take each source for a video whose frames are its pictures; null stands for what is not known of them."""
    return [
        {
            "video_identifier": name,
            "frame_number": number,
            "frame_timestamp": None,
            "fps": None,
            "measured_fps": None,
            "comes_from_video_file": False,
            "total_frames": len(source.pictures),
        }
        for name, source in zip(distinct_names(sources), sources, strict=True)
        for number in range(len(source.pictures))
    ]


def _setting(name: str, text: str, inputs: Mapping[str, PlannedInput]) -> object:
    if name not in inputs:
        others = [other for other, item in inputs.items() if not is_image(item)]
        near = "".join(f"; did you mean {other!r}?" for other in nearest(name, others)[:1])
        raise UsageError(f"--set: the workflow has no input {name!r}{near} {_listed(others)}")
    item = inputs[name]
    if is_image(item):
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
    return f"the input {name!r} needs pictures: add --source {prefix}FILE, FOLDER, 'PATTERN' or URL"


def _listed(names: Sequence[str]) -> str:
    return f"(there are: {', '.join(names)})" if names else "(there are none)"


def _check_counts(pictures: Mapping[str, Sequence[Picture]]) -> None:
    counts = {name: len(found) for name, found in pictures.items()}
    if len(set(counts.values()) - {1}) > 1:
        told = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
        raise UsageError(f"--source: image inputs need equally many pictures, or one; {told}")

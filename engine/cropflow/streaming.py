"""A workflow that runs over sources: batch by batch, in order, until they end or somebody stops it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from cropflow.compiler.plan import Plan, PlannedInput
from cropflow.errors import InputError, RunError
from cropflow.literal import describe
from cropflow.result import Result
from cropflow.serialize import to_json
from cropflow.sources import Item, chain, find_source
from cropflow.sources.batches import Batch, cut, read_ahead
from cropflow.sources.live import LiveRows
from cropflow.sources.rows import Place, Row, Rows

if TYPE_CHECKING:
    from cropflow.workflow import Workflow

Named: TypeAlias = str | int | os.PathLike[str]
Sources: TypeAlias = Named | Sequence[Named]
"""One or several of what `--source` takes."""

BATCH_SIZE = 8


@dataclass(frozen=True, slots=True)
class Streamed(Mapping[str, Any]):
    """What a workflow gave for one picture or frame: its outputs by name.

    Attributes:
        id: the picture or frame, `sub/a.jpg` or `v.mp4#17`.
        source: the file or camera, `v.mp4`.
        frame: number of the frame, counted from 0; `None` for a picture.
        outputs: the outputs of the document.
        errors: what failed.
    """

    id: str
    source: str
    frame: int | None
    outputs: Mapping[str, Any]
    errors: tuple[RunError, ...]

    def __getitem__(self, name: str) -> Any:
        return self.outputs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outputs)

    def __len__(self) -> int:
        return len(self.outputs)

    def to_dict(self) -> dict[str, Any]:
        """Return the outputs in JSON form, as a row of `Result.to_dict`."""
        row: dict[str, Any] = to_json(dict(self.outputs))
        return row

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the outputs as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Done:
    """A batch and its result."""

    batch: Batch
    result: Result

    def rows(self) -> Iterator[tuple[Row, Mapping[str, Any], list[RunError]]]:
        """Give every row with its outputs and its errors; those that belong to no single row go with each."""
        result, rows = self.result, self.batch.rows
        outputs = list(result) if len(result) == len(rows) else list(result) * len(rows)
        for number, (row, values) in enumerate(zip(rows, outputs, strict=True)):
            yield row, values, [error for error in result.errors if error.row in (number, None)]


@dataclass(eq=False)
class Streaming:
    """A running workflow; iterate over it for one result per picture or frame, or call `each`.

    Use it as a context manager, or read it to its end, so that sources are closed. What blocks remember of a stream
    is forgotten when it ends.

    Args:
        settings: values of the other inputs.
        size: how many rows go through at once.
        start: where reading begins.

    Attributes:
        present: the batch that runs, or ran last.

    Raises:
        RunError: while it runs: an element failed and `on_error` is `raise`.
    """

    workflow: Workflow
    source: Rows
    settings: Mapping[str, Any]
    size: int
    on_error: Literal["raise", "skip"] = "raise"
    workers: int = 1
    start: Mapping[str, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._live = LiveRows(self.source, self.size) if self.source.live else None
        unset = [item.name for item in self.workflow.plan.inputs if is_video(item) and item.name not in self.settings]
        self._metadata = unset if self.source.items else []
        self.present = Batch(())
        self._running = self._batches()

    def __iter__(self) -> Iterator[Streamed]:
        for done in self._running:
            for row, outputs, errors in done.rows():
                named = tuple(_named(error, row.id) for error in errors)
                yield Streamed(row.id, row.item, row.frame, outputs, named)

    def batches(self) -> Iterator[Done]:
        """Give whole batches instead of single results."""
        return self._running

    def each(self, callback: Callable[[Streamed], object]) -> None:
        """Call a function with every result, to the end."""
        for result in self:
            callback(result)

    def stop(self) -> None:
        """End after the present batch; may be called from another thread or a callback."""
        self.source.reading.stopped.set()
        if self._live:
            self._live.wake()

    def close(self) -> None:
        """Stop, and close the sources."""
        self.stop()
        self._running.close()

    @property
    def dropped(self) -> dict[str, int]:
        """For each camera, how many frames were passed over because newer ones were there."""
        return self._live.dropped if self._live else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _batches(self) -> Generator[Done]:
        batches = self._live.batches() if self._live else read_ahead(cut(self.source.read(self.start), self.size))
        begun: dict[str, None] = {}
        try:
            with contextlib.closing(batches):
                for self.present in batches:
                    begun.update(dict.fromkeys(_streams(self.present)))
                    done = Done(self.present, self._run(self.present)) if self.present.rows else None
                    for stream in self.present.ended:  # before the batch counts as done: what blocks held is written
                        self.workflow.reset(stream)
                        begun.pop(stream, None)
                    if done:
                        yield done
                    if self.source.reading.stopped.is_set():
                        return
        finally:
            for stream in begun:  # cut off, by a failure or because nobody reads on
                self.workflow.reset(stream)

    def _run(self, batch: Batch) -> Result:
        first, shared = batch.rows[0].images, self.source.shared
        images = {
            name: image if name in shared else [row.images[name] for row in batch.rows] for name, image in first.items()
        }
        told = {name: [_metadata(row, self.source) for row in batch.rows] for name in self._metadata}
        allow_urls = self.source.reading.allow_urls
        inputs = {**self.settings, **told, **images}
        try:
            return self.workflow.run(inputs, on_error=self.on_error, allow_urls=allow_urls, workers=self.workers)
        except RunError as error:
            raise _named(error, "" if error.row is None else batch.rows[error.row].id) from error.__cause__


def _streams(batch: Batch) -> Iterator[str]:
    """Give the streams that the pictures of a batch belong to."""
    for row in batch.rows:
        for image in row.images.values():
            if image.stream is not None:
                yield image.stream


def _named(error: RunError, id: str) -> RunError:
    """Return a failure that names its picture or frame as the source does, in place of its number in the batch."""
    if error.row is None:
        return error
    _, separator, inner = error.element.partition(" › ")
    element = f"{id}{separator}{inner}"
    named = RunError(error.message, step=error.step, block=error.block, element=element, row=error.row)
    named.__cause__ = error.__cause__
    return named


def find_items(plan: Plan, sources: Sources | Mapping[str, Sources], allow_urls: bool) -> dict[str, Sequence[Item]]:
    """Find the items of each image input.

    Raises:
        ImageError: a source is not there.
        InputError: a name is unknown, an input has no source, several would share one, or a source is a picture itself.
    """
    inputs = [item.name for item in image_inputs(plan)]
    if not isinstance(sources, Mapping):
        if len(inputs) != 1:
            raise InputError(f"the workflow has {len(inputs)} image inputs; give sources as a mapping from their names")
        sources = {inputs[0]: sources}
    unknown = [name for name in sources if name not in inputs]
    if unknown:
        raise InputError(f"the workflow has no image input {unknown[0]!r}; there are: {', '.join(inputs) or 'none'}")
    missing = [item.name for item in image_inputs(plan) if item.required and item.name not in sources]
    if missing:
        raise InputError(f"the image input {missing[0]!r} needs a source")
    return {
        name: chain([find_source(one, allow_urls=allow_urls) for one in _several(some)])
        for name, some in sources.items()
    }


def _several(sources: Sources) -> Iterator[Named]:
    """Give the sources one by one; pictures and frames in memory have no place where they could be read from."""
    one_by_one = sources if isinstance(sources, Iterable) and not isinstance(sources, str | bytes) else [sources]
    for source in one_by_one:
        if not isinstance(source, str | int | os.PathLike):
            raise InputError(
                f"a stream reads files, folders, URLs and cameras, and a source is {describe(source)}; frames in "
                "memory go to `run`, with Image.load(array, stream=NAME, frame=NUMBER) where steps remember others"
            )
        yield source


def image_inputs(plan: Plan) -> list[PlannedInput]:
    """Return the inputs that take pictures, one per row."""
    return [item for item in plan.inputs if len(item.level) == 1 and any(kind.name == "image" for kind in item.kinds)]


def is_video(item: PlannedInput) -> bool:
    """Whether an input takes video metadata."""
    return any(kind.name == "video_metadata" for kind in item.kinds)


def batch_size_of(plan: Plan, asked: int | None, default: int, how: str) -> int:
    """Return how many rows go through at once.

    Raises:
        InputError: a step gathers whole batches, and nobody said how large they are.
    """
    if asked is None and plan.gathers_batch:
        raise InputError(
            f"step {plan.gathers_batch[0]!r} gathers all pictures of a batch, so its answer depends on how many "
            f"there are: say so with {how}"
        )
    return asked or default


def _metadata(row: Row, source: Rows) -> dict[str, Any]:
    """Tell an input of video metadata about a row; null stands for what is not known."""
    image = next(iter(row.images.values()))
    return {
        "video_identifier": image.stream,
        "frame_number": image.frame,
        "frame_timestamp": datetime.now(UTC).isoformat() if source.live else None,
        "fps": image.fps,
        "measured_fps": None,
        "comes_from_video_file": row.frame is not None and not source.live,
        "total_frames": row.total,
    }

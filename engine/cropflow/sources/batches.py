"""Cuts rows into batches and reads the next one while the present one runs, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from cropflow.errors import ImageError
from cropflow.sources.rows import Row


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that go through a workflow together, and the streams that end with them."""

    rows: tuple[Row, ...]
    ended: tuple[str, ...] = ()


def cut(rows: Iterable[Row], size: int) -> Iterator[Batch]:
    """Cut rows into batches of a size; a batch also ends where a video does."""
    taken: list[Row] = []
    for row in rows:
        taken.append(row)
        if len(taken) == size or (row.ends and row.frame is not None):
            yield _batch(taken)
            taken = []
    if taken:
        yield _batch(taken)


def read_ahead(batches: Iterator[Batch]) -> Generator[Batch]:
    """Give batches in order, their pictures decoded; one that cannot be read fails later, when it is used."""
    with ThreadPoolExecutor(1, thread_name_prefix="cropflow-reader") as reader:
        coming = reader.submit(_read, batches)
        while (batch := coming.result()) is not None:
            coming = reader.submit(_read, batches)
            yield batch


def _batch(rows: list[Row]) -> Batch:
    return Batch(tuple(rows), tuple(stream for row in rows for stream in row.ends))


def _read(batches: Iterator[Batch]) -> Batch | None:
    batch = next(batches, None)
    for row in batch.rows if batch else ():
        for image in row.images.values():
            with suppress(ImageError):
                image.decode()
    return batch

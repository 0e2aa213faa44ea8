"""Cuts rows into batches and reads the next one while the present one runs, so that memory stays bounded.

Half of the cores decode; the others are left to what runs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from cropflow.cores import cores
from cropflow.errors import ImageError
from cropflow.image import Image
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
    with (
        ThreadPoolExecutor(max(1, cores() // 2), thread_name_prefix="cropflow-decoder") as decoders,
        ThreadPoolExecutor(1, thread_name_prefix="cropflow-reader") as reader,
    ):
        coming = reader.submit(_read, batches, decoders)
        while (batch := coming.result()) is not None:
            coming = reader.submit(_read, batches, decoders)
            yield batch


def _batch(rows: list[Row]) -> Batch:
    return Batch(tuple(rows), tuple(stream for row in rows for stream in row.ends))


def _read(batches: Iterator[Batch], decoders: Executor) -> Batch | None:
    batch = next(batches, None)
    images = [image for row in batch.rows for image in row.images.values()] if batch else ()
    list(decoders.map(_decode, images))
    return batch


def _decode(image: Image) -> None:
    with suppress(ImageError):
        image.decode()

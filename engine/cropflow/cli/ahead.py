"""Reads the next batch from disk while the present one runs; never more than one ahead, so memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from cropflow.cli.inputs import Batch
from cropflow.errors import ImageError


def read_ahead(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Give the batches in order, their pictures decoded; one that cannot be read fails later, in the run."""
    with ThreadPoolExecutor(1, thread_name_prefix="cropflow-reader") as reader:
        coming = None
        for batch in batches:
            ready, coming = coming, reader.submit(_decoded, batch)
            if ready is not None:
                yield ready.result()
        if coming is not None:
            yield coming.result()


def _decoded(batch: Batch) -> Batch:
    for images in batch.images.values():
        for image in images:
            with suppress(ImageError):
                image.decode()
    return batch

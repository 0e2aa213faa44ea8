"""The models that read text, kept loaded for all tests of this family."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cropflow_blocks.reading.reader import TextReader, shared_reader


@pytest.fixture(scope="session", autouse=True)
def reader() -> Iterator[TextReader]:
    yield shared_reader()

"""Reading ahead hides the disk, keeps the order, and never holds more than two batches."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from cropflow.sources import chain, find_source
from cropflow.sources.batches import Batch, cut, read_ahead
from cropflow.sources.rows import Row, Rows

NAMES = ["1.png", "2.png", "10.png", "sub/a.jpg"]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name in NAMES:
        cv2.imwrite(str(tmp_path / name), np.zeros((4, 6, 3), np.uint8))
    return tmp_path


def rows(folder: Path) -> Iterator[Row]:
    return Rows({"image": chain([find_source(folder)])}).read()


def counted(batches: Iterator[Batch], taken: list[int]) -> Iterator[Batch]:
    for number, batch in enumerate(batches):
        taken.append(number)
        yield batch


def test_order_and_bound(pictures: Path) -> None:
    taken: list[int] = []
    for number, batch in enumerate(read_ahead(counted(cut(rows(pictures), 1), taken))):
        assert [row.id for row in batch.rows] == [NAMES[number]]
        assert len(taken) <= number + 2
    assert taken == [0, 1, 2, 3]


def test_batches_have_their_size_and_tell_which_stream_ends(pictures: Path) -> None:
    batches = list(cut(rows(pictures), 3))
    assert [len(batch.rows) for batch in batches] == [3, 1]
    assert [batch.ended for batch in batches] == [(), (pictures.name,)]


def test_pictures_arrive_decoded_and_bad_ones_fail_only_when_they_are_used(pictures: Path) -> None:
    (pictures / "2.png").write_bytes(b"no picture")
    first, second, *_ = read_ahead(cut(rows(pictures), 1))
    assert "not read yet" not in repr(first.rows[0].images["image"])
    assert "not read yet" in repr(second.rows[0].images["image"])


def test_no_rows() -> None:
    assert list(read_ahead(cut([], 4))) == []

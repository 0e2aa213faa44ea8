"""Reading ahead hides the disk, keeps the order, and never holds more than two batches."""

from collections.abc import Iterator
from pathlib import Path

from cropflow.cli.ahead import read_ahead
from cropflow.cli.inputs import Batch
from cropflow.sources import find_pictures


def batches(folder: Path, taken: list[int]) -> Iterator[Batch]:
    for number, picture in enumerate(find_pictures(folder).pictures):
        taken.append(number)
        yield Batch((picture.id,), {"image": [picture.load()]}, {})


def test_order_and_bound(pictures: Path) -> None:
    taken: list[int] = []
    for number, batch in enumerate(read_ahead(batches(pictures, taken))):
        assert batch.ids == (["1.png", "2.png", "10.png", "sub/a.jpg"][number],)
        assert len(taken) <= number + 2
    assert taken == [0, 1, 2, 3]


def test_pictures_arrive_decoded_and_bad_ones_fail_only_when_they_are_used(pictures: Path) -> None:
    (pictures / "2.png").write_bytes(b"no picture")
    first, second, *_ = read_ahead(batches(pictures, []))
    assert "not read yet" not in repr(first.images["image"][0])
    assert "not read yet" in repr(second.images["image"][0])


def test_no_batches() -> None:
    assert list(read_ahead([])) == []

"""Cameras: the newest frame or all of them, a connection that comes back, and several of them side by side."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cropflow.errors import ImageError, InputError
from cropflow.sources import Reading, chain, find_source
from cropflow.sources.batches import Batch
from cropflow.sources.live import LiveRows
from cropflow.sources.rows import Rows

from ...films import Server, film, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


def rows(*urls: object, **reading: object) -> Rows:
    given = Reading(allow_urls=True, **{"reconnects": 0, "latest": False, **reading})  # type: ignore[arg-type]
    return Rows({"image": chain([find_source(str(url), allow_urls=True) for url in urls])}, given)


def level(batch: Batch, row: int) -> int:
    return round(float(np.mean(batch.rows[row].images["image"].bgr)))


def test_every_frame_of_a_camera_in_order(server: Server) -> None:
    batches = list(LiveRows(rows(f"{server.url}/cam-90.mjpg"), 4).batches())
    found = [row for batch in batches for row in batch.rows]
    assert [row.frame for row in found] == list(range(10))
    assert found[3].id == found[3].item + "#3" and found[3].item.endswith("/cam-90.mjpg")
    assert abs(level(batches[0], 0) - 90) < 3
    assert [ended for batch in batches for ended in batch.ended] == [found[0].item]


def test_a_transport_stream_beside_a_camera(server: Server, tmp_path: Path) -> None:
    film(tmp_path / "yard.ts", [10, 60, 110, 160, 210])
    batches = list(LiveRows(rows(f"live:{server.url}/yard.ts", f"{server.url}/cam-90.mjpg"), 4).batches())
    found = [
        (row.item.rpartition("/")[2], row.frame, level(batch, i))
        for batch in batches
        for i, row in enumerate(batch.rows)
    ]
    yard = [(frame, value) for item, frame, value in found if item == "yard.ts"]
    assert [frame for frame, _ in yard] == [0, 1, 2, 3, 4]
    assert all(abs(value - (10 + 50 * frame)) < 4 for frame, value in yard)
    assert len(found) == 15, "the end of one does not end the other"


def test_only_the_newest_frame_is_kept_while_somebody_is_busy(server: Server) -> None:
    server.frames, server.pause = 30, 0.01
    live = LiveRows(rows(f"{server.url}/cam-90.mjpg", latest=True), 4)
    taken = []
    for batch in live.batches():
        taken += [row.frame for row in batch.rows]
        time.sleep(0.1)
    assert taken == sorted(set(taken)) and len(taken) < 15
    assert live.dropped == {rows(f"{server.url}/cam-90.mjpg").named[0]: 30 - len(taken)}


def test_no_frame_is_lost_where_all_are_wanted_and_memory_stays_bounded(server: Server) -> None:
    server.frames, server.pause = 150, 0
    live = LiveRows(rows(f"{server.url}/cam-90.mjpg"), 8)
    taken = []
    for batch in live.batches():
        taken += [row.frame for row in batch.rows]
        time.sleep(0.002)
    assert taken == list(range(150))
    assert set(live.dropped.values()) == {0}


def test_several_cameras_are_batched_together_and_end_each_for_itself(server: Server) -> None:
    film(server.folder / "v.mp4", [200] * 5)
    short = LiveRows(rows(f"{server.url}/cam-50.mjpg", f"{server.url}/cam-90.mjpg", server.folder / "v.mp4"), 8)
    items: dict[str, list[int | None]] = {}
    mixed = 0
    for batch in short.batches():
        mixed += len({row.item for row in batch.rows}) > 1
        for row in batch.rows:
            items.setdefault(row.item, []).append(row.frame)
            assert abs(float(np.mean(row.images["image"].bgr)) - {"50": 50, "90": 90}.get(row.item[-7:-5], 200)) < 4
    assert sorted(map(len, items.values())) == [5, 10, 10]
    assert all(frames == sorted(frames) for frames in items.values())  # type: ignore[type-var]
    assert mixed


def test_a_lost_camera_is_tried_again_and_its_frames_are_counted_on(server: Server) -> None:
    server.frames = 3
    source = rows(f"{server.url}/cam-90.mjpg", reconnects=1)
    taken = []
    for batch in LiveRows(source, 4).batches():
        taken += [row.frame for row in batch.rows]
        if len(taken) >= 6:
            source.reading.stopped.set()
    assert taken[:6] == list(range(6))
    assert len(server.connections) >= 2


def test_a_camera_that_cannot_be_opened_costs_one_element(server: Server) -> None:
    url = server.url.replace("http://", "http://me:secret@").rpartition(":")[0] + ":9/cam-90.mjpg"
    batches = list(LiveRows(rows(url, f"{server.url}/cam-50.mjpg"), 4).batches())
    found = [row for batch in batches for row in batch.rows]
    assert len(found) == 11
    (bad,) = [row for row in found if "-9/" in row.item]
    with pytest.raises(ImageError, match="cannot be opened as a camera or stream") as caught:
        bad.images["image"].decode()
    assert "secret" not in str(caught.value) and "secret" not in bad.id


def test_waiting_for_a_silent_camera_can_be_ended(server: Server) -> None:
    server.pause = 30
    source = rows(f"{server.url}/cam-90.mjpg")
    live = LiveRows(source, 4)
    got: list[Batch] = []
    reader = threading.Thread(target=lambda: got.extend(live.batches()), daemon=True)
    reader.start()
    time.sleep(0.5)
    source.reading.stopped.set()
    live.wake()
    reader.join(5)
    assert not reader.is_alive()


def test_names_of_cameras() -> None:
    names = {
        "0": "camera-0",
        "rtsp://user:pw@10.0.0.7:554/door/1?x=1": "10.0.0.7-554/door/1",
        "live:http://host/stream": "host/stream",
        "http://host/a.m3u8": "host/a.m3u8",
        "udp://239.0.0.1:1234": "239.0.0.1-1234",
    }
    for text, name in names.items():
        (item,) = find_source(text).items
        assert item.live and item.id == name


def test_a_camera_cannot_go_in_step_with_other_sources(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="cannot be read in step"):
        Rows({"left": chain([find_source(0)]), "right": chain([find_source(tmp_path)])})
    Rows({"left": chain([find_source(0)]), "right": chain([find_source(tmp_path / "a.png")])})

"""Many requests at once: answers are never mixed, the queue is bounded, and who goes away stops its work."""

from __future__ import annotations

import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from cropflow import Workflow

from .conftest import ROOT, SCENES, Server, serving

RUN = "/run/classes_on_boxes"
PICTURE = (SCENES / "form" / "01.png").read_bytes()


def distinct(count: int) -> list[bytes]:
    """Make pictures of different sizes with different digits: parts of the scenes."""
    scenes = [cv2.imread(str(path)) for path in sorted(SCENES.rglob("*.png"))]
    random = np.random.default_rng(7)
    made = []
    for number in range(count):
        scene = scenes[number % len(scenes)]
        width, height = random.integers(100, scene.shape[1]), random.integers(100, scene.shape[0])
        left, top = random.integers(0, scene.shape[1] - width), random.integers(0, scene.shape[0] - height)
        made.append(cv2.imencode(".png", scene[top : top + height, left : left + width])[1].tobytes())
    return made


def agrees(row: dict, expected: dict) -> bool:
    """Whether an answer is right; a batch of another size moves numbers a little."""
    found, wanted = row["named"], expected["named"]
    pairs = list(zip(found["predictions"], wanted["predictions"], strict=False))
    return (
        found["image"] == wanted["image"]
        and len(found["predictions"]) == len(wanted["predictions"])
        and all(one["class"] == other["class"] and abs(one["x"] - other["x"]) < 0.1 for one, other in pairs)
    )


def test_hundreds_of_pictures_at_once_each_get_their_own_answer(served: Server) -> None:
    pictures = distinct(300)
    with Workflow.load(ROOT / "workflows" / "classes_on_boxes.yaml") as workflow:
        expected = workflow.run({"image": pictures}).to_dict()
    assert len(set(map(str, expected))) > 290
    with served.client(limits=httpx.Limits(max_connections=64)) as client, ThreadPoolExecutor(64) as pool:
        found = list(pool.map(lambda data: client.post(RUN, files={"image": data}).json()["outputs"], pictures))
        numbers = client.get("/metrics").text
    assert all(len(rows) == 1 and agrees(rows[0], row) for rows, row in zip(found, expected, strict=True))
    assert not agrees(found[0][0], expected[1])
    runs = _number(numbers, 'cropflow_run_requests_count{workflow="classes_on_boxes"}')
    asked = _number(numbers, 'cropflow_run_requests_sum{workflow="classes_on_boxes"}')
    assert asked > 1.5 * runs  # requests that met shared runs, and with them calls of the models
    calls = _number(numbers, 'cropflow_batch_pictures_count{model="digits-detect.pt"}')
    assert _number(numbers, 'cropflow_batch_pictures_sum{model="digits-detect.pt"}') > 1.5 * calls


def _number(text: str, name: str) -> float:
    return float(next(line for line in text.splitlines() if line.startswith(name)).rpartition(" ")[2])


@pytest.fixture(scope="module")
def small() -> Server:
    with serving("--workflows", "workflows", "--concurrency", "1", "--queue", "1", "--out", "build/small") as server:
        yield server


LONG = [("image", PICTURE)] * 200


def test_a_full_queue_answers_429(small: Server) -> None:
    with small.client(limits=httpx.Limits(max_connections=20)) as client, ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: client.post(RUN, files=LONG[:60]), range(12)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert {answer.status_code for answer in answers} == {200, 429}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        assert client.post(RUN, files={"image": PICTURE}).status_code == 200


def _send(server: Server, parts: list[tuple[str, bytes]], run: str, accept: str) -> socket.socket:
    """Send a request and leave the answer unread."""
    request = httpx.Request("POST", server.url + run, files=parts)
    body = request.read()
    url = httpx.URL(server.url)
    head = f"POST {run} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Type: {request.headers['Content-Type']}\r\n"
    head += f"Accept: {accept}\r\n"
    connection = socket.create_connection((url.host, url.port))
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


@pytest.mark.parametrize(
    ("name", "later", "accept"),
    [("classes_on_boxes", "classify", "application/json"), ("watch_changes", "count", "application/x-ndjson")],
)
def test_a_client_that_goes_away_stops_its_work(small: Server, name: str, later: str, accept: str) -> None:
    done = f'cropflow_step_seconds_count{{step="{later}",workflow="{name}"}}'
    with small.client() as client:
        assert client.post(f"/run/{name}", files=LONG).status_code == 200
        before = _number(client.get("/metrics").text, done)
        connection = _send(small, LONG, f"/run/{name}", accept)
        deadline = time.monotonic() + 60
        while not _number(client.get("/metrics").text, "cropflow_running"):
            assert time.monotonic() < deadline
        connection.close()
        while _number(numbers := client.get("/metrics").text, "cropflow_running"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert _number(numbers, done) == before  # called off while it looked for digits
        assert client.post(RUN, files={"image": PICTURE}).status_code == 200


def test_a_request_that_takes_too_long_is_ended() -> None:
    with (
        serving("--workflows", "workflows", "--timeout", "0.5", "--out", "build/short") as server,
        server.client() as one,
    ):
        answer = one.post(RUN, files=LONG)
        assert answer.status_code == 504
        assert "0.5 s" in answer.json()["message"]
        assert one.post(RUN, files={"image": PICTURE}).status_code == 200


def test_what_runs_is_finished_at_shutdown(tmp_path: Path) -> None:
    with serving("--workflows", "workflows", "--out", str(tmp_path)) as server:
        answers: list[httpx.Response] = []

        def ask() -> None:
            with server.client() as client:
                answers.append(client.post(RUN, files=LONG))

        asking = threading.Thread(target=ask)
        asking.start()
        with server.client() as client:
            while not _number(client.get("/metrics").text, "cropflow_running"):
                time.sleep(0.005)
        server.process.send_signal(signal.SIGTERM)
        asking.join(60)
        assert answers[0].status_code == 200
        assert len(answers[0].json()["outputs"]) == 200
        assert server.process.wait(30) in (0, -signal.SIGTERM)


def test_the_log_tells_every_request_by_its_id(served: Server) -> None:
    with served.client() as client:
        identity = client.post(RUN, files={"image": b"x"}).json()["request_id"]
    deadline = time.monotonic() + 5
    while not (found := [fact for fact in served.facts() if fact.get("request_id") == identity]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (fact,) = found
    assert (fact["method"], fact["path"], fact["status"]) == ("POST", RUN, 400)

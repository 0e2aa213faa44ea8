"""Webhooks against a real server: what arrives, how often, and what a step says of what went wrong."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import cv2
import numpy as np
import pytest
from supervision import Detections

from cropflow import HttpClient, Image, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow_blocks.sinks import WebhookSink
from cropflow_blocks.sinks.background import Background

from ...recorder import Recorder, recording

TRUSTED = HttpClient(allow_private=True, backoff=0.01)
SENT = (False, False, "Notification sent successfully")


@pytest.fixture
def site() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


def send(site: Recorder, path: str = "/hook", **fields: Any) -> Any:
    fields = {"method": "POST", "fire_and_forget": False, "request_timeout": 10, **fields}
    return WebhookSink(TRUSTED).run(site.url + path, **fields)


def test_json_carries_predictions_and_pictures(site: Recorder) -> None:
    image = Image(np.zeros((20, 30, 3), np.uint8), id="a.jpg")
    found = stamp(Detections(np.array([[2.0, 4, 6, 8]]), class_id=np.array([1])), image.origin, "detect")
    payload = {"count": np.int64(1), "found": found, "image": image, "text": "é"}
    assert send(site, json_payload=payload, headers={"X-Number": 3, "X-None": None}) == SENT
    [got] = site.received
    told = json.loads(got.body)
    assert (told["count"], told["text"], told["image"]["type"]) == (1, "é", "base64")
    assert told["found"]["predictions"][0]["detection_id"] == "a.jpg/detect/0"
    assert (got.headers["content-type"], got.headers["x-number"]) == ("application/json", "3")
    assert "x-none" not in got.headers


def test_members_are_worked_on_before_they_are_sent(site: Recorder) -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "found", "kind": ["object_detection_prediction"]}],
        "steps": [
            {
                "type": "roboflow_core/webhook_sink@v1",
                "name": "tell",
                "url": f"{site.url}/hook",
                "method": "POST",
                "json_payload": {"count": "$inputs.found", "where": "door"},
                "json_payload_operations": {
                    "count": [{"type": "SequenceLength"}],
                    "where": [{"type": "StringToUpperCase"}],
                },
                "fire_and_forget": False,
                "cooldown_seconds": 0,
            }
        ],
        "outputs": [{"type": "JsonField", "name": "failed", "selector": "$steps.tell.error_status"}],
    }
    boxes = Detections(np.array([[2.0, 4, 6, 8]] * 3))
    with Workflow.load(document, resources=[TRUSTED]) as workflow:
        assert [row["failed"] for row in workflow.run({"found": [boxes, Detections.empty()]})] == [False, False]
    assert [json.loads(got.body) for got in site.received] == [
        {"count": 3, "where": "DOOR"},
        {"count": 0, "where": "DOOR"},
    ]
    document["steps"][0]["json_payload_operations"] = {"cuont": [{"type": "SequenceLength"}]}
    with pytest.raises(WorkflowError, match="json_payload_operations names 'cuont'"):
        Workflow.load(document, resources=[TRUSTED])


def test_a_query_is_added_to_the_one_of_the_url(site: Recorder) -> None:
    parameters = {"yes": True, "list": [1, "a b"], "none": None, "half": 0.5, "text": "ü&="}
    assert send(site, "/hook?x=1", method="GET", query_parameters=parameters) == SENT
    [got] = site.received
    pairs = [("x", "1"), ("yes", "True"), ("list", "1"), ("list", "a b"), ("half", "0.5"), ("text", "ü&=")]
    assert parse_qsl(got.path.partition("?")[2]) == pairs
    assert (got.method, got.body, got.headers.get("content-type")) == ("GET", b"", None)


def test_a_form_goes_before_json(site: Recorder) -> None:
    form = {"a": 1, "b": "x y", "list": [1, 2], "map": {"k": None}}
    assert send(site, method="PUT", form_data=form, json_payload={"z": 1}) == SENT
    [got] = site.received
    assert got.headers["content-type"] == "application/x-www-form-urlencoded"
    pairs = [("a", "1"), ("b", "x y"), ("list", "1"), ("list", "2"), ("map", '{"k": null}')]
    assert (got.method, parse_qsl(got.body.decode())) == ("PUT", pairs)


def test_files_are_parts_and_the_form_goes_along(site: Recorder) -> None:
    image = Image(np.full((8, 9, 3), 120, np.uint8), id="a.jpg")
    files = {"photo": image, "raw": b"\x00\xff", 'te"xt': "hello", "none": None}
    assert send(site, multi_part_encoded_files=files, form_data={"by": "me"}, json_payload={"z": 1}) == SENT
    [got] = site.received
    boundary = got.headers["content-type"].removeprefix("multipart/form-data; boundary=").encode()
    first, *parts, last = got.body.split(b"--" + boundary)
    heads, contents = zip(*(part.removesuffix(b"\r\n").split(b"\r\n\r\n", 1) for part in parts), strict=True)
    assert (first, last) == (b"", b"--\r\n")
    assert [head.split(b"; ", 1)[1] for head in heads] == [
        b'name="by"',
        b'name="photo"; filename="photo.jpg"\r\nContent-Type: image/jpeg',
        b'name="raw"; filename="raw"',
        b'name="te%22xt"; filename="te%22xt"',
    ]
    assert (contents[0], contents[2], contents[3]) == (b"me", b"\x00\xff", b"hello")
    assert cv2.imdecode(np.frombuffer(contents[1], np.uint8), cv2.IMREAD_COLOR).shape == (8, 9, 3)


def test_a_type_that_the_document_gives_stays(site: Recorder) -> None:
    send(site, json_payload={}, headers={"content-type": "application/cloudevents+json"})
    assert [(got.body, got.headers["content-type"]) for got in site.received] == [
        (b"{}", "application/cloudevents+json")
    ]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_what_the_server_refuses_is_told_and_asked_once(site: Recorder, status: int) -> None:
    site.answers = [(status, {})]
    failed, throttled, message = send(site)
    assert (failed, throttled) == (True, False)
    assert message.startswith(f"the server answered {status} ")
    assert len(site.received) == 1


def test_a_slow_server_is_told_and_asked_once(site: Recorder) -> None:
    site.gate.clear()
    failed, _, message = send(site, "/hook?key=hunter2", request_timeout=1)
    assert failed and "no complete answer within 1 s" in message and "hunter2" not in message
    site.gate.set()
    assert len(site.received) == 1


def test_nothing_goes_into_the_private_network_by_default(site: Recorder) -> None:
    output = WebhookSink(HttpClient()).run(site.url, "POST", fire_and_forget=False)
    assert output.error_status and "private addresses are refused" in output.message
    assert site.received == []


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"X": "a\r\nInjected: yes"}},
        {"headers": {"X": "\udce9"}},
        {"json_payload": {}, "headers": {"bad name\n": "x"}},
    ],
)
def test_what_cannot_be_sent_is_told(site: Recorder, fields: dict[str, Any]) -> None:
    assert send(site, **fields).error_status
    assert site.received == []


def test_a_cooldown_sends_once_and_says_so(site: Recorder) -> None:
    sink = WebhookSink(TRUSTED)
    outputs = [sink.run(site.url, "POST", fire_and_forget=False, cooldown_seconds=1000) for _ in range(3)]
    assert [(o.error_status, o.throttling_status) for o in outputs] == [(False, False), (False, True), (False, True)]
    assert len(site.received) == 1


def test_a_cooldown_ends(site: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = WebhookSink(TRUSTED)
    now = time.monotonic()
    sink.run(site.url, "POST", fire_and_forget=False)
    monkeypatch.setattr(time, "monotonic", lambda: now + 6)
    assert sink.run(site.url, "POST", fire_and_forget=False, request_timeout=10) == SENT
    assert len(site.received) == 2


def test_a_disabled_sink_sends_nothing(site: Recorder) -> None:
    failed, throttled, message = send(site, disable_sink=True)
    assert (failed, throttled) == (False, False) and "disabled" in message
    assert site.received == []


def test_in_the_background_all_arrive_in_order_before_the_end(site: Recorder) -> None:
    site.gate.clear()
    sink = WebhookSink(TRUSTED)
    for number in range(5):
        output = sink.run(site.url, "POST", json_payload={"n": number}, cooldown_seconds=0, request_timeout=20)
        assert not output.error_status
    site.gate.set()
    sink.close()
    assert [json.loads(got.body)["n"] for got in site.received] == [0, 1, 2, 3, 4]


def test_the_background_is_bounded(site: Recorder) -> None:
    site.gate.clear()
    sink = WebhookSink(TRUSTED)
    outputs = [sink.run(site.url, "POST", cooldown_seconds=0, request_timeout=20) for _ in range(70)]
    assert [output.error_status for output in outputs] == [False] * 64 + [True] * 6
    assert "too many requests wait" in outputs[-1].message
    site.gate.set()
    sink.close()
    assert len(site.received) == 64


def test_what_fails_in_the_background_is_logged(site: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    site.answers = [(500, {})]
    sink = WebhookSink(TRUSTED)
    sink.step = "tell"
    with caplog.at_level(logging.WARNING, "cropflow"):
        sink.run(site.url, "POST", request_timeout=10)
        sink.close()
    assert "step 'tell': the server answered 500" in caplog.text


def test_the_end_does_not_wait_forever(caplog: pytest.LogCaptureFixture) -> None:
    gate, done = threading.Event(), []
    background = Background("tell", patience=0.05)
    for number in range(3):
        background.put(lambda number=number: (gate.wait(20), done.append(number)))  # type: ignore[misc]
    with caplog.at_level(logging.WARNING, "cropflow"):
        background.close()
    gate.set()
    assert "tell: 2 left undone" in caplog.text
    assert background.put(lambda: None)
    background.close()


def document(**fields: Any) -> dict[str, Any]:
    step = {"type": "roboflow_core/webhook_sink@v1", "name": "tell", "url": "$inputs.url", "method": "POST"}
    return {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowBatchInput", "name": "name", "kind": ["string"]},
            {"type": "WorkflowParameter", "name": "url", "kind": ["string"]},
        ],
        "steps": [{**step, "json_payload": {"name": "$inputs.name"}, "fire_and_forget": False, **fields}],
        "outputs": [{"type": "JsonField", "name": "tell", "selector": "$steps.tell.*"}],
    }


def test_an_existing_document_tells_every_element_once(site: Recorder) -> None:
    names = [f"n{number}" for number in range(4)]
    with Workflow.load(document(cooldown_seconds=0, request_timeout=10), resources=[TRUSTED]) as workflow:
        result = workflow.run({"name": names, "url": site.url}, workers=4)
        workflow.run({"name": names, "url": site.url}, effects=False)
    assert [row["tell"]["error_status"] for row in result] == [False] * 4
    assert [json.loads(got.body)["name"] for got in site.received] == names


def test_the_client_that_the_workflow_makes_refuses_private_addresses(site: Recorder) -> None:
    with Workflow.load(document()) as workflow:
        [row] = workflow.run({"name": ["a"], "url": site.url})
    assert row["tell"]["error_status"] and "private addresses are refused" in row["tell"]["message"]
    assert site.received == []


def test_closing_the_workflow_sends_what_waits(site: Recorder) -> None:
    fields = {"fire_and_forget": True, "cooldown_seconds": 0, "request_timeout": 10}
    with Workflow.load(document(**fields), resources=[TRUSTED]) as workflow:
        workflow.run({"name": ["a", "b", "c"], "url": site.url})
    assert len(site.received) == 3

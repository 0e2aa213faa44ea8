"""What newcomers send by mistake is answered with what to do."""

from __future__ import annotations

import base64
import json

import cv2
import httpx
import numpy as np
import pytest
import yaml

from .conftest import ROOT, SCENES, serving

PICTURE = (SCENES / "form" / "01.png").read_bytes()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}  # curl's, where none is given
JPEG = cv2.imencode(".jpg", np.zeros((9, 9, 3), np.uint8))[1].tobytes()
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(99)
CUT = PICTURE.replace(b"\r", b"").replace(b"\n", b"")  # what curl -d leaves of it
ENCODED = base64.b64encode(PICTURE).decode()
DOCUMENT = yaml.safe_load((ROOT / "workflows" / "classes_on_boxes.yaml").read_text())
GREY = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}],
    "steps": [{"type": "convert_grayscale@v1", "name": "grey", "image": "$inputs.image"}],
    "outputs": [{"type": "JsonField", "name": "grey", "selector": "$steps.grey.image"}],
}
NAMED, CONFIDENT = "/run/classes_on_boxes", "/run/detect_crop_classify"
EXISTING = "/any/workflows/classes_on_boxes"


@pytest.mark.parametrize(
    ("place", "request_", "status", "told"),
    [
        (NAMED, {"content": b' {"image": "x"}', "headers": FORM}, 415, "JSON. Add -H 'Content-Type: application/json'"),
        ("/run", {"content": b'{"workflow": {}}', "headers": FORM}, 415, "looks like JSON"),
        (NAMED, {"content": PICTURE, "headers": FORM}, 415, "PNG). Send it with --data-binary, and add -H"),
        (NAMED, {"content": JPEG}, 415, "(JPEG)"),
        (NAMED, {"content": MP4, "headers": {"Content-Type": "video/mp4"}}, 415, "body is a video. Use"),
        (NAMED, {"content": b"hello"}, 415, "sent without a content type. Send multipart/form-data (curl -F"),
        (NAMED, {"content": CUT, "headers": {"Content-Type": "image/png"}}, 400, "damaged"),
        (NAMED, {"data": {"image": "some/01.png"}}, 400, "not base64. To send a file write -F image=@some/01.png."),
        ("/run", {"data": {"workflow": "mine.yaml"}}, 400, "To send a file write -F workflow=@mine.yaml."),
        ("/run", {}, 400, 'JSON {"workflow": {…}, "image": …}; POST /workflows/run takes {"specification"'),
        ("/run", {"json": {"specification": {}}}, 400, "one field `workflow`"),
        ("/run", {"json": {"workflow": 3}}, 400, "must be a JSON object, not a number"),
        ("/run", {"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "POST /workflows/run"),
        (NAMED, {"json": {"image": "https://example.com/a.png"}}, 400, "allow URLs with --allow-urls"),
        (NAMED, {"json": {"image": None}}, 400, "'image' has no value"),
        (NAMED, {"json": {"inputs": {"image": ENCODED}}}, 400, 'inputs stand at the top: {"image": …}'),
        (EXISTING, {"json": {"image": ENCODED}}, 400, 'Send it as {"inputs": {"image": …}}.'),
        ("/workflows/run", {"json": {"specification": DOCUMENT, "image": ENCODED}}, 400, "outside of `inputs`"),
        ("/workflows/validate", {"files": {"workflow": b"x"}}, 415, 'Send {"specification": {…}} as application/json'),
        (EXISTING, {"files": {"image": PICTURE}}, 415, 'Send {"inputs": {…}} as application/json'),
        (NAMED, {"files": {"image": PICTURE}, "data": {"output": "x"}}, 400, "stands in the address: ?output=VALUE"),
        (NAMED, {"files": {"image": ("a.mp4", MP4)}}, 400, "image 'a.mp4': the file is a video; use `cropflow run`"),
        (f"{NAMED}?image=x", {"files": {"image": PICTURE}}, 400, "'image' stands in the address and in the body"),
        (f"{CONFIDENT}?confidence=1&confidence=0", {"files": {"image": PICTURE}}, 400, "'confidence' takes one value"),
    ],
)  # fmt: skip
def test_a_slip_is_told(client: httpx.Client, place: str, request_: dict, status: int, told: str) -> None:
    answer = client.post(place, **request_)
    assert (answer.status_code, told in answer.json()["message"]) == (status, True), answer.text
    assert ".." not in answer.json()["message"]


@pytest.mark.parametrize("head", [b"\0\0\0\x14ftypqt  ", b"\0\0\0\x08mdat", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI LIST"])
def test_videos_are_told_from_pictures(client: httpx.Client, head: bytes) -> None:
    answer = client.post(f"{NAMED}?on_error=skip", files=[("image", PICTURE), ("image", head + bytes(99))])
    assert "is a video" in answer.json()["errors"][0]["message"]
    heic = client.post(NAMED, files={"image": b"\0\0\0\x14ftypheic" + bytes(99)})
    assert "is not a picture" in heic.json()["message"]


def test_json_is_read_where_existing_clients_do_not_name_it(client: httpx.Client) -> None:
    body = json.dumps({"specification": DOCUMENT})
    assert client.post("/workflows/validate", content=body, headers=FORM).json() == {"status": "ok"}


@pytest.mark.parametrize("count", [3, 9])
def test_too_many_pictures_are_told_alike(count: int) -> None:
    with serving("--max-pictures", "2", ready=False) as server, server.client() as client:
        files = [("image", PICTURE)] * count
        form = client.post("/run", files=[*files, ("workflow", json.dumps(GREY).encode())])
        given = client.post("/run", json={"workflow": GREY, "image": [ENCODED] * count})
    assert (form.status_code, form.json()["message"]) == (given.status_code, given.json()["message"])
    assert given.json()["message"] == "The request has more than the 2 pictures allowed. Send it in parts."


def test_a_document_and_other_inputs_are_not_counted_as_pictures() -> None:
    numbers = [{"type": "WorkflowParameter", "name": name, "kind": ["float"]} for name in "xyz"]
    outputs = [{"type": "JsonField", "name": "sent", "selector": "$inputs.y"}]
    document = {"version": "1.0", "inputs": [GREY["inputs"][0], *numbers], "steps": [], "outputs": outputs}
    with serving("--max-pictures", "1") as server, server.client() as client:
        files = {"image": PICTURE, "workflow": json.dumps(document).encode()}
        answer = client.post("/run", files=files, data={"x": "1", "y": "2", "z": "3"})
    assert answer.json()["outputs"] == [{"sent": 2}]

"""Nonsense of all kinds: never a failure of the server, never a hang, always a word on what to do."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from .conftest import ROOT, SCENES, Server
from .test_safety import ENCODED, GREY, check_body, document

RUN = "/run/classes_on_boxes"
PICTURES = [path.read_bytes() for path in sorted(SCENES.rglob("*.png"))[:3]]
DOCUMENTS = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "workflows").glob("*.yaml"))]
some = settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def quick(served: Server) -> Iterator[httpx.Client]:
    """A client that gives up soon: an answer that takes longer counts as a hang."""
    with served.client() as client:
        client.timeout = httpx.Timeout(20)
        yield client
        files = {"image": PICTURES[0]}
        assert client.post(RUN, files=files).status_code == 200  # it still works afterwards


def refused(answer: httpx.Response) -> httpx.Response:
    check_body(answer)
    assert answer.status_code < 500, answer.text
    return answer


def test_every_address_keeps_to_its_description(served: Server) -> None:
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 25
    for operation in operations:
        if operation.path == "/ready":
            continue

        @settings(max_examples=6, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(base_url=served.url, timeout=60)
            case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])
            if answer.status_code >= 400:
                assert answer.json()["message"]

        ask()


BROKEN = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"image": NaN}',
    b'{"image": Infinity}',
    b'{"image": 1e999}',
    b'{"image": ' + b"9" * 100_000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"image": "\\ud800"}',
    b'{"image": "\\u0000"}',
    b'{"image": {"type": "base64"}}',
    b'{"image": {"type": ["base64"], "value": {}}}',
    b'{"image": {"type": "base64", "value": ""}, "image": 3}',
    b'{"image": ' + json.dumps("A" * 2_000_000).encode() + b"}",
    b'{"\\ud800": 1, "image": "aGVsbG8="}',
]


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: repr(body[:24]))
@pytest.mark.parametrize("place", [RUN, "/workflows/run", "/a/workflows/classes_on_boxes", "/workflows/validate"])
def test_broken_json(quick: httpx.Client, place: str, body: bytes) -> None:
    answer = refused(quick.post(place, content=body, headers={"Content-Type": "application/json"}))
    assert answer.status_code in (400, 413)
    wrapped = b'{"specification": ' + body + b', "inputs": ' + body + b"}"
    refused(quick.post("/workflows/run", content=wrapped, headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="image"\r\n\r\n'),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 100_000),
        ("multipart/form-data; boundary=" + "x" * 1000, b"--x--"),
        ("application/x-www-form-urlencoded", b"image=%zz&&&=&a=b" * 1000),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
        ("application/octet-stream", bytes(1000)),
        ("a" * 200, b"x"),
    ],
)
def test_broken_forms(quick: httpx.Client, kind: str, body: bytes) -> None:
    for place in (RUN, "/run"):
        answer = refused(quick.post(place, content=body, headers={"Content-Type": kind}))
        assert answer.status_code in (400, 413, 415)


@some
@given(data=st.data())
def test_damaged_pictures(quick: httpx.Client, data: st.DataObject) -> None:
    picture = bytearray(data.draw(st.sampled_from(PICTURES)))
    for _ in range(data.draw(st.integers(0, 8))):
        place = data.draw(st.integers(0, 300) | st.integers(0, len(picture) - 1))
        picture[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(picture)))
    refused(quick.post(RUN, files={"image": bytes(picture[:cut])}))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**30, -(10**30), 1e300, -1, 0])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["$inputs.image", "$steps.detect.predictions", "$inputs.", "$steps..", "../../x", ENCODED]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@some
@given(data=st.data())
def test_documents_with_mistakes(quick: httpx.Client, data: st.DataObject) -> None:
    changed = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        _change(changed, data)
    body = {"specification": changed, "inputs": data.draw(st.just({"image": ENCODED}) | VALUES), "disable_sinks": True}
    refused(quick.post("/workflows/run", json=body))
    refused(quick.post("/workflows/validate", json=changed))
    refused(quick.post("/workflows/describe_interface", json={"specification": changed}))


def _change(changed: Any, data: st.DataObject) -> None:
    """Replace, remove or rename something somewhere in a document."""
    while isinstance(changed, dict | list) and changed:
        keys = list(changed) if isinstance(changed, dict) else list(range(len(changed)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(changed[key], dict | list) and changed[key] and data.draw(st.integers(0, 4)):
            changed = changed[key]
            continue
        match data.draw(st.integers(0, 2)):
            case 0:
                changed[key] = data.draw(VALUES)
            case 1:
                del changed[key]
            case _ if isinstance(changed, dict):
                changed[data.draw(st.text(max_size=8))] = changed.pop(key)
        return


LAUGHS = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
YAML = [
    LAUGHS,
    f"version: '1.0'\ninputs: []\nsteps: []\noutputs: []\n{LAUGHS}",
    "[" * 50_000,
    "{a: " * 50_000,
    "- " * 50_000,
    "a: &a [*a]",
    "!!python/object/apply:os.system ['true']",
    "\0",
    "%YAML 9.9\n---\n",
    "version: " + "9" * 10_000,
    "? " * 1000,
]


@pytest.mark.parametrize("text", YAML, ids=lambda text: repr(text[:24]))
def test_bombs_in_yaml(quick: httpx.Client, served: Server, text: str) -> None:
    before = served.memory()
    answer = refused(quick.post("/run", files={"workflow": text.encode(), "image": PICTURES[0]}))
    assert answer.status_code == 400
    assert served.memory() - before < 300 * 2**20


HUGE = 10**9
CROP = {"images": "$inputs.image", "y_center": 0, "height": 1}
ABSURD = [
    {"type": "image_slicer@v2", "image": "$inputs.image", "slice_width": 1, "slice_height": 1},
    {"type": "image_slicer@v2", "image": "$inputs.image", "slice_width": HUGE, "slice_height": HUGE},
    {"type": "image_preprocessing@v1", "image": "$inputs.image", "task_type": "resize", "width": HUGE, "height": HUGE},
    {
        "type": "image_preprocessing@v1",
        "image": "$inputs.image",
        "task_type": "resize",
        "width": 100_000,
        "height": 100_000,
    },
    {"type": "image_blur@v1", "image": "$inputs.image", "blur_type": "gaussian", "kernel_size": HUGE},
    {**CROP, "type": "relative_static_crop@v1", "x_center": 1e300, "width": 1},
    {**CROP, "type": "absolute_static_crop@v1", "x_center": HUGE, "width": HUGE},
    {"type": "qr_code_generator@v1", "text": "x" * 100_000},
]


@pytest.mark.parametrize("step", ABSURD, ids=lambda step: step["type"])
def test_absurd_settings(quick: httpx.Client, served: Server, step: dict[str, Any]) -> None:
    specification = document({**step, "name": "one"}, shown="$steps.one.*")
    before = served.memory()
    refused(quick.post("/workflows/run", json={"specification": specification, "inputs": {"image": ENCODED}}))
    assert served.memory() - before < 2**30


def test_nothing_grows(quick: httpx.Client, served: Server) -> None:
    def nonsense(number: int) -> None:
        named = {"specification": document({**GREY, "name": f"grey-{number}"}), "inputs": {"image": ENCODED}}
        quick.post("/workflows/run", json=named)
        quick.post("/workflows/run", content=b"[" * 10_000)
        quick.post(f"/run/none-{number}", files={"image": b"x"})
        quick.post(f"/nowhere/{number}")

    for number in range(150):
        nonsense(number)
    before = served.memory()
    quick.get("/metrics")  # which counts itself
    lines = len(quick.get("/metrics").text.splitlines())
    for number in range(150, 450):
        nonsense(number)
    assert served.memory() - before < 30 * 2**20
    assert len(quick.get("/metrics").text.splitlines()) == lines

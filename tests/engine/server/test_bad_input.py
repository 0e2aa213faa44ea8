"""Nothing that a client sends makes the server fail, hang or grow: its own description, and a fuzz of bodies."""

from __future__ import annotations

import base64
import copy
import json
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from .conftest import ROOT, SCENES, Server, png, serving

RUN = "/run/static_crop_classify"
PNG = (SCENES / "form" / "01.png").read_bytes()
JPEG = (SCENES / "meter" / "01.jpg").read_bytes()
DOCUMENTS = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "workflows").glob("*.yaml"))]
LONGEST = 10.0
"""Seconds in which each answer comes: much more than any takes, and much less than the timeout of the server."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, so that its memory is that of these tests."""
    out = tmp_path_factory.mktemp("bad")
    with serving("--workflows", "workflows", "--models", "models", "--out", str(out)) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture(autouse=True)
def still_well(client: httpx.Client) -> Iterator[None]:
    """After each test the server answers as if nothing had been."""
    yield
    assert client.get("/health").json() == {"status": "ok"}
    answer = client.post(RUN, files={"image": PNG})
    assert answer.status_code == 200
    assert answer.json()["outputs"][0]["digit"]["top"]


def fuzz(count: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=count, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


def judge(answer: httpx.Response) -> httpx.Response:
    """Require an answer that is right, or tells what is wrong."""
    assert answer.elapsed.total_seconds() < LONGEST
    assert answer.status_code < 500, answer.text[:2000]
    if answer.status_code != 200:
        assert answer.status_code >= 400
        told = strict(answer.content)
        assert isinstance(told, dict)
        assert all(isinstance(told[key], str) for key in ("message", "hint", "request_id"))
        assert told["message"].strip() and told["hint"].strip(), told
        assert told["request_id"] == answer.headers["x-request-id"]
        assert len(answer.content) < 300_000, "an answer that repeats what was sent"
    elif answer.headers["content-type"].startswith("application/json"):
        strict(answer.content)
    return answer


def strict(data: bytes) -> Any:
    """Parse JSON as other languages do: without NaN, infinity and lone surrogates."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} in JSON")

    value = json.loads(data.decode("utf-8"), parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def picture(data: bytes = PNG) -> dict[str, str]:
    return {"type": "base64", "value": base64.b64encode(data).decode()}


# ---- the description


def test_each_address_answers_as_it_is_described(server: Server) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    schema.validate()
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance, not_a_server_error]
    failed: list[str] = []
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        takes = operation.body or operation.query or operation.path_parameters
        for mode in [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if takes else [])]:

            @given(case=operation.as_strategy(generation_mode=mode))
            @fuzz(8)
            def ask(case: schemathesis.Case) -> None:
                case.validate_response(case.call(timeout=LONGEST), checks=checks)

            tried += 1
            try:
                ask()
            except Exception as error:
                failed.append(f"{operation.label} {mode.name}: {error}")
    assert not failed, "\n\n".join(failed)
    assert tried > 2 * len(DOCUMENTS)


def test_the_examples_of_the_description_are_right(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    places = {"workspace": "any", "workflow": "classes_on_boxes"}
    tried = 0
    for path, methods in paths.items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if "example" in content:
                answer = client.request(method, path.format(**places), json=content["example"])
                assert answer.status_code == 200, (path, answer.text)
                tried += 1
    assert tried == 6


# ---- values

VALUES = {
    "5000 digits": b"9" * 5000,
    "5000 digits, negative": b"-" + b"9" * 5000,
    "300 digits": b"9" * 300,
    "1e400": b"1e400",
    "-1e400, deep down": b'{"a": [[-1e400]]}',
    "1e308": b"1e308",
    "minus zero": b"-0.0",
    "NaN": b"NaN",
    "infinity": b"-Infinity",
    "2**63": b"9223372036854775808",
    "lists 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "objects 100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "lists 190 deep": b"[" * 190 + b"]" * 190,
    "unclosed lists": b"[" * 100_000,
    "5 MB of text": b'"' + b"x" * 5_000_000 + b'"',
    "5 MB of name": b'{"' + b"x" * 5_000_000 + b'": 1}',
    "lone surrogate": b'"\\ud800"',
    "lone surrogate in a name": b'{"\\udfff": 1}',
    "null byte": b'"\\u0000"',
    "null byte in a name": b'{"\\u0000": "\\u0000"}',
    "raw null byte": b'"\x00"',
    "no UTF-8": b'"\xff\xfe"',
    "the same name twice": b'{"a": 1, "a": [2]}',
    "null": b"null",
    "false": b"false",
    "zero": b"0",
    "empty text": b'""',
    "empty list": b"[]",
    "list of nulls": b"[null, null]",
    "empty object": b"{}",
    "nothing": b"",
    "broken": b"{]",
    "selector": b'"$inputs.image"',
    "path": b'"/etc/passwd"',
    "picture without value": b'{"type": "base64"}',
    "picture of number": b'{"type": "base64", "value": 5}',
}


def kept(default: bytes, rest: bytes) -> bytes:
    """A document that gives its parameter back."""
    head = b'{"specification": {"version": "1.0", "inputs": [{"type": "WorkflowParameter", "name": "p"'
    return (
        head
        + default
        + b'}], "steps": [], "outputs": [{"type": "JsonField", "name": "o", "selector": "$inputs.p"}]},'
        + rest
    )


_STEP = b'{"specification": {"version": "1.0", "inputs": [{"type": "WorkflowImage", "name": "image"}], "steps": [%s],'
_STEP += b'"outputs": [{"type": "JsonField", "name": "o", "selector": "$steps.s.image"}]},'
_STEP += b'"inputs": {"image": %s}}' % json.dumps(picture()).encode()
PLACES = {
    "the body": (RUN, b"%s"),
    "a picture": (RUN, b'{"image": %s}'),
    "pictures": (RUN, b'{"image": [%s, %s]}'),
    "a parameter of the folder": (RUN, b'{"x": %s, "image": ' + json.dumps(picture()).encode() + b"}"),
    "an input that is not there": (RUN, b'{"nope": %s}'),
    "the body of existing clients": ("/workflows/run", b"%s"),
    "the document": ("/workflows/run", b'{"specification": %s}'),
    "a document to check": ("/workflows/validate", b"%s"),
    "a document to describe": ("/workflows/describe_interface", b'{"specification": %s}'),
    "inputs": ("/any/workflows/static_crop_classify", b'{"inputs": %s}'),
    "excluded fields": ("/any/workflows/static_crop_classify", b'{"inputs": {}, "excluded_fields": %s}'),
    "switches": ("/workflows/run", kept(b"", b'"disable_sinks": %s, "enable_profiling": %s}')),
    "a key": ("/workflows/run", b'{"api_key": %s}'),
    "the version": ("/workflows/run", b'{"specification": {"version": %s, "inputs": [], "steps": [], "outputs": []}}'),
    "a default": ("/workflows/run", kept(b', "default_value": %s', b'"inputs": {}}')),
    "a parameter": ("/workflows/run", kept(b"", b'"inputs": {"p": %s}}')),
    "a step": ("/workflows/run", _STEP),
    "the name of a step": ("/workflows/run", _STEP.replace(b"%s", b'{"type": "image_blur@v1", "name": %s}')),
    "a field": (
        "/workflows/run",
        _STEP.replace(b"%s", b'{"type": "image_blur@v1", "name": "s", "image": "$inputs.image", "kernel_size": %s}'),
    ),
}


@pytest.mark.parametrize("value", VALUES)
def test_a_value_of_the_wrong_kind_is_told(client: httpx.Client, value: str) -> None:
    for place, (path, form) in PLACES.items():
        data = form.replace(b"%s", VALUES[value])
        answer = judge(client.post(path, content=data, headers={"Content-Type": "application/json"}))
        if value in ("NaN", "infinity", "1e400", "-1e400, deep down", "broken", "unclosed lists", "no UTF-8"):
            assert answer.status_code == 400, place


@pytest.mark.parametrize("value", VALUES)
def test_a_text_of_the_wrong_kind_is_told(client: httpx.Client, value: str) -> None:
    """In forms and addresses, where texts may stand for JSON."""
    data = VALUES[value]
    for name in ("x", "image", "nope"):
        judge(client.post(RUN, files={name: ("", data)} if name == "image" else {"image": PNG, name: (None, data)}))
    judge(client.post(RUN, content=b"x=" + data, headers={"Content-Type": "application/x-www-form-urlencoded"}))
    judge(client.post(RUN, content=data, headers={"Content-Type": "image/png"}))
    if len(data) < 10_000:
        judge(client.post(RUN, params={"x": data, "output": data, "on_error": data}, files={"image": PNG}))
        judge(client.post(RUN, params={"x": data}, files={"image": PNG}))


# ---- pictures


def spoilt(data: bytes, cut: int, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(data)
    for place, value in changes:
        changed[place % len(data)] = value
    return bytes(changed[: cut % len(data) + 1])


places = st.one_of(st.integers(0, 700), st.integers(0, 10**6))


@given(
    data=st.sampled_from([PNG, JPEG]),
    cut=st.one_of(st.just(-2), places),
    changes=st.lists(st.tuples(places, st.integers(0, 255)), max_size=12),
    way=st.sampled_from(["form", "body", "json", "existing", "lines", "skip", "twice"]),
)
@fuzz(250)
def _spoilt_picture(client: httpx.Client, data: bytes, cut: int, changes: list[tuple[int, int]], way: str) -> None:
    send(client, spoilt(data, cut, changes), way)


def send(client: httpx.Client, data: bytes, way: str) -> httpx.Response:
    match way:
        case "form":
            return judge(client.post(RUN, files={"image": data}))
        case "body":
            return judge(client.post(RUN, content=data, headers={"Content-Type": "image/jpeg"}))
        case "json":
            return judge(client.post(RUN, json={"image": picture(data)}))
        case "lines":
            headers = {"Accept": "application/x-ndjson"}
            answer = judge(client.post(RUN, files=[("image", PNG), ("image", data)], headers=headers))
            assert "server failed" not in answer.text
            return answer
        case "skip":
            return judge(client.post(f"{RUN}?on_error=skip", files=[("image", PNG), ("image", data)]))
        case "twice":
            return judge(client.post(RUN, files=[("image", data), ("image", data)]))
    return judge(client.post("/any/workflows/static_crop_classify", json={"inputs": {"image": picture(data)}}))


def test_spoilt_pictures(client: httpx.Client) -> None:
    _spoilt_picture(client)


@pytest.mark.parametrize(
    "size", [(0, 0), (1, 0), (2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (100_000, 100_000), (5, 10**9)]
)
def test_pictures_that_claim_a_size(server: Server, client: httpx.Client, size: tuple[int, int]) -> None:
    before = server.memory()
    for way in ("form", "body", "json", "existing"):
        assert send(client, png(*size, zlib.compress(bytes(999))), way).status_code in (400, 413)
    assert server.memory() - before < 200 * 2**20


# ---- documents as text

BOMB = "a0: &a0 [lol]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
WHOLE = "version: 1.0\nsteps: []\n"
TEXTS = {
    "a bomb": BOMB,
    "a bomb beside a document": f"{BOMB}{WHOLE}inputs: []\noutputs: []\n",
    "a bomb as a default": f"{BOMB}{WHOLE}inputs: [{{type: WorkflowParameter, name: p, default_value: *a11}}]\n"
    "outputs: [{type: JsonField, name: o, selector: $inputs.p}]\n",
    "a bomb as steps": BOMB + "version: 1.0\ninputs: []\noutputs: []\nsteps: *a11\n",
    "a bomb of merges": "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9)),
    "a list in itself": "&a [*a]",
    "steps in themselves": "version: 1.0\ninputs: []\noutputs: []\nsteps: &a [*a]\n",
    "a mapping in itself": "&a {version: 1.0, inputs: [], outputs: [], steps: [], other: *a}",
    "code": "!!python/object/apply:os.system ['touch /tmp/cropflow-was-here']",
    "null byte": "\0",
    "empty": "",
    "only a comment": "# nothing",
    "several documents": "a: b\n---\nc: d",
    "half of a mapping": "{version: 1.0, inputs: [",
    "tabs": "version:\t1.0\n\tinputs: []",
    "100,000 deep": "[" * 100_000,
    "100,000 deep in blocks": "- " * 100_000,
    "mappings 100,000 deep": "{a: " * 100_000,
    "deep by indentation": "".join(f"{' ' * n}a:\n" for n in range(2000)),
    "a number of 5000 digits": f"{WHOLE}inputs: []\noutputs: []\nx: {'9' * 5000}",
    "a number of 100,000 bits": f"version: 0x{'f' * 100_000}",
    "infinity": f"{WHOLE}inputs: [{{type: WorkflowParameter, name: p, default_value: .inf}}]\n"
    "outputs: [{type: JsonField, name: o, selector: $inputs.p}]\n",
    "no date": "version: 2024-13-45",
    "sixties": "version: 1:2:3:4",
    "names that are no text": "? [a]\n: b\n? {a: b}\n: c\n1: 2\nnull: 3\n",
    "tags": "!!set {a}",
    "binary": "version: !!binary x",
    "a version to come": "%YAML 9.9\n---\na",
    "the same name twice": f"{WHOLE}{WHOLE}inputs: []\noutputs: []\n",
    "2,000 inputs": "version: 1.0\nsteps: []\noutputs: []\ninputs:\n" + "- {type: WorkflowImage, name: a}\n" * 2_000,
    "JSON that is broken": '{"version": "1.0", "inputs": [}',
    "1 MB of name": f"{'x' * 1_000_000}: 1",
    "an endless selector": f"{WHOLE}inputs: []\noutputs: [{{type: JsonField, name: o, selector: "
    + "$steps." * 20_000
    + "}]",
    "a regular expression": "version: 1.0\ninputs: []\nsteps: [{type: image_blur@v1, name: "
    + "a" * 50_000
    + "}]\noutputs: []",
}


@pytest.mark.parametrize("text", TEXTS)
def test_documents_that_are_none(server: Server, client: httpx.Client, text: str) -> None:
    before = server.memory()
    judge(client.post("/run", files={"workflow": TEXTS[text].encode(), "image": PNG}))
    judge(client.post("/run", data={"workflow": TEXTS[text]}, files={"image": PNG}))
    assert not Path("/tmp/cropflow-was-here").exists()  # what one of them would leave
    assert server.memory() - before < 300 * 2**20


SOURCES = [path.read_bytes() for path in sorted((ROOT / "workflows").glob("*.yaml"))]


@given(
    data=st.sampled_from(SOURCES),
    cut=st.one_of(st.just(-2), places),
    changes=st.lists(st.tuples(places, st.sampled_from(list(b"\0\n\t &*!|>%@`\"'{}[],:#$.-~\xff0aZ"))), max_size=5),
)
@fuzz(300)
def _spoilt_text(client: httpx.Client, data: bytes, cut: int, changes: list[tuple[int, int]]) -> None:
    judge(client.post("/run", files={"workflow": spoilt(data, cut, changes), "image": PNG}))


def test_documents_with_slips_of_the_pen(client: httpx.Client) -> None:
    _spoilt_text(client)


@given(
    data=st.binary(max_size=60), kind=st.sampled_from(["application/json", "multipart/form-data; boundary=x", "a/b"])
)
@example(data=b"--x\r\n", kind="multipart/form-data; boundary=x")
@example(data=b"--x--\r\n", kind="multipart/form-data; boundary=x")
@example(data=b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", kind="multipart/form-data; boundary=x")
@example(data=b"--x\r\nContent-Disposition: form-data; name=image\r\n\r\n1", kind="multipart/form-data; boundary=x")
@example(data=b"--x\r\n", kind="multipart/form-data")
@example(data=b"--x\r\n", kind="multipart/form-data; boundary=" + "x" * 5000)
@example(data=b"%ff=%00&=&&&==", kind="application/x-www-form-urlencoded")
@example(data=b"a" * 100_000, kind="application/x-www-form-urlencoded; charset=nope")
@example(
    data=b"--x\r\nContent-Disposition: form-data; name=\"image\"; filename*=nope''%ff\r\n\r\n1\r\n--x--",
    kind="multipart/form-data; boundary=x; charset=nope",
)
@fuzz(120)
def _any_bytes(client: httpx.Client, data: bytes, kind: str) -> None:
    for path in ("/run", RUN, "/workflows/run", "/a/workflows/b", "/workflows/validate"):
        judge(client.post(path, content=data, headers={"Content-Type": kind}))


def test_any_bytes(client: httpx.Client) -> None:
    _any_bytes(client)


# ---- documents as JSON

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, 10**30, 1e9, 1e300, -1e300, 1e-320]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", "$", "$inputs", "$inputs.", "$inputs.image", "$steps.detect", "$steps.detect.*", "$steps.x.y"]
    ),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-5, 5), max_size=3),
    st.just([[0, 0], [1e9, 0], [0, 1e9]]),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """All places in a document: a container, and a key or index."""
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(item, dict | list):
            yield from parts(item)


def mutated(data: DataObject) -> dict[str, Any]:
    document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        found = list(parts(document))
        if not found:
            break
        inside, key = found[data.draw(st.integers(0, len(found) - 1))]
        match data.draw(st.sampled_from(["value", "value", "delete", "rename", "wrap", "copy", "swap"])):
            case "delete":
                del inside[key]
            case "rename" if isinstance(inside, dict):
                inside[data.draw(st.text(max_size=8))] = inside.pop(key)
            case "wrap":
                inside[key] = [inside[key]] if data.draw(st.booleans()) else {"value": inside[key]}
            case "copy" if isinstance(inside, list):
                inside.append(copy.deepcopy(inside[key]))
            case "swap":
                other, place = found[data.draw(st.integers(0, len(found) - 1))]
                if place in other if isinstance(other, dict) else place < len(other):
                    inside[key] = copy.deepcopy(other[place])
            case _:
                inside[key] = copy.deepcopy(data.draw(anything))  # examples share what is drawn
    return document


@given(data=st.data())
@fuzz(400)
def _mutated(client: httpx.Client, data: DataObject) -> None:
    document = mutated(data)
    body = {"specification": document, "inputs": {"image": picture()}, "disable_sinks": data.draw(st.booleans())}
    judge(client.post("/workflows/run", json=body))
    judge(client.post("/workflows/validate", json=document))
    judge(client.post("/workflows/describe_interface", json={"specification": document}))


def test_documents_that_are_changed(client: httpx.Client) -> None:
    _mutated(client)


STEPS: dict[str, dict[str, Any]] = {
    "slices of a few pixels": {"type": "image_slicer@v2", "slice_width": 9, "slice_height": 9},
    "slices that overlap wholly": {"type": "image_slicer@v2", "slice_width": 9, "overlap_ratio_width": 0.999999},
    "a picture of 100,000 × 100,000": {
        "type": "image_preprocessing@v1",
        "task_type": "resize",
        "width": 100_000,
        "height": 100_000,
    },
    "a picture 100,000 wide": {"type": "image_preprocessing@v1", "task_type": "resize", "width": 10**5, "height": None},
    "a picture 10**18 wide": {"type": "image_preprocessing@v1", "task_type": "resize", "width": 10**18, "height": 1},
    "a turn of 10**300": {"type": "image_preprocessing@v1", "task_type": "rotate", "rotation_degrees": 10**300},
    "a turn by 1e9": {"type": "image_preprocessing@v1", "task_type": "rotate", "rotation_degrees": 10**9 + 1},
    "a large kernel": {"type": "image_blur@v1", "kernel_size": 10**9},
    "a huge kernel": {"type": "image_blur@v1", "kernel_size": 10**30},
    "a median of 1e9": {"type": "image_blur@v1", "blur_type": "median", "kernel_size": 10**9 + 1},
    "a bilateral of 1e9": {"type": "image_blur@v1", "blur_type": "bilateral", "kernel_size": 10**9 + 1},
    "a bilateral of 999": {"type": "image_blur@v1", "blur_type": "bilateral", "kernel_size": 999},
    "a gauss of 99,999": {"type": "image_blur@v1", "blur_type": "gaussian", "kernel_size": 99_999},
    "morphology with 1e9": {"type": "morphological_transformation@v1", "kernel_size": 10**9, "operation": "Closing"},
    "morphology with 9999": {"type": "morphological_transformation@v1", "kernel_size": 9999, "operation": "Closing"},
    "morphology 2 with 9999": {"type": "morphological_transformation@v2", "kernel_size": 9999, "operation": "Dilation"},
    "a crop of 1e9": {
        "type": "absolute_static_crop@v1",
        "x_center": 0,
        "y_center": 0,
        "width": 10**9,
        "height": 10**9,
    },
    "a crop far away": {
        "type": "relative_static_crop@v1",
        "x_center": 1e300,
        "y_center": -1e300,
        "width": 1e300,
        "height": 1e-300,
    },
    "a QR code of 1e9": {"type": "qr_code_generator@v1", "text": "x" * 100_000, "image": None},
    "a border of 1e9": {"type": "qr_code_generator@v1", "text": "x", "border": 10**9, "image": None},
    "threshold": {"type": "threshold@v1", "threshold_type": "adaptive_mean", "thresh_value": 10**9, "max_value": 10**9},
    "contrast": {"type": "contrast_enhancement@v1", "contrast_multiplier": 1e300},
    "stack": {"type": "image_stack@v1", "stack_size": 10**9, "resolution_width": 10**9},
    "perspective": {
        "type": "perspective_correction@v1",
        "perspective_polygons": [[0, 0], [9, 0], [9, 9], [0, 9]],
        "transformed_rect_width": 10**6,
        "transformed_rect_height": 10**6,
        "warp_image": True,
    },
    "sift": {"type": "sift@v1"},
    "the largest kernel": {"type": "image_blur@v1", "kernel_size": 999},
    "the largest kernel of morphology": {
        "type": "morphological_transformation@v1",
        "kernel_size": 999,
        "operation": "Closing",
    },
    "the largest code": {"type": "qr_code_generator@v1", "text": "x" * 2000, "border": 100, "image": None},
    "a picture as large as may be": {"type": "image_preprocessing@v1", "task_type": "resize", "width": 16384},
    "colours": {"type": "dominant_color@v1", "color_clusters": 10, "max_iterations": 10**9, "target_size": 10**9},
    "calibration": {
        "type": "camera-calibration@v1",
        **dict.fromkeys(("fx", "fy", "cx", "cy", "k1", "k2", "k3"), 1e300),
    },
    "text template": {"type": "string_template@v1", "template": "{a}" * 10_000, "image": None},
}
ON_BOXES: dict[str, dict[str, Any]] = {
    "lines of 1e9": {"type": "bounding_box_visualization@v1", "thickness": 10**9},
    "round to 1e9": {"type": "bounding_box_visualization@v1", "roundness": 1e9},
    "labels of 1e9": {
        "type": "label_visualization@v1",
        "text_padding": 10**9,
        "text_scale": 1e9,
        "text_thickness": 10**9,
    },
    "blur of 1e9": {"type": "blur_visualization@v1", "kernel_size": 10**9},
    "pixels of 1e9": {"type": "pixelate_visualization@v1", "pixel_size": 10**9},
    "circles of 1e9": {"type": "circle_visualization@v1", "thickness": 10**9},
    "dots of 1e9": {"type": "dot_visualization@v1", "radius": 10**9, "outline_thickness": 10**9},
    "triangles of 1e9": {"type": "triangle_visualization@v1", "base": 10**9, "height": 10**9},
    "crops scaled by 1e9": {"type": "crop_visualization@v1", "scale_factor": 1e9, "border_thickness": 10**9},
    "crops scaled by 400": {"type": "crop_visualization@v1", "scale_factor": 400},
    "corners of 1e9": {"type": "corner_visualization@v1", "thickness": 10**9, "corner_length": 10**9},
    "a glow of 1e9": {"type": "halo_visualization@v1", "kernel_size": 10**9, "opacity": 0.5},
    "the largest labels": {
        "type": "label_visualization@v1",
        "text_padding": 10_000,
        "text_scale": 100,
        "text_thickness": 1000,
    },
    "the largest blur": {"type": "blur_visualization@v1", "kernel_size": 10_000},
    "the largest dots": {"type": "dot_visualization@v1", "radius": 10_000, "outline_thickness": 1000},
    "the largest crops": {"type": "crop_visualization@v1", "scale_factor": 100},
    "the largest heat": {"type": "heatmap_visualization@v1", "radius": 100_000, "kernel_size": 999},
    "opacity of 1e300": {"type": "color_visualization@v1", "opacity": 1e300},
    "ellipse": {"type": "ellipse_visualization@v1", "thickness": 10**9, "start_angle": 10**9, "end_angle": -(10**9)},
    "heat": {"type": "heatmap_visualization@v1", "radius": 10**9, "kernel_size": 10**9},
    "offset": {"type": "detection_offset@v1", "offset_width": 10**12, "offset_height": 10**12, "image": None},
}


def run_of(client: httpx.Client, *steps: dict[str, Any]) -> httpx.Response:
    filled = [{key: value for key, value in {"name": "s", **step}.items() if value is not None} for step in steps]
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": filled,
        "outputs": [{"type": "JsonField", "name": "o", "selector": "$steps.s.*"}],
    }
    return judge(client.post("/workflows/run", json={"specification": document, "inputs": {"image": picture()}}))


@pytest.mark.parametrize("step", STEPS)
def test_steps_beyond_measure(server: Server, client: httpx.Client, step: str) -> None:
    before = server.memory()
    run_of(client, {"image": "$inputs.image", **STEPS[step]})
    assert server.memory() - before < 500 * 2**20


@pytest.mark.parametrize("step", ON_BOXES)
def test_drawings_beyond_measure(server: Server, client: httpx.Client, step: str) -> None:
    before = server.memory()
    found = {
        "type": "object_detection_model@v2",
        "name": "found",
        "images": "$inputs.image",
        "model_id": "../models/digits-detect.pt",
    }
    run_of(client, found, {"image": "$inputs.image", "predictions": "$steps.found.predictions", **ON_BOXES[step]})
    assert server.memory() - before < 500 * 2**20


def test_slices_of_one_pixel_are_refused(client: httpx.Client) -> None:
    small = {"type": "image_preprocessing@v1", "name": "small", "task_type": "resize", "width": 160, "height": 160}
    slices = {"type": "image_slicer@v2", "image": "$steps.small.image", "slice_width": 1, "slice_height": 1}
    answer = run_of(client, {**small, "image": "$inputs.image"}, slices)
    assert answer.status_code in (400, 422)


# ---- memory


def test_bad_requests_leave_nothing_behind(server: Server, client: httpx.Client) -> None:
    def ask(number: int) -> None:
        judge(client.post(RUN, content=b'{"a": "' + b"x" * 500_000, headers={"Content-Type": "application/json"}))
        judge(client.post(RUN, files={"image": PNG[: 100 + number]}))
        if number % 10 == 0:
            judge(client.post("/run", files={"workflow": f"{BOMB}# {number}".encode()}))
        body = {"specification": {**DOCUMENTS[0], "other": number}, "inputs": {f"nope{number}": "x" * 100_000}}
        judge(client.post("/workflows/run", json=body))
        judge(client.post(f"/run/nope{number}"))
        client.get(f"/nope{number}")

    for number in range(80):  # more than the documents that are kept
        ask(number)
    before = server.memory()
    started = time.monotonic()
    for number in range(80, 180):
        ask(number)
    assert time.monotonic() - started < 60
    assert server.memory() - before < 50 * 2**20

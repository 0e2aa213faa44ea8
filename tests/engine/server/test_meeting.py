"""Requests that ask the same of one workflow share runs of it, and none of them can tell."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from cropflow import OutputFolder, Workflow
from cropflow.server.meeting import may_meet

from .conftest import ROOT, SCENES, Server, serving

PICTURES = [path.read_bytes() for path in sorted(SCENES.rglob("*.png"))]
COUNT = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: confidence, kind: [float_zero_to_one], default_value: 0.4}
  - {type: WorkflowParameter, name: middle, kind: [integer], default_value: 50}
steps:
  - {type: object_detection_model@v2, name: detect, images: $inputs.image, model_id: digits-detect.onnx,
     confidence: $inputs.confidence}
  - {type: absolute_static_crop@v1, name: part, images: $inputs.image, x_center: 50, y_center: $inputs.middle,
     width: 20, height: 20}
outputs:
  - {type: JsonField, name: boxes, selector: $steps.detect.predictions}
  - {type: JsonField, name: part, selector: $steps.part.crops}
"""
SIZE = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - type: property_definition@v1
    name: size
    data: $inputs.image
    operations:
      - {type: ExtractImageProperty, property_name: height}
      - {type: ToString}
      - {type: LookupTable, lookup_table: {"320": usual}}
  - {type: object_detection_model@v2, name: detect, images: $inputs.image, model_id: digits-detect.onnx}
outputs:
  - {type: JsonField, name: size, selector: $steps.size.output}
  - {type: JsonField, name: boxes, selector: $steps.detect.predictions}
"""
TOLD = COUNT.replace("inputs:", "inputs:\n  - {type: WorkflowParameter, name: info, kind: [dictionary]}").replace(
    "outputs:", "outputs:\n  - {type: JsonField, name: info, selector: $inputs.info}"
)
SAME = COUNT[: COUNT.index("outputs:")] + "outputs: [{type: JsonField, name: same, selector: $inputs.confidence}]"
NOTE = SIZE.replace("outputs:", "  - {type: jsonl_sink@v1, name: note, data: {size: $steps.size.output}}\noutputs:")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("meeting")


@pytest.fixture(scope="module")
def busy(folder: Path) -> Iterator[Server]:
    """A server where requests wait for each other, so that they meet on machines of any speed."""
    for name, document in (("count", COUNT), ("note", NOTE), ("size", SIZE), ("told", TOLD)):
        (folder / f"{name}.yaml").write_text(document, encoding="utf-8")
    options = ("--models", "models", "--out", str(folder / "out"), "--longest-wait", "300")
    with serving("--workflows", str(folder), *options) as server:
        yield server


def ask_at_once(server: Server, name: str, asked: list[tuple[bytes, dict]]) -> list[httpx.Response]:
    with server.client() as client, ThreadPoolExecutor(len(asked)) as pool:

        def ask(one: tuple[bytes, dict]) -> httpx.Response:
            return client.post(f"/run/{name}", files={"image": one[0]}, data=one[1])

        return list(pool.map(ask, asked))


def numbers(server: Server) -> dict[str, float]:
    """Return what the server tells of itself, by name and labels."""
    with server.client() as client:
        lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def runs(server: Server, name: str) -> tuple[float, float]:
    """Return how many runs that requests may share a workflow had, and how many requests in them."""
    found = numbers(server)
    count, total = (found.get(f'cropflow_run_requests_{what}{{workflow="{name}"}}', 0) for what in ("count", "sum"))
    return count, total


def test_requests_share_runs_and_get_their_own_answers(busy: Server) -> None:
    before = runs(busy, "count")
    thresholds = [(0.4, 0.99)[number % 3 == 0] for number in range(len(PICTURES))]
    with Workflow.loads(COUNT, base=ROOT / "models") as workflow:
        expected = [
            workflow.run({"image": picture, "confidence": threshold}).to_dict()[0]
            for picture, threshold in zip(PICTURES, thresholds, strict=True)
        ]
    asked = [(picture, {"confidence": threshold}) for picture, threshold in zip(PICTURES, thresholds, strict=True)]
    for answer, wanted in zip(ask_at_once(busy, "count", asked), expected, strict=True):
        (row,) = answer.json()["outputs"]
        assert len(row["boxes"]["predictions"]) == len(wanted["boxes"]["predictions"])
        assert row["part"]["value"] == wanted["part"]["value"]
    assert len({str(row) for row in expected}) == len(PICTURES)
    after = runs(busy, "count")
    assert after[1] - before[1] == len(PICTURES)
    assert after[0] - before[0] < len(PICTURES)


def test_values_that_differ_in_the_order_of_their_fields_do_not_meet(busy: Server) -> None:
    orders = ['{"b": 1, "a": 2}', '{"a": 2, "b": 1}'] * 3
    answers = ask_at_once(busy, "told", [(PICTURES[0], {"info": order}) for order in orders])
    assert [list(answer.json()["outputs"][0]["info"]) for answer in answers] == [["b", "a"], ["a", "b"]] * 3


def test_large_pictures_hold_up_nobody(busy: Server) -> None:
    large = cv2.imencode(".jpg", np.zeros((1600, 1600, 3), np.uint8))[1].tobytes()
    before = runs(busy, "count")
    answers = ask_at_once(busy, "count", [(large, {}), (large, {}), (PICTURES[0], {})])
    assert [answer.status_code for answer in answers] == [200] * 3
    assert runs(busy, "count")[1] - before[1] == 1


def test_who_fails_among_others_is_told_what_is_told_alone(busy: Server) -> None:
    asked = [(picture, {}) for picture in PICTURES[:5]]
    asked[1] = (b"no picture", {})
    asked[3] = (PICTURES[3], {"middle": -100})
    together = ask_at_once(busy, "count", asked)
    alone = [ask_at_once(busy, "count", [one])[0] for one in asked]
    assert [answer.status_code for answer in together] == [answer.status_code for answer in alone]
    assert together[1].status_code == 400
    for one, other in zip(together, alone, strict=True):
        told = [{**answer.json(), "request_id": ""} for answer in (one, other)]
        if one.status_code != 200:
            assert told[0] == told[1]


def test_a_step_that_fails_on_one_picture_fails_for_its_request_alone(busy: Server) -> None:
    other = cv2.imencode(".png", np.zeros((300, 300, 3), np.uint8))[1].tobytes()
    before = runs(busy, "size")
    answers = ask_at_once(busy, "size", [(picture, {}) for picture in (*PICTURES[:3], other, PICTURES[3])])
    assert runs(busy, "size")[1] - before[1] == 5
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422, 200]
    assert [answer.json()["outputs"][0]["size"] for answer in answers if answer.status_code == 200] == ["usual"] * 4
    alone = ask_at_once(busy, "size", [(other, {})])[0]
    assert answers[3].json()["message"] == alone.json()["message"]
    assert "step 'size'" in alone.json()["message"]


def test_a_failure_among_others_is_counted_once(busy: Server) -> None:
    counter = 'cropflow_step_errors_total{step="size",workflow="size"}'
    other = cv2.imencode(".png", np.zeros((300, 300, 3), np.uint8))[1].tobytes()
    before = numbers(busy).get(counter, 0)
    ask_at_once(busy, "size", [(picture, {}) for picture in (*PICTURES[:3], other)])
    assert numbers(busy)[counter] - before == 1


def test_what_has_effects_happens_once_for_each_request(busy: Server, folder: Path) -> None:
    answers = ask_at_once(busy, "note", [(picture, {}) for picture in PICTURES[:6]])
    assert [answer.json()["outputs"][0]["size"] for answer in answers] == ["usual"] * 6
    assert runs(busy, "note") == (0.0, 0.0)
    (lines,) = folder.rglob("*.jsonl")
    assert len(lines.read_text(encoding="utf-8").splitlines()) == 6


@pytest.mark.parametrize(
    ("document", "meets"),
    [
        (COUNT, True),
        (TOLD, True),
        (SIZE, True),
        (NOTE, False),  # writes
        (ROOT / "workflows" / "classes_on_boxes.yaml", True),
        (ROOT / "workflows" / "watch_changes.yaml", False),  # remembers
        (ROOT / "workflows" / "hide_found.yaml", False),  # not all steps belong to a picture
        (
            COUNT[: COUNT.index("outputs:")] + "outputs: [{type: JsonField, name: c, selector: $inputs.confidence}]",
            False,
        ),
        ("version: '1.0'\ninputs: [{type: WorkflowImage, name: image}]\nsteps: []\noutputs: []", False),
    ],
)
def test_workflows_meet_whose_rows_are_their_own(document: str | Path, meets: bool, tmp_path: Path) -> None:
    given = {"resources": [OutputFolder(tmp_path)]}
    opened = (
        Workflow.load(document, **given)
        if isinstance(document, Path)
        else Workflow.loads(document, base=ROOT / "models", **given)
    )
    with opened as workflow:
        assert may_meet(workflow.plan) is meets

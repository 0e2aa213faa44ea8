"""Our own surface, as curl and low-code tools use it."""

from __future__ import annotations

import base64
import json

import cv2
import httpx
import numpy as np
import pytest
import yaml

from cropflow import Workflow

from .conftest import ROOT, SCENES, Server

PICTURE = SCENES / "form" / "01.png"
OTHER = SCENES / "form" / "02.png"
RUN = "/run/classes_on_boxes"


@pytest.fixture(scope="module")
def expected() -> list[dict[str, object]]:
    with Workflow.load(ROOT / "workflows" / "classes_on_boxes.yaml") as workflow:
        return [workflow.run({"image": picture}).to_dict()[0] for picture in (PICTURE, OTHER)]


def boxes(row: dict) -> list[tuple]:
    return [(box["class"], round(box["x"], 1), round(box["y"], 1)) for box in row["named"]["predictions"]]


def test_the_workflows_of_the_folder_are_listed(client: httpx.Client) -> None:
    listed = {item["name"]: item for item in client.get("/workflows").json()["workflows"]}
    assert {file.stem for file in (ROOT / "workflows").glob("*.yaml")} <= set(listed)
    assert listed["classes_on_boxes"]["inputs"] == [{"name": "image", "kinds": ["image"], "required": True}]


def test_a_picture_as_a_form(client: httpx.Client, expected: list[dict]) -> None:
    answer = client.post(RUN, files={"image": ("sub/", PICTURE.read_bytes())})
    assert answer.status_code == 200
    assert answer.json()["errors"] == []
    assert [boxes(row) for row in answer.json()["outputs"]] == [boxes(expected[0])]
    assert answer.json()["outputs"][0]["named"]["predictions"][0]["detection_id"] == "image/detect/0"


def test_pictures_are_called_as_their_files(client: httpx.Client) -> None:
    names = ["a.png", "sub/a.png", "C:\\sub\\\u202eb.png", "x" * 300 + ".png", "sub/"]
    answer = client.post(RUN, files=[("image", (name, PICTURE.read_bytes())) for name in names])
    found = [row["named"]["predictions"][0]["parent_id"] for row in answer.json()["outputs"]]
    assert found == ["a.png", "a~2.png", "b.png", "x" * 96 + ".png", "image.[4]"]
    wrong = client.post(RUN, files=[("image", ("a.png", PICTURE.read_bytes())), ("image", ("b.png", b"none"))])
    assert "image 'b.png': the file (4 bytes) is not a picture" in wrong.json()["message"]


def test_several_pictures_are_a_batch(client: httpx.Client, expected: list[dict]) -> None:
    answer = client.post(RUN, files=[("image", PICTURE.read_bytes()), ("image", OTHER.read_bytes())])
    assert [boxes(row) for row in answer.json()["outputs"]] == [boxes(row) for row in expected]


@pytest.mark.parametrize("form", ["plain", "data URI", "mapping"])
def test_a_picture_in_json(client: httpx.Client, expected: list[dict], form: str) -> None:
    text = base64.b64encode(PICTURE.read_bytes()).decode()
    value = {"plain": text, "data URI": f"data:image/png;base64,{text}", "mapping": {"type": "base64", "value": text}}
    answer = client.post(RUN, json={"image": value[form]})
    assert [boxes(row) for row in answer.json()["outputs"]] == [boxes(expected[0])]


def test_a_picture_as_the_body_with_other_inputs_in_the_query(client: httpx.Client) -> None:
    counts = []
    for confidence in (0.1, 0.9999):
        answer = client.post(
            f"/run/detect_crop_classify?confidence={confidence}",
            content=PICTURE.read_bytes(),
            headers={"Content-Type": "image/png"},
        )
        counts.append(len(answer.json()["outputs"][0]["named"]["predictions"]))
    assert counts[0] > counts[1]


def test_other_inputs_are_fields_of_the_form(client: httpx.Client) -> None:
    answer = client.post(
        "/run/detect_crop_classify", files={"image": PICTURE.read_bytes()}, data={"confidence": "0.99999"}
    )
    assert answer.json()["outputs"][0]["named"]["predictions"] == []


@pytest.mark.parametrize("accept", ["image/png", "image/jpeg", "image/*, application/json;q=0.5"])
def test_an_answer_as_a_picture(client: httpx.Client, accept: str) -> None:
    answer = client.post(
        "/run/detect_crop_classify?output=annotated",
        files={"image": PICTURE.read_bytes()},
        headers={"Accept": accept},
    )
    assert answer.headers["content-type"] == ("image/png" if accept == "image/png" else "image/jpeg")
    shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == cv2.imread(str(PICTURE)).shape
    assert not np.array_equal(shown, cv2.imread(str(PICTURE)))


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ("01.png", 'filename="01.jpg"'),
        ("sub/a.b.png", 'filename="a.b.jpg"'),
        ("Straße 3.png", "filename=\"Stra_e_3.jpg\"; filename*=utf-8''Stra%C3%9Fe%203.jpg"),
        ('a";b=%22.png', "filename=\"a__b__22.jpg\"; filename*=utf-8''a%22%3Bb%3D%2522.jpg"),
    ],
)
def test_an_answer_as_a_picture_is_called_as_the_file_sent(client: httpx.Client, sent: str, named: str) -> None:
    quoted = sent.replace('"', r"\"")
    part = f'Content-Disposition: form-data; name="image"; filename="{quoted}"\r\n\r\n'.encode()
    answer = client.post(
        "/run/detect_crop_classify?output=annotated",
        content=b"--x\r\n" + part + PICTURE.read_bytes() + b"\r\n--x--\r\n",
        headers={"Accept": "image/jpeg", "Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.headers["content-disposition"] == f"inline; {named}"


@pytest.mark.parametrize(
    ("output", "named"),
    [
        ("annotated", 'filename="annotated.png"'),
        ("..\\v1.2\r\nSet-Cookie: a", "filename=\"v1.2Set-Cookie__a.png\"; filename*=utf-8''v1.2Set-Cookie%3A%20a.png"),
    ],
)
def test_an_answer_without_a_name_is_called_as_the_output(client: httpx.Client, output: str, named: str) -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [],
        "outputs": [{"type": "JsonField", "name": output, "selector": "$inputs.image"}],
    }
    picture = base64.b64encode(PICTURE.read_bytes()).decode()
    for image in (picture, [picture]):
        answer = client.post("/run", json={"workflow": document, "image": image}, headers={"Accept": "image/png"})
        assert answer.headers["content-disposition"] == f"inline; {named}"


def test_what_cannot_be_answered_in_the_form_asked_for_is_told(client: httpx.Client) -> None:
    files = {"image": PICTURE.read_bytes()}
    assert client.post(RUN, files=files, headers={"Accept": "text/html"}).status_code == 406
    crops = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "image_slicer@v2", "name": "cut", "image": "$inputs.image"}],
        "outputs": [{"type": "JsonField", "name": "slices", "selector": "$steps.cut.slices"}],
    }
    image = base64.b64encode(PICTURE.read_bytes()).decode()
    told = client.post("/run", json={"workflow": crops, "image": image}, headers={"Accept": "image/png"})
    assert told.status_code == 406
    assert told.json()["message"] == "The output 'slices' is a list here. Ask for JSON."


def test_one_output_is_asked_for(client: httpx.Client) -> None:
    def ask(query: str, accept: str, workflow: str = "detect_crop_classify") -> httpx.Response:
        files = {"image": PICTURE.read_bytes()}
        return client.post(f"/run/{workflow}?{query}", files=files, headers={"Accept": accept})

    assert list(ask("output=labels", "application/json").json()["outputs"][0]) == ["labels"]
    assert list(ask("output=labels", "application/x-ndjson").json()["outputs"]) == ["labels"]
    for accept in ("application/json", "application/x-ndjson", "image/png"):
        wrong = ask("output=annotted", accept)
        assert wrong.status_code == 400
        assert "has no output 'annotted'. Did you mean 'annotated'?" in wrong.json()["message"]
    assert (
        "'named' is no picture. The outputs that may be a picture: annotated" in ask("output=named", "image/png").text
    )
    none = ask("", "image/png", "classes_on_boxes")
    assert none.status_code == 406
    assert "output=" not in none.text


def test_answers_come_line_by_line(client: httpx.Client, expected: list[dict]) -> None:
    pictures = [PICTURE.read_bytes(), b"no picture", OTHER.read_bytes()] * 5
    headers = {"Accept": "application/x-ndjson"}
    with client.stream("POST", RUN, files=[("image", data) for data in pictures], headers=headers) as answer:
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert [line["index"] for line in lines] == list(range(15))
    assert [boxes(line["outputs"]) for line in lines[0:2:2]] == [boxes(expected[0])]
    assert [boxes(line["outputs"]) for line in lines[2::3]] == [boxes(expected[1])] * 5
    assert all(line["outputs"]["named"] is None for line in lines[1::3])
    assert [error["index"] for line in lines for error in line["errors"]] == [1, 4, 7, 10, 13]


def test_lines_and_one_answer_remember_alike(client: httpx.Client) -> None:
    files = [("image", (f"{number}.png", PICTURE.read_bytes())) for number in range(10)]
    together = client.post("/run/watch_changes", files=files).json()["outputs"]
    assert [row["saved_as"] is not None for row in together] == [True] + [False] * 9
    lines = client.post("/run/watch_changes", files=files, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert [bool(json.loads(line)["outputs"]["saved_as"]) for line in lines] == [True] + [False] * 9


def test_batches_of_different_lengths_are_refused_line_by_line_too(client: httpx.Client) -> None:
    inputs = [{"type": "WorkflowBatchInput", "name": name, "kind": ["string"]} for name in ("a", "b")]
    text = {"type": "string_template@v1", "name": "both", "template": "{a}-{b}"}
    steps = [{**text, "data": {"a": "$inputs.a", "b": "$inputs.b"}}]
    outputs = [{"type": "JsonField", "name": "both", "selector": "$steps.both.output"}]
    document = {"version": "1.0", "inputs": inputs, "steps": steps, "outputs": outputs}
    sent = {"workflow": document, "a": [*"abcdefghijklmnop"], "b": [*"ABCDEFGHI"]}
    assert client.post("/run", json=sent).status_code == 400
    (line,) = client.post("/run", json=sent, headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert "length" in json.loads(line)["error"]["message"]


def test_the_order_of_fields_in_a_document_counts(client: httpx.Client) -> None:
    for names in (["b", "a"], ["a", "b"]):
        step = {"type": "csv_formatter@v1", "name": "table", "columns_data": dict.fromkeys(names, "$inputs.text")}
        outputs = [{"type": "JsonField", "name": "table", "selector": "$steps.table.csv_content"}]
        inputs = [{"type": "WorkflowBatchInput", "name": "text", "kind": ["string"]}]
        document = {"version": "1.0", "inputs": inputs, "steps": [step], "outputs": outputs}
        answer = client.post("/run", json={"workflow": document, "text": "x"})
        assert answer.json()["outputs"][0]["table"].startswith(",".join(names))


def test_one_bad_picture_is_refused_or_skipped(client: httpx.Client, expected: list[dict]) -> None:
    files = [("image", PICTURE.read_bytes()), ("image", ("sub/", b"no picture"))]
    refused = client.post(RUN, files=files)
    assert refused.status_code == 400
    assert "image.[1]" in refused.json()["message"]
    skipped = client.post(f"{RUN}?on_error=skip", files=files)
    assert skipped.status_code == 200
    assert boxes(skipped.json()["outputs"][0]) == boxes(expected[0])
    assert skipped.json()["outputs"][1] == {"named": None}
    assert [error["index"] for error in skipped.json()["errors"]] == [1]


def test_a_document_is_sent_along(client: httpx.Client, expected: list[dict]) -> None:
    document = (ROOT / "workflows" / "classes_on_boxes.yaml").read_bytes()
    answer = client.post("/run", files={"workflow": document, "image": PICTURE.read_bytes()})
    assert [boxes(row) for row in answer.json()["outputs"]] == [boxes(expected[0])]
    image = base64.b64encode(PICTURE.read_bytes()).decode()
    for sent in (document.decode(), yaml.safe_load(document)):
        answer = client.post("/run", json={"workflow": sent, "image": image})
        assert [boxes(row) for row in answer.json()["outputs"]] == [boxes(expected[0])]
    wrong = client.post("/run", files={"workflow": b"version: 1.0\nsteps: []\n", "image": PICTURE.read_bytes()})
    assert wrong.status_code == 400
    assert "inputs" in wrong.json()["message"]
    assert wrong.json()["problems"][0]["line"] == 1


def test_the_message_alone_tells_all_of_a_mistake(client: httpx.Client) -> None:
    document = (ROOT / "workflows" / "classes_on_boxes.yaml").read_text()
    high = document.replace("    name: detect\n", "    name: detect\n    confidence: high\n")
    message = client.post("/run", files={"workflow": high.encode()}).json()["message"]
    for part in ("steps.0.confidence (line 10, column 5; step 'detect')", "Expected: a number", "Got: string 'high'."):
        assert part in message
    unknown = client.post("/run", files={"workflow": document.replace("classification_model@v2", "mine@v1").encode()})
    assert "Python" not in unknown.text


@pytest.mark.parametrize(
    ("request_", "status", "told"),
    [
        ({"files": {"imag": b"x"}}, 400, "Did you mean 'image'?"),
        ({"data": {"image": "not base64!"}}, 400, "not base64"),
        ({"json": [1]}, 400, "must be a JSON object"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "no JSON"),
        ({"content": b"hello", "headers": {"Content-Type": "text/plain"}}, 415, "multipart/form-data"),
        ({}, 400, "'image' is missing"),
        ({"json": {"image": 7}}, 400, "must not be a number"),
    ],
)
def test_what_is_wrong_with_a_request_is_told(client: httpx.Client, request_: dict, status: int, told: str) -> None:
    answer = client.post(RUN, **request_)
    assert answer.status_code == status
    assert told in answer.json()["message"]
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_workflow_that_is_not_there(client: httpx.Client) -> None:
    for answer in (client.post("/run/classes_on_box"), client.get("/run/classes_on_box")):
        assert answer.status_code == 404
        assert "Did you mean 'classes_on_boxes'?" in answer.json()["message"]


def test_the_address_of_a_workflow_tells_how_to_run_it(client: httpx.Client, served: Server) -> None:
    answer = client.get(f"{RUN}?a=b")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["hint"] == f"POST its inputs: curl -F image=@FILE {served.url}{RUN}"


def test_health_metrics_and_description(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"status": "ready"}
    assert [client.head(path).status_code for path in ("/health", "/ready")] == [200, 200]
    client.post(RUN, files={"image": PICTURE.read_bytes()})
    numbers = client.get("/metrics").text
    assert 'cropflow_requests_total{route="/run/{workflow}",status="200"}' in numbers
    assert 'cropflow_step_seconds_count{step="classify",workflow="classes_on_boxes"}' in numbers
    assert 'cropflow_batch_pictures_count{model="digits-classify.pt"}' in numbers
    described = client.get("/openapi.json").json()
    form = described["paths"][RUN]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["image"]
    page = client.get("/docs").text
    assert "/docs/assets/swagger-ui-bundle.js" in page
    assert "https://" not in page.replace("https://spec.openapis.org", "")
    assert client.get("/docs/assets/swagger-ui-bundle.js").status_code == 200


def test_a_request_keeps_the_id_it_came_with(client: httpx.Client, served: object) -> None:
    answer = client.get("/health", headers={"X-Request-ID": "mine-1"})
    assert answer.headers["x-request-id"] == "mine-1"
    assert client.get("/health", headers={"X-Request-ID": "x" * 65}).headers["x-request-id"] != "x" * 65

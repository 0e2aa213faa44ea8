"""The whole way from the shell: a folder of scenes, real weights, and what was found in numbers."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
DETECT = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: confidence, kind: [float_zero_to_one], default_value: 0.4}
steps:
  - {type: object_detection_model@v2, name: detect, images: $inputs.image, model_id: digits/1,
     confidence: $inputs.confidence}
outputs: [{type: JsonField, name: objects, selector: $steps.detect.predictions}]
"""


def test_classes_are_counted_as_they_are_written(shell: Any, document: Any, tmp_path: Path) -> None:
    weights = ROOT / "models/digits-detect.pt"
    options = ["--source", ROOT / "examples/digits/scenes", "--model", f"digits/1={weights}", "--device", "cpu"]
    done = shell("run", document(DETECT), *options, "--out", tmp_path / "out", "--batch-size", 5)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out/results.jsonl").read_text().splitlines()]
    found = Counter(box["class"] for line in lines for box in line["outputs"]["objects"]["predictions"])
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["classes"] == {"objects": dict(found)}
    assert found["digit"] > 100
    assert f"class  objects\ndigit  {found['digit']:7}\n" in done.stderr.decode()
    assert lines[0]["outputs"]["objects"]["predictions"][0]["detection_id"] == f"{lines[0]['source']}/detect/0"


def test_a_parameter_reaches_the_model(shell: Any, document: Any) -> None:
    options = ["--source", ROOT / "examples/digits/scenes/sheet", "--set", "confidence=1.0"]
    done = shell("run", document(DETECT), *options, "--model", f"digits/1={ROOT / 'models/digits-detect.pt'}")
    assert done.returncode == 0, done.stderr
    assert all(not json.loads(line)["outputs"]["objects"]["predictions"] for line in done.stdout.splitlines())

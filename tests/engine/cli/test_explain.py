"""`explain` says what a document does, step by step, whether or not the weights can be loaded."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / "workflows/classes_on_boxes.yaml"
MODELS = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: weights, kind: [model_id], default_value: digits/1}
  - {type: WorkflowParameter, name: other, kind: [model_id]}
steps:
  - {type: object_detection_model@v2, name: literal, images: $inputs.image, model_id: digits/1}
  - {type: object_detection_model@v2, name: default, images: $inputs.image, model_id: $inputs.weights}
  - {type: object_detection_model@v2, name: later, images: $inputs.image, model_id: $inputs.other}
outputs: []
"""
NAMED = ["--model", f"digits/1={ROOT / 'models/digits-detect.pt'}", "--device", "cpu"]


def section(text: str, title: str) -> str:
    """Return the part of an explanation that tells of one step."""
    return next(part for part in text.split("\n\n") if part.partition("\n")[0].endswith(title))


def test_steps_in_order_with_levels_links_and_models(shell: Any) -> None:
    done = shell("explain", WORKFLOW, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert done.stderr == b""
    assert section(text, "Inputs") == "Inputs\n  image  image per image"
    assert (
        section(text, "crop  dynamic_crop@v1")
        == """\
2. crop  dynamic_crop@v1
   Cut every detection's box out of its image, one crop per detection.
   runs   per image
   reads  images: image per image, from $inputs.image
          predictions: object_detection_prediction per image,
            from $steps.detect.predictions
   gives  crops: image per image › crop
          predictions: object_detection_prediction per image › crop, not used"""
    )
    classify = section(text, "classify  classification_model@v2")
    assert classify.startswith("3. ")
    assert "runs   per image › crop, up to 64 in one call" in classify
    assert "digits-classify.pt: classify, 32 × 32 pixels, torch on cpu" in classify
    assert "10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9" in classify
    named = section(text, "named  detections_classes_replacement@v1")
    assert "gathers  image › crop" in named and "runs     per image" in named
    outputs = section(text, "Outputs").split()
    assert " ".join(outputs) == "Outputs named object_detection_prediction per image, from $steps.named.predictions"
    assert all(len(line) <= 80 for line in text.splitlines())


def test_without_models_nothing_is_loaded(invoke: Any) -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from cropflow.cli.app import app\n"
        f"result = CliRunner().invoke(app, ['explain', {str(WORKFLOW)!r}, '--no-models'])\n"
        "assert result.exit_code == 0 and 'classes:' not in result.stdout\n"
        "print([name for name in ('torch', 'ultralytics') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_model_may_come_from_an_input(invoke: Any, document: Any) -> None:
    text = invoke("explain", document(MODELS), *NAMED).stdout
    for step in ("literal", "default"):
        assert "model  digits/1: detect, 320 × 320 pixels" in section(text, f"{step}  object_detection_model@v2")
    assert "model  known when it runs, from $inputs.other" in section(text, "later  object_detection_model@v2")


@pytest.mark.parametrize("missing", ["weights", "ultralytics"])
def test_what_cannot_be_loaded_is_told_in_its_place(missing: str, document: Any) -> None:
    halt = "sys.modules['ultralytics'] = None; " if missing == "ultralytics" else ""
    named = NAMED if missing == "ultralytics" else ["--model", "digits/1=no/such/weights.pt"]
    code = f"import sys; {halt}from cropflow.cli import main; main()"
    command = [sys.executable, "-c", code, "explain", str(document(MODELS)), *named]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == 0, done.stderr
    told = " ".join(section(done.stdout, "literal  object_detection_model@v2").split())
    assert "digits/1: not loaded" in told
    assert ('pip install "cropflow[yolo]"' if missing == "ultralytics" else "no/such/weights.pt") in told
    assert "Traceback" not in done.stderr


def test_steps_that_nobody_needs_are_told(invoke: Any, document: Any) -> None:
    place = "x_center: 0.5, y_center: 0.5, width: 1.0, height: 1.0"
    step = f"{{type: relative_static_crop@v1, name: %s, images: $inputs.image, {place}}}"
    steps = ", ".join(step % name for name in ("seen", "unseen"))
    text = f"version: '1.0'\ninputs: [{{type: WorkflowImage, name: image}}]\nsteps: [{steps}]\n"
    told = invoke("explain", document(text + "outputs: [{type: JsonField, name: part, selector: $steps.seen.crops}]"))
    assert "runs   per image\n" in section(told.stdout, "seen  relative_static_crop@v1")
    assert "runs   not at all: no output and no sink needs it" in section(
        told.stdout, "unseen  relative_static_crop@v1"
    )


def test_weights_of_another_task_are_told(invoke: Any, document: Any) -> None:
    classifier = f"digits/1={ROOT / 'models/digits-classify.pt'}"
    text = " ".join(invoke("explain", document(MODELS), "--model", classifier).stdout.split())
    assert "does not fit: object_detection_model@v2 needs weights that do detect or segment or pose or obb" in text


def test_effects_gates_and_whole_steps(invoke: Any, document: Any) -> None:
    text = invoke(
        "explain",
        document("""
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: file, kind: [string]}
steps:
  - {type: jsonl_sink@v1, name: save, data: {picture: $inputs.image}}
  - {type: absolute_static_crop@v1, name: window, images: $inputs.image, x_center: 9, y_center: 9, width: 9, height: 9}
  - {type: object_detection_model@v2, name: detect, images: $steps.window.crops, model_id: x}
outputs:
  - {type: JsonField, name: all, selector: $steps.window.*}
  - {type: JsonField, name: own, selector: $steps.detect.predictions, coordinates_system: own}
"""),
        "--no-models",
    ).stdout
    assert "file   string, optional" in text
    assert "runs   per image, in order, because it has effects" in text
    assert "data: image per image, from $inputs.image" in text
    assert "all  a mapping of all outputs per image, from $steps.window.*" in text
    assert "in pixels of the crop" in section(text, "Outputs")


def test_a_refused_document_is_refused_here_too(invoke: Any, document: Any) -> None:
    result = invoke("explain", document('{"version": "1.0", "inputs": [], "steps": 3, "outputs": []}'))
    assert result.exit_code == 1 and result.stdout == "" and "refused: 1 mistake" in result.stderr

"""`blocks` is a catalogue one can read, and its examples run."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cropflow import KINDS, BlockSpec, ModelStore, OutputFolder, OutputSpec, PortSpec, Workflow
from cropflow.cli.example import example
from cropflow.registry import Registry, installed

ROOT = Path(__file__).parents[3]
CORE = list(installed().only("cropflow_blocks"))
MODELS = {"../models/digits-detect.pt", "../models/digits-classify.pt"}
RUN = {
    "absolute_static_crop", "bounding_box_visualization", "classification_model", "detections_classes_replacement",
    "dimension_collapse", "dynamic_crop", "image_sink", "jsonl_sink", "label_visualization", "object_detection_model",
    "relative_static_crop",
}  # fmt: skip
"""Blocks whose example needs nothing but the pictures and weights of the repository."""


@pytest.fixture(scope="module")
def store() -> Any:
    store = ModelStore(device="cpu")
    yield store
    store.close()


def test_the_catalogue_has_every_block_with_what_it_takes_and_gives(invoke: Any) -> None:
    result = invoke("blocks")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == [spec.type for spec in installed()]
    start = lines.index("dynamic_crop@v1")
    assert lines[start + 1 : start + 3] == [
        "    Cut every detection's box out of its image, one crop per detection.",
        "    images, predictions → crops, predictions (fans out)",
    ]
    assert all(len(line) <= 80 for line in lines)


def test_one_block_is_told_in_full(invoke: Any) -> None:
    text = invoke("blocks", "DynamicCrop").stdout
    assert text.startswith("dynamic_crop@v1\nalso called roboflow_core/dynamic_crop@v1, DynamicCrop, Crop\n\nCut every")
    told = " ".join(text.split())
    assert "images (also image): image, selector only, required the image to cut from" in told
    assert "mask_opacity: float_zero_to_one, 0.0 if left out" in told
    assert "predictions the kind of predictions, may be missing: the box of the crop, in pixels of the crop" in told
    assert "Level Fans out" in told


def test_levels_choices_and_calls_are_told(invoke: Any) -> None:
    told = {name: " ".join(invoke("blocks", name).stdout.split()) for name in (
        "detections_classes_replacement@v1", "classification_model@v3", "jsonl_sink@v1", "bounding_box_visualization@v1"
    )}  # fmt: skip
    assert "Gathers classification_predictions: runs one level above" in told["detections_classes_replacement@v1"]
    assert "confidence_mode: string, one of" in told["classification_model@v3"]
    assert "Takes up to 64 elements in one call" in told["classification_model@v3"]
    assert "Is called in the order of the elements" in told["jsonl_sink@v1"]
    assert "data: names with any kind" in told["jsonl_sink@v1"]
    assert "Keeps the level" in told["bounding_box_visualization@v1"]


@pytest.mark.parametrize("spec", CORE, ids=lambda spec: spec.type)
def test_every_page_is_readable_and_its_example_runs(invoke: Any, spec: Any, store: Any, tmp_path: Path) -> None:
    lines = invoke("blocks", spec.type).stdout.splitlines()
    assert all(len(line) <= 80 for line in lines), [line for line in lines if len(line) > 80]
    shown = "\n".join(line[2:] for line in lines[lines.index("Example") + 1 :]) if "Example" in lines else ""
    assert shown == (example(spec, installed()) or "").rstrip()
    if spec.type.partition("@")[0] not in RUN:
        return
    steps = yaml.safe_load(shown)["steps"]
    assert steps[-1]["type"] == spec.type and {step.get("model_id") for step in steps} <= {*MODELS, None}
    resources = [store, OutputFolder(tmp_path / "out")]
    with Workflow.loads(shown, base=ROOT / "workflows", resources=resources) as workflow:
        (row,) = workflow.run({"image": ROOT / "examples/digits/scenes/form/01.png"})
    assert list(row) == [output.name for output in spec.outputs]
    assert all(value is not None for value in row.values())


def test_what_an_example_needs_is_made_by_other_blocks() -> None:
    spec = BlockSpec(
        "t/masks@v1",
        make=object,
        ports=(PortSpec("masks", (KINDS["instance_segmentation_prediction"],)),),
    )
    segment = BlockSpec(
        "t/segment@v1",
        make=object,
        ports=(PortSpec("image", (KINDS["image"],)), PortSpec("model_id", (KINDS["model_id"],))),
        outputs=(OutputSpec("found", (KINDS["instance_segmentation_prediction"],)),),
    )
    assert example(spec, Registry([spec])) is None, "nothing here makes masks"
    assert yaml.safe_load(example(spec, Registry([spec, segment])) or "")["steps"] == [
        {"type": "t/segment@v1", "name": "find", "image": "$inputs.image", "model_id": "yolo11n-seg"},
        {"type": "t/masks@v1", "name": "masks", "masks": "$steps.find.found"},
    ]


def test_an_unknown_name_gets_the_nearest_ones(invoke: Any) -> None:
    result = invoke("blocks", "dynamic_crpo@v1")
    assert result.exit_code == 2 and "did you mean dynamic_crop@v1" in result.stderr
    labels = "classification_label_visualization@v1 or label_visualization@v2"
    assert f"did you mean {labels}?" in invoke("blocks", "label").stderr
    assert "there is no block 'zzz'. `cropflow blocks` lists all" in invoke("blocks", "zzz").stderr


def test_blocks_of_plug_ins_are_told_too(shell: Any) -> None:
    assert "odd/fussy@v1\n    Refuses dark pictures.\n    image → level\n" in shell("blocks").stdout.decode()
    text = shell("blocks", "odd/fussy@v1").stdout.decode()
    assert "limit: float, 0.0 if left out" in text
    assert "- {type: odd/fussy@v1, name: fussy, image: $inputs.image}" in text


def test_a_name_without_a_version_means_the_newest(invoke: Any) -> None:
    assert invoke("blocks", "object_detection_model").stdout == invoke("blocks", "object_detection_model@v3").stdout

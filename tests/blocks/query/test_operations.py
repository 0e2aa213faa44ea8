"""Every operation of the query language, through the block that computes properties."""

from __future__ import annotations

import base64
import datetime
import logging
from typing import Any, get_args

import cv2
import numpy as np
import pytest
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow import Classification, Image, RunError, Workflow, WorkflowError
from cropflow.image.origin import Origin
from cropflow_blocks.query.properties import MEANINGS, Property

CORNERS = [[0, 0, 100, 100], [10, 10, 20, 30], [150, 150, 170, 190], [90, 90, 130, 130]]
IDS = ["a", "b", "c", "d"]


def found(**data: Any) -> Detections:
    """A car with a plate inside, a plate far away, and something that overlaps the car."""
    return Detections(
        xyxy=np.array(CORNERS, np.float32),
        confidence=np.array([0.9, 0.5, 0.7, 0.2], np.float32),
        class_id=np.array([0, 1, 1, 2]),
        data={
            "class_name": np.array(["car", "plate", "plate", "x"]),
            "detection_id": np.array(IDS),
            **data,
        },
        metadata={"origin": Origin("image", 300, 200)},
    )


def document(operations: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "data", "kind": [kind]}],
        "steps": [
            {
                "type": "roboflow_core/property_definition@v1",
                "name": "property",
                "data": "$inputs.data",
                "operations": operations,
            }
        ],
        "outputs": [
            {"type": "JsonField", "name": "out", "selector": "$steps.property.output", "coordinates_system": "own"}
        ],
    }


def computed(value: Any, *operations: dict[str, Any], kind: str = "*") -> Any:
    with Workflow.load(document(list(operations), kind)) as workflow:
        return workflow.run({"data": [value]})[0]["out"]


@pytest.mark.parametrize(
    ("value", "operation", "expected"),
    [
        ("Seven", {"type": "StringToLowerCase"}, "seven"),
        ("Seven", {"type": "StringToUpperCase"}, "SEVEN"),
        ("hello", {"type": "StringSubSequence"}, "hell"),
        ("hello", {"type": "StringSubSequence", "start": 1, "end": 3}, "el"),
        ("hello", {"type": "StringMatches", "regex": "ell"}, True),
        ("hello", {"type": "StringMatches", "regex": "^ell"}, False),
        (3, {"type": "ToString"}, "3"),
        (True, {"type": "ToString"}, "True"),
        ("3.7", {"type": "ToNumber", "cast_to": "int"}, 3),
        ("3.7", {"type": "ToNumber", "cast_to": "float"}, 3.7),
        (True, {"type": "ToNumber", "cast_to": "int"}, 1),
        (2**60 + 1, {"type": "ToNumber", "cast_to": "int"}, 2**60 + 1),
        (3.756, {"type": "NumberRound", "decimal_digits": 1}, 3.8),
        (3, {"type": "Multiply", "other": 2}, 6),
        (3, {"type": "Divide", "other": 2}, 1.5),
        (0.0, {"type": "ToBoolean"}, False),
        (3, {"type": "ToBoolean"}, True),
        ("anything", {"type": "RandomNumber", "min_value": 2, "max_value": 2}, 2.0),
        ("a", {"type": "LookupTable", "lookup_table": {"a": 1}}, 1),
        (7, {"type": "LookupTable", "lookup_table": {"7": "seven"}}, "seven"),
        (datetime.datetime(2026, 1, 31, 12, 30), {"type": "TimestampToISOFormat"}, "2026-01-31T12:30:00"),
        ({"a": [1, "ü"]}, {"type": "ConvertDictionaryToJSON"}, '{"a": [1, "ü"]}'),
        (["a", "b"], {"type": "SequenceMap", "lookup_table": {"a": 1, "b": 2}}, [1, 2]),
        (["a", "B"], {"type": "SequenceApply", "operations": [{"type": "StringToUpperCase"}]}, ["A", "B"]),
        ([], {"type": "SequenceApply", "operations": [{"type": "StringToUpperCase"}]}, []),
        (["a", "b"], {"type": "SequenceLength"}, 2),
        ({"a": 1}, {"type": "SequenceLength"}, 1),
        (["a", "b", "a"], {"type": "SequenceElementsCount"}, {"a": 2, "b": 1}),
        (["a", 1], {"type": "SequenceJoin", "separator": ", "}, "a, 1"),
        (["a", "b", "b"], {"type": "SequenceAggregate", "mode": "first"}, "a"),
        (["a", "b", "b"], {"type": "SequenceAggregate", "mode": "last"}, "b"),
        (["a", "b", "b"], {"type": "SequenceAggregate", "mode": "most_common"}, "b"),
        (["b", "a", "b"], {"type": "SequenceAggregate", "mode": "least_common"}, "a"),
        ([], {"type": "SequenceAggregate", "mode": "most_common"}, None),
        ([1, 2.5], {"type": "NumericSequenceAggregate", "function": "sum"}, 3.5),
        ([1, 2.5], {"type": "NumericSequenceAggregate", "function": "max"}, 2.5),
        ([], {"type": "NumericSequenceAggregate", "function": "min", "neutral_value": 7}, 7),
    ],
)
def test_plain_values_and_lists(value: Any, operation: dict[str, Any], expected: Any) -> None:
    answer = computed(value, operation)
    assert answer == expected
    assert type(answer) is type(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("class_name", ["car", "plate", "plate", "x"]),
        ("class_id", [0, 1, 1, 2]),
        ("x_min", [0.0, 10.0, 150.0, 90.0]),
        ("y_max", [100.0, 30.0, 190.0, 130.0]),
        ("width", [100.0, 10.0, 20.0, 40.0]),
        ("size", [10000.0, 200.0, 800.0, 1600.0]),
        ("center", [[50, 50], [15, 20], [160, 170], [110, 110]]),
        ("top_left", [[0, 0], [10, 10], [150, 150], [90, 90]]),
        ("bottom_right", [[100, 100], [20, 30], [170, 190], [130, 130]]),
        ("image_dimensions", [[200, 300]] * 4),
        ("prediction_type", ["object-detection"] * 4),
    ],
)
def test_properties_of_all_boxes(name: str, expected: list[Any]) -> None:
    assert computed(found(), {"type": "DetectionsPropertyExtract", "property_name": name}) == expected


def test_points_are_told_in_whole_pixels() -> None:
    boxes = Detections(np.array([[0.4, 1.2, 100.6, 101.8]]))
    for name, expected in {"center": [50, 52], "top_left": [0, 1], "bottom_right": [101, 102]}.items():
        (point,) = computed(boxes, {"type": "DetectionsPropertyExtract", "property_name": name})
        assert point == expected
        assert all(type(number) is int for number in point)


def test_what_was_predicted_shows_in_what_was_found() -> None:
    operation = {"type": "DetectionsPropertyExtract", "property_name": "prediction_type"}
    boxes = found()
    boxes.mask = np.zeros((4, 200, 300), bool)
    assert computed(boxes, operation) == ["instance-segmentation"] * 4
    assert computed(found(keypoints_xy=np.zeros((4, 3, 2))), operation) == ["keypoint-detection"] * 4


def test_every_property_has_a_meaning_for_the_page() -> None:
    assert sorted(MEANINGS) == sorted(get_args(Property))


def test_a_property_that_a_step_before_measured() -> None:
    operation = {"type": "DetectionsPropertyExtract", "property_name": "time_in_zone"}
    assert computed(found(time_in_zone=np.array([0.5, 1, 2, 3])), operation) == [0.5, 1.0, 2.0, 3.0]
    with pytest.raises(RunError, match="these boxes have no 'time_in_zone'; put a step before this one"):
        computed(found(), operation)
    assert computed(Detections.empty(), operation) == []


@pytest.mark.parametrize(
    ("operation", "ids"),
    [
        ({"type": "DetectionsSelection", "mode": "left_most"}, ["b"]),
        ({"type": "DetectionsSelection", "mode": "right_most"}, ["c"]),
        ({"type": "DetectionsSelection", "mode": "top_confidence"}, ["a"]),
        ({"type": "DetectionsSelection", "mode": "first"}, ["a"]),
        ({"type": "DetectionsSelection", "mode": "last"}, ["d"]),
        ({"type": "SortDetections", "mode": "confidence"}, ["d", "b", "c", "a"]),
        ({"type": "SortDetections", "mode": "confidence", "ascending": False}, ["a", "c", "b", "d"]),
        ({"type": "SortDetections", "mode": "size"}, ["b", "c", "d", "a"]),
        ({"type": "SortDetections", "mode": "center_x", "ascending": False}, ["c", "d", "a", "b"]),
        ({"type": "PickDetectionsByParentClass", "parent_class": "car"}, ["a", "b"]),
        ({"type": "PickDetectionsByParentClass", "parent_class": "plate"}, ["b", "c"]),
        ({"type": "PickDetectionsByParentClass", "parent_class": "bus"}, []),
    ],
)
def test_boxes_are_chosen_and_sorted(operation: dict[str, Any], ids: list[str]) -> None:
    before = found()
    after = computed(before, operation)
    assert after.data["detection_id"].tolist() == ids
    assert [CORNERS[IDS.index(id)] for id in ids] == after.xyxy.tolist()
    assert len(before) == 4
    assert len(computed(Detections.empty(), operation)) == 0


def test_boxes_grow_by_half_on_each_side_and_move_with_their_masks() -> None:
    boxes = found()
    dense = np.zeros((4, 200, 300), bool)
    dense[1, 10:30, 10:20] = True
    boxes.mask = CompactMask.from_dense(dense, boxes.xyxy, (200, 300))
    grown = computed(boxes, {"type": "DetectionsOffset", "offset_x": 10, "offset_y": 20})
    assert grown.xyxy[1].tolist() == [5, 0, 25, 40]
    moved = computed(boxes, {"type": "DetectionsShift", "shift_x": 10, "shift_y": 20})
    assert moved.xyxy[1].tolist() == [20, 30, 30, 50]
    assert np.argwhere(np.asarray(moved.mask[1])).min(axis=0).tolist() == [30, 20]
    assert boxes.xyxy.tolist() == CORNERS


def test_classes_are_renamed() -> None:
    strict = computed(found(), {"type": "DetectionsRename", "class_map": {"x": "y", "plate": "sign", "car": "auto"}})
    assert strict.data["class_name"].tolist() == ["auto", "sign", "sign", "y"]
    assert strict.class_id.tolist() == [0, 1, 1, 2]
    loose = computed(
        found(), {"type": "DetectionsRename", "class_map": {"car": "auto", "plate": "auto"}, "strict": False}
    )
    assert loose.data["class_name"].tolist() == ["auto", "auto", "auto", "x"]
    assert loose.class_id.tolist() == [1024, 1024, 1024, 2]
    shared = computed(found(), {"type": "DetectionsRename", "class_map": {"x": "car"}, "strict": False})
    assert shared.class_id.tolist() == [0, 1, 1, 0]
    with pytest.raises(RunError, match="class_map has no entry for 'x'; add one, or set strict to false"):
        computed(found(), {"type": "DetectionsRename", "class_map": {"car": "auto", "plate": "sign"}})


def test_boxes_in_the_form_of_results() -> None:
    written = computed(found(), {"type": "DetectionsToDictionary"})
    assert written["image"] == {"width": 300, "height": 200}
    assert written["predictions"][1]["class"] == "plate"
    assert computed(found(), {"type": "SequenceLength"}) == 4


def test_pictures() -> None:
    picture = Image(np.full((100, 300, 3), 90, np.uint8), frame=12)
    for name, expected in {"size": 30000, "height": 100, "width": 300, "aspect_ratio": 3.0}.items():
        assert computed(picture, {"type": "ExtractImageProperty", "property_name": name}) == expected
    assert computed(picture, {"type": "ExtractFrameMetadata", "property_name": "frame_number"}) == 12
    jpeg = computed(picture, {"type": "ConvertImageToJPEG", "compression_level": 50})
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (100, 300, 3)
    text = computed(picture, {"type": "ConvertImageToBase64"})
    assert base64.b64decode(text, validate=True).startswith(b"\xff\xd8")


def test_what_is_not_known_of_a_frame_is_said() -> None:
    metadata = {"frame_number": 30, "fps": 15, "frame_timestamp": "2026-01-31T12:30:00"}
    seconds = {"type": "ExtractFrameMetadata", "property_name": "seconds_since_start"}
    assert computed(metadata, seconds) == 2.0
    moment = computed(metadata, {"type": "ExtractFrameMetadata", "property_name": "frame_timestamp"})
    assert moment == datetime.datetime(2026, 1, 31, 12, 30)
    assert computed(Image(np.zeros((4, 4, 3), np.uint8), frame=30, fps=15), seconds) == 2.0
    with pytest.raises(RunError, match="seconds_since_start is not known here; frames of a video know"):
        computed(Image(np.zeros((4, 4, 3), np.uint8)), seconds)


@pytest.mark.parametrize(
    ("name", "one", "several"),
    [
        ("top_class", "dog", ["dog", "cat"]),
        ("top_class_confidence", 0.75, [0.75, 0.5]),
        ("top_class_confidence_single", 0.75, 0.75),
        ("all_classes", ["cat", "dog", "owl"], ["cat", "dog", "owl"]),
        ("all_confidences", [0.5, 0.75, 0.25], [0.5, 0.75, 0.25]),
    ],
)
def test_classifications(name: str, one: Any, several: Any) -> None:
    scores = np.array([0.5, 0.75, 0.25], np.float32)
    operation = {"type": "ClassificationPropertyExtract", "property_name": name}
    assert computed(Classification(("cat", "dog", "owl"), scores, 0.4), operation) == one
    assert computed(Classification(("cat", "dog", "owl"), scores, 0.4, multi_label=True), operation) == several


@pytest.mark.parametrize(
    ("value", "operation", "words"),
    [
        (3, {"type": "StringToLowerCase"}, "StringToLowerCase takes string, but got integer 3"),
        ("3", {"type": "Multiply", "other": 2}, "Multiply takes float or integer or float_zero_to_one, but got string"),
        (True, {"type": "Multiply", "other": 2}, "but got boolean true"),
        ("three", {"type": "ToNumber", "cast_to": "int"}, "ToNumber reads a number, but got string 'three'"),
        ("dgo", {"type": "LookupTable", "lookup_table": {"dog": 1}}, "no entry for string 'dgo'; did you mean 'dog'?"),
        (["a", 1], {"type": "NumericSequenceAggregate", "function": "sum"}, "takes a list of numbers, but got"),
    ],
)
def test_values_that_cannot_be_worked_on(value: Any, operation: dict[str, Any], words: str) -> None:
    with pytest.raises(RunError) as error:
        computed(value, operation)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("kind", "operations", "place", "words"),
    [
        (
            "image",
            [{"type": "SequenceLength"}],
            ("operations", 0),
            "SequenceLength cannot work on what the step is given",
        ),
        (
            "object_detection_prediction",
            [{"type": "SequenceLength"}, {"type": "StringToUpperCase"}],
            ("operations", 1),
            "StringToUpperCase cannot work on what SequenceLength gives",
        ),
        (
            "list_of_values",
            [{"type": "SequenceApply", "operations": [{"type": "ToString"}, {"type": "Multiply", "other": 2}]}],
            ("operations", 0, "operations", 1),
            "Multiply cannot work on what ToString gives",
        ),
    ],
)
def test_a_chain_that_can_never_work_is_refused(
    kind: str, operations: list[dict[str, Any]], place: tuple[Any, ...], words: str
) -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document(operations, kind))
    (problem,) = error.value.problems
    assert words in problem.message
    assert problem.path == ("steps", 0, *place)
    assert problem.expected
    assert problem.hint


@pytest.mark.parametrize(
    ("operation", "place", "words"),
    [
        ({"type": "StringToUpper"}, (0,), "StringToUpperCase"),
        ({"type": "StringMatches", "regex": "("}, (0, "regex"), "a regular expression"),
        ({"type": "Divide", "other": 0}, (0, "other"), "a number other than 0"),
        ({"type": "SequenceJoin"}, (0,), "a value for 'separator'"),
        ({"type": "SequenceJoin", "separator": ",", "seperator": ";"}, (0, "seperator"), "seperator"),
        ({"type": "DetectionsPropertyExtract", "property_name": "colour"}, (0, "property_name"), "'class_name'"),
    ],
)
def test_operations_that_are_written_wrongly(operation: dict[str, Any], place: tuple[Any, ...], words: str) -> None:
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document([operation], "*"))
    (problem,) = error.value.problems
    assert problem.path == ("steps", 0, "operations", *place)
    assert words in str(problem)


def test_what_an_editor_left_in_a_query_is_ignored_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "cropflow"):
        assert computed([1, 2], {"type": "SequenceLength", "ui_id": 3}) == 2
    assert [record.getMessage() for record in caplog.records] == ["SequenceLength has no field 'ui_id'; it is ignored"]


def test_the_kind_that_a_chain_ends_in_is_known_to_the_next_step() -> None:
    flow = document([{"type": "SequenceLength"}], "object_detection_prediction")
    flow["steps"].append(
        {
            "type": "roboflow_core/property_definition@v1",
            "name": "next",
            "data": "$steps.property.output",
            "operations": [{"type": "StringToUpperCase"}],
        }
    )
    with pytest.raises(WorkflowError, match="StringToUpperCase cannot work on what the step is given"):
        Workflow.load(flow)

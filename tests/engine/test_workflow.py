"""What a user of the Python front relies on."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import cv2
import numpy as np
import pytest
from supervision import Detections

import cropflow
from cropflow import (
    Block,
    CancelledError,
    Group,
    Image,
    InputError,
    OutputFolder,
    RunError,
    Stream,
    Workflow,
    WorkflowError,
)
from cropflow import Columns as AnswerColumns
from cropflow.registry import installed


class Size(Block):
    """Width and height of a picture, times a factor."""

    type = "test/size@v1"

    class Output(NamedTuple):
        """Numbers."""

        width: int
        height: int

    def run(self, image: Image, times: int = 1) -> Output:
        """Measure."""
        if image.width == 13:
            raise ValueError("thirteen is bad luck")
        return self.Output(image.width * times, image.height * times)


class Columns(Block):
    """One value for every column of a picture, each the column's number."""

    type = "test/columns@v1"

    class Output(NamedTuple):
        """A number."""

        number: int

    def run(self, image: Image) -> Group[Output]:
        """Count."""
        return [self.Output(x) for x in range(image.width)]


class Keep(Block):
    """A sink that asks for an output folder."""

    type = "test/keep@v1"
    effects = True

    def __init__(self, output: OutputFolder) -> None:
        self.output = output
        self.closed = False

    def run(self, image: Image) -> None:
        """Save."""
        self.output.file(f"{self.step}/{image.id}.txt").write_text(str(image.width))

    def close(self) -> None:
        """Note the end."""
        self.output.file("closed.txt").write_text("yes")


DOCUMENT: dict[str, Any] = {
    "version": "1.0",
    "inputs": [
        {"type": "WorkflowImage", "name": "image"},
        {"type": "WorkflowParameter", "name": "times", "kind": ["integer"], "default_value": 1},
    ],
    "steps": [
        {"type": "test/size@v1", "name": "size", "image": "$inputs.image", "times": "$inputs.times"},
        {"type": "test/columns@v1", "name": "columns", "image": "$inputs.image"},
    ],
    "outputs": [
        {"type": "JsonField", "name": "width", "selector": "$steps.size.width"},
        {"type": "JsonField", "name": "size", "selector": "$steps.size.*"},
        {"type": "JsonField", "name": "numbers", "selector": "$steps.columns.number"},
        {"type": "JsonField", "name": "times", "selector": "$inputs.times"},
    ],
}


def picture(width: int, height: int = 5) -> np.ndarray:
    return np.full((height, width, 3), 7, np.uint8)


@pytest.fixture
def workflow() -> Workflow:
    return Workflow.load(DOCUMENT, blocks=[Size, Columns])


def test_result_is_a_list_of_dictionaries(workflow: Workflow) -> None:
    result = workflow.run({"image": [picture(3), picture(1)], "times": 2})
    assert list(result) == [
        {"width": 6, "size": {"width": 6, "height": 10}, "numbers": [0, 1, 2], "times": 2},
        {"width": 2, "size": {"width": 2, "height": 10}, "numbers": [0], "times": 2},
    ]
    assert len(result) == 2
    assert result[-1]["width"] == 2
    assert result[:1][0]["numbers"] == [0, 1, 2]
    assert json.loads(result.to_json()) == result.to_dict()
    assert result.errors == ()
    assert [(step.step, step.elements, step.calls) for step in result.report.steps] == [
        ("size", 2, 2),
        ("columns", 2, 2),
    ]


def test_an_output_is_asked_of_one_picture(workflow: Workflow) -> None:
    result: Any = workflow.run({"image": picture(3)})
    with pytest.raises(TypeError, match=re.escape("write result[0]['width']")):
        result["width"]


def test_one_value_is_a_batch_of_one(workflow: Workflow) -> None:
    assert [row["width"] for row in workflow.run({"image": picture(4)})] == [4]


def test_no_pictures_give_no_rows(workflow: Workflow) -> None:
    assert list(workflow.run({"image": []})) == []


def test_a_single_picture_is_broadcast_to_the_others() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "a"}, {"type": "WorkflowImage", "name": "b"}],
        "steps": [],
        "outputs": [{"type": "JsonField", "name": name, "selector": f"$inputs.{name}"} for name in "ab"],
    }
    workflow = Workflow.load(document)
    rows = workflow.run({"a": [picture(1), picture(2)], "b": picture(9)})
    assert [(row["a"].width, row["b"].width) for row in rows] == [(1, 9), (2, 9)]
    with pytest.raises(InputError, match="'a' has 2, 'b' has 3"):
        workflow.run({"a": [picture(1)] * 2, "b": [picture(1)] * 3})


def test_a_single_picture_is_read_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "a"}, {"type": "WorkflowImage", "name": "b"}],
        "steps": [],
        "outputs": [{"type": "JsonField", "name": name, "selector": f"$inputs.{name}"} for name in "ab"],
    }
    workflow, photos, read = Workflow.load(document), [picture(1)] * 5, []
    monkeypatch.setattr("cropflow.image.source.decode", lambda data, name: read.append(name) or picture(9))
    (tmp_path / "b.png").write_bytes(b"no picture")
    for once in (tmp_path / "b.png", [tmp_path / "b.png"]):
        assert [row["b"].width for row in workflow.run({"a": photos, "b": once})] == [9] * 5
    assert read == [str(tmp_path / "b.png")] * 2
    assert list(workflow.run({"a": [], "b": tmp_path / "gone.png"})) == []
    monkeypatch.undo()
    result = workflow.run({"a": photos, "b": tmp_path / "b.png"}, on_error="skip")
    assert [(row["a"].width, row["b"]) for row in result] == [(1, None)] * 5
    (error,) = result.errors
    assert (error.step, error.element, error.row) == ("$inputs.b", "", None)
    with pytest.raises(RunError, match=r"^input 'b': .*b\.png"):
        workflow.run({"a": photos, "b": tmp_path / "b.png"})
    (error,) = workflow.run({"a": photos[:1], "b": tmp_path / "b.png"}, on_error="skip").errors
    assert (error.element, error.row) == ("a 0", 0)


def test_a_nested_input_is_read_once_for_all(tmp_path: Path) -> None:
    pages = {"type": "WorkflowBatchInput", "name": "pages", "kind": ["image"], "dimensionality": 2}
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "a"}, pages],
        "steps": [],
        "outputs": [{"type": "JsonField", "name": name, "selector": f"$inputs.{name}"} for name in ("a", "pages")],
    }
    workflow, photos = Workflow.load(document), [picture(1)] * 3
    given = [picture(4), tmp_path / "gone.png", picture(5)]
    result = workflow.run({"a": photos, "pages": [given]}, on_error="skip")
    assert [[page and page.width for page in row["pages"]] for row in result] == [[4, None, 5]] * 3
    assert [(error.element, error.row) for error in result.errors] == [("pages 1", None)]
    result = workflow.run({"a": photos, "pages": [[], [picture(2)], given]}, on_error="skip")
    assert [[page and page.width for page in row["pages"]] for row in result] == [[], [2], [4, None, 5]]
    assert [(error.element, error.row) for error in result.errors] == [("a 2 › pages 1", 2)]


def test_inputs_are_named_in_ids() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "photo"}],
        "steps": [],
        "outputs": [{"type": "JsonField", "name": "photo", "selector": "$inputs.photo"}],
    }
    workflow = Workflow.load(document)
    assert workflow.run({"photo": picture(1)})[0]["photo"].id == "photo"
    assert [row["photo"].id for row in workflow.run({"photo": [picture(1)] * 2})] == ["photo.[0]", "photo.[1]"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"imgae": picture(1)}, "no input 'imgae'. Did you mean 'image'?"),
        ("photo.png", "inputs are a mapping such as {'image': ...}; got string 'photo.png'"),
        (picture(1), "inputs are a mapping such as {'image': ...}; got numpy_array"),
        ([], "inputs are a mapping such as {'image': ...}; got list_of_values"),
        ({"image": (one for one in [picture(1)])}, "the input 'image' is a generator: give list(…) of it"),
        ({}, "the input 'image' is missing"),
        ({"image": None}, "the input 'image' has no value"),
        ({"image": picture(1), "times": "two"}, "the input 'times' must be a whole number (integer); got string 'two'"),
        ({"image": picture(1), "times": None}, "'times' has no value, and step 'size' needs one for 'times'"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_runs(workflow: Workflow, inputs: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        workflow.run(inputs)
    assert message in str(caught.value)


def test_an_error_names_step_block_and_element(workflow: Workflow) -> None:
    with pytest.raises(RunError) as caught:
        workflow.run({"image": [picture(3), picture(13)]})
    error = caught.value
    assert (error.step, error.block, error.element, error.row) == ("size", "test/size@v1", "image 1", 1)
    assert str(error) == "step 'size' (test/size@v1), image 1: ValueError: thirteen is bad luck"
    assert isinstance(error.__cause__, ValueError)


def test_skip_leaves_a_hole_and_takes_nothing_else_down(workflow: Workflow) -> None:
    result = workflow.run({"image": [picture(3), picture(13), picture(2)]}, on_error="skip")
    assert [row["width"] for row in result] == [3, None, 2]
    assert [len(row["numbers"]) for row in result] == [3, 13, 2]
    (error,) = result.errors
    assert (error.step, error.element, error.row) == ("size", "image 1", 1)


def test_an_unreadable_picture_is_one_missing_element(workflow: Workflow, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "good.png"), picture(3))
    (tmp_path / "bad.png").write_bytes(b"this is no picture")
    paths = [tmp_path / "good.png", tmp_path / "bad.png", tmp_path / "gone.png", tmp_path / "good.png"]
    result = workflow.run({"image": paths}, on_error="skip")
    assert [row["width"] for row in result] == [3, None, None, 3]
    assert [row["numbers"] for row in result] == [[0, 1, 2], [], [], [0, 1, 2]]
    assert [(error.step, error.row) for error in result.errors] == [("$inputs.image", 1), ("$inputs.image", 2)]
    assert "bad.png" in str(result.errors[0]) and "gone.png" in str(result.errors[1])
    with pytest.raises(RunError, match=r"input 'image', image 1: .*bad\.png"):
        workflow.run({"image": paths})


def test_nothing_the_caller_passes_in_is_modified(workflow: Workflow) -> None:
    pixels = picture(3)
    pictures = [pixels, pixels]
    inputs = {"image": pictures}
    before = pixels.copy()
    workflow.run(inputs)
    assert inputs == {"image": pictures} and len(pictures) == 2 and pictures[0] is pixels
    assert np.array_equal(pixels, before) and pixels.flags.writeable


def test_load_takes_paths_and_loads_takes_text(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_text(json.dumps(DOCUMENT))
    for workflow in (
        Workflow.load(file, blocks=[Size, Columns]),
        Workflow.load(str(file), blocks=[Size, Columns]),
        Workflow.loads(file.read_text(), blocks=[Size, Columns]),
    ):
        assert workflow.run({"image": picture(2)})[0]["width"] == 2
    with pytest.raises(WorkflowError, match=r"nowhere\.yaml"):
        Workflow.load(str(tmp_path / "nowhere.yaml"))


def test_resources_reach_the_blocks_that_ask(tmp_path: Path) -> None:
    document = {
        **DOCUMENT,
        "steps": [{"type": "test/keep@v1", "name": "keep", "image": "$inputs.image"}],
        "outputs": [],
    }
    with Workflow.load(document, blocks=[Keep], resources=[OutputFolder(tmp_path)]) as workflow:
        workflow.run({"image": [picture(4), picture(6)]})
    assert (tmp_path / "keep" / "image.[1].txt").read_text() == "6"
    assert (tmp_path / "closed.txt").exists()
    with pytest.raises(WorkflowError, match="test/keep@v1 needs an output folder, and none is given") as caught:
        Workflow.load(document, blocks=[Keep])
    (problem,) = caught.value.problems
    assert (problem.code, problem.step) == ("missing-resource", "keep")
    assert problem.hint is not None and "--out DIR" in problem.hint


@pytest.mark.parametrize("wrong", ["out", Path("out"), ["out"], [Path("out")], OutputFolder("out")])
def test_resources_are_a_list_of_objects(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"list of the objects that blocks share, such as \[OutputFolder\('out'\)"):
        Workflow.load(DOCUMENT, blocks=[Size, Columns], resources=wrong)


def test_one_workflow_serves_several_threads(workflow: Workflow) -> None:
    widths: dict[int, list[Any]] = {}

    def work(width: int) -> None:
        widths[width] = [workflow.run({"image": [picture(width)] * 3})[i]["width"] for i in range(3)]

    threads = [threading.Thread(target=work, args=(width,)) for width in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert widths == {width: [width] * 3 for width in range(1, 9)}


class Meet(Block):
    """Waits until as many runs are in it as there should be."""

    type = "test/meet@v1"
    everybody = threading.Barrier(4, timeout=20)

    class Output(NamedTuple):
        """Which instance ran."""

        me: int

    def run(self, number: int) -> Output:
        """Wait."""
        self.everybody.wait()
        return self.Output(id(self))


MEETING = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowParameter", "name": "number"}],
    "steps": [{"type": "test/meet@v1", "name": "meet", "number": "$inputs.number"}],
    "outputs": [{"type": "JsonField", "name": "me", "selector": "$steps.meet.me"}],
}


def test_runs_in_several_threads_go_on_at_the_same_time_each_with_blocks_of_its_own() -> None:
    with Workflow.load(MEETING, blocks=[Meet]) as workflow, ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: workflow.run({"number": number})[0]["me"], range(4)))
    assert len(set(found)) == 4


class Lonely(Block):
    """An effect that must not happen twice at the same time."""

    type = "test/lonely@v1"
    effects = True
    alone = threading.Semaphore(1)
    made: ClassVar[list[int]] = []

    def run(self, number: int) -> None:
        """Note who ran."""
        assert self.alone.acquire(blocking=False)
        time.sleep(0.002)
        self.made.append(id(self))
        self.alone.release()


def test_blocks_with_effects_are_there_once_and_run_one_at_a_time() -> None:
    document = {**MEETING, "steps": [{**MEETING["steps"][0], "type": "test/lonely@v1"}], "outputs": []}
    with Workflow.load(document, blocks=[Lonely]) as workflow, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: workflow.run({"number": number}), range(40)))
    assert len(Lonely.made) == 40
    assert len(set(Lonely.made)) == 1


def test_a_run_can_be_called_off(workflow: Workflow) -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 3

    with pytest.raises(CancelledError, match="cancelled"):
        workflow.run({"image": [picture(4)] * 100}, cancelled=cancelled)
    assert len(asked) == 4
    assert workflow.run({"image": picture(4)}, cancelled=lambda: False)[0]["width"] == 4


def test_the_front_door_is_complete() -> None:
    assert all(hasattr(cropflow, name) for name in cropflow.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Workflo'"):
        cropflow.Workflo  # noqa: B018


def test_import_loads_no_framework() -> None:
    code = (
        "import sys, cropflow\n"
        "loaded = [m for m in ('torch', 'ultralytics', 'supervision', 'matplotlib') if m in sys.modules]\n"
        "print(loaded)\n"
        "print(cropflow.Detections.__name__)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines() == ["[]", "Detections"]


class Where(Block):
    """Tells the stream and frame of a picture, and how many frames this step has seen in it."""

    type = "test/where@v1"

    class Output(NamedTuple):
        """Where."""

        where: str

    def run(self, image: Image, stream: Stream) -> Output:
        """Tell."""
        seen = stream.state["seen"] = stream.state.get("seen", 0) + 1
        return self.Output(f"{stream.id}#{stream.frame} seen {seen}")


def test_streams_and_frames_come_from_pictures_or_video_metadata() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "test/where@v1", "name": "where", "image": "$inputs.image"}],
        "outputs": [{"type": "JsonField", "name": "where", "selector": "$steps.where.where"}],
    }
    workflow = Workflow.load(document, blocks=[Where])
    assert [row["where"] for row in workflow.run({"image": [picture(2)] * 2})] == ["#0 seen 1", "#1 seen 2"]
    assert [row["where"] for row in workflow.run({"image": picture(2)})] == ["#2 seen 3"]
    for _ in range(2):  # neither goes on from before, nor is remembered
        fresh = workflow.run({"image": [picture(2)] * 2}, remember=False)
        assert [row["where"] for row in fresh] == ["#0 seen 1", "#1 seen 2"]
    assert [row["where"] for row in workflow.run({"image": picture(2)})] == ["#3 seen 4"]
    interleaved = [Image(picture(2), stream=name, frame=frame) for frame in (5, 6) for name in ("a", "b")]
    rows = workflow.run({"image": interleaved})
    assert [row["where"] for row in rows] == ["a#5 seen 1", "b#5 seen 1", "a#6 seen 2", "b#6 seen 2"]
    workflow.reset()
    assert workflow.run({"image": picture(2)})[0]["where"] == "#0 seen 1"

    inputs = [{"type": "WorkflowVideoMetadata", "name": "video"}, {"type": "WorkflowImage", "name": "image"}]
    video = {"video_identifier": "v.mp4", "frame_number": 9}
    for order in (inputs, inputs[::-1]):
        workflow = Workflow.load({**document, "inputs": order}, blocks=[Where])
        assert workflow.run({"image": picture(2), "video": video})[0]["where"] == "v.mp4#9 seen 1"


class Lazy(Sequence[Any]):
    """A column that fails when somebody reads it."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: Any) -> Any:
        raise OSError("the disk is gone")


class Odd(Block):
    """Fans out into a column that fails for pictures 13 pixels wide, and into predictions without ids."""

    type = "test/odd@v1"

    class Output(NamedTuple):
        """Rows."""

        value: Any
        found: Detections

    def run(self, image: Image) -> Group[Output]:
        """Answer by columns."""
        found = Detections(xyxy=np.array([[0, 0, 2, 2], [1, 1, 3, 3]]))
        values: Sequence[Any] = Lazy() if image.width == 13 else ["a", "b"]
        return AnswerColumns(self.Output, value=values, found=[found, found])


def odd(*outputs: str) -> Workflow:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "test/odd@v1", "name": "odd", "image": "$inputs.image"}],
        "outputs": [{"type": "JsonField", "name": name, "selector": f"$steps.odd.{name}"} for name in outputs],
    }
    return Workflow.load(document, blocks=Odd)


def test_a_lazy_column_that_fails_is_a_failure_of_its_element() -> None:
    result = odd("value").run({"image": [picture(13), picture(4)]}, on_error="skip")
    assert [row["value"] for row in result] == [[], ["a", "b"]]
    (error,) = result.errors
    assert (error.step, error.row) == ("odd", 0) and "the disk is gone" in str(error)


def test_predictions_of_a_fan_out_have_ids_of_their_own() -> None:
    (row,) = odd("found").run({"image": picture(4)})
    ids = [str(name) for found in row["found"] for name in found.data["detection_id"]]
    assert ids == ["image/odd/0/0", "image/odd/0/1", "image/odd/1/0", "image/odd/1/1"]
    assert row["found"][0].metadata["origin"].width == 4


def test_a_wrong_value_in_a_batch_is_an_error_of_its_element() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowBatchInput", "name": "share", "kind": ["float_zero_to_one"]}],
        "steps": [],
        "outputs": [{"type": "JsonField", "name": "share", "selector": "$inputs.share"}],
    }
    workflow = Workflow.load(document)
    result = workflow.run({"share": [0.5, "much", True, 1]}, on_error="skip")
    assert [row["share"] for row in result] == [0.5, None, None, 1]
    assert [error.row for error in result.errors] == [1, 2]
    with pytest.raises(InputError, match=r"'share.\[1\]' must be a number from 0 to 1"):
        workflow.run({"share": [0.5, "much"]})


def test_secrets_are_shown_nowhere() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowParameter", "name": "key", "kind": ["secret"]}],
        "steps": [],
        "outputs": [{"type": "JsonField", "name": "key", "selector": "$inputs.key"}],
    }
    workflow = Workflow.load(document)
    assert "hunter2" not in workflow.run({"key": "hunter2"}).to_json()
    with pytest.raises(InputError) as caught:
        workflow.run({"key": ["hunter2"]})
    assert "hunter2" not in str(caught.value)


def test_a_default_that_cannot_be_right_is_a_mistake_of_the_document() -> None:
    document = {**DOCUMENT, "inputs": [dict(item) for item in DOCUMENT["inputs"]]}
    document["inputs"][1]["default_value"] = "two"
    with pytest.raises(WorkflowError) as caught:
        Workflow.load(document, blocks=[Size, Columns])
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("wrong-literal", ("inputs", 1, "default_value"))


def test_a_plug_in_takes_over_the_names_it_claims_and_no_others() -> None:
    class Other(Block):
        """A block that answers to a name of a core block."""

        type = "test/other@v1"
        aliases = ("Crop",)

        def run(self, image: Image) -> None:
            """Do nothing."""

    registry = installed().extended([Other])
    assert [registry.find(name).type for name in ("Crop", "DynamicCrop")] == ["test/other@v1", "dynamic_crop@v1"]  # type: ignore[union-attr]


@pytest.mark.parametrize("options", [{"workers": 0}, {"on_error": "ignore"}])
def test_wrong_options_are_refused(workflow: Workflow, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        workflow.run({"image": picture(2)}, **options)


def test_pictures_without_a_name_are_named_by_their_place_and_others_keep_theirs() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [],
        "outputs": [{"type": "JsonField", "name": "image", "selector": "$inputs.image"}],
    }
    pixels = np.zeros((4, 6, 3), np.uint8)
    with Workflow.load(document, blocks=[]) as workflow:
        rows = workflow.run(
            {"image": [Image(pixels), Image(pixels), Image(pixels, id="mine"), Image(pixels, id="image")]}
        )
        alone = workflow.run({"image": Image(pixels)})
    assert [row["image"].id for row in rows] == ["image.[0]", "image.[1]", "mine", "image"]
    assert alone[0]["image"].id == "image"


def test_effects_can_be_left_out(tmp_path: Path) -> None:
    document = {
        **DOCUMENT,
        "steps": [*DOCUMENT["steps"], {"type": "test/keep@v1", "name": "keep", "image": "$inputs.image"}],
    }
    with Workflow.load(document, blocks=[Size, Columns, Keep], resources=[OutputFolder(tmp_path)]) as workflow:
        result = workflow.run({"image": [picture(3), picture(4)]}, effects=False)
        assert [row["width"] for row in result] == [3, 4]
        assert not (tmp_path / "keep").exists()
        assert [(step.step, step.skipped, step.calls) for step in result.report.steps][-1] == ("keep", 2, 0)
        workflow.run({"image": picture(3)})
    assert (tmp_path / "keep" / "image.txt").exists()

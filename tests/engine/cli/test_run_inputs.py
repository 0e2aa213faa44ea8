"""`--source` and `--set` reach the inputs they name, and mistakes are told before anything runs."""

import json
from pathlib import Path
from typing import Any

import pytest

TWO = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: left}
  - {type: InferenceImage, name: right}
  - {type: WorkflowParameter, name: label, kind: [string], default_value: none}
steps: []
outputs:
  - {type: JsonField, name: left, selector: $inputs.left}
  - {type: JsonField, name: right, selector: $inputs.right}
  - {type: JsonField, name: label, selector: $inputs.label}
"""
NO_IMAGE = """
version: "1.0"
inputs: [{type: WorkflowParameter, name: size}]
steps: []
outputs: [{type: JsonField, name: size, selector: $inputs.size}]
"""


def lines(result: Any) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_without_out_the_lines_go_to_stdout_and_images_are_sizes(invoke: Any, document: Any, pictures: Path) -> None:
    found = lines(invoke("run", document(), "--source", pictures, "--set", "width=0.25"))
    assert [line["outputs"]["middle"] for line in found] == [
        {"width": 10, "height": 10},
        {"width": 10, "height": 10},
        {"width": 10, "height": 10},
        {"width": 11, "height": 10},
    ]


def test_several_sources_follow_one_another_under_names_that_differ(invoke: Any, document: Any, pictures: Path) -> None:
    sources = ["--source", pictures / "sub", "--source", f"image={pictures}/sub/*.jpg", "--source", pictures / "1.png"]
    found = lines(invoke("run", document(), *sources))
    assert [line["source"] for line in found] == ["sub/a.jpg", "sub-2/a.jpg", "pictures/1.png"]


def test_each_image_input_has_its_sources(invoke: Any, document: Any, pictures: Path) -> None:
    found = lines(
        invoke("run", document(TWO), "--source", f"left={pictures}", "--source", f"right={pictures / '10.png'}",
               "--batch-size", 3)
    )  # fmt: skip
    assert [line["source"] for line in found] == ["1.png", "2.png", "10.png", "sub/a.jpg"]
    assert [line["outputs"]["left"]["width"] for line in found] == [40, 41, 42, 43]
    assert [line["outputs"]["right"]["width"] for line in found] == [42] * 4


def test_counts_must_agree(invoke: Any, document: Any, pictures: Path) -> None:
    sources = ["--source", f"left={pictures}", "--source", f"right={pictures}/*.png"]
    result = invoke("run", document(TWO), *sources)
    assert result.exit_code == 2
    assert "'left' has 4, 'right' has 3" in result.stderr


def test_text_inputs_take_numbers_as_text(invoke: Any, document: Any, pictures: Path) -> None:
    picture = pictures / "1.png"
    sources = ["--source", f"left={picture}", "--source", f"right={picture}"]
    (line,) = lines(invoke("run", document(TWO), *sources, "--set", "label=007"))
    assert line["outputs"]["label"] == "007"


VIDEO = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowVideoMetadata, name: video}
steps: []
outputs: [{type: JsonField, name: video, selector: $inputs.video}]
"""


def test_video_metadata_tell_the_source_and_the_place_of_a_picture_in_it(
    invoke: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other/pictures"
    other.mkdir(parents=True)
    (other / "b.png").write_bytes((pictures / "1.png").read_bytes())
    sources = ["--source", pictures, "--source", other]
    found = lines(invoke("run", document(VIDEO), *sources, "--batch-size", 3))
    videos = [line["outputs"]["video"] for line in found]
    assert [(video["video_identifier"], video["frame_number"], video["total_frames"]) for video in videos] == [
        ("pictures", 0, 4), ("pictures", 1, 4), ("pictures", 2, 4), ("pictures", 3, 4), ("pictures-2", 0, 1)
    ]  # fmt: skip
    given = invoke("run", document(VIDEO), *sources, "--set", 'video={"video_identifier": "mine"}')
    assert lines(given)[0]["outputs"]["video"] == {"video_identifier": "mine"}


def test_a_workflow_without_pictures_runs_once(invoke: Any, document: Any) -> None:
    (line,) = lines(invoke("run", document(NO_IMAGE), "--set", "size=[1, 2]"))
    assert line == {"source": "", "frame": None, "outputs": {"size": [1, 2]}, "errors": []}


def test_a_file_name_with_an_equals_sign(invoke: Any, document: Any, pictures: Path, monkeypatch: Any) -> None:
    (pictures / "x=1.png").write_bytes((pictures / "1.png").read_bytes())
    monkeypatch.chdir(pictures)
    assert lines(invoke("run", document(), "--source", "x=1.png"))[0]["source"] == "x=1.png"


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (None, [], "the input 'image' needs pictures: add --source FILE"),
        (None, ["--source", "nowhere"], "there is no file or folder 'nowhere'"),
        (None, ["--source", "imgae=x.png"], "no image input 'imgae'; did you mean 'image'?"),
        (None, ["--source", "https://example.com/a.png"], "--allow-urls"),
        (None, ["--source", "1.png", "2.png"], "put a pattern into quotes"),
        (None, ["--source", "1.png", "--set", "widht=1"], "no input 'widht'; did you mean 'width'?"),
        (None, ["--source", "1.png", "--set", "image=x"], "write --source image=x"),
        (None, ["--source", "1.png", "--set", "width"], "NAME=VALUE"),
        (None, ["--source", "1.png", "--batch-size", "0"], "--batch-size"),
        (TWO, ["--source", "1.png"], "say for which input, as in --source left=1.png"),
        (TWO, ["--source", "left=1.png"], "the input 'right' needs pictures: add --source right=FILE"),
        (NO_IMAGE, ["--source", "1.png"], "the workflow has no image input"),
    ],
)
def test_wrong_usage(
    invoke: Any, document: Any, pictures: Path, monkeypatch: Any, text: str | None, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(pictures)
    path = document(text) if text else document()
    result = invoke("run", path, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""

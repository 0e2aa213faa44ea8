"""`check` shows every mistake where it stands, and says so in its exit code."""

from pathlib import Path
from typing import Any

CROP = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: relative_static_crop@v1, name: crop, images: $inputs.image,
     x_center: 0.5, y_center: 0.5, width: 0.5, height: 0.5}
outputs: [{type: JsonField, name: middle, selector: $steps.crop.crops}]
"""


def test_a_fine_document(invoke: Any, document: Any) -> None:
    result = invoke("check", document())
    assert (result.exit_code, result.stdout) == (0, "fine: 1 step, 2 inputs, 1 output\n")


def test_all_mistakes_are_told_with_line_column_and_a_caret(shell: Any, document: Any) -> None:
    path = document("""version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
steps:
  - type: relative_static_crop@v1
    name: crop
    images: $inputs.imgae
    x_center: 0.5
    y_center: 0.5
    width: 0.5
    height: 0.5
    color: 1
outputs:
  - {type: JsonField, name: crops, selector: $steps.crap.crops}
""")
    done = shell("check", path)
    text = done.stderr.decode()
    assert done.returncode == 1 and done.stdout == b""
    assert f"{path}:7:" in text and "did you mean: 'image'" in text
    assert f"{path}:12:" in text and "color" in text
    assert f"{path}:14:" in text
    assert "refused: 3 mistakes" in text
    lines = text.splitlines()
    shown = next(number for number, line in enumerate(lines) if line.startswith("    7 | "))
    column = int(text.partition(f"{path}:7:")[2].partition(":")[0])
    assert lines[shown] == "    7 |     images: $inputs.imgae"
    assert lines[shown + 1].index("^") == len("    7 | ") + column - 1
    assert "\x1b" not in text, "colours belong on terminals only"
    assert all(len(line) <= 80 for line in lines if str(path) not in line)


def test_a_mistake_far_to_the_right_is_shown_all_the_same(invoke: Any, document: Any) -> None:
    filler = ", ".join(f'"k{number}": {number}' for number in range(60))
    path = document('{"version": "1.0", "extra": {%s}, "inputs": [], "steps": 3, "outputs": []}' % filler, "d.json")  # noqa: UP031
    lines = invoke("check", path).stderr.splitlines()
    caret = next(number for number, line in enumerate(lines) if line.strip() == "^")
    assert lines[caret - 1][lines[caret].index("^") :].startswith(('"steps"', "3"))
    assert len(lines[caret - 1]) <= 80


def test_a_document_that_is_not_there(invoke: Any, tmp_path: Path) -> None:
    result = invoke("check", tmp_path / "none.yaml")
    assert result.exit_code == 1
    assert "there is no such" in result.stderr and "none.yaml" in result.stderr


def test_an_empty_document_is_named(invoke: Any, document: Any) -> None:
    for text in ("", "# nothing yet\n", "---\n"):
        path = document(text, "empty.yaml")
        assert f"{path}:1:1:" in invoke("check", path).stderr


MODEL = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: object_detection_model@v2, name: detect, images: $inputs.image, model_id: my-digits/1}
outputs: [{type: JsonField, name: objects, selector: $steps.detect.predictions}]
"""


def test_models_must_be_there_and_may_be_named(invoke: Any, document: Any, tmp_path: Path) -> None:
    path = document(MODEL)
    missing = invoke("check", path)
    assert missing.exit_code == 1 and "--model my-digits/1=PATH" in missing.stderr
    weights = tmp_path / "w.pt"
    weights.write_bytes(b"only looked for")
    assert invoke("check", path, "--model", f"my-digits/1={weights}").exit_code == 0


def test_a_malformed_model_option(invoke: Any, document: Any) -> None:
    result = invoke("check", document(), "--model", "weights.pt")
    assert result.exit_code == 2 and "NAME=PATH" in result.stderr


def test_what_editors_leave_in_a_document_is_a_warning(shell: Any, document: Any) -> None:
    path = document(CROP.replace("relative_static_crop@v1,", "roboflow_core/relative_statoic_crop@v1, colour: 1,"))
    done = shell("check", path)
    assert done.returncode == 0 and done.stdout.startswith(b"fine: 1 step")
    assert b"warning: " in done.stderr and b"colour" in done.stderr

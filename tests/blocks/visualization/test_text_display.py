"""Text on pictures: what is written, where, and in which colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cropflow import Image, RunError, Workflow, WorkflowError

GREY = 100


def shown(**fields: Any) -> np.ndarray[Any, Any]:
    step = {
        "type": "roboflow_core/text_display@v1",
        "name": "text",
        "image": "$inputs.image",
        "text": "{count} found",
        "text_parameters": {"count": "$inputs.list"},
        "text_parameters_operations": {"count": [{"type": "SequenceLength"}]},
        "background_color": "#ff0000",
        **fields,
    }
    document = {
        "version": "1.0",
        "inputs": [
            {"type": "WorkflowImage", "name": "image"},
            {"type": "WorkflowParameter", "name": "list", "kind": ["list_of_values"]},
        ],
        "steps": [step],
        "outputs": [{"type": "JsonField", "name": "out", "selector": "$steps.text.image"}],
    }
    picture = Image(np.full((200, 400, 3), GREY, np.uint8))
    with Workflow.load(document) as workflow:
        drawn = workflow.run({"image": picture, "list": [1, 2, 3]})[0]["out"].bgr
    assert (picture.bgr == GREY).all()
    return drawn


def touched(drawn: np.ndarray[Any, Any]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what was drawn on."""
    ys, xs = np.nonzero((drawn != GREY).any(axis=2))
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


def test_places_for_values_as_documents_made_elsewhere_write_them() -> None:
    ours = shown(text="{{n}} {count} found")
    assert (shown(text="{n} {{ $parameters.count }} found") == ours).all()
    assert (shown(text="{n} {{$parameters.count}} found") == ours).all()
    with pytest.raises(RunError, match=r"there is no value for \{cuont\}; did you mean \{count\}\?"):
        shown(text="{{ $parameters.cuont }}")


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("top_left", (10, 20, None, None)),
        ("bottom_right", (None, None, 390, 180)),
        ("top_right", (None, 20, 390, None)),
    ],
)
def test_the_box_lies_at_its_anchor(anchor: str, expected: tuple[int | None, ...]) -> None:
    found = touched(shown(anchor=anchor, offset_x=10, offset_y=20))
    assert all(side in (None, place) for side, place in zip(expected, found, strict=True))


def test_an_absolute_place_and_what_reaches_over_the_border() -> None:
    assert touched(shown(position_mode="absolute", position_x=70, position_y=90))[:2] == (70, 90)
    left, top, right, bottom = touched(shown(position_mode="absolute", position_x=300, position_y=-10))
    assert (left, top, right) == (300, 0, 400)
    assert bottom < 60
    assert (shown(position_mode="absolute", position_x=5000, position_y=5000) == GREY).all()


def test_letters_and_box_have_their_colours() -> None:
    drawn = shown(text_color="WHITE")
    colors = {tuple(color) for color in drawn.reshape(-1, 3).tolist()}
    assert {(0, 0, 255), (255, 255, 255)} <= colors
    faint = shown(background_opacity=0.5, text_color="#ff0000")
    assert faint[12, 12].tolist() == [50, 50, 178]
    bare = shown(background_opacity=0.0)
    assert bare[12, 12].tolist() == [GREY] * 3
    assert (bare != GREY).any()


def test_corners_are_round_and_lines_lie_below_each_other() -> None:
    assert shown(border_radius=15)[10, 10].tolist() == [GREY] * 3
    one, two = touched(shown(text="one")), touched(shown(text="one\ntwo"))
    assert two[3] > one[3] + 20


def test_unknown_values_are_told() -> None:
    with pytest.raises(RunError, match=r"there is no value for \{cuont\}; did you mean \{count\}\?"):
        shown(text="{cuont}")
    with pytest.raises(WorkflowError, match="text_parameters_operations names 'total'"):
        shown(text_parameters_operations={"total": []})

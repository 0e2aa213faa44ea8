"""Blocks of existing documents that do not run here are told together, with what may stand in their place."""

from __future__ import annotations

from typing import Any

import pytest

from cropflow import Workflow, WorkflowError
from cropflow.compiler.elsewhere import HOSTED, PLANNED
from cropflow.registry import installed


def problems(*types: str) -> tuple[Any, ...]:
    steps = [{"type": type_id, "name": f"s{number}"} for number, type_id in enumerate(types)]
    with pytest.raises(WorkflowError) as error:
        Workflow.load({"version": "1.0", "inputs": [], "steps": steps, "outputs": []})
    return error.value.problems


def test_hosted_blocks_are_one_mistake_that_names_all_of_them() -> None:
    (problem,) = problems("roboflow_core/open_ai@v4", "RoboflowDatasetUpload", "roboflow_core/slack_notification@v1")
    assert problem.code == "hosted-block"
    for name in ("'s0' (roboflow_core/open_ai@v4)", "'s1' (RoboflowDatasetUpload)", "'s2'"):
        assert name in problem.message
    assert "of 's1' image_sink@v1, jsonl_sink@v1 or local_file_sink@v1" in problem.hint
    assert "of 's2' webhook_sink@v1" in problem.hint


def test_what_follows_from_a_hosted_block_is_not_told() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "roboflow_core/clip@v1", "name": "clip", "data": "$inputs.image"},
            {
                "type": "property_definition@v1",
                "name": "length",
                "data": "$steps.clip.embedding",
                "operations": [{"type": "SequenceLength"}],
            },
        ],
        "outputs": [{"type": "JsonField", "name": "length", "selector": "$steps.length.output"}],
    }
    with pytest.raises(WorkflowError) as error:
        Workflow.load(document)
    assert [problem.code for problem in error.value.problems] == ["hosted-block"]


def test_misspelt_types_get_the_nearest_name_without_the_prefix() -> None:
    (problem,) = problems("roboflow_core/dynamic_corp@v1")
    assert problem.nearest[0] == "dynamic_crop@v1"


def test_planned_and_hosted_blocks_are_not_there() -> None:
    names = {name.removeprefix("roboflow_core/").partition("@")[0] for name in installed().names}
    assert not names & PLANNED
    assert not names & {name for group in HOSTED.values() for name in group}

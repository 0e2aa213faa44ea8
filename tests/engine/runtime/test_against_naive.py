"""Random workflows give what a naive interpreter of the rules gives, and are refused where it refuses."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from cropflow import InputError, WorkflowError

from .graphs import Features, documents
from .levels import Refused
from .made import workflow
from .naive import Answer, NoValue, interpret
from .shapes import Document, Key

many = settings(
    max_examples=500,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def agree(document: Document) -> Answer | None:
    """Compare engine and naive interpreter; returns what both gave, `None` where both refused."""
    try:
        expected = interpret(document)
    except Refused as refused:
        with pytest.raises(WorkflowError) as error:
            workflow(document)
        told = {(problem.code, problem.step) for problem in error.value.problems}
        assert (refused.code, refused.step) in told
        return None
    except NoValue:
        loaded, _ = workflow(document)
        with pytest.raises(InputError):
            loaded.run({item.name: item.value for item in document.inputs})
        return None
    loaded, calls = workflow(document)
    inputs = {item.name: item.value for item in document.inputs}
    before = deepcopy(inputs)
    result = loaded.run(inputs)
    assert list(result) == expected.rows
    assert result.errors == ()
    assert inputs == before, "what the caller passes in is modified"
    assert {step: [e for call in made for e in call] for step, made in calls.of.items()} == {
        step: ran for step, ran in expected.ran.items() if ran
    }
    assert calls.violations == []
    return expected


@many
@given(documents(Features()))
def test_one_element_at_a_time(document: Document) -> None:
    agree(document)


@many
@given(documents(Features(batch=True)))
def test_batches_change_nothing(document: Document) -> None:
    agree(document)


@many
@given(documents(Features(batch=True, group=True)))
def test_groups_gather_to_any_depth(document: Document) -> None:
    agree(document)


@many
@given(documents(Features(batch=True, group=True, missing=True)))
def test_missing_values_and_lists_never_made(document: Document) -> None:
    agree(document)


@many
@given(documents(Features(gates=True, group=True)))
def test_gates_mask_elements_and_members(document: Document) -> None:
    agree(document)


@many
@given(documents(Features(batch=True, group=True, missing=True, gates=True, effects=True)))
def test_everything_together(document: Document) -> None:
    agree(document)


@many
@given(documents(Features(batch=True, group=True, gates=True, wild=10)))
def test_what_cannot_work_is_refused(document: Document) -> None:
    agree(document)


@many
@given(documents(Features(batch=True, group=True, missing=True, gates=True)))
def test_inside_of_another_document_it_gives_the_same(document: Document) -> None:
    """Wildcards are left out: an output of an inner workflow is one column."""
    document = replace(document, outputs=tuple(output for output in document.outputs if isinstance(output, Key)))
    try:
        expected = interpret(document)
    except Refused:
        with pytest.raises(WorkflowError):
            workflow(document, inside=True)
        return
    except NoValue:
        return
    loaded, _ = workflow(document, inside=True)
    assert list(loaded.run({item.name: item.value for item in document.inputs})) == expected.rows

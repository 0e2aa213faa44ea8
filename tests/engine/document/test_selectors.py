"""Selectors are parsed once, into typed references."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow.document.selectors import InputSelector, OutputSelector, StepSelector, is_selector, parse_selector

names = st.from_regex(r"[^\s.$]+", fullmatch=True)


@given(names, names)
def test_every_name_can_be_selected(step: str, output: str) -> None:
    assert parse_selector(f"$inputs.{step}") == InputSelector(step)
    assert parse_selector(f"$steps.{step}") == StepSelector(step)
    assert parse_selector(f"$steps.{step}.{output}") == OutputSelector(step, output)


def test_the_star_stands_for_all_outputs() -> None:
    assert parse_selector("$steps.crop.*") == OutputSelector("crop", "*")


@pytest.mark.parametrize(
    "text",
    [
        "$inputs",
        "$inputs.",
        "$inputs.a.b",
        "$inputs.a b",
        "$steps",
        "$steps.",
        "$steps..a",
        "$steps.a.",
        "$steps.a.b.c",
        "$steps.a.b ",
        " $steps.a.b",
        "$stepsa.b",
        "$inputs.a\n",
        "$step.a.b",
        "steps.a.b",
        "$Steps.a.b",
        "",
    ],
)
def test_everything_else_is_no_selector(text: str) -> None:
    assert parse_selector(text) is None


@pytest.mark.parametrize(("value", "claims"), [
    ("$inputs.a", True), ("$steps.a.b", True), ("$inputs", True), ("$stepsx", True), ("$steps.", True),
    ("see $steps.a.b", False), (" $steps.a", False), ("$step.a", True), ("$input.a", True), ("$stepwise", False),
    ("$5", False), ("", False), (3, False), (["$steps.a"], False),
])  # fmt: skip
def test_what_begins_like_a_selector_claims_to_be_one(value: object, claims: bool) -> None:
    assert is_selector(value) is claims


@given(st.text())
def test_what_is_parsed_claimed_to_be_a_selector(text: str) -> None:
    assert parse_selector(text) is None or is_selector(text)

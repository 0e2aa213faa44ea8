"""Selectors: text such as `$steps.detect.predictions`, parsed once into typed references."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

_SELECTOR = re.compile(r"\$inputs\.(?P<input>[^.\s]+)|\$steps\.(?P<step>[^.\s]+)(\.(?P<output>[^.\s]+))?")

_MEANT = re.compile(r"\$(inputs|steps)|\$(input|step)\.")


@dataclass(frozen=True, slots=True)
class InputSelector:
    """`$inputs.NAME`."""

    name: str


@dataclass(frozen=True, slots=True)
class OutputSelector:
    """`$steps.NAME.OUTPUT`; the output `*` stands for all of them."""

    step: str
    output: str


@dataclass(frozen=True, slots=True)
class StepSelector:
    """`$steps.NAME`, a step itself, for control flow."""

    step: str


Selector: TypeAlias = InputSelector | OutputSelector | StepSelector


def is_selector(value: object) -> bool:
    """Whether a value of a document claims to be a selector, well written or not.

    >>> is_selector("$steps.detect"), is_selector("$step.detect"), is_selector("$5")
    (True, True, False)
    """
    return isinstance(value, str) and _MEANT.match(value) is not None


def parse_selector(text: str) -> Selector | None:
    """Parse a selector; `None` if it is malformed.

    >>> parse_selector("$steps.detect.predictions")
    OutputSelector(step='detect', output='predictions')
    """
    match = _SELECTOR.fullmatch(text)
    if match is None:
        return None
    if match["input"]:
        return InputSelector(match["input"])
    return OutputSelector(match["step"], match["output"]) if match["output"] else StepSelector(match["step"])

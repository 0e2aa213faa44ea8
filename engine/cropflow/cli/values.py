"""Reads what is written behind `--set` and `--model`."""

from __future__ import annotations

import json

import yaml

from cropflow.cli.exits import UsageError
from cropflow.document.text import parse
from cropflow.document.text.yaml_core import compose, scalar
from cropflow.errors import WorkflowError


def read_pairs(texts: list[str], option: str, form: str) -> dict[str, str]:
    """Read `NAME=TEXT` pairs; a name that stands twice is a mistake."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} {text!r}: expected {form}")
        if name.strip() in pairs:
            raise UsageError(f"{option}: {name.strip()!r} is given twice")
        pairs[name.strip()] = value
    return pairs


def read_value(text: str) -> object:
    """Read a value as a YAML 1.2 scalar, or as a JSON list or mapping; anything else is text.

    >>> read_value("0.4"), read_value("no"), read_value("#ff0000"), read_value('"12"'), read_value("[1, 2]")
    (0.4, 'no', '#ff0000', '12', [1, 2])

    Raises:
        UsageError: a list or mapping that cannot be read.
    """
    if text.lstrip().startswith(("[", "{")):
        return _read_collection(text)
    try:
        node = compose(text)
        if isinstance(node, yaml.ScalarNode) and (node.style or node.value == text.strip()):
            return scalar(node)
    except (yaml.YAMLError, LookupError, ValueError):
        pass  # such as `a: b: c`, which is fine as text
    return text


def _read_collection(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # such as `[a, b]`, which is YAML
    try:
        return parse(text).value
    except WorkflowError as error:
        raise UsageError(f"--set: {text!r} is no JSON list or mapping: {error.problems[0].message}") from error

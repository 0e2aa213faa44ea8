"""Tells JSON from YAML, reads either, and hands back one form: plain data and the places of its parts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import yaml

from cropflow.document.text.construct import Constructor
from cropflow.document.text.plain import plain, too_deep
from cropflow.document.text.positions import Positions
from cropflow.document.text.report import Report
from cropflow.document.text.syntax import json_mistake, surrogate_mistake, yaml_mistake
from cropflow.document.text.yaml_core import compose
from cropflow.errors import Problem, WorkflowError


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text that could be read.

    Attributes:
        value: dict, list, str, int, float, bool and None only; belongs to the caller.
        report: the positions of the text, and the mistakes in it that do not hinder further reading
            (duplicate keys, tags, numbers that are not finite).
    """

    value: object
    report: Report


def parse(text: str, file: str | None = None) -> Parsed:
    """Read a document.

    A text that begins with `{` and is valid JSON is JSON, every other one is YAML; a file whose name ends in
    `.json` is JSON in any case.

    >>> parse("version: 1.0").value == parse('{"version": 1.0}').value
    True

    Raises:
        WorkflowError: the text is neither, or is nested or repeated without bounds.
    """
    text = text.removeprefix("\ufeff")
    strict = (file or "").lower().endswith(".json")
    as_json = strict or text.lstrip().startswith("{")
    parsed = _parse_json(text, file, strict) if as_json else _parse_yaml(text, file)
    return Parsed(plain(parsed.value, parsed.report), parsed.report)


def _parse_yaml(text: str, file: str | None) -> Parsed:
    report = Report(Positions(text, file))
    try:
        root = compose(text)
    except yaml.YAMLError as error:
        report.fail(yaml_mistake(error, text, file))
    except UnicodeEncodeError as error:
        report.fail(surrogate_mistake(error, file))
    return Parsed(Constructor(report).value(root) if root else None, report)


def _parse_json(text: str, file: str | None, strict: bool) -> Parsed:
    report = Report(Positions(_composable(text), file))
    duplicates: list[str] = []
    try:
        value = json.loads(text, object_pairs_hook=lambda pairs: _object(pairs, duplicates))
    except json.JSONDecodeError as error:
        return _not_json(text, file, json_mistake(error, file), strict)
    except RecursionError:
        report.fail(too_deep())
    except ValueError:  # Python refuses integers of more than 4,300 digits
        report.fail(Problem("wrong-literal", "a number has too many digits", hint="write it shorter"))
    _locate(duplicates, report)
    return Parsed(value, report)


def _not_json(text: str, file: str | None, mistake: Problem, strict: bool) -> Parsed:
    """Read as YAML what is no JSON; if it is neither, tell the mistake of the notation it looks like."""
    try:
        if not strict:
            return _parse_yaml(text, file)
    except WorkflowError:
        if not re.match(r'\s*\{\s*"', text):
            raise
    raise WorkflowError([mistake])


def _object(pairs: list[tuple[str, object]], duplicates: list[str]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        duplicates += [key for key in made if keys.count(key) > 1]
    return made


def _locate(duplicates: list[str], report: Report) -> None:
    """Report duplicate keys of JSON with both their places, which only the YAML nodes know."""
    if not duplicates:
        return
    nodes = Report(report.positions)
    if report.positions.root is not None:
        Constructor(nodes).value(report.positions.root)
    found = [problem for problem in nodes.problems if problem.path and problem.path[-1] in duplicates]
    for problem in found or map(_duplicate, duplicates):
        report.add(problem)


def _duplicate(key: str) -> Problem:
    message = f"the key {key!r} stands twice in the same mapping"
    return Problem("duplicate-key", message, hint="keep one of the two")


def _composable(text: str) -> str:
    """Replace, character by character, what only JSON allows; YAML is asked for nothing but places."""
    return re.sub(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", r"\\u0020", text.replace("\t", " "))

"""Fills values into text."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from cropflow.block import Block, Port, Setting
from cropflow.errors import nearest
from cropflow.kinds import Kind
from cropflow.serialize import to_json
from cropflow_blocks.values.parameters import Chains, check_chains, worked_on

NO_DATA: dict[str, Any] = {}
NO_CHAINS: Chains = {}


class StringTemplate(Block):
    """Fill values into a text with `{name}` in their places.

    `{name:.2f}` formats a number, `{name[0]}` and `{name[key]}` look into lists and mappings, `{{` and `}}` are braces.
    Predictions and other values that are no plain text or number are written as JSON.
    """

    type = "string_template@v1"
    aliases = ("roboflow_core/string_template@v1",)

    class Output(NamedTuple):
        """The text."""

        output: Annotated[str, Port("the template with the values filled in")]

    @staticmethod
    def infer(data: Mapping[str, tuple[Kind, ...]] | None, data_operations: Chains) -> dict[str, tuple[Kind, ...]]:
        """Check the operations; the kind of the output is always the same."""
        check_chains(data, data_operations, "data_operations")
        return {}

    def run(
        self,
        template: Annotated[str, Port("text with {name} where values go")],
        data: Annotated[dict[str, Any], Port("the values by name")] = NO_DATA,
        data_operations: Annotated[
            Setting[Chains], Port("operations on values of `data`, by name, before they are filled in")
        ] = NO_CHAINS,
    ) -> Output:
        """Fill in."""
        return self.Output(fill(template, worked_on(data, data_operations)))


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Return a text with values in the places of `{name}`.

    Raises:
        ValueError: a brace is not closed, a name is unknown, or a format does not fit its value.

    >>> fill("{count} of {total:.1f}", {"count": 3, "total": 4})
    '3 of 4.0'
    """
    return _FORMATTER.vformat(template, (), values)


_PARAMETER = re.compile(r"\{\{\s*\$parameters\.(\w+)\s*\}\}")


def fill_in(text: str, values: Mapping[str, Any]) -> str:
    """Return a text with values in the places of `{{ $parameters.name }}`, or, where there is none, of `{name}`.

    Raises:
        ValueError: as for `fill`.

    >>> fill_in("{a} is {{ $parameters.a }}", {"a": 3})
    '{a} is 3'
    """
    if not _PARAMETER.search(text):
        return fill(text, values)
    return _PARAMETER.sub(lambda match: fill(f"{{{match[1]}}}", values), text)


class _Formatter(string.Formatter):
    """Looks into lists and mappings, but never at attributes, which would show more than the document gave."""

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, str]:
        match = re.fullmatch(r"([^.\[\]]+)((?:\[[^\[\]]+\])*)", field_name)
        if match is None:
            raise ValueError(f"{{{field_name}}} is no place for a value; write {{name}}, {{name[0]}} or {{name[key]}}")
        name, keys = match[1], re.findall(r"\[([^\[\]]+)\]", match[2])
        if name not in kwargs:
            near = nearest(name, kwargs)
            advice = f"did you mean {{{near[0]}}}?" if near else f"given are {', '.join(kwargs) or 'none'}"
            raise ValueError(f"there is no value for {{{name}}}; {advice}")
        value = kwargs[name]
        for key in keys:
            value = _member(value, key, field_name)
        return _shown(value), name


_FORMATTER = _Formatter()


def _member(value: Any, key: str, field: str) -> Any:
    try:
        return value[key] if isinstance(value, Mapping) else value[int(key)]
    except (KeyError, IndexError, TypeError, ValueError):
        raise ValueError(f"{{{field}}}: there is nothing at {key!r}") from None


def _shown(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    plain = to_json(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, list | dict) else plain

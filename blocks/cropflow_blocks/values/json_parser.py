"""Takes the answer of a language model apart, or any other JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cropflow.block import Block, Port, Setting
from cropflow_blocks.values.model_text import Answer, read_json

_STATUS = "error_status"


class JsonParser(Block):
    """Read JSON text and give each expected field as an output of its own.

    The text may be fenced as Markdown (```` ```json ````); of several fenced parts the first counts. A field that
    is not there is missing. `error_status` is true where the text is no JSON object or a field is not there; a field
    that is null is there.
    """

    type = "json_parser@v1"
    aliases = ("roboflow_core/json_parser@v1",)

    @staticmethod
    def outputs(expected_fields: list[str]) -> Mapping[str, str]:
        """Tell the status and one output for each field."""
        if _STATUS in expected_fields:
            raise ValueError(f"{_STATUS!r} is an output of the step itself; expect fields of other names")
        return {_STATUS: "boolean", **dict.fromkeys(expected_fields, "*")}

    def run(
        self,
        raw_json: Answer,
        expected_fields: Annotated[Setting[list[str]], Port("names of the fields to give")],
    ) -> Mapping[str, Any]:
        """Read."""
        found = read_json(raw_json)
        values = found if isinstance(found, dict) else {}
        told = {name: values.get(name) for name in expected_fields}
        return {_STATUS: any(name not in values for name in expected_fields) or not isinstance(found, dict), **told}

"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples

EXAMPLES: Examples = {
    "current_time": lambda: [{"timezone": "Asia/Kathmandu"}, {"timezone": "UTC"}],
    "environment_secrets_store": lambda: [{"variables_storing_secrets": ["PATH"]}],
    "json_parser": lambda: [
        {"raw_json": text, "expected_fields": ["a", "b"]} for text in ('{"a": 1, "b": [2]}', '{"a": null}', "no")
    ],
}

"""Keeps a large JSON Schema small: what many blocks have in common stands once, and every block is one line of text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]
_LEAST = 60
"""Parts with a shorter text are not worth a reference."""
_TEXTS = ("title", "description", "default")


def hoisted(blocks: Mapping[str, Schema]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return schemas in which parts that several of them have are references, and these parts by name.

    Definitions inside of parts (`$defs`, as recursive models have) move out too. What is told of a part at its place,
    such as its description and default, stays there.
    """
    shared: dict[str, Schema] = {}
    flat = {name: _flattened(block, shared) for name, block in blocks.items()}
    counts = Counter(text for block in flat.values() for text in _parts(block))
    names = {text: f"part.{i}" for i, text in enumerate(text for text, count in counts.items() if count > 1)}
    found = {name: _referring(block, names) for name, block in flat.items()}
    return found, shared | {name: json.loads(text) for text, name in names.items()}


def _flattened(schema: Any, shared: dict[str, Schema]) -> Any:
    """Move `$defs` of inner schemas out; their references already lead to the outermost ones."""
    if isinstance(schema, list):
        return [_flattened(item, shared) for item in schema]
    if not isinstance(schema, dict):
        return schema
    for name, definition in schema.get("$defs", {}).items():
        shared[name] = _flattened(definition, shared)
    kept = {key: value for key, value in schema.items() if key not in ("$defs", "discriminator")}
    if isinstance(kept.get("title"), str) and "properties" not in kept:
        del kept["title"]  # pydantic's own, made from names
    return {key: _flattened(value, shared) for key, value in kept.items()}


def _parts(block: Schema) -> Iterator[str]:
    """Give the text of every part of the block's fields that could stand elsewhere."""
    for field in block["properties"].values():
        bare = {key: value for key, value in field.items() if key not in _TEXTS}
        yield from (_compact(part) for part in (bare, *bare.get("anyOf", ())) if _is_worth(part))


def _referring(block: Schema, names: Mapping[str, str]) -> Schema:
    fields = {}
    for name, field in block["properties"].items():
        texts = {key: value for key, value in field.items() if key in _TEXTS}
        bare = {key: value for key, value in field.items() if key not in _TEXTS}
        if "anyOf" in bare and _compact(bare) not in names:
            bare["anyOf"] = [_reference(part, names) for part in bare["anyOf"]]
        fields[name] = _reference(bare, names) | texts
    return {**block, "properties": fields}


def _reference(part: Schema, names: Mapping[str, str]) -> Schema:
    name = names.get(_compact(part))
    return part if name is None else {"$ref": f"#/$defs/{name}"}


def _is_worth(part: Schema) -> bool:
    return "$ref" not in part and len(_compact(part)) >= _LEAST


def _compact(schema: Any) -> str:
    return json.dumps(schema, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def text_of(schema: Schema) -> str:
    """Write a schema with one line for each entry of its outer mapping, and for each of `$defs`.

    >>> print(text_of({"b": [1, 2], "$defs": {"x": {}}}), end="")
    {
    "$defs": {
    "x": {}
    },
    "b": [1,2]
    }
    """
    return (
        "{\n"
        + ",\n".join(f"{json.dumps(key)}: {_entry(key, value)}" for key, value in sorted(schema.items()))
        + "\n}\n"
    )


def _entry(key: str, value: Any) -> str:
    if key != "$defs":
        return _compact(value)
    lines = (f"{json.dumps(name)}: {_compact(definition)}" for name, definition in sorted(value.items()))
    return "{\n" + ",\n".join(lines) + "\n}"

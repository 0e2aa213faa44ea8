"""JSON Schema of blocks and of whole documents, for editors and other tools; made from the blocks' contracts.

python -m cropflow.schema schemas
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cropflow.kinds import KINDS
from cropflow.registry import Registry, installed
from cropflow.schema_parts import hoisted, text_of
from cropflow.spec import REQUIRED, BlockSpec, PortSpec

Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SELECTOR: Schema = {"$ref": "#/$defs/selector"}
_STEP: Schema = {"$ref": "#/$defs/step_selector"}
_SELECTORS: Schema = {
    "selector": {"type": "string", "pattern": r"^\$(inputs|steps\.[^.\s]+)\.[^.\s]+$"},
    "step_selector": {"type": "string", "pattern": r"^\$steps\.[^.\s]+$"},
}
_NAME: Schema = {"type": "string", "pattern": r"^[^.$\s]+$"}


def block_schema(spec: BlockSpec) -> Schema:
    """Return the schema of a step of this block, complete in itself.

    Under its own type a step may have the fields of the block alone; under the names of existing documents it may have
    others too, which editors leave there.
    """
    blocks, shared = hoisted({spec.type: _block_schema(spec, "#")})
    return {**blocks[spec.type], "$defs": {**_SELECTORS, **shared}}


def _block_schema(spec: BlockSpec, place: str) -> Schema:
    fields: Schema = {"type": {"enum": [spec.type, *spec.aliases]}, "name": _NAME}
    for port in spec.ports:
        fields[port.name] = _port_schema(port)
        fields.update({alias: {"$ref": f"{place}/properties/{_pointer(port.name)}"} for alias in port.aliases})
    required = [{"anyOf": [{"required": [name]} for name in (p.name, *p.aliases)]} for p in spec.ports if p.required]
    return {
        "title": spec.type,
        "description": spec.doc,
        "type": "object",
        "properties": fields,
        "required": ["type", "name"],
        "allOf": [
            *required,
            {
                "if": {"properties": {"type": {"const": spec.type}}},
                "then": {"propertyNames": {"enum": list(fields)}},
            },
        ],
    }


def workflow_schema(registry: Registry) -> Schema:
    """Return the schema of whole documents that use the blocks of a registry."""
    kinds: Schema = {"type": "array", "items": {"anyOf": [{"enum": sorted(KINDS)}, {"type": "object"}]}}
    blocks, shared = hoisted({spec.type: _block_schema(spec, f"#/$defs/{_pointer(spec.type)}") for spec in registry})
    return {
        "$schema": _DIALECT,
        "title": "Cropflow workflow",
        "type": "object",
        "required": ["version", "inputs", "steps", "outputs"],
        "properties": {
            "version": {"anyOf": [{"type": "string", "pattern": r"^1(\.[0-9]+)*$"}, {"const": 1.0}]},
            "inputs": {"type": "array", "items": _input_schema(kinds)},
            "steps": {"type": "array", "items": _step_schema(registry)},
            "outputs": {"type": "array", "items": _output_schema()},
        },
        "$defs": {
            **_SELECTORS,
            **shared,
            **blocks,
        },
    }


def catalogue(registry: Registry) -> Schema:
    """Return a small description of all blocks: ports, kinds, defaults, outputs."""
    return {spec.type: _describe(spec) for spec in registry}


def _describe(spec: BlockSpec) -> Schema:
    return {
        "aliases": list(spec.aliases),
        "summary": spec.doc.partition("\n")[0],
        "ports": {port.name: _describe_port(port) for port in spec.ports},
        "outputs": {output.name: [kind.name for kind in output.kinds] for output in spec.outputs},
        "level": ("gathers" if spec.gathers else "") + ("fans out" if spec.fan_out else "") or "keeps",
    }


def _describe_port(port: PortSpec) -> Schema:
    described: Schema = {"kinds": [kind.name for kind in port.leaf.kinds]}
    if port.aliases:
        described["aliases"] = list(port.aliases)
    if port.default is not REQUIRED:
        described["default"] = _plain(port.default)
    if port.doc:
        described["description"] = port.doc
    return described


def _port_schema(port: PortSpec) -> Schema:
    forms = list(_forms(port))
    schema: Schema = dict(forms[0]) if len(forms) == 1 else {"anyOf": forms}
    if port.doc:
        schema["description"] = port.doc
    if port.default is not REQUIRED:
        schema["default"] = _plain(port.default)
    return schema


def _forms(port: PortSpec) -> Iterable[Schema]:
    """The ways a field may be written: selector, literal, or members written out."""
    if port.steps and not port.container:
        yield _STEP
    elif not port.setting and port.kinds:
        yield _SELECTOR
    literal = None if port.steps else port.literal.schema()
    if literal is not None and (port.kinds or port.setting):
        yield literal
    if port.member is not None:
        members = {"anyOf": list(_forms(port.member))}
        shape: Schema = {"type": "array", "items": members}
        yield shape if port.container == "list" else {"type": "object", "additionalProperties": members}
    if port.takes_none and (literal is None or port.steps):
        yield {"type": "null"}


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def _step_schema(registry: Registry) -> Schema:
    """A known type is checked against its block; unknown types are left to the compiler and its plug-ins."""
    cases = [
        {
            "if": {"properties": {"type": {"enum": [spec.type, *spec.aliases]}}, "required": ["type"]},
            "then": {"$ref": f"#/$defs/{_pointer(spec.type)}"},
        }
        for spec in registry
    ]
    types = sorted(name for spec in registry for name in (spec.type, *spec.aliases))
    return {
        "type": "object",
        "required": ["type", "name"],
        "properties": {"type": {"anyOf": [{"enum": types}, {"type": "string"}]}, "name": _NAME},
        "allOf": cases,
    }


def _input_schema(kinds: Schema) -> Schema:
    types = ["WorkflowImage", "WorkflowParameter", "WorkflowBatchInput", "WorkflowVideoMetadata"]
    return {
        "type": "object",
        "required": ["type", "name"],
        "properties": {
            "type": {"enum": [*types, "InferenceImage", "InferenceParameter"]},
            "name": _NAME,
            "kind": kinds,
            "default_value": {},
            "dimensionality": {"type": "integer", "minimum": 1},
        },
        "additionalProperties": False,
    }


def _output_schema() -> Schema:
    return {
        "type": "object",
        "required": ["type", "name", "selector"],
        "properties": {
            "type": {"const": "JsonField"},
            "name": {"type": "string"},
            "selector": {"type": "string", "pattern": r"^\$(inputs|steps\.[^.\s]+)\.([^.\s]+|\*)$"},
            "coordinates_system": {"enum": ["own", "parent"], "default": "parent"},
        },
        "additionalProperties": False,
    }


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def files() -> dict[str, str]:
    """Return the texts of `workflow.schema.json` and `blocks.json` for the core blocks."""
    registry = installed().only("cropflow_blocks")
    return {
        "workflow.schema.json": text_of(workflow_schema(registry)),
        "blocks.json": text_of(catalogue(registry)),
    }


def write(folder: Path) -> None:
    """Write the files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))

"""What existing clients and editors ask: the inputs and outputs of a document, all blocks, the schema of documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from pydantic import PydanticUserError, TypeAdapter

from cropflow.classification import Classification
from cropflow.compiler.plan import PlannedOutput
from cropflow.dynamic.manifest import DynamicBlock
from cropflow.image import Image
from cropflow.kinds import KINDS, Fit, Kind, fit
from cropflow.registry import Registry, installed
from cropflow.schema import block_schema, workflow_schema
from cropflow.spec import REQUIRED, BlockSpec, PortSpec
from cropflow.wire import BoxesWire, LabelsWire, LabelWire
from cropflow.workflow import Workflow

_HINTS = {"string": "str", "number": "float", "integer": "int", "boolean": "bool", "array": "list", "object": "dict"}
_DECLARED = tuple(dict.fromkeys(KINDS.values()))  # a further name of a kind is no further kind
_ANY_OUTPUT = {"name": "*", "kind": [{"name": "*"}]}
_IMAGE = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {"type": {"const": "base64"}, "value": {"type": "string"}, "video_metadata": {"type": "object"}},
}


def interface(workflow: Workflow) -> dict[str, Any]:
    """Tell the kinds of inputs and outputs, with Python types and JSON schemas of the kinds that occur."""
    plan = workflow.plan
    inputs = {item.name: _names(item.kinds) for item in plan.inputs}
    outputs = {item.name: _output(workflow, item) for item in plan.outputs}
    met = {name for kinds in (*inputs.values(), *outputs.values()) for name in _all(kinds)}
    schemas = {name: kind_schema(KINDS[name]) for name in sorted(met) if name in KINDS}
    return {
        "inputs": inputs,
        "outputs": outputs,
        "typing_hints": {name: _HINTS.get(schema.get("type", ""), "Any") for name, schema in schemas.items()}
        | {name: "dict" for name in schemas if KINDS[name].python is Classification},  # one of two mappings
        "kinds_schemas": {name: schema for name, schema in schemas.items() if schema},
    }


@cache
def blocks(registry: Registry) -> dict[str, Any]:
    """Describe all blocks of a registry, and which fields take which kinds."""
    specs = list(registry)
    return {
        "blocks": [_block(spec) for spec in specs],
        "declared_kinds": [{"name": kind.name, "description": kind.description} for kind in _DECLARED],
        "kinds_connections": {name: list(_connections(specs, kind)) for name, kind in KINDS.items()},
        "primitives_connections": [
            _primitive(spec, port) for spec in specs for port in spec.ports if _is_primitive(port)
        ],
        "universal_query_language_description": {"operations_description": [], "operators_descriptions": []},
        "dynamic_block_definition_schema": DynamicBlock.model_json_schema(),
    }


@cache
def definition_schema() -> dict[str, Any]:
    """Return the JSON schema of documents that use the installed blocks."""
    return {"schema": workflow_schema(installed())}


def versions() -> dict[str, Any]:
    """Return versions of documents; any 1.x is taken, and these are the ones that editors write."""
    return {"versions": [f"1.{minor}.0" for minor in range(5)]}


def _names(kinds: Iterable[Kind]) -> list[str]:
    return [kind.name for kind in kinds]


def _output(workflow: Workflow, output: PlannedOutput) -> list[str] | dict[str, list[str]]:
    """The kinds of an output, field by field where it shows all of a step."""
    if output.fields is None:
        return _names(output.kinds)
    return {name: _names(workflow.plan.kinds[key]) for name, key in zip(output.fields, output.keys, strict=True)}


def _all(kinds: list[str] | dict[str, list[str]]) -> Iterator[str]:
    yield from kinds if isinstance(kinds, list) else (name for names in kinds.values() for name in names)


def kind_schema(kind: Kind) -> dict[str, Any]:
    """Return the schema of the JSON form of a kind, as far as there is one."""
    if kind.python == "Detections":
        return BoxesWire.model_json_schema()
    if kind.python is Image:
        return _IMAGE
    if kind.python is Classification:
        return TypeAdapter(LabelWire | LabelsWire).json_schema()
    if kind.python is bytes:
        return {"type": "string", "contentEncoding": "base64"}
    if kind.name in ("numpy_array", "contours"):
        return {"type": "array"}
    if kind.python is Any:
        return {}
    try:
        return TypeAdapter(kind.python).json_schema()
    except (PydanticUserError, ValueError):  # a class of its own, such as an array
        return {}


def _block(spec: BlockSpec) -> dict[str, Any]:
    outputs = [{"name": output.name, "kind": [{"name": kind.name} for kind in output.kinds]} for output in spec.outputs]
    offsets, offset = _levels(spec)
    return {
        "manifest_type_identifier": spec.type,
        "manifest_type_identifier_aliases": list(spec.aliases),
        "human_friendly_block_name": spec.type.rpartition("/")[2].partition("@")[0].replace("_", " ").capitalize(),
        "block_schema": block_schema(spec),
        "outputs_manifest": [*outputs, _ANY_OUTPUT] if spec.dynamic_outputs else outputs,
        "block_source": spec.make.__module__.partition(".")[0],
        "fully_qualified_block_class_name": f"{spec.make.__module__}.{getattr(spec.make, '__qualname__', spec.type)}",
        "execution_engine_compatibility": ">=1.0.0,<2.0.0",
        "input_dimensionality_offsets": offsets,
        "output_dimensionality_offset": offset,
        "dimensionality_reference_property": None,
    }


def _levels(spec: BlockSpec) -> tuple[dict[str, int], int]:
    """How much deeper fields lie than the step is called, and outputs; existing clients count from what is wired.

    Where nothing is left at the level of the step, its outputs lie one level above its inputs.
    """
    wired = [port for port in spec.ports if not port.setting and not port.steps]
    deeper = [port.name for port in wired if port.leaf.group]
    if deeper and len(deeper) == len(wired):
        return {}, -1
    return dict.fromkeys(deeper, 1), 1 if spec.fan_out else 0


def _connections(specs: Iterable[BlockSpec], kind: Kind) -> Iterator[dict[str, Any]]:
    """The fields that take a kind; those that take any stand under `*` alone, which keeps the answer small.

    What a prediction of a special kind fits by way of its parents is told too, as existing blocks name every kind. For
    texts and numbers it is not: that would be most of the answer.
    """
    for spec in specs:
        for port in spec.ports:
            if not port.setting and _takes(port.leaf.kinds, kind):
                yield {
                    "manifest_type_identifier": spec.type,
                    "property_name": port.name,
                    "compatible_element": "any_data",
                    "is_list_element": port.container == "list",
                    "is_dict_element": port.container == "dict",
                }


def _takes(kinds: tuple[Kind, ...], kind: Kind) -> bool:
    if kind in kinds or kind.python != "Detections":
        return kind in kinds
    return fit([kind], [one for one in kinds if one.name != "*"]) is Fit.ALWAYS


def _is_primitive(port: PortSpec) -> bool:
    return not port.steps and any(kind.literal for kind in port.leaf.kinds)


def _primitive(spec: BlockSpec, port: PortSpec) -> dict[str, Any]:
    """A field that may be written in place; what it is for stands in the schema of its block, and not here again."""
    return {
        "manifest_type_identifier": spec.type,
        "property_name": port.name,
        "type_annotation": " | ".join(_names(port.leaf.kinds)) + ("" if port.default is REQUIRED else " | None"),
    }

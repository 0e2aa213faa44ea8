"""Writes an example document for a block from nothing but its ports.

What a required field needs is taken from the input picture, or made by model and crop blocks; the two models of the
repository are named where they do, and published ones otherwise. Where the ports do not tell enough, such as for
operations, there is no example.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import yaml

from cropflow.compiler import compile_definition
from cropflow.document.definition import from_mapping
from cropflow.errors import WorkflowError
from cropflow.registry import Registry
from cropflow.spec import BlockSpec, PortSpec

Step: TypeAlias = Mapping[str, Any]

_IMAGE = "$inputs.image"
_BOXES, _LABEL, _ANY = "object_detection_prediction", "classification_prediction", "*"
_WEIGHTS = {
    _BOXES: "../models/digits-detect.pt",
    _LABEL: "../models/digits-classify.pt",
    "instance_segmentation_prediction": "yolo11n-seg",
    "keypoint_detection_prediction": "yolo11n-pose",
    "rotated_object_detection_prediction": "yolo11n-obb",
}
_DETECT = {"type": "object_detection_model@v2", "name": "detect", "images": _IMAGE, "model_id": _WEIGHTS[_BOXES]}
_CROP = {"type": "dynamic_crop@v1", "name": "crop", "images": _IMAGE, "predictions": "$steps.detect.predictions"}
_CLASSIFY = {"type": "classification_model@v2", "name": "classify", "images": _IMAGE, "model_id": _WEIGHTS[_LABEL]}
_READ = {**_CLASSIFY, "name": "read", "images": "$steps.crop.crops"}
_SOURCES: Mapping[str, tuple[str, tuple[Step, ...]]] = {
    "image": (_IMAGE, ()),
    _BOXES: ("$steps.detect.predictions", (_DETECT,)),
    _LABEL: ("$steps.classify.predictions", (_CLASSIFY,)),
    _ANY: ("$steps.detect.predictions", (_DETECT,)),
}
_SOURCES_BELOW: Mapping[str, tuple[str, tuple[Step, ...]]] = {
    "image": ("$steps.crop.crops", (_DETECT, _CROP)),
    _LABEL: ("$steps.read.predictions", (_DETECT, _CROP, _READ)),
    _ANY: ("$steps.read.predictions", (_DETECT, _CROP, _READ)),
}
"""For each kind a selector, and the steps behind it; `_BELOW` for fields that gather, one level deeper."""
_USUAL: Mapping[str, Any] = {"string": "text", "boolean": True, "integer": 100, "number": 0.5}


def example(spec: BlockSpec, registry: Registry) -> str | None:
    """Return a small YAML document with one step of the block; `None` where its ports do not tell enough."""
    document = _Example(spec, registry).document()
    try:
        compile_definition(from_mapping(document), registry)
    except WorkflowError:
        return None
    return _text(document)


class _Example:
    """Fills the required fields of a block, and collects the steps that they need."""

    def __init__(self, spec: BlockSpec, registry: Registry) -> None:
        self._spec = spec
        self._registry = registry
        self._steps: dict[str, Step] = {}

    def document(self) -> dict[str, Any]:
        name = self._spec.type.rpartition("/")[2].partition("@")[0]
        fields = {port.name: self._field(port) for port in self._spec.ports if port.required}
        return {
            "version": "1.0",
            "inputs": [{"type": "WorkflowImage", "name": "image"}],
            "steps": [*self._steps.values(), {"type": self._spec.type, "name": name, **fields}],
            "outputs": [
                {"type": "JsonField", "name": output.name, "selector": f"$steps.{name}.{output.name}"}
                for output in self._spec.outputs
            ],
        }

    def _field(self, port: PortSpec) -> Any:
        """Return what stands in a field: a selector where one is known for its kinds, else a literal."""
        if port.member is not None:
            member = self._field(port.member)
            return {"value": member} if port.container == "dict" else [member]
        if any(kind.name == "model_id" for kind in port.kinds):
            return _weights(self._spec)
        selector = None if port.setting else self._selector(port)
        return selector or _literal(port.literal.schema() or {})

    def _selector(self, port: PortSpec) -> str | None:
        sources = _SOURCES_BELOW if port.group else _SOURCES
        for kind in port.kinds:
            selector, steps = sources.get(kind.name) or ("", ())
            if not selector and not kind.literal and not port.group:
                selector, steps = next(self._makers(kind.name), ("", ()))
            if selector:
                self._steps.update({step["name"]: step for step in steps})
                return selector
        return None

    def _makers(self, kind: str) -> Iterator[tuple[str, tuple[Step, ...]]]:
        """Give steps of blocks that make a kind from nothing but a picture and weights."""
        for spec in self._registry:
            required = {port.name: port.kinds[0].name for port in spec.ports if port.required and port.kinds}
            outputs = [output.name for output in spec.outputs if kind in _names([output.kinds])]
            if outputs and sorted(required.values()) == ["image", "model_id"]:
                values = {"image": _IMAGE, "model_id": _weights(spec)}
                fields = {name: values[needed] for name, needed in required.items()}
                yield f"$steps.find.{outputs[0]}", ({"type": spec.type, "name": "find", **fields},)


def _weights(spec: BlockSpec) -> str:
    """Return weights that do what a model block gives back."""
    kinds = _names(output.kinds for output in spec.outputs)
    return next((weights for kind, weights in _WEIGHTS.items() if kind in kinds), "weights.pt")


def _names(kinds: Iterable[Iterable[Any]]) -> set[str]:
    return {kind.name for some in kinds for kind in some}


def _literal(schema: Mapping[str, Any]) -> Any:
    """Return a value that fits a simple JSON Schema; `None` where it is not simple."""
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return _literal(schema["anyOf"][0])
    usual = _USUAL.get(schema.get("type", ""))
    bounded = usual is not None and {"minimum", "maximum"} & schema.keys()
    return min(max(usual, schema.get("minimum", usual)), schema.get("maximum", usual)) if bounded else usual


def _text(document: Mapping[str, Any]) -> str:
    parts = [f'version: "{document["version"]}"']
    for section in ("inputs", "steps", "outputs"):
        entries = [_entry(entry) for entry in document[section]]
        parts.append(f"{section}:\n" + "\n".join(entries) if entries else f"{section}: []")
    return "\n".join(parts) + "\n"


def _entry(entry: Step) -> str:
    """Write an entry in one line where it fits, else with a line for each field."""
    line = yaml.safe_dump(dict(entry), sort_keys=False, default_flow_style=True, width=1000).strip()
    if len(line) <= 72:
        return f"  - {line}"
    lines = yaml.safe_dump(dict(entry), sort_keys=False, default_flow_style=False, width=1000).splitlines()
    return "\n".join(f"    {line}" for line in lines).replace("    ", "  - ", 1)

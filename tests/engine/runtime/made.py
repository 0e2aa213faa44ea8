"""From shapes to the real thing: block classes with a typed `run`, documents as mappings, compiled workflows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cropflow import Batch, Block, Columns, Group, Maybe, Route, StepRef, Workflow, each

from .shapes import BlockShape, Document, Input, Key, LeftOut, Literally, Members, Port, Source, Step, respond


class Calls:
    """What the blocks of one workflow were called with: for each step, one list of elements per call."""

    def __init__(self) -> None:
        self.of: dict[str, list[list[dict[str, Any]]]] = {}
        self.violations: list[str] = []

    def note(self, step: Step, elements: list[dict[str, Any]]) -> None:
        """Remember a call, and what it breaks of the promises of the signature."""
        self.of.setdefault(step.name, []).append(elements)
        shape = step.block
        if shape.batch_size and not shape.whole and len(elements) > shape.batch_size:
            self.violations.append(f"{step.name}: {len(elements)} elements, batch size {shape.batch_size}")
        if not elements:
            self.violations.append(f"{step.name}: called with nothing to do")


def workflow(document: Document, inside: bool = False) -> tuple[Workflow, Calls]:
    """Compile a document, or with `inside` one that holds it as an inner workflow.

    Raises:
        WorkflowError: the engine refuses it.
    """
    calls = Calls()
    blocks = [block_class(step, calls) for step in document.steps]
    written = mapping(document)
    return Workflow.load(_wrapped(written) if inside else written, blocks=blocks), calls


def _wrapped(document: dict[str, Any]) -> dict[str, Any]:
    bindings = {item["name"]: f"$inputs.{item['name']}" for item in document["inputs"]}
    inner = {"type": "inner_workflow@v1", "name": "inner", "workflow_definition": document}
    outputs = [{**output, "selector": f"$steps.inner.{output['name']}"} for output in document["outputs"]]
    return {**document, "steps": [{**inner, "parameter_bindings": bindings}], "outputs": outputs}


def mapping(document: Document) -> dict[str, Any]:
    """Write a document down."""
    return {
        "version": "1.0",
        "inputs": [_input(item) for item in document.inputs],
        "steps": [_step(step) for step in document.steps],
        "outputs": [
            {
                "type": "JsonField",
                "name": f"out{number}",
                "selector": output.selector if isinstance(output, Key) else f"$steps.{output}.*",
            }
            for number, output in enumerate(document.outputs)
        ],
    }


def _input(item: Input) -> dict[str, Any]:
    if item.dimensionality == 0:
        return {"type": "WorkflowParameter", "name": item.name, "kind": [item.kind]}
    depth = item.dimensionality
    return {"type": "WorkflowBatchInput", "name": item.name, "kind": [item.kind], "dimensionality": depth}


def _step(step: Step) -> dict[str, Any]:
    fields = {name: _written(source) for name, source in step.sources.items() if not isinstance(source, LeftOut)}
    if step.block.route:
        fields["to"] = _written_targets(step)
    return {"type": f"made/{step.name}@v1", "name": step.name, **fields}


def _written_targets(step: Step) -> Any:
    refs = [f"$steps.{target}" for target in step.targets]
    if step.block.route == "one":
        return refs[0]
    return refs if step.block.route == "list" else {f"k{number}": ref for number, ref in enumerate(refs)}


def _written(source: Source | Literally | Key) -> Any:
    match source:
        case Key():
            return source.selector
        case Literally(value):
            return value
        case Members(members, names):
            written = [_written(member) for member in members]
            return written if names is None else dict(zip(names, written, strict=True))
    raise TypeError(source)


def block_class(step: Step, calls: Calls) -> type[Block]:
    """Make the block of a step: a class whose `run` has the signature its shape tells."""
    shape = step.block
    output = _output(shape)

    def run(self: Block, **arguments: Any) -> Any:
        assert _own(self.step) == step.name
        targets = arguments.pop("to", ())
        refs = {_own(ref): ref for ref in _refs(targets)}
        assert sorted(refs) == sorted(step.targets)
        elements = _elements(shape, arguments)
        calls.note(step, elements)
        answers = [_answer(shape, output, respond(step, element), refs) for element in elements]
        return answers if shape.batch else answers[0]

    hints = {port.name: annotation(port) for port in shape.ports}
    if shape.route:
        hints["to"] = {"one": StepRef, "list": list[StepRef], "dict": dict[str, StepRef]}[shape.route]
    defaults = {port.name: _default(port) for port in shape.ports}
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        + [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name, inspect.Parameter.empty))
            for name in hints
        ]
    )
    run.__annotations__ = {**hints, "return": _returns(shape, output)}
    namespace = {
        "type": f"made/{step.name}@v1",
        "Output": output,
        "run": run,
        "batch_size": shape.batch_size,
        "whole": shape.whole,
        "effects": shape.effects,
    }
    return type("Made", (Block,), namespace)


def _output(shape: BlockShape) -> Any:
    value: Any = Any if shape.loose else str
    fields = [
        (name, value | None if optional else value) for name, optional in zip(shape.names, shape.outputs, strict=True)
    ]
    return NamedTuple("Output", fields)


def annotation(port: Port) -> Any:
    """Write a port as the annotation of a parameter."""
    hint: Any = Maybe[str] if port.maybe else str  # type: ignore[misc]
    if port.group:
        hint = Maybe[Group[hint]] if port.maybe_group else Group[hint]  # type: ignore[misc]
    if port.optional and port.batch and not port.container:
        return Batch[hint | None]
    if port.batch:
        hint = Batch[hint]
    if port.container:
        hint = list[hint] if port.container == "list" else dict[str, hint]
    return hint | None if port.optional else hint


def _default(port: Port) -> Any:
    if not port.optional:
        return inspect.Parameter.empty
    return each(None) if port.batch and not port.container else None


def _returns(shape: BlockShape, output: Any) -> Any:
    hint: Any = Route if shape.route else output if shape.outputs else None
    if shape.fan_out:
        hint = Group[hint]
    return Batch[hint] if shape.batch and hint is not None else hint


def _refs(targets: Any) -> list[str]:
    if isinstance(targets, str):
        return [targets]
    return list(targets.values()) if isinstance(targets, Mapping) else list(targets)


def _elements(shape: BlockShape, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Take the arguments of a call apart into those of its elements."""
    if not shape.batch:
        return [_plain(arguments)]
    count = next(len(arguments[port.name]) for port in shape.ports if port.batch and not port.container)
    return [
        _plain({port.name: _at(port, arguments[port.name], number, count) for port in shape.ports})
        for number in range(count)
    ]


def _at(port: Port, value: Any, number: int, count: int) -> Any:
    if not port.batch or (port.container and value is None):
        return value
    if port.container == "dict":
        return {name: _one(batch, number, count) for name, batch in value.items()}
    return [_one(batch, number, count) for batch in value] if port.container else _one(value, number, count)


def _one(batch: Sequence[Any], number: int, count: int) -> Any:
    assert len(batch) == count
    return batch[number]


def _plain(value: Any) -> Any:
    """Copy what a block received as plain lists and mappings."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, str) or value is None:
        return value
    return [_plain(item) for item in value]


def _own(name: str) -> str:
    """The name of a step in its own document."""
    return name.removeprefix("inner__")


def _answer(shape: BlockShape, output: Any, answer: Any, refs: Mapping[str, str]) -> Any:
    if shape.route:
        return Route(StepRef(refs[name]) for name in answer)
    if not shape.outputs:
        return None
    if not shape.fan_out:
        return output(*answer)
    if shape.columnar:
        columns = {name: [row[number] for row in answer] for number, name in enumerate(shape.names)}
        return Columns(output, **columns)
    return [output(*row) for row in answer]

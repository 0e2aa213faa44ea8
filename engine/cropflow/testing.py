"""The contract every block keeps, as one check that runs in any test suite.

    from cropflow.testing import check_block

    def test_brightness():
        check_block(Brightness, {"image": picture}, {"image": another})

The block is run inside real workflows: alone, in a batch, beside missing elements, and over nothing at all.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cropflow.block import Block
from cropflow.contract import refuse_contradictions
from cropflow.errors import BlockError
from cropflow.literal import LiteralType
from cropflow.resources import OutputFolder
from cropflow.schema import block_schema
from cropflow.serialize import to_json
from cropflow.spec import REQUIRED, BlockSpec, PortSpec
from cropflow.workflow import Workflow


class Reached(Block):
    """Tells that an element came here; the target of a control-flow block under test."""

    type = "testing/reached@v1"

    class Output(NamedTuple):
        """Always true."""

        yes: bool

    def run(self) -> Output:
        """Say that the element came here."""
        return self.Output(True)


def check_block(
    block: type[Block] | BlockSpec,
    *examples: Mapping[str, Any],
    resources: Iterable[object] = (),
    tolerance: float = 1e-4,
) -> None:
    """Check that a block keeps the contract of the design.

    Args:
        block: the class, or a spec.
        examples: at least one element each: a value for every port that needs one. Pictures are `Image`s with ids of
            their own; a `Group` port takes a list; settings are the same in all examples.
        resources: what the block asks for in `__init__`; an `OutputFolder` is made where none is given.
        tolerance: by how much numbers may differ between a call alone and a call in a batch.

    Raises:
        AssertionError: the block breaks the contract; the message says how.
    """
    spec = block if isinstance(block, BlockSpec) else block.spec
    check_declaration(spec)
    for example in examples:
        unknown = set(example) - {port.name for port in spec.ports}
        assert not unknown, f"{spec.type}: the example names {sorted(unknown)}, which are no ports"
    if examples:
        _Runs(spec, examples, tuple(resources), tolerance).check()


def check_declaration(spec: BlockSpec) -> None:
    """Check what can be checked without running the block.

    Raises:
        AssertionError: the declaration breaks the contract; the message says how.
    """
    assert spec.doc.strip(), f"{spec.type} has no docstring"
    try:
        refuse_contradictions(spec, spec.type)
    except BlockError as error:
        raise AssertionError(str(error)) from error
    json.dumps(block_schema(spec), allow_nan=False)
    for port in spec.ports:
        _check_default(spec, port)


def _check_default(spec: BlockSpec, port: PortSpec) -> None:
    if port.default is REQUIRED or port.default is None or port.literal.adapter is None:
        return
    plain = json.loads(json.dumps(port.default))
    literal: LiteralType = port.leaf.literal if not port.kinds else port.literal
    try:
        literal.read(plain)
    except ValueError as error:
        raise AssertionError(f"{spec.type}: the default of {port.name!r} does not fit its own type: {error}") from error


class _Runs:
    """The same examples, run in every way an engine may call a block."""

    def __init__(
        self, spec: BlockSpec, examples: Sequence[Mapping[str, Any]], resources: tuple[object, ...], tolerance: float
    ) -> None:
        self.spec = spec
        self.examples = examples
        self.resources = resources
        self.tolerance = tolerance
        self.has_outputs = bool(spec.outputs or spec.dynamic_outputs or spec.routes)
        given = [port for port in spec.ports if port.name in examples[0] and not (port.setting or port.steps)]
        self.wired = [wire for port in given for wire in _wires(port, examples[0][port.name])]

    def check(self) -> None:
        before = to_json(self.examples)
        together = self.run(self.examples)
        alone = [self.run([example])[0] for example in self.examples]
        self.same("in a batch", together, alone)
        if self.wired:  # a block without inputs runs once, whatever the batch holds
            missing: Any = [] if self.spec.fan_out else None if self.has_outputs else {}
            first, *others = self.examples
            mixed = self.run([first, None, *others])
            self.same("beside missing elements", mixed, [alone[0], missing, *alone[1:]])
            assert self.run([]) == [], f"{self.spec.type}: nothing in must give nothing out"
        json.dumps(to_json(together), allow_nan=False)
        assert to_json(self.examples) == before, f"{self.spec.type} changes what it is given"

    def run(self, examples: Sequence[Mapping[str, Any] | None]) -> list[Any]:
        """Run a document with the block as its only step; a missing example is missing at every port."""
        with tempfile.TemporaryDirectory() as folder:
            resources = (*self.resources, OutputFolder(Path(folder)))
            with Workflow.load(self.document(), blocks=[self.spec, Reached], resources=resources) as workflow:
                inputs = {wire.name: [wire.value(example) for example in examples] for wire in self.wired}
                rows = workflow.run(inputs)
        return [to_json(row["all"]) if _present(row["all"]) else None for row in rows]

    def document(self) -> dict[str, Any]:
        first = self.examples[0]
        written = {port.name: first[port.name] for port in self.spec.ports if port.name in first}
        fields = written | _selectors(self.wired)
        targets = {
            port.name: {"list": ["$steps.reached"], "dict": {"a": "$steps.reached"}, None: "$steps.reached"}[
                port.container
            ]
            for port in self.spec.ports
            if port.steps and port.name not in fields
        }
        steps = [{"type": self.spec.type, "name": "tested", **fields, **targets}]
        if self.spec.routes:
            steps.append({"type": Reached.type, "name": "reached"})
        return {
            "version": "1.0",
            "inputs": [_input(wire) for wire in self.wired],
            "steps": steps,
            "outputs": [
                _output("all", f"$steps.{'reached' if self.spec.routes else 'tested'}.*"),
                *(_output(f"given {wire.name}", f"$inputs.{wire.name}") for wire in self.wired[:1]),
            ],
        }

    def same(self, how: str, found: Sequence[Any], expected: Sequence[Any]) -> None:
        if self.spec.whole:  # such a block works on all elements of a run, so its answers depend on which these are
            return
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            difference = _difference(one, other, self.tolerance)
            assert difference is None, (
                f"{self.spec.type}: element {index} {how} differs from a call alone: {difference}"
            )


class _Wire(NamedTuple):
    """An input that feeds a port, or with `key` one member of a list or mapping that must be written out."""

    port: PortSpec
    key: str | int | None = None

    @property
    def name(self) -> str:
        return self.port.name if self.key is None else f"{self.port.name}-{self.key}"

    def value(self, example: Mapping[str, Any] | None) -> Any:
        if example is None or self.key is None:
            return None if example is None else example.get(self.port.name)
        return example[self.port.name][self.key]


def _wires(port: PortSpec, value: Any) -> list[_Wire]:
    if not port.container or port.kinds:
        return [_Wire(port)]
    return [_Wire(port, key) for key in (value if isinstance(value, Mapping) else range(len(value)))]


def _selectors(wires: Iterable[_Wire]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for wire in wires:
        selector = f"$inputs.{wire.name}"
        if wire.key is None:
            fields[wire.port.name] = selector
        elif wire.port.container == "dict":
            fields.setdefault(wire.port.name, {})[wire.key] = selector
        else:
            fields.setdefault(wire.port.name, []).append(selector)
    return fields


def _input(wire: _Wire) -> dict[str, Any]:
    port = wire.port
    kinds = [kind.name for kind in port.leaf.kinds] if wire.key is not None or not port.container else ["*"]
    return {"type": "WorkflowBatchInput", "name": wire.name, "kind": kinds, "dimensionality": 2 if port.group else 1}


def _output(name: str, selector: str) -> dict[str, str]:
    return {"type": "JsonField", "name": name, "selector": selector, "coordinates_system": "own"}


def _present(value: Any) -> bool:
    """A row of a wildcard whose members are all missing stands for a missing element."""
    return not isinstance(value, dict) or not value or any(item is not None for item in value.values())


def _difference(one: Any, other: Any, tolerance: float, place: str = "") -> str | None:
    """Describe the first difference between two JSON values; `None` if there is none."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{place}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(one, other, strict=True))]
    else:
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
        equal = math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance) if numbers else one == other
        return None if equal else f"{place or 'the value'} is {one!r:.80} and was {other!r:.80}"
    return next((found for where, a, b in pairs if (found := _difference(a, b, tolerance, where))), None)

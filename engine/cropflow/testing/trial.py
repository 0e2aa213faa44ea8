"""The workflow that `check_block` runs a block in: the block as its only step, and an input for each of its ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cropflow.block import Block
from cropflow.spec import BlockSpec, OutputSpec, PortSpec

Example = Mapping[str, Any]
_GROUPS = "example-groups"
_STREAM = "example-stream"


class Reached(Block):
    """Tells that an element came here; the target of a control-flow block under test."""

    type = "testing/reached@v1"

    class Output(NamedTuple):
        """Always true."""

        yes: bool

    def run(self) -> Output:
        """Say that the element came here."""
        return self.Output(True)


class Trial:
    """A document with the block under test as its step `tested`, and the inputs that give it one example or many.

    Args:
        spec: the block.
        examples: a value for every port that needs one; the first says which ports there are inputs for.
    """

    def __init__(self, spec: BlockSpec, examples: Sequence[Example]) -> None:
        self.spec = spec
        self.examples = examples
        first = examples[0]
        given = [port for port in spec.ports if port.name in first and not (port.setting or port.steps)]
        self.wired = [wire for port in given for wire in _wires(port, first[port.name])]
        groups = [wire for wire in self.wired if wire.group]
        self.together = groups if len(groups) > 1 else []  # several inputs would each be a level of its own

    @property
    def shown(self) -> str:
        """The step whose outputs tell what the block did: itself, or the one that a control-flow block leads to."""
        return "reached" if self.spec.routes else "tested"

    @property
    def blocks(self) -> list[BlockSpec]:
        """The blocks that the document names."""
        return [self.spec, Reached.spec, *(_taker(wire) for wire in self.together)]

    def inputs(self, order: Sequence[int | None]) -> dict[str, list[Any]]:
        """Return values for the examples of these numbers; `None` stands for one that is missing at every port."""
        chosen = [None if number is None else self.examples[number] for number in order]
        values = {wire.name: [wire.value(example) for example in chosen] for wire in self._single}
        if self.together:
            values[_GROUPS] = [None if example is None else self._members(example) for example in chosen]
        if self._streams:
            values[_STREAM] = [{"video_identifier": f"example {number}", "frame_number": 0} for number in order]
        return values

    def document(self) -> dict[str, Any]:
        """Return the document."""
        first = self.examples[0]
        written = {port.name: first[port.name] for port in self.spec.ports if port.name in first}
        takers = [
            {"type": _taker(wire).type, "name": _taken(wire), "members": f"$inputs.{_GROUPS}"} for wire in self.together
        ]
        steps = [*takers, {"type": self.spec.type, "name": "tested", **written, **_selectors(self), **self._targets()}]
        if self.spec.routes:
            steps.append({"type": Reached.type, "name": "reached"})
        inputs = list(self._declared())
        seen = [_output("given", f"$inputs.{inputs[-1]['name']}")] if inputs else []
        return {
            "version": "1.0",
            "inputs": inputs,
            "steps": steps,
            "outputs": [_output("all", f"$steps.{self.shown}.*"), *seen],
        }

    @property
    def _single(self) -> list[Wire]:
        return [wire for wire in self.wired if wire not in self.together]

    @property
    def _streams(self) -> bool:
        """Whether each example needs a stream of its own, so that what one leaves behind is nothing to the others."""
        return bool(self.spec.stream and self.wired)

    def _declared(self) -> Iterator[dict[str, Any]]:
        if self._streams:
            yield _input(_STREAM, ["*"])
        if self.together:
            yield _input(_GROUPS, ["*"], deep=True)
        for wire in self._single:
            yield _input(wire.name, wire.kinds, deep=wire.group)

    def _targets(self) -> dict[str, Any]:
        forms: dict[str | None, Any] = {"list": ["$steps.reached"], "dict": {"a": "$steps.reached"}}
        ports = [port for port in self.spec.ports if port.steps and port.name not in self.examples[0]]
        return {port.name: forms.get(port.container, "$steps.reached") for port in ports}

    def _members(self, example: Example) -> list[dict[str, Any]]:
        """The groups of an example as one: for each place, what every group has there."""
        groups = {wire.name: wire.value(example) for wire in self.together}
        lengths = {name: len(group) for name, group in groups.items() if group is not None}
        assert len(set(lengths.values())) <= 1, (
            f"{self.spec.type}: groups hold the children of one element, so those of an example are equally long; "
            f"got {lengths}"
        )
        count = max(lengths.values(), default=0)
        return [{name: None if group is None else group[i] for name, group in groups.items()} for i in range(count)]


class Wire(NamedTuple):
    """What feeds a port, or with `key` one member of a list or mapping that must be written out."""

    port: PortSpec
    key: str | int | None = None

    @property
    def name(self) -> str:
        """The name of its input."""
        return self.port.name if self.key is None else f"{self.port.name}-{self.key}"

    @property
    def group(self) -> bool:
        """Whether it takes the children of an element."""
        return self.port.leaf.group

    @property
    def kinds(self) -> list[str]:
        """The kinds of its input."""
        return (
            [kind.name for kind in self.port.leaf.kinds] if self.key is not None or not self.port.container else ["*"]
        )

    def value(self, example: Example | None) -> Any:
        """Return what an example says for it."""
        if example is None or self.key is None:
            return None if example is None else example.get(self.port.name)
        return example[self.port.name][self.key]


class _Taker:
    """Takes one member out of mappings, so that inputs on one level come of one input."""

    step = ""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, members: Mapping[str, Any]) -> NamedTuple:
        return _Taken(members[self.name])


class _Taken(NamedTuple):
    value: Any


def _taker(wire: Wire) -> BlockSpec:
    output = OutputSpec("value", wire.port.leaf.kinds, optional=True)
    ports = (PortSpec("members"),)
    return BlockSpec(f"testing/{wire.name}@v1", lambda: _Taker(wire.name), ports, (output,), doc="take one member")


def _taken(wire: Wire) -> str:
    return f"take-{wire.name}"


def _wires(port: PortSpec, value: Any) -> list[Wire]:
    if not port.container or port.kinds:
        return [Wire(port)]
    return [Wire(port, key) for key in (value if isinstance(value, Mapping) else range(len(value)))]


def _selectors(trial: Trial) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for wire in trial.wired:
        selector = f"$steps.{_taken(wire)}.value" if wire in trial.together else f"$inputs.{wire.name}"
        if wire.key is None:
            fields[wire.port.name] = selector
        elif wire.port.container == "dict":
            fields.setdefault(wire.port.name, {})[wire.key] = selector
        else:
            fields.setdefault(wire.port.name, []).append(selector)
    return fields


def _input(name: str, kinds: Iterable[str], deep: bool = False) -> dict[str, Any]:
    return {"type": "WorkflowBatchInput", "name": name, "kind": list(kinds), "dimensionality": 2 if deep else 1}


def _output(name: str, selector: str) -> dict[str, str]:
    return {"type": "JsonField", "name": name, "selector": selector, "coordinates_system": "own"}

"""Does a block keep the contract?

The block is run inside real workflows: alone, in a batch, beside missing elements, and over nothing at all. What it
answers must be what its signature says, and the same each time.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cropflow.block import Block
from cropflow.contract import refuse_contradictions
from cropflow.errors import BlockError, RunError
from cropflow.literal import LiteralType
from cropflow.resources import OutputFolder
from cropflow.schema import block_schema
from cropflow.serialize import to_json
from cropflow.spec import REQUIRED, BlockSpec, PortSpec
from cropflow.testing.answers import difference, elements, is_present, misfit
from cropflow.testing.trial import Trial
from cropflow.workflow import Workflow


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
            their own; a `Group` port takes a list, and several of them lists of one length, since they gather the
            children of one element; settings are the same in all examples. For a block that takes a `Stream`, each
            example is the first frame of a stream of its own.
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
        self.trial = Trial(spec, examples)

    def check(self) -> None:
        before = to_json(self.examples)
        numbers = range(len(self.examples))
        lone = self.spec.splits and self.trial.wired and len(numbers) == 1
        order = [0, 0] if lone else numbers  # a batch of one would show nothing
        together = self.run(order)
        alone = [self.run([number])[0] for number in numbers]
        self.same("in a batch", together, [alone[number] for number in order])
        if self.trial.wired:  # a block without inputs runs once, whatever the batch holds
            missing: Any = [] if self.spec.fan_out else None if self.has_outputs else {}
            mixed = self.run([0, None, *numbers[1:]])
            self.same("beside missing elements", mixed, [alone[0], missing, *alone[1:]])
            assert self.run([]) == [], f"{self.spec.type}: nothing in must give nothing out"
        json.dumps(to_json(together), allow_nan=False)
        assert to_json(self.examples) == before, f"{self.spec.type} changes what it is given"

    def run(self, order: Sequence[int | None]) -> list[Any]:
        """Run the examples of these numbers; `None` is one that is missing at every port."""
        with tempfile.TemporaryDirectory() as folder:
            resources = (*self.resources, OutputFolder(Path(folder)))
            blocks = self.trial.blocks
            with Workflow.load(self.trial.document(), blocks=blocks, resources=resources) as workflow:
                rows = [row["all"] for row in self.answers(workflow, self.trial.inputs(order))]
                self.promised(workflow, rows)
        return [to_json(row) if is_present(row) else None for row in rows]

    def answers(self, workflow: Workflow, inputs: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        try:
            return workflow.run(inputs)
        except RunError as error:
            if isinstance(error.__cause__, BlockError):  # an answer that is not what the signature says
                raise AssertionError(f"{self.spec.type}: {error.message}") from error
            raise

    def promised(self, workflow: Workflow, rows: Sequence[Any]) -> None:
        """Check that every value is of the kinds that its output declares."""
        kinds = {key.output: kinds for key, kinds in workflow.plan.kinds.items() if key.step == self.trial.shown}
        for element in elements(rows):
            for name, value in element.items():
                wrong = misfit(kinds[name], value) if name in kinds else None
                assert wrong is None, f"{self.spec.type}: output {name!r}: {wrong}"

    def same(self, how: str, found: Sequence[Any], expected: Sequence[Any]) -> None:
        if self.spec.whole:  # such a block works on all elements of a run, so its answers depend on which these are
            return
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            unlike = difference(one, other, self.tolerance)
            assert unlike is None, f"{self.spec.type}: element {index} {how} differs from a call alone: {unlike}"

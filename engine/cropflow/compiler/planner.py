"""Pass 6: the plan, with all that the runtime needs to walk it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path as FilePath

from cropflow.compiler.kinds import Typed
from cropflow.compiler.lineage import Levels
from cropflow.compiler.link import Graph, LinkedOutput, LinkedStep
from cropflow.compiler.order import dependencies
from cropflow.compiler.plan import INPUTS, Key, Lineage, Plan, PlannedInput, PlannedOutput, PlannedStep
from cropflow.document.definition import InputDefinition


def make_plan(graph: Graph, typed: Typed, levels: Levels) -> Plan:
    """Put together what the passes found."""
    readers = Counter(key for step in typed.steps for key in {link.read.key for link in step.links})
    readers.update(key for output in graph.outputs for key in output.keys)
    before = _before(typed.steps)
    bases = {step.name: step.base or graph.definition.base for step in graph.definition.steps}
    return Plan(
        definition=graph.definition,
        inputs=tuple(_input(item, typed, levels) for item in graph.definition.inputs),
        steps=tuple(_step(step, levels, readers, before[step.name], bases[step.name]) for step in typed.steps),
        outputs=tuple(_output(output, typed, levels) for output in graph.outputs),
        axes=levels.axes,
        lineages=levels.columns,
        kinds=typed.kinds,
        readers=readers,
        targets=_targets(graph),
    )


def _step(
    step: LinkedStep, levels: Levels, readers: Mapping[Key, int], before: tuple[str, ...], base: FilePath | None
) -> PlannedStep:
    level = levels.steps[step.name]
    return PlannedStep(
        name=step.name,
        spec=step.spec,
        arguments=step.arguments,
        level=level.level,
        gathered=level.gathered,
        gates=level.gates,
        kept=tuple(name for name in step.outputs if readers.get(Key(step.name, name))),
        after=tuple(dict.fromkeys([*dependencies(step), *before])),
        base=base,
    )


def _before(steps: Iterable[LinkedStep]) -> dict[str, tuple[str, ...]]:
    """Steps that share something with an earlier one wait for it, so that calls come in document order.

    Where a step reads from a later one of the document, that order cannot be kept: the order of the plan counts.
    """
    last: dict[str, str] = {}
    before: dict[str, tuple[str, ...]] = {}
    for step in steps:
        shared = list(_shared(step))
        before[step.name] = tuple(last[name] for name in shared if name in last)
        last.update(dict.fromkeys(shared, step.name))
    return before


def _shared(step: LinkedStep) -> Iterator[str]:
    if step.spec.effects:
        yield "effects"
    if step.spec.shares:
        yield f"resource {step.spec.shares}"


def _input(item: InputDefinition, typed: Typed, levels: Levels) -> PlannedInput:
    key = Key(INPUTS, item.name)
    required = item.type != "WorkflowParameter" and not item.has_default
    return PlannedInput(item.name, item.type, typed.kinds[key], levels.columns[key], item.default, required)


def _output(output: LinkedOutput, typed: Typed, levels: Levels) -> PlannedOutput:
    level = _shared_level([levels.columns[key] for key in output.keys])
    kinds = tuple(dict.fromkeys(kind for key in output.keys for kind in typed.kinds[key]))
    to_root = output.definition.coordinates_system == "parent"
    return PlannedOutput(output.definition.name, output.keys, output.fields, level, kinds, to_root)


def _shared_level(lineages: Sequence[Lineage]) -> Lineage:
    """Return the axes that all lineages begin with."""
    alike = takewhile(lambda axes: len(set(axes)) == 1, zip(*lineages, strict=False))
    return tuple(axes[0] for axes in alike)


def _targets(graph: Graph) -> dict[str, tuple[str, ...]]:
    targets: dict[str, tuple[str, ...]] = {}
    for step in graph.steps.values():
        for gate in step.gates:
            targets[gate.step] = tuple(dict.fromkeys((*targets.get(gate.step, ()), gate.target)))
    return targets

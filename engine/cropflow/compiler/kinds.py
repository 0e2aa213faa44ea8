"""Pass 4: the kind of every column, and whether each link can carry what it is asked to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cropflow.compiler.infer import infer_kinds
from cropflow.compiler.link import Graph, LinkedStep
from cropflow.compiler.plan import INPUTS, Argument, Key, Read, Value, Written, leaves
from cropflow.compiler.problems import Found
from cropflow.document.definition import InputDefinition
from cropflow.errors import Problem, nearest
from cropflow.kinds import KINDS, Fit, Kind, fit
from cropflow.literal import literal_of
from cropflow.spec import OutputSpec

log = logging.getLogger("cropflow")
Kinds = tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """Steps whose arguments say which values are checked at run time, and the kinds of all columns."""

    steps: tuple[LinkedStep, ...]
    kinds: Mapping[Key, Kinds]


def check_kinds(graph: Graph, steps: Iterable[LinkedStep]) -> tuple[Typed, list[Problem]]:
    """Work out kinds in the order of the steps, and refuse links that can never work."""
    found = Found(graph.definition)
    steps = tuple(steps)
    known = _known_kinds(steps)
    kinds = {Key(INPUTS, item.name): _input_kinds(item, known, found) for item in graph.definition.inputs}
    typed = []
    for step in steps:
        checked = {link.read: _check(step, link.read, link.path, kinds, found) for link in step.links}
        arguments = {name: _mark(argument, checked) for name, argument in step.arguments.items()}
        typed.append(replace(step, arguments=arguments))
        told = infer_kinds(step, kinds, found)
        for output in step.outputs.values():
            taken = told.get(output.name) or _output_kinds(step, output, kinds)
            kinds[Key(step.name, output.name)] = taken or output.kinds
    for item in graph.definition.inputs:
        _check_default(item, kinds[Key(INPUTS, item.name)], typed, found)
    return Typed(tuple(typed), kinds), found.problems


def _known_kinds(steps: Iterable[LinkedStep]) -> dict[str, Kind]:
    """The kinds of the engine, and those that the blocks of the document bring along."""
    of_ports = (kind for step in steps for port in step.spec.ports for kind in port.leaf.kinds)
    of_outputs = (kind for step in steps for output in step.outputs.values() for kind in output.kinds)
    return {kind.name: kind for kind in (*of_ports, *of_outputs)} | KINDS


def _input_kinds(item: InputDefinition, known: Mapping[str, Kind], found: Found) -> Kinds:
    for name in item.kinds:
        if name in known:
            continue
        close = nearest(name, known)
        if not close:  # documents made elsewhere know further kinds, and whoever reads the input says what it may be
            log.warning("the input %r names the kind %r, which is not known; it may be anything", item.name, name)
            return (KINDS["*"],)
        found.add(
            "unknown-kind",
            f"there is no kind {name!r}",
            (*item.path, "kind"),
            field=item.name,
            found=name,
            expected="kinds such as image, string, float_zero_to_one or *",
            nearest=close,
            hint="correct the name of the kind",
        )
    return tuple(known[name] for name in item.kinds if name in known) or (KINDS["*"],)


def _check_default(item: InputDefinition, kinds: Kinds, steps: Iterable[LinkedStep], found: Found) -> None:
    """Note a default that is not of the kinds its input declares, or that a port reading it cannot take."""
    if item.default is None or item.dimensionality:
        return
    read = [leaf for step in steps for arg in step.arguments.values() for leaf in leaves(arg) if isinstance(leaf, Read)]
    ports = [leaf.port.literal for leaf in read if leaf.key == Key(INPUTS, item.name) and leaf.checked]
    for literal in (literal_of(kinds), *ports):
        try:
            literal.check(item.default)
        except ValueError as error:
            message = f"the default of {item.name!r} does not fit: {error}"
            path = (*item.path, "default_value")
            found.add("wrong-literal", message, path, field=item.name, hint="give a fitting default_value, or none")
            return


def _check(step: LinkedStep, read: Read, path: tuple[str | int, ...], kinds: Mapping[Key, Kinds], found: Found) -> bool:
    """Note a link that can never work; return whether its values must be checked at run time."""
    given = kinds[read.key]
    how = fit(given, read.port.kinds)
    if how is Fit.NEVER:
        fitting = tuple(str(key) for key in _alternatives(step, read, kinds))
        found.add(
            "wrong-kind",
            f"{read.key} is of kind {_names(given)}, but {read.port.name!r} takes {_names(read.port.kinds)}",
            path,
            step=step.name,
            field=read.port.name,
            expected=_names(read.port.kinds),
            found=f"{read.key} of kind {_names(given)}",
            nearest=fitting,
            hint=f"choose a value of kind {_names(read.port.kinds)}"
            + ("" if fitting else ", or add a step that makes one"),
        )
    return how is Fit.MAYBE or read.port.literal.narrows


def _alternatives(step: LinkedStep, read: Read, kinds: Mapping[Key, Kinds]) -> list[Key]:
    """Columns made before this step that would fit, those of the same source first."""
    fitting = [
        key
        for key, given in kinds.items()
        if fit(given, read.port.kinds) is Fit.ALWAYS and key.step != step.name and not _is_any(read.port.kinds)
    ]
    return sorted(fitting, key=lambda key: key.step != read.key.step)[:3]


def _is_any(kinds: Kinds) -> bool:
    return any(kind.name == "*" for kind in kinds)


def _mark(argument: Argument, checked: Mapping[Read, bool]) -> Argument:
    match argument:
        case Written(members, names):
            return Written(tuple(_mark_leaf(member, checked) for member in members), names)
        case _:
            return _mark_leaf(argument, checked)


def _mark_leaf(leaf: Value | Read, checked: Mapping[Read, bool]) -> Value | Read:
    return replace(leaf, checked=checked[leaf]) if isinstance(leaf, Read) else leaf


def _output_kinds(step: LinkedStep, output: OutputSpec, kinds: Mapping[Key, Kinds]) -> Kinds:
    """Kinds an output takes over from inputs: what is wired there, as far as the port can take it and the output be it;
    a list that comes as one value says nothing about what is in it."""
    taken: list[Kind] = []
    for link in step.links:
        if link.read.port.name in output.kind_of:
            wanted = link.read.port.kinds
            given = kinds[link.read.key]
            how = {kind: fit([kind], wanted) for kind in given}
            taken += [kind for kind in given if how[kind] is Fit.ALWAYS]
            taken += wanted if Fit.MAYBE in how.values() else ()
    return tuple(kind for kind in dict.fromkeys(taken) if fit([kind], output.kinds) is not Fit.NEVER)


def _names(kinds: Kinds) -> str:
    return " or ".join(map(str, kinds))

"""The rules of levels once more, as plainly as they can be said: nested lists, recursion, one element at a time.

This is what the engine is compared with. It knows no offsets, no masks and no columns; it is written from the
rules alone and shares nothing with the engine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from .levels import Levels, Lineage, gates_of, gathers, in_order, input_lineage, is_prefix, keys
from .shapes import (
    INPUTS,
    Bad,
    Document,
    Input,
    Key,
    LeftOut,
    Literally,
    Members,
    Port,
    Source,
    Step,
    respond,
)

Path: TypeAlias = tuple[int, ...]
Tree: TypeAlias = Any
"""Values in nested lists, one layer per axis; `MISSING` for a value, `UNMADE` for a list that was never made."""


class _Mark:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


MISSING: Final = _Mark("MISSING")
UNMADE: Final = _Mark("UNMADE")


class NoValue(Exception):
    """A parameter without a value reaches a port that needs one."""


class _Skip(Exception):
    """The element does not run."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Result rows; the elements that failed, as step and path in words; and the elements each step ran for."""

    rows: list[dict[str, Any]]
    errors: list[tuple[str, str]]
    ran: Mapping[str, list[dict[str, Any]]]


def interpret(document: Document) -> Answer:
    """Run a document.

    Raises:
        Refused: no engine may run it.
        NoValue: it may not be run with these parameters.
    """
    levels = Levels.of(document)
    for item in document.inputs:
        if item.dimensionality == 0 and item.value is None and not all(_takes_none(document, item)):
            raise NoValue(item.name)
    return _Run(document, levels).answer()


def _asked_for(document: Document) -> set[str]:
    """The steps that an output or an effect needs; what gives nothing is there for an effect."""
    asked = {output.step if isinstance(output, Key) else output for output in document.outputs}
    wanted = {name for name in asked if name == INPUTS or not document.step(name).block.route}
    for step in reversed(in_order(document)):
        gives_nothing = not step.block.outputs and not step.block.route
        if step.name in wanted or step.block.effects or gives_nothing:
            wanted |= {step.name, *gates_of(document, step)}
            wanted |= {key.step for port in step.block.ports for key in keys(step, port)}
    return wanted


def _takes_none(document: Document, item: Input) -> Iterator[bool]:
    asked_for = _asked_for(document)
    for step in [step for step in document.steps if step.name in asked_for]:
        for port in step.block.ports:
            if Key(INPUTS, item.name) in keys(step, port):
                member = isinstance(step.sources[port.name], Members)
                yield port.maybe or (port.optional and not member)


class _Run:
    def __init__(self, document: Document, levels: Levels) -> None:
        self.document = document
        self.levels = levels
        self.values: dict[Key, Tree] = {}
        self.shapes: dict[Lineage, Tree] = {(): True}
        self.routes: dict[str, Tree] = {}
        self.errors: list[tuple[str, str]] = []
        self.ran: dict[str, list[dict[str, Any]]] = {}
        self._read_inputs()
        asked_for = _asked_for(document)
        for step in in_order(document):
            if step.name in asked_for:
                self._run(step)

    def _read_inputs(self) -> None:
        batches = {item.name: item.value for item in self.document.inputs if item.dimensionality}
        lists = {name: value if isinstance(value, list) else [value] for name, value in batches.items()}
        count = max((len(value) for value in lists.values() if len(value) != 1), default=1)
        if not any(len(value) != 1 for value in lists.values()):
            count = 1
        if batches:
            self.shapes[(INPUTS,)] = [True] * count
        for item in self.document.inputs:
            value: Tree = item.value
            if item.dimensionality:
                value = lists[item.name] * count if len(lists[item.name]) == 1 else lists[item.name]
            self.values[Key(INPUTS, item.name)] = _with_missing(value, item.dimensionality)
            for depth in range(1, item.dimensionality):
                self.shapes[input_lineage(item)[: depth + 1]] = _shape(value, depth + 1)

    def _run(self, step: Step) -> None:
        level = self.levels.steps[step.name]
        elements: list[tuple[Path, dict[str, Any]]] = []

        def prepare(path: Path) -> None:
            with contextlib.suppress(_Skip):
                elements.append((path, self._arguments(step, path)))

        _grow(self.shapes[level], len(level), prepare)
        answers = self._call(step, elements)
        self.ran[step.name] = [arguments for _, arguments in elements]

        def tree(of: Callable[[Any], Tree], otherwise: Any) -> Tree:
            return _grow(
                self.shapes[level],
                len(level),
                lambda path: of(answers[path]) if path in answers else otherwise,
            )

        if step.block.route:
            self.routes[step.name] = tree(lambda names: names, set())
        if step.block.fan_out:
            lists = tree(lambda rows: [True for _ in rows], UNMADE)
            self.shapes[(*level, step.name)] = lists
        for number, name in enumerate(step.block.names):
            self.values[Key(step.name, name)] = (
                tree(lambda rows: [_present(row[number]) for row in rows], UNMADE)  # noqa: B023
                if step.block.fan_out
                else tree(lambda row: _present(row[number]), MISSING)  # noqa: B023
            )

    def _call(self, step: Step, elements: list[tuple[Path, dict[str, Any]]]) -> dict[Path, Any]:
        answers: dict[Path, Any] = {}
        for call in _calls(step, elements):
            try:
                answers |= {path: respond(step, arguments) for path, arguments in call}
            except Bad:
                level = self.levels.steps[step.name]
                self.errors += [(step.name, self._in_words(level, path)) for path, _ in call]
        return answers

    def _in_words(self, level: Lineage, path: Path) -> str:
        return " › ".join(f"{self._title(axis)} {index}" for axis, index in zip(level, path, strict=True))

    def _title(self, axis: str) -> str:
        if axis == INPUTS:
            return next(item.name for item in self.document.inputs if item.dimensionality)
        return axis.split()[0]

    def _arguments(self, step: Step, path: Path) -> dict[str, Any]:
        """What the block receives for one element; raises `_Skip` where it does not run."""
        level = self.levels.steps[step.name]
        for gate in gates_of(self.document, step):
            above = self.levels.steps[gate]
            if is_prefix(above, level) and step.name not in _at(self.routes[gate], path[: len(above)]):
                raise _Skip
        groups = self._member_paths(step, path) if gathers(step) else []
        return {
            port.name: self._argument(port, step.sources[port.name], path, groups, self.levels.gathered.get(step.name))
            for port in step.block.ports
        }

    def _member_paths(self, step: Step, path: Path) -> list[Path] | None:
        """The members a step gathers for one element; `None` where the list was never made."""
        gathered = self.levels.gathered[step.name]
        if not gathered:
            return [path] if self._is_whole(step, path, gathered) else []
        members = _at(self.shapes[gathered], path)
        if members is UNMADE:
            return None
        return [
            (*path, number)
            for number in range(len(members))
            if self._passes(step, (*path, number), gathered) and self._is_whole(step, (*path, number), gathered)
        ]

    def _passes(self, step: Step, member: Path, gathered: Lineage) -> bool:
        gates = [gate for gate in gates_of(self.document, step) if self.levels.steps[gate] == gathered]
        return all(step.name in _at(self.routes[gate], member) for gate in gates)

    def _is_whole(self, step: Step, member: Path, gathered: Lineage) -> bool:
        """Whether a member has a value in every group that needs one."""
        return not any(
            _at(self.values[key], member) is MISSING
            for port in step.block.ports
            if port.group and not port.maybe
            for key in keys(step, port)
            if self.levels.columns[key] == gathered
        )

    def _argument(
        self, port: Port, source: Source, path: Path, members: list[Path] | None, gathered: Lineage | None
    ) -> Any:
        if isinstance(source, Members):
            values = [self._argument(port, member, path, members, gathered) for member in source.members]
            return values if source.names is None else dict(zip(source.names, values, strict=True))
        if isinstance(source, LeftOut):
            return None
        if not port.group:
            return self._value(port, source, path)
        if isinstance(source, Key) and self.levels.columns[source] != gathered:
            self._value(port, source, path)
        if members is None:
            if port.maybe_group:
                return None
            raise _Skip
        return [self._value(port, source, member) for member in members]

    def _value(self, port: Port, source: Literally | Key, path: Path) -> Any:
        if isinstance(source, Literally):
            return source.value
        value = _at(self.values[source], path[: len(self.levels.columns[source])])
        if value is MISSING and not port.maybe:
            raise _Skip
        return None if value is MISSING else value

    def answer(self) -> Answer:
        """The result: what lies on the batch axis goes to its row, everything else into every row."""
        keys_of = {
            f"out{number}": [output]
            if isinstance(output, Key)
            else [Key(output, name) for name in self.document.step(output).block.names]
            for number, output in enumerate(self.document.outputs)
        }
        on_batch = {
            name: any(self.levels.columns[key][:1] == (INPUTS,) for key in found) for name, found in keys_of.items()
        }
        count = len(self.shapes[(INPUTS,)]) if any(on_batch.values()) else 1
        if not keys_of:
            count = len(self.shapes.get((INPUTS,), [True]))
        wild = [f"out{n}" for n, output in enumerate(self.document.outputs) if not isinstance(output, Key)]
        rows = [
            {
                name: self._shown(found, (row,) if on_batch[name] else (), name in wild)
                for name, found in keys_of.items()
            }
            for row in range(count)
        ]
        return Answer(rows, self.errors, self.ran)

    def _shown(self, found: list[Key], path: Path, wildcard: bool) -> Any:
        if not found:
            return {}
        lineage = self.levels.columns[found[0]]
        shape = _at(self.shapes[lineage], path)

        def leaf(below: Path) -> Any:
            values = [_at(self.values[key], path + below) for key in found]
            plain = [None if value is MISSING else value for value in values]
            return dict(zip((key.output for key in found), plain, strict=True)) if wildcard else plain[0]

        return _without_unmade(_grow(shape, len(lineage) - len(path), leaf), len(lineage) - len(path))


def _calls(step: Step, elements: list[tuple[Path, dict[str, Any]]]) -> Iterator[list[tuple[Path, dict[str, Any]]]]:
    """The elements that fail together: each alone, unless a failed call is not repeated."""
    if not step.block.fails_whole:
        yield from ([element] for element in elements)
        return
    for_call = [port.name for port in step.block.ports if not port.batch]
    call: list[tuple[Path, dict[str, Any]]] = []
    for element in elements:
        changed = call and any(call[-1][1][name] != element[1][name] for name in for_call)
        full = step.block.batch_size and not step.block.whole and len(call) == step.block.batch_size
        if call and (changed or full):
            yield call
            call = []
        call.append(element)
    if call:
        yield call


def _at(tree: Tree, path: Path) -> Tree:
    for index in path:
        tree = tree[index]
    return tree


def _grow(shape: Tree, depth: int, make: Callable[[Path], Tree], path: Path = ()) -> Tree:
    """Make a tree of a shape: `make` for every element `depth` layers down."""
    if depth == 0:
        return make(path)
    if shape is UNMADE:
        return UNMADE
    return [_grow(below, depth - 1, make, (*path, number)) for number, below in enumerate(shape)]


def _shape(value: Tree, depth: int) -> Tree:
    return True if depth == 0 else [_shape(below, depth - 1) for below in value]


def _with_missing(value: Tree, depth: int, below: int = 0) -> Tree:
    """In a batch, `None` is a missing element; the `None` of a parameter is a value."""
    if depth > below:
        return [_with_missing(item, depth, below + 1) for item in value]
    return value if depth == 0 else _present(value)


def _without_unmade(tree: Tree, depth: int) -> Tree:
    if depth == 0:
        return tree
    return [] if tree is UNMADE else [_without_unmade(below, depth - 1) for below in tree]


def _present(value: Any) -> Any:
    return MISSING if value is None else value

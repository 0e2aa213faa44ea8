"""`cropflow blocks`: the catalogue of what a document may use, and all about one block."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from cropflow.cli.example import example
from cropflow.cli.exits import UsageError, told_errors
from cropflow.cli.paper import heading, paragraph, table
from cropflow.registry import Registry, installed
from cropflow.spec import BlockSpec, OutputSpec, PortSpec

_SHOWN_NAMES = 4


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("blocks")(blocks)


def _names(incomplete: str) -> list[str]:
    return [spec.type for spec in installed() if spec.type.startswith(incomplete)]


def blocks(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", autocompletion=_names, help="A type or an alias, such as dynamic_crop@v1."),
    ] = None,
) -> None:
    """List the installed blocks, or tell all about one.

    The list has the required fields and the outputs of every block; of one block all fields, its outputs, what it
    does to the level, and an example are told.
    """
    with told_errors():
        registry = installed()
        lines = _catalogue(registry) if name is None else _told(_find(name, registry), registry)
        typer.echo("\n".join(lines))


def _find(name: str, registry: Registry) -> BlockSpec:
    found = registry.newest(name)
    if found is None:
        near = registry.like(name)
        advice = f"; did you mean {' or '.join(near)}?" if near else "."
        raise UsageError(f"there is no block {name!r}{advice} `cropflow blocks` lists all")
    return found


def _catalogue(registry: Registry) -> Iterator[str]:
    for spec in registry:
        yield heading(spec.type)
        yield from paragraph(_summary(spec), indent=4)
        yield from paragraph(_signature(spec), indent=4, hanging=4)


def _summary(spec: BlockSpec) -> str:
    return spec.doc.partition("\n")[0]


def _signature(spec: BlockSpec) -> str:
    """Return the required fields and the outputs, such as `images, predictions → crops, predictions (fans out)`."""
    required = ", ".join(port.name for port in spec.ports if port.required)
    outputs = ", ".join(output.name for output in spec.outputs)
    turns = [turn for turn, holds in {"gathers": spec.gathers, "fans out": spec.fan_out}.items() if holds]
    level = f" ({', '.join(turns)})" if turns else ""
    return f"{required or 'nothing'} → {outputs or 'nothing'}{level}"


def _told(spec: BlockSpec, registry: Registry) -> Iterator[str]:
    yield heading(spec.type)
    if spec.aliases:
        yield from paragraph(f"also called {', '.join(spec.aliases)}", hanging=4)
    yield ""
    for part in spec.doc.split("\n\n"):
        yield from [*paragraph(" ".join(part.split())), ""]
    yield heading("Fields")
    for port in spec.ports:
        yield from _field(port)
    yield ""
    if spec.outputs:
        yield heading("Outputs")
        yield from table([(output.name, _output(output)) for output in spec.outputs], indent=2)
        yield ""
    yield heading("Level")
    yield from paragraph(" ".join(_level(spec)), indent=2)
    shown = example(spec, registry)
    if shown:
        yield ""
        yield heading("Example")
        yield from (f"  {line}" for line in shown.splitlines())


def _field(port: PortSpec) -> Iterator[str]:
    aliases = f" (also {', '.join(port.aliases)})" if port.aliases else ""
    yield from paragraph(f"{port.name}{aliases}: {', '.join(_facts(port))}", indent=2, hanging=4)
    if port.doc:
        yield from paragraph(port.doc, indent=6)


def _facts(port: PortSpec) -> Iterator[str]:
    """Give what may stand in a field, from where, and whether it may be left out."""
    kinds = " or ".join("any kind" if kind.name == "*" else kind.name for kind in port.leaf.kinds)
    containers = {"list": f"a list of {kinds}", "dict": f"names with {kinds}"}
    yield (
        f"step of the document ({port.container or 'one'})"
        if port.steps
        else containers.get(port.container or "", kinds)
    )
    if port.group:
        yield "gathered from one level below"
    if port.setting:
        yield "no selector"
    elif port.kinds and not any(kind.literal for kind in port.kinds):
        yield "selector only"
    choices = _choices(port)
    if choices:
        yield f"one of {' '.join(choices)}"
    yield "required" if port.required else f"{_shown(port.default)} if left out"


def _choices(port: PortSpec) -> list[str]:
    schema = port.literal.schema() or {}
    members = [schema, *schema.get("anyOf", [])]
    return [str(choice) for member in members for choice in member.get("enum", [])]


def _shown(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, default=str, ensure_ascii=False)


def _output(output: OutputSpec) -> str:
    kinds = " or ".join(kind.name for kind in output.kinds)
    if output.kind_of:
        kinds = f"the kind of {' or '.join(output.kind_of)}"
    missing = ", may be missing" if output.optional else ""
    return f"{kinds}{missing}" + (f": {output.doc}" if output.doc else "")


def _level(spec: BlockSpec) -> Iterator[str]:
    if spec.gathers:
        names = " and ".join(port.name for port in spec.ports if port.leaf.group)
        yield f"Gathers {names}: runs one level above them, and gets all of one element as a list."
    if spec.fan_out:
        yield "Fans out: for one element it gives a list, and what follows runs once for each entry."
    if not spec.gathers and not spec.fan_out:
        yield "Keeps the level of its inputs: one result for each element."
    if spec.batch:
        yield f"Takes {f'up to {spec.batch_size}' if spec.batch_size else 'any number of'} elements in one call."
    if spec.ordered:
        yield "Is called in the order of the elements."

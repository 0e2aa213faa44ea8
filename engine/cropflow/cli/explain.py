"""`cropflow explain`: says in words what a document does, step by step, before it is run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated

import typer

from cropflow.cli.exits import told_errors
from cropflow.cli.facts import model_facts
from cropflow.cli.options import AllowCode, AllowDownload, Device, Document, Models, Runs, RuntimeName, model_store
from cropflow.cli.paper import heading, paragraph, table, unbroken
from cropflow.compiler import compile_definition
from cropflow.compiler.plan import Key, Lineage, Plan, PlannedInput, PlannedOutput, PlannedStep
from cropflow.compiler.prune import prune
from cropflow.document.definition import load
from cropflow.draw.diagram import kinds_text, level_text, reads
from cropflow.dynamic import registry_of


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("explain", epilog="Exit codes: 0 fine, 1 the document is refused, 2 wrong usage.")(explain)


def explain(
    workflow: Document,
    model: Models = [],  # noqa: B006
    no_models: Annotated[
        bool, typer.Option("--no-models", help="Load no weights; tell nothing about them. Saves seconds.")
    ] = False,
    device: Device = None,
    runtime: Runs = RuntimeName.FILE,
    allow_download: AllowDownload = False,
    allow_code: AllowCode = False,
) -> None:
    """Explain a document step by step, without running it.

    Tells in which order the steps run, what each takes and gives, and at which level. Class names, task and image
    size are read from the weights.
    """
    with told_errors():
        definition = load(workflow)
        plan = compile_definition(definition, registry_of(definition, allow_code=allow_code))
        with contextlib.closing(model_store(model, device, allow_download, runtime)) as store:
            facts = {step.name: [] if no_models else list(model_facts(plan, step, store)) for step in plan.steps}
        typer.echo("\n".join(_explained(plan, facts)))


def _explained(plan: Plan, facts: dict[str, list[str]]) -> Iterator[str]:
    if plan.inputs:
        yield heading("Inputs")
        yield from table([(item.name, _input(plan, item)) for item in plan.inputs], indent=2)
        yield ""
    unused = prune(plan).unused
    for number, step in enumerate(plan.steps, 1):
        yield f"{number}. {heading(step.name)}  {step.spec.type}"
        yield from paragraph(step.spec.doc.partition("\n")[0], indent=3)
        left_out = step.name in unused
        yield from table(_facts(plan, step, facts[step.name], left_out), indent=3)
        yield ""
    if plan.outputs:
        yield heading("Outputs")
        yield from table([(item.name, _output(plan, item)) for item in plan.outputs], indent=2)


def _facts(plan: Plan, step: PlannedStep, model: list[str], left_out: bool) -> Iterator[tuple[str, str]]:
    """Give rows of (about what, text); what a row is about is told once."""
    rows = {
        "runs": ["not at all: no output and no sink needs it"] if left_out else [_call(plan, step)],
        "gates": list(_gates(plan, step)),
        "gathers": [level_text(plan, step.gathered)] if step.gathered else [],
        "reads": list(_reads(plan, step)),
        "gives": list(_gives(plan, step)),
        "model": model,
    }
    for about, texts in rows.items():
        for number, text in enumerate(texts):
            yield "" if number else about, text


def _call(plan: Plan, step: PlannedStep) -> str:
    spec = step.spec
    where = _per(plan, step.level).lstrip() or "once for the whole run"
    many = "all of a run in one call" if spec.whole else "many in one call"
    if spec.batch_size and not spec.whole:
        many = f"up to {spec.batch_size} in one call"
    order = ["in order, because it has effects"] if spec.effects else ["in order"] if spec.ordered else []
    return ", ".join([where, *([many] if spec.batch and step.level else []), *order])


def _reads(plan: Plan, step: PlannedStep) -> Iterator[str]:
    for name, argument in step.arguments.items():
        for read in reads(argument):
            kind = kinds_text(plan, [read.key]) + _per(plan, plan.lineages[read.key])
            yield f"{name}: {unbroken(kind)}, {unbroken(f'from {read.key}')}"


def _gates(plan: Plan, step: PlannedStep) -> Iterator[str]:
    for gate in step.gates:
        what = "gathers only what" if gate.on_members else "runs only where"
        yield f"{what} {gate.step!r} lets through"


def _gives(plan: Plan, step: PlannedStep) -> Iterator[str]:
    for key, lineage in plan.lineages.items():
        if key.step == step.name:
            unread = f", {unbroken('not used')}" if key.output not in step.kept else ""
            yield f"{key.output}: {unbroken(kinds_text(plan, [key]) + _per(plan, lineage))}{unread}"


def _input(plan: Plan, item: PlannedInput) -> str:
    kinds = " | ".join(kind.name for kind in item.kinds)
    given = "" if item.required else f", {item.default} if not given" if item.default is not None else ", optional"
    return kinds + _per(plan, item.level) + given


def _output(plan: Plan, item: PlannedOutput) -> str:
    source = str(Key(item.keys[0].step, "*") if item.fields is not None else item.keys[0]) if item.keys else "nothing"
    boxes = any(kind.python == "Detections" for kind in item.kinds)
    pixels = f", {unbroken('in pixels of the crop')}" if boxes and not item.to_root else ""
    kinds = "a mapping of all outputs" if item.fields is not None else " | ".join(kind.name for kind in item.kinds)
    return f"{unbroken(kinds + _per(plan, item.level))}{pixels}, {unbroken(f'from {source}')}"


def _per(plan: Plan, lineage: Lineage) -> str:
    return f" per {level_text(plan, lineage)}" if lineage else ""

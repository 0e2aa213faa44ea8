"""`cropflow check`: says whether a document can run, without running it."""

from __future__ import annotations

from pathlib import Path

import typer

from cropflow.cli.exits import told_errors
from cropflow.cli.options import AllowCode, AllowDownload, Document, Models, model_store
from cropflow.resources import OutputFolder
from cropflow.workflow import Workflow


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("check", epilog="Exit codes: 0 fine, 1 the document is refused, 2 wrong usage.")(check)


def check(
    workflow: Document,
    model: Models = [],  # noqa: B006
    allow_download: AllowDownload = False,
    allow_code: AllowCode = False,
) -> None:
    """Check a document: every mistake is told with its line and column, and nothing runs.

    The weights that it names must be there; they are not loaded.
    """
    with told_errors():
        store = model_store(model, allow_download=allow_download)
        with Workflow.load(workflow, resources=[store, OutputFolder(Path("out"))], allow_code=allow_code) as loaded:
            typer.echo(f"fine: {_counted(loaded)}")


def _counted(workflow: Workflow) -> str:
    plan = workflow.plan
    counts = {"step": len(plan.steps), "input": len(plan.inputs), "output": len(plan.outputs)}
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())

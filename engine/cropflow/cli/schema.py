"""`cropflow schema`: the JSON Schema of documents, so that an editor can complete and check them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cropflow.cli.exits import told_errors
from cropflow.registry import installed
from cropflow.schema import catalogue, workflow_schema
from cropflow.schema_parts import text_of


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("schema")(schema)


def schema(
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to write workflow.schema.json and blocks.json.")
    ] = None,
) -> None:
    """Print the JSON Schema of documents, for editors.

    It knows all installed blocks, those of plug-ins included. With --out it is written to workflow.schema.json, and
    beside it blocks.json, a catalogue of the blocks.
    """
    with told_errors():
        blocks = installed()
        if out is None:
            typer.echo(text_of(workflow_schema(blocks)), nl=False)
            return
        out.mkdir(parents=True, exist_ok=True)
        for name, content in {
            "workflow.schema.json": workflow_schema(blocks),
            "blocks.json": catalogue(blocks),
        }.items():
            (out / name).write_text(text_of(content), encoding="utf-8")
            typer.echo(str(out / name))

"""The `cropflow` command: its sub-commands, its version, and nothing else."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Annotated

import typer

from cropflow.cli.blocks import register as register_blocks
from cropflow.cli.check import register as register_check
from cropflow.cli.doctor import register as register_doctor
from cropflow.cli.explain import register as register_explain
from cropflow.cli.graph import register as register_graph
from cropflow.cli.init import register as register_init
from cropflow.cli.run import register as register_run
from cropflow.cli.schema import register as register_schema
from cropflow.cli.serve import register as register_serve

app = typer.Typer(
    name="cropflow",
    help="Run computer-vision workflows that are written down: detect, crop, classify, save.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
register_init(app)
register_check(app)
register_explain(app)
register_graph(app)
register_run(app)
register_blocks(app)
register_schema(app)
register_serve(app)
register_doctor(app)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"cropflow {version('cropflow')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _cropflow(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


class _Plain(logging.Formatter):
    """Shows a record as `warning: …`."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{record.levelname.lower()}: {super().format(record)}"


def main() -> None:
    """Run the command line with the arguments of the process, and end it with an exit code."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain())
    logging.getLogger("cropflow").addHandler(handler)
    app(prog_name="cropflow")

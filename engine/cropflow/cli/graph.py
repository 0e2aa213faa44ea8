"""`cropflow graph`: draws a document, as Mermaid text or as a picture."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from cropflow import draw
from cropflow.cli.exits import UsageError, told_errors
from cropflow.cli.options import AllowCode, Document
from cropflow.compiler import compile_definition
from cropflow.compiler.plan import Plan
from cropflow.document.definition import load
from cropflow.dynamic import registry_of


class Format(str, Enum):  # noqa: UP042 - typer shows the values of a plain enumeration only
    """What a drawing is written as."""

    MERMAID = "mermaid"
    SVG = "svg"
    PNG = "png"


_OF_SUFFIX = {
    ".txt": Format.MERMAID,
    ".mmd": Format.MERMAID,
    ".mermaid": Format.MERMAID,
    ".svg": Format.SVG,
    ".png": Format.PNG,
}


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("graph", epilog="Exit codes: 0 fine, 1 the document is refused, 2 wrong usage.")(graph)


def graph(
    workflow: Document,
    form: Annotated[
        Format | None,
        typer.Option("--format", metavar="mermaid|svg|png", help="That of the suffix of FILE, else mermaid."),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write; stdout if not given.")] = None,
    allow_code: AllowCode = False,
) -> None:
    """Draw a document as Mermaid text, SVG or PNG.

    Steps are boxes, tinted by level; arrows tell the kind of value and its nesting. Weights need not be there.
    """
    with told_errors():
        chosen = form or _format_of(out)
        if out is None and chosen is Format.PNG and sys.stdout.isatty():
            raise UsageError("a terminal cannot show a PNG: write it to a file with --out graph.png")
        definition = load(workflow)
        drawing = _drawn(compile_definition(definition, registry_of(definition, allow_code=allow_code)), chosen)
        if out is None:
            typer.echo(drawing, nl=False)
        else:
            out.write_bytes(drawing)


def _format_of(out: Path | None) -> Format:
    if out is None:
        return Format.MERMAID
    if out.suffix.lower() not in _OF_SUFFIX:
        raise UsageError(f"{out.name} does not tell the format: end it in {', '.join(_OF_SUFFIX)}, or say --format")
    return _OF_SUFFIX[out.suffix.lower()]


def _drawn(plan: Plan, form: Format) -> bytes:
    match form:
        case Format.PNG:
            return draw.png(plan)
        case Format.SVG:
            return draw.svg(plan).encode()
        case Format.MERMAID:
            return draw.mermaid(plan).encode()

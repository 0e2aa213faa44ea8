"""`cropflow run`: takes pictures through a workflow, from the shell."""

from __future__ import annotations

import contextlib
import logging
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import cv2
import typer

from cropflow.cli.exits import EXIT_CODES, UsageError, told_errors
from cropflow.cli.inputs import read_rows, read_settings
from cropflow.cli.loop import Job
from cropflow.cli.options import AllowCode, AllowDownload, Device, Document, Models, model_store
from cropflow.cli.session import run_job
from cropflow.cli.sinks import OURS, Folder, Stream, check_folder
from cropflow.compiler.plan import Plan
from cropflow.http import HttpClient
from cropflow.resources import OutputFolder
from cropflow.workflow import Workflow

_BATCH_SIZE = 16
_SOURCE = (
    "A picture, a folder (read with its subfolders), a pattern in quotes such as 'data/**/*.png', or a URL; "
    "repeatable. INPUT= is needed where there are several image inputs."
)
_OUT = (
    "A new or empty folder for results.jsonl (one line per picture), images/ and report.json. Without it the "
    "lines go to stdout, with the sizes of images only."
)
_VERBOSE = "Tell every batch, and of every failure where in the code it happened."
_QUIET = "No progress, no warnings, no summary; mistakes and what stops a run are still told."
_PRIVATE = "Requests of blocks (webhook_sink) may go to this machine and to private networks; pictures never do."


class OnError(str, Enum):  # noqa: UP042 - typer shows the values of a plain enumeration only
    """What happens to an element that fails."""

    RAISE = "raise"
    SKIP = "skip"


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("run", epilog=EXIT_CODES, context_settings={"allow_extra_args": True})(run)


def run(
    context: typer.Context,
    workflow: Document,
    source: Annotated[list[str], typer.Option(metavar="[INPUT=]SOURCE", help=_SOURCE)] = [],  # noqa: B006
    values: Annotated[
        list[str],
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter: a YAML 1.2 scalar or JSON; repeatable."),
    ] = [],  # noqa: B006
    model: Models = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help=_OUT)] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Write into a folder that is not empty; replaces files, deletes none."),
    ] = False,
    on_error: Annotated[
        OnError, typer.Option(metavar="skip|raise", help="Skip what fails, or stop at the first failure (exit code 3).")
    ] = OnError.SKIP,
    batch_size: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help=f"Pictures taken through at once; {_BATCH_SIZE} if not given."),
    ] = None,
    device: Device = None,
    allow_urls: Annotated[bool, typer.Option("--allow-urls", help="Pictures may be fetched from URLs.")] = False,
    allow_private_urls: Annotated[bool, typer.Option("--allow-private-urls", help=_PRIVATE)] = False,
    allow_download: AllowDownload = False,
    allow_code: AllowCode = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=_VERBOSE)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=_QUIET)] = False,
) -> None:
    """Run a workflow over pictures.

    Results are written batch by batch. Ctrl-C finishes the present batch and writes it.
    """
    with told_errors(), contextlib.ExitStack() as stack:
        _refuse_extra(context.args)
        _set_volume(verbose, quiet)
        if out is not None:
            check_folder(out, overwrite=overwrite)
        results = OutputFolder(out, fresh=overwrite, reserved=OURS) if out else _stream()
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))  # blocks may print; results stay clean
        client = HttpClient(allow_private=allow_private_urls)
        resources = [model_store(model, device, allow_download), client, *([results] if out else [])]
        loaded = stack.enter_context(Workflow.load(workflow, resources=resources, allow_code=allow_code))
        settings = read_settings(loaded.plan, values)
        rows = read_rows(loaded.plan, source, settings, allow_urls=allow_urls, skip=out)
        sink = Folder(results, rows.ids) if isinstance(results, OutputFolder) else results
        size = _batch_size(loaded.plan, batch_size)
        run_job(Job(loaded, rows, settings, size, on_error.value), sink, str(workflow), out, quiet=quiet)


def _refuse_extra(extra: list[str]) -> None:
    if extra:
        raise UsageError(
            f"{extra[0]!r} is one argument too many; name pictures with --source, once for every source, and put a "
            "pattern into quotes, so that the shell leaves it alone"
        )


def _stream() -> Stream:
    if sys.stdout is None:
        raise UsageError("stdout is closed; name a folder for the results with --out")
    return Stream(sys.stdout.buffer)


def _set_volume(verbose: bool, quiet: bool) -> None:
    if verbose and quiet:
        raise UsageError("--verbose and --quiet cannot both be meant")
    logging.getLogger("cropflow").setLevel(logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # our messages say it better


def _batch_size(plan: Plan, asked: int | None) -> int:
    if asked is None and plan.gathers_batch:
        raise UsageError(
            f"step {plan.gathers_batch[0]!r} gathers all pictures of a batch, so its answer depends on how many "
            "there are: say so with --batch-size"
        )
    return asked or _BATCH_SIZE

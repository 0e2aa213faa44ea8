"""`cropflow run`: takes pictures through a workflow, from the shell."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated

import cv2
import typer

from cropflow.cli.exits import EXIT_CODES, UsageError, told_errors
from cropflow.cli.inputs import read_rows, read_settings
from cropflow.cli.journal import Journal, identify
from cropflow.cli.options import (
    AllowCode,
    AllowDownload,
    Device,
    Document,
    Half,
    Models,
    Runs,
    RuntimeName,
    model_store,
)
from cropflow.cli.session import Session
from cropflow.cli.sinks import OURS, TRACE, Folder, Sink, Stream, check_folder
from cropflow.cli.unknown import TakesParameters
from cropflow.compiler.plan import Plan
from cropflow.errors import InputError
from cropflow.http import HttpClient
from cropflow.report import Gallery, Trace
from cropflow.resources import OutputFolder
from cropflow.sources import Reading
from cropflow.streaming import Streaming, batch_size_of
from cropflow.workflow import Workflow

_BATCH_SIZE = 16
_SOURCE = (
    "A picture or video, a folder (read with its subfolders), a pattern in quotes such as 'data/**/*.png', a list "
    "(.txt), a URL, the number of a camera, or - for a picture on stdin; repeatable. INPUT= is needed where there are "
    "several image inputs."
)
_OUT = (
    "A new or empty folder for results.jsonl (one line per picture), errors.jsonl, images/ and report.json. Without it "
    "the lines go to stdout, with the sizes of images only."
)
_RESUME = (
    "Go on with a run in the same folder that was interrupted or killed; the results are those of a run that was "
    "not. Where no run has begun, one begins."
)
_FRAMES = "Of a camera, take the latest frame whenever one can be taken, or every frame."
_STRIDE = "Of a video or camera, take every N-th frame."
_RECONNECT = "How often in a row to try again when a camera is lost."
_REPORT = "Write a page about the run, report.html; needs --out."
_PROFILE = "Write what ran when, trace.json, for chrome://tracing and ui.perfetto.dev; needs --out."
_JSON = "Print what report.json holds to stdout; needs --out."
_VERBOSE = "Tell every batch, and of every failure where in the code it happened."
_QUIET = "No progress, no warnings, no summary; mistakes and what stops a run are still told."
_PRIVATE = "Requests of blocks (webhook_sink) may go to this machine and to private networks; pictures never do."


class OnError(str, Enum):  # noqa: UP042 - typer shows the values of a plain enumeration only
    """What happens to an element that fails."""

    RAISE = "raise"
    SKIP = "skip"


class Frames(str, Enum):  # noqa: UP042
    """Which frames of a camera are taken."""

    LATEST = "latest"
    EVERY = "every"


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("run", cls=TakesParameters, epilog=EXIT_CODES, context_settings={"allow_extra_args": True})(run)


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
    resume: Annotated[bool, typer.Option("--resume", help=_RESUME)] = False,
    on_error: Annotated[
        OnError, typer.Option(metavar="skip|raise", help="Skip what fails, or stop at the first failure (exit code 3).")
    ] = OnError.SKIP,
    batch_size: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help=f"Pictures taken through at once; {_BATCH_SIZE} if not given."),
    ] = None,
    stride: Annotated[int, typer.Option(metavar="N", min=1, help=_STRIDE)] = 1,
    frames: Annotated[Frames, typer.Option(metavar="latest|every", help=_FRAMES)] = Frames.LATEST,
    reconnect: Annotated[int, typer.Option(metavar="N", min=0, help=_RECONNECT)] = 5,
    device: Device = None,
    runtime: Runs = RuntimeName.FILE,
    half: Half = False,
    allow_urls: Annotated[
        bool, typer.Option("--allow-urls", help="Pictures and videos may be fetched from URLs.")
    ] = False,
    allow_private_urls: Annotated[bool, typer.Option("--allow-private-urls", help=_PRIVATE)] = False,
    allow_download: AllowDownload = False,
    allow_code: AllowCode = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help=_VERBOSE)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=_QUIET)] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_JSON)] = False,
    report: Annotated[bool, typer.Option("--report", help=_REPORT)] = False,
    profile: Annotated[bool, typer.Option("--profile", help=_PROFILE)] = False,
) -> None:
    """Run a workflow over pictures, videos and cameras.

    Results are written batch by batch. Ctrl-C finishes the present batch and writes it.
    """
    with told_errors(), contextlib.ExitStack() as stack:
        _refuse_extra(context.args)
        _set_volume(verbose, quiet)
        _check_out(out, overwrite, {"--resume": resume, "--json": as_json, "--report": report, "--profile": profile})
        results = OutputFolder(out, fresh=overwrite, reserved=OURS) if out else _stream()
        stdout = sys.stdout
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))  # blocks may print; results stay clean
        client = HttpClient(allow_private=allow_private_urls)
        resources = [model_store(model, device, allow_download, runtime, half), client, *([results] if out else [])]
        loaded = stack.enter_context(Workflow.load(workflow, resources=resources, allow_code=allow_code))
        settings = read_settings(loaded.plan, values)
        reading = Reading(allow_urls, stride, frames is Frames.LATEST, reconnect)
        rows = read_rows(loaded.plan, source, reading, skip=out)
        if resume and rows.live:
            raise UsageError("--resume: a camera cannot be gone back to; name another folder with --out")
        size = _size(loaded.plan, batch_size)
        journal = state = None
        if isinstance(results, Stream):
            sink: Sink = results
        else:
            run_id = identify(loaded.plan, rows, settings, model, size)
            journal = Journal(results, run_id, loaded.plan.remembers)
            state = journal.resume() if resume else None
            sink = Folder(results, rows.named, state.sizes if state else ())
        running = Streaming(loaded, rows, settings, size, on_error.value, start=state.after if state else {})
        session = Session(running, sink, str(workflow), out, journal, state, quiet)
        session.show = stdout.write if as_json else None
        session.gallery = Gallery() if report else None
        session.trace = stack.enter_context(Trace(out / TRACE)) if profile and out else None
        session.run()


def _size(plan: Plan, asked: int | None) -> int:
    try:
        return batch_size_of(plan, asked, _BATCH_SIZE, "--batch-size")
    except InputError as error:
        raise UsageError(str(error)) from error


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
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # our messages say it better


def _check_out(out: Path | None, overwrite: bool, wanted: Mapping[str, bool]) -> None:
    resume = wanted["--resume"]
    if resume and overwrite:
        raise UsageError("--resume and --overwrite cannot both be meant")
    if out is None:
        for option in [option for option, is_wanted in wanted.items() if is_wanted]:
            raise UsageError(f"{option} needs the folder of the run: add --out FOLDER")
    elif not resume:
        check_folder(out, overwrite=overwrite)

"""`cropflow serve`: the HTTP server."""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cropflow.cli.exits import FINE, UsageError, told_errors
from cropflow.cli.options import AllowDownload, Device, Half, Models, Runs, RuntimeName, read_models
from cropflow.models import Batching
from cropflow.server.settings import Settings

log = logging.getLogger("cropflow.server")
_KEYS = "CROPFLOW_API_KEYS"
_INSTALL = 'the server needs packages that are not installed ({}); install them with: pip install "cropflow[server]"'


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    codes = "0 stopped by SIGTERM or Ctrl-C, 1 a document is refused, 2 wrong usage, 3 the port is taken"
    context = {"allow_extra_args": True}
    app.command("serve", epilog=f"Exit codes: {codes}.", context_settings=context)(serve)


def serve(
    context: typer.Context,
    workflows: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with the documents that are served by name.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 9001,
    models: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder where weights are looked for, also those of documents sent along."),
    ] = None,
    model: Models = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder that sinks write into.")] = None,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"API keys, one in a line; or in {_KEYS}, by commas.")
    ] = None,
    allow_urls: Annotated[
        bool, typer.Option("--allow-urls", help="Pictures may be fetched, and documents sent along may send requests.")
    ] = False,
    allow_origin: Annotated[
        list[str], typer.Option(metavar="URL", help="Web pages of this origin may call the server; repeatable.")
    ] = [],  # noqa: B006
    host_name: Annotated[
        list[str], typer.Option(metavar="NAME", help="Name by which the server may be called; repeatable.")
    ] = [],  # noqa: B006
    device: Device = None,
    runtime: Runs = RuntimeName.FILE,
    half: Half = False,
    allow_download: AllowDownload = False,
    concurrency: Annotated[int, typer.Option(help="How many requests run at once.", min=1)] = 64,
    queue: Annotated[int, typer.Option(help="How many may wait beside them; further ones get 429.", min=0)] = 256,
    timeout: Annotated[float, typer.Option(help="Seconds for an answer.", min=0.1)] = 60.0,
    largest_batch: Annotated[
        int, typer.Option(help="The most pictures of several requests in one call of a model.", min=1)
    ] = 64,
    longest_wait: Annotated[
        float, typer.Option(help="Milliseconds a request waits for others at an idle model.", min=0, max=10_000)
    ] = 0.0,
    max_body: Annotated[int, typer.Option(help="Megabytes of a request.", min=1)] = 64,
    max_pictures: Annotated[int, typer.Option(help="Pictures in a request.", min=1)] = 256,
    max_pixels: Annotated[int, typer.Option(help="Millions of pixels in a request.", min=1)] = 100,
) -> None:
    """Serve workflows over HTTP: those of a folder by name, and documents that clients send along.

    POST pictures to /run/NAME; /docs describes all addresses. Existing clients, such as inference_sdk, work unchanged.
    """
    with told_errors():
        _refuse_extra(context.args)
        _run(
            host,
            port,
            Batching(largest_batch, longest_wait / 1000),
            Settings(
                workflows=workflows,
                models=models,
                output=out,
                keys=_read_keys(keys),
                hosts=(*_hosts(host), *host_name),
                origins=tuple(allow_origin),
                allow_urls=allow_urls,
                concurrency=concurrency,
                queue=queue,
                timeout=timeout,
                max_body=max_body * 2**20,
                max_pictures=max_pictures,
                max_pixels=max_pixels * 10**6,
            ),
            {
                "models": read_models(model),
                "device": device,
                "runtime": runtime.value,
                "half": half,
                "allow_download": allow_download,
            },
        )


def _refuse_extra(extra: list[str]) -> None:
    if extra:
        folder = Path(extra[0]) if Path(extra[0]).is_dir() else Path(extra[0]).parent
        raise UsageError(
            f"{extra[0]!r} is one argument too many; a folder of documents is served, each by its name: "
            f"--workflows '{folder}'"
        )


def _run(host: str, port: int, batching: Batching, settings: Settings, store: dict[str, Any]) -> None:
    try:
        import uvicorn

        from cropflow.server.app import create_app
        from cropflow.server.listening import listen
        from cropflow.server.protocol import BoundedProtocol
    except ImportError as error:
        raise UsageError(_INSTALL.format(error)) from error
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn sends them again when it has stopped
        signal.signal(number, lambda *_: sys.exit(FINE))
    _log_as_json()
    sockets = listen(host, port)
    port = sockets[0].getsockname()[1]
    app = create_app(settings, batching=batching, **store)
    _log_facts(host, port, settings, tuple(app.state.service.library.workflows))
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.timeout) + 1,
        http=BoundedProtocol,
    )
    uvicorn.Server(config).run(sockets)


def _log_facts(host: str, port: int, settings: Settings, served: tuple[str, ...]) -> None:
    if served or settings.workflows is None:
        log.info("workflows: %s", ", ".join(served) or "none; clients send documents along")
    else:
        log.warning("workflows: none; %s holds no .yaml, .yml or .json file", settings.workflows)
    log.info("keys: %s", len(settings.keys) or "none")
    if not settings.keys and not _is_loopback(host):
        log.warning("whoever reaches %s:%s may ask; --keys FILE lets only some", host, port)
    log.info("Cropflow running on http://%s:%s (Ctrl-C stops it)", f"[{host}]" if ":" in host else host, port)


def _read_keys(file: Path | None) -> tuple[str, ...]:
    """Return the keys of the file and of the environment.

    Raises:
        UsageError: one of them is given and holds none, so that a slip does not open the server to all.
    """
    lines = _lines(file) if file is not None else []
    in_file = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    in_environment = [key.strip() for key in os.environ.get(_KEYS, "").split(",") if key.strip()]
    if file is not None and not in_file:
        raise UsageError(f"{file} holds no key; write one in a line")
    if _KEYS in os.environ and not in_environment:
        raise UsageError(f"the variable {_KEYS} holds no key; write some with commas between, or unset it")
    return tuple(dict.fromkeys([*in_file, *in_environment]))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"the keys in {file} cannot be read: {why}; correct --keys") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _hosts(host: str) -> tuple[str, ...]:
    """Return the names that belong to an address: all of this machine for loopback, any for all addresses."""
    local = ("localhost", "127.0.0.1", "[::1]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return (*local, host.lower())
    if address.is_unspecified:
        return ("*",)
    return (*local, f"[{host}]" if address.version == 6 else host)


class _JsonLines(logging.Formatter):
    """Shows a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, "facts", None) or {"message": record.getMessage()}
        told = {"time": self.formatTime(record), "level": record.levelname.lower(), "logger": record.name, **facts}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def _log_as_json() -> None:
    """Log what the server does as lines of JSON on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines())
    for name in ("cropflow", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)

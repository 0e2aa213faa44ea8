"""From an error to an HTTP status and a body that says what to do, and shows nothing of the machine.

One form serves all clients: the keys that existing ones read, a hint, the mistakes of a document, and the request id.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from cropflow.errors import (
    CancelledError,
    CropflowError,
    ImageError,
    InputError,
    ModelError,
    Problem,
    RunError,
    WorkflowError,
)

log = logging.getLogger("cropflow.server")

_PATH = re.compile(r"(?<![\w:/.…~-])(?:~|[A-Za-z]:)?[/\\](?:[^\s'\",;:()\[\]{}<>]+)")
_IN_PYTHON = re.compile(r",? or [^,;]* in Python")
_LONGEST = 1000
"""Characters of a text that is told; what clients send, such as names, may be as long as a request."""
_MOST = 50
"""How many mistakes of a document are told."""
_LONGEST_LOGGED = 300
"""Characters of a message that stand in the log."""
REFUSED = "cropflow.refused"
"""Where a request carries what its line in the log tells about the error."""
_GONE = 499
"""The client went away; nobody reads this."""


class Fault(Exception):  # noqa: N818 - the word of HTTP services
    """A request that cannot be answered.

    Args:
        status: HTTP status.
        message: what is wrong, in one sentence.
        hint: what to do.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, message: str, hint: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint
        self.headers = headers or {}


def answer(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to a request that ended in an error."""
    fault = fault_of(error)
    note(error, request_id(request))
    told = body(error, request_id(request))
    request.scope[REFUSED] = {"error_type": told["error_type"], "message": _cut(told["message"], _LONGEST_LOGGED)}
    return JSONResponse(told, fault.status, fault.headers)


def note(error: Exception, identity: str) -> None:
    """Write an error that nobody foresaw into the log."""
    if fault_of(error).status >= 500 and not isinstance(error, Fault):
        log.error("request %s failed", identity, exc_info=error)


def body(error: Exception, identity: str) -> dict[str, Any]:
    """Return the JSON body that tells an error."""
    fault = fault_of(error)
    problems = error.problems[:_MOST] if isinstance(error, WorkflowError) else ()
    between = "\n" if "\n" in fault.message else " "
    return {
        "message": f"{_sentence(fault.message)}{between}{fault.hint}".strip(),
        "error_type": type(error).__name__ if isinstance(error, CropflowError) else "RequestRefused",
        "context": _short(_context(error)),
        "inner_error_type": None,
        "inner_error_message": None,
        "blocks_errors": list(_blocks_errors(error)),
        "problems": [_problem(problem) for problem in problems],
        "hint": fault.hint,
        "request_id": identity,
    }


def request_id(request: Request) -> str:
    """Return the id that the request got."""
    return str(request.scope.get("request_id", ""))


def without_paths(text: str) -> str:
    """Return a text in which of each absolute path only the last part is left."""
    return _PATH.sub(lambda match: PurePath(match[0].replace("\\", "/")).name, text)


def fault_of(error: Exception) -> Fault:
    """Return status, message and hint of an error."""
    match error:
        case Fault():
            return error
        case HTTPException():
            return _http(error)
        case WorkflowError():
            count = len(error.problems)
            lines = [_clean(_told(problem)) for problem in error.problems[:_MOST]]
            told = "\n".join([*lines, *([f"… and {count - _MOST} more."] if count > _MOST else [])])
            return Fault(
                400,
                f"The workflow has {count} mistake{'s'[: count > 1]}:\n{told}",
                "Correct the document and send it again.",
            )
        case CancelledError() | ClientDisconnect():
            return Fault(_GONE, "The request was called off.", "Send it again.")
        case RunError():
            return _run_fault(error)
        case ModelError():
            near = f" Did you mean {error.nearest[0]!r}?" if error.nearest else ""
            hint = _sentence(_clean(error.hint)) if error.hint else "Name other weights, or correct the step."
            return Fault(400, _clean(f"{_sentence(error.message)}{near}"), hint)
        case CropflowError():
            return Fault(400, _clean(str(error)), "Correct the request and send it again.")
        case MemoryError():
            return Fault(413, "There is not enough memory for this request.", "Send fewer or smaller pictures.")
    return Fault(
        500,
        "The server failed at this request.",
        "Send it again; if it fails again, tell the operator its request id.",
    )


def _run_fault(error: RunError) -> Fault:
    cause = error.__cause__
    text = _clean(str(error))
    if isinstance(cause, ModelError):
        told = fault_of(cause)
        return Fault(told.status, f"{_short(error.source)}: {told.message}", told.hint)
    if isinstance(cause, MemoryError):
        return Fault(
            413, f"{_short(error.source)}: there is not enough memory for this.", "Send smaller pictures or values."
        )
    if isinstance(cause, ImageError | InputError):
        return Fault(400, text, "Correct the picture or value and send the request again.")
    return Fault(422, text, "Correct the input or the document, or ask for on_error=skip to get all other elements.")


def _http(error: HTTPException) -> Fault:
    hints = {
        404: "See GET /workflows for what is served, and /docs for all addresses.",
        405: "See /docs for the methods of each address.",
    }
    hint = hints.get(error.status_code, "See /docs for what each address takes.")
    return Fault(error.status_code, error.detail, hint, dict(error.headers or {}))


def _context(error: Exception) -> str:
    if isinstance(error, RunError):
        return f"workflow_execution | {error.source}"
    return "workflow_compilation" if isinstance(error, WorkflowError) else "request"


def _told(problem: Problem) -> str:
    """A mistake in one line."""
    near = f" Did you mean {' or '.join(map(repr, problem.nearest))}?" if problem.nearest else ""
    line = f"line {problem.position.line}, column {problem.position.column}" if problem.position else ""
    step = f"step {problem.step!r}" if problem.step else ""
    within = "; ".join(filter(None, [line, step]))
    place = (".".join(map(str, problem.path)) or "document") + (f" ({within})" if within else "")
    hint = f" To do: {_sentence(_for_clients(problem.hint))}" if problem.hint else ""
    expected = f" Expected: {_sentence(problem.expected)}" if problem.expected and not problem.nearest else ""
    found = f" Got: {_sentence(problem.found)}" if problem.found and problem.found not in problem.message else ""
    return f"{place}: {_sentence(problem.message)}{expected}{found}{near}{hint}"


def _for_clients(hint: str) -> str:
    """Return a hint without the way that only callers from Python have."""
    return _IN_PYTHON.sub("", hint)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _short(text: str) -> str:
    return _cut(text, _LONGEST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _clean(value: Any) -> Any:
    """Return a value as it may be told, without paths of this machine and not too long."""
    return _short(without_paths(_short(value))) if isinstance(value, str) else value


def _problem(problem: Problem) -> dict[str, Any]:
    fields = {
        name: getattr(problem, name) for name in ("code", "message", "step", "field", "expected", "found", "hint")
    }
    clean = {name: _clean(value) for name, value in fields.items()}
    clean["hint"] = clean["hint"] and _for_clients(clean["hint"])
    line = {"line": problem.position.line, "column": problem.position.column} if problem.position else {}
    path, near = ([_clean(part) for part in parts] for parts in (problem.path, problem.nearest))
    return {**clean, "path": path, "nearest": near, **line}


def _blocks_errors(error: Exception) -> Iterator[dict[str, Any]]:
    if isinstance(error, RunError):
        yield {"block_id": _clean(error.step), "block_type": error.block, "property_name": None, "block_details": None}
    if isinstance(error, WorkflowError):
        for problem in error.problems[:_MOST]:
            if problem.step is not None:
                yield {
                    "block_id": _clean(problem.step),
                    "block_type": None,
                    "property_name": _clean(problem.field),
                    "block_details": _clean(problem.message),
                }

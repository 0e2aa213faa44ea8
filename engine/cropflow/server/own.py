"""Our own surface: pictures go up as files, and answers come down as JSON, as lines of it, or as a picture."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from cropflow.compiler.plan import Plan
from cropflow.image import Image
from cropflow.result import Result
from cropflow.server import faults
from cropflow.server.desk import Cancelled
from cropflow.server.faults import Fault
from cropflow.server.gate import check_key
from cropflow.server.openapi import ERRORS, LISTING, SENT_RUN, default_of
from cropflow.server.reading import mapping, of_form, parse, read_form, read_json
from cropflow.server.service import Service, error_facts, service_of
from cropflow.workflow import Workflow

router = APIRouter()
JSON, LINES, JPEG, PNG = "application/json", "application/x-ndjson", "image/jpeg", "image/png"
_OFFERED = (JSON, LINES, JPEG, PNG)
_RESERVED = ("api_key", "on_error", "output")
_AT_ONCE = 8
"""How many pictures go through together where answers are streamed."""


@router.get("/workflows", tags=["run"], summary="The workflows that are served", responses={200: LISTING, **ERRORS})
async def listing(request: Request) -> JSONResponse:
    """Name every workflow with its inputs and outputs."""
    service = service_of(request)
    check_key(request, service.settings)
    return JSONResponse({"workflows": [_facts(name, flow.plan) for name, flow in service.library.workflows.items()]})


@router.post("/run/{workflow}", include_in_schema=False)  # each workflow is described for itself; see openapi.py
async def run_named(request: Request, workflow: str) -> Response:
    """Run a workflow of the folder."""
    service = service_of(request)
    check_key(request, service.settings)
    service.desk.check()
    found = service.library.named(workflow)
    given = await _given(request, service, found.plan)
    return await _answer(request, service, found, workflow, given)


@router.post("/run", tags=["run"], summary="Run a document sent along", openapi_extra=SENT_RUN)
async def run_sent(request: Request) -> Response:
    """Run a document that comes in the form as the part `workflow`, beside its inputs."""
    service = service_of(request)
    check_key(request, service.settings)
    service.desk.check()
    form = await read_form(request, service.settings)
    texts = [*form.texts.pop("workflow", []), *(_text(data) for data in form.files.pop("workflow", []))]
    if len(texts) != 1:
        raise Fault(400, "The form must have one part `workflow`, the document.", "Add -F workflow=@FILE.")
    document = texts[0]

    def ready(_: Cancelled) -> dict[str, Any]:
        with service.library.sent(document) as workflow:
            return {**_from_query(request), **of_form(workflow.plan, form)}

    given = await service.desk.do(request, ready)
    return await _answer(request, service, document, None, given)


async def _given(request: Request, service: Service, plan: Plan) -> dict[str, Any]:
    """Read inputs from a form, from JSON, or from the bytes of one picture; others may stand in the query."""
    given = _from_query(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return given | of_form(plan, await read_form(request, service.settings))
    body = await request.body()
    if not body:
        return given
    if kind == JSON or kind.endswith("+json"):
        return given | mapping(await run_in_threadpool(parse, body))
    if kind.startswith("image/") or kind == "application/octet-stream":
        return given | {_only_picture(plan): body}
    raise Fault(
        415,
        f"The content type {kind[:60] or 'of the body'!r} is not taken.",
        "Send multipart/form-data (curl -F NAME=@FILE), application/json, or a picture as image/jpeg.",
    )


def _from_query(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in request.query_params.items():
        if name in _RESERVED:
            continue
        try:
            found[name] = read_json(text)
        except (ValueError, RecursionError):
            found[name] = text
    return found


def _only_picture(plan: Plan) -> str:
    names = [item.name for item in plan.inputs if any(kind.name == "image" for kind in item.kinds)]
    if len(names) != 1:
        told = ", ".join(names) or "none"
        raise Fault(415, f"The workflow has not one picture as input but: {told}.", "Send a form with a part for each.")
    return names[0]


async def _answer(
    request: Request, service: Service, workflow: Workflow | str, name: str | None, given: dict[str, Any]
) -> Response:
    """Run and answer in the form the client asks for; `workflow` may be a document that was sent along."""
    wanted = _wanted(request)
    on_error = _on_error(request)
    if wanted == LINES:
        return StreamingResponse(_lines(request, service, workflow, name, given), media_type=LINES)

    def work(cancelled: Cancelled) -> Response:
        with _opened(service, workflow) as flow:
            picked = _picture_output(flow.plan, request) if wanted in (JPEG, PNG) else None
            result = service.run(flow, name, service.inputs(flow, given), cancelled, on_error=on_error)
            return _as_json(result) if picked is None else _as_picture(result, picked, wanted)

    return await service.desk.do(request, work)


async def _lines(
    request: Request, service: Service, workflow: Workflow | str, name: str | None, given: dict[str, Any]
) -> AsyncIterator[bytes]:
    """Answer picture by picture, as they are done; elements that fail are told in their line."""
    with _opened(service, workflow) as flow:
        index = 0
        try:
            inputs = await service.desk.do(request, lambda _: service.inputs(flow, given))
            for part in _parts(flow.plan, inputs):
                result = await service.desk.do(request, partial(service.run, flow, name, part, on_error="skip"))
                for number, row in enumerate(await run_in_threadpool(result.to_dict)):
                    found = [error for error in result.errors if error.row in (None, number)]
                    errors = [{**error_facts(error), "index": index} for error in found]
                    yield _line({"index": index, "outputs": row, "errors": errors})
                    index += 1
        except Exception as error:  # the status has been sent
            yield _line({"index": index, "error": faults.body(error, faults.request_id(request))})


def _parts(plan: Plan, inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Cut batches into parts, unless a step looks at all pictures together."""
    batches = {item.name for item in plan.inputs if item.level and isinstance(inputs.get(item.name), list)}
    count = max((len(inputs[name]) for name in batches), default=1)
    size = max(count, 1) if plan.gathers_batch else _AT_ONCE
    for start in range(0, count, size):
        yield {
            name: value[start : start + size] if name in batches and len(value) > 1 else value
            for name, value in inputs.items()
        }


def _opened(service: Service, workflow: Workflow | str) -> AbstractContextManager[Workflow]:
    return service.library.sent(workflow) if isinstance(workflow, str) else nullcontext(workflow)


def _as_json(result: Result) -> Response:
    content = {"outputs": result.to_dict(), "errors": [error_facts(error) for error in result.errors]}
    return Response(_line(content), media_type=JSON)


def _as_picture(result: Result, output: str, wanted: str) -> Response:
    if len(result) != 1:
        raise Fault(406, f"There are {len(result)} answers, and one picture is asked for.", "Send one picture.")
    value = result[0][output]
    if not isinstance(value, Image):
        found = "a list" if isinstance(value, list) else "nothing" if value is None else "no picture"
        raise Fault(
            406, f"The output {output!r} is {found} here.", "Ask for JSON, or another output with ?output=NAME."
        )
    return Response(value.encode(".jpg" if wanted == JPEG else ".png"), media_type=wanted)


def _picture_output(plan: Plan, request: Request) -> str:
    """Return the output that is meant where a picture is asked for."""
    names = [item.name for item in plan.outputs if any(kind.name in ("image", "*") for kind in item.kinds)]
    asked = request.query_params.get("output")
    if asked in names:
        return asked
    if asked is None and len(names) == 1:
        return names[0]
    told = ", ".join(names) or "none"
    raise Fault(406, f"The outputs that may be a picture: {told}.", "Name one with ?output=NAME, or ask for JSON.")


def _wanted(request: Request) -> str:
    """Return the best of what the client accepts."""
    header = request.headers.get("accept", "").strip()
    ranked = sorted((_ranked(part) for part in header.split(",") if part.strip()), key=lambda item: -item[1])
    for media, weight in ranked or [("*/*", 1.0)]:
        fits = [one for one in _OFFERED if media in ("*/*", one, f"{one.partition('/')[0]}/*")]
        if fits and weight > 0:
            return fits[0]
    raise Fault(406, "None of the types in Accept can be given.", f"Ask for one of {', '.join(_OFFERED)}.")


def _ranked(part: str) -> tuple[str, float]:
    media, *options = (text.strip().lower() for text in part.split(";"))
    weight = next((option[2:] for option in options if option.startswith("q=")), "1")
    try:
        return media, float(weight)
    except ValueError:
        return media, 0.0


def _on_error(request: Request) -> Literal["raise", "skip"]:
    match request.query_params.get("on_error", "raise"):
        case "raise":
            return "raise"
        case "skip":
            return "skip"
    raise Fault(400, "on_error must be `raise` or `skip`.", "Correct it in the query.")


def _facts(name: str, plan: Plan) -> dict[str, Any]:
    return {
        "name": name,
        "run": f"/run/{name}",
        "inputs": [
            {"name": item.name, "kinds": [kind.name for kind in item.kinds], "required": item.required}
            | default_of(item)
            for item in plan.inputs
        ],
        "outputs": [{"name": item.name, "kinds": [kind.name for kind in item.kinds]} for item in plan.outputs],
    }


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Fault(400, "The document is not UTF-8.", "Save it as UTF-8 and send it again.") from None


def _line(value: Any) -> bytes:
    return (
        json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
    )

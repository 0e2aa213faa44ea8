"""Our own surface: pictures go up as files, and answers come down as JSON, as lines of it, or as a picture."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import PurePosixPath
from typing import Any, TypeAlias
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import contextmanager_in_threadpool
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from cropflow.compiler.plan import Plan, PlannedInput
from cropflow.image import Image
from cropflow.result import Result
from cropflow.server import faults
from cropflow.server.asked import JPEG, JSON, LINES, Asked, picture_outputs, understand
from cropflow.server.desk import Cancelled
from cropflow.server.faults import Fault
from cropflow.server.gate import check_key
from cropflow.server.openapi import ERRORS, LISTING, SENT_RUN, default_of
from cropflow.server.reading import Body, File, Form, base_name, mapping, read_body
from cropflow.server.service import Service, error_facts, service_of
from cropflow.server.slips import file_hint
from cropflow.workflow import Workflow

router = APIRouter()
Document: TypeAlias = str | dict[str, Any]
"""A document that was sent along."""
_NAMED = "Send multipart/form-data (curl -F NAME=@FILE), application/json, or a picture as image/jpeg."
_SENT = (
    'Send a form (curl -F workflow=@FILE -F image=@FILE) or JSON {"workflow": {…}, "image": …}; '
    'POST /workflows/run takes {"specification": {…}, "inputs": {…}}.'
)
_AT_ONCE = 8
"""How many pictures go through together where answers are streamed."""


@router.get("/workflows", tags=["run"], summary="The workflows that are served", responses={200: LISTING, **ERRORS})
async def listing(request: Request) -> JSONResponse:
    """Name every workflow with its inputs and outputs."""
    service = service_of(request)
    check_key(request, service.settings)
    return JSONResponse({"workflows": [_facts(name, flow.plan) for name, flow in service.library.workflows.items()]})


async def run_named(request: Request) -> Response:
    """Run a workflow of the folder."""
    service, workflow = service_of(request), request.path_params["workflow"]
    check_key(request, service.settings)
    service.desk.check()
    found = service.library.named(workflow)
    body = await read_body(request, service.settings, _NAMED)
    return await _answer(request, service, found, workflow, understand(request, body, found.plan))


async def tell_named(request: Request) -> Response:
    """Tell whoever opens the address of a workflow in a browser how to run it."""
    service = service_of(request)
    check_key(request, service.settings)
    plan = service.library.named(request.path_params["workflow"]).plan
    fields = [f" -F {item.name}={'@FILE' if _is_picture(item) else 'VALUE'}" for item in plan.inputs if item.required]
    command = f"curl{''.join(fields) or ' -X POST'} {request.url.replace(query='')}"
    raise Fault(405, "A workflow is run with POST.", f"POST its inputs: {command}", {"Allow": "POST"})


@router.post("/run", tags=["run"], summary="Run a document sent along", openapi_extra=SENT_RUN)
async def run_sent(request: Request) -> Response:
    """Run a document that comes as the field `workflow` of a form or of JSON, beside its inputs."""
    service = service_of(request)
    check_key(request, service.settings)
    service.desk.check()
    body = await read_body(request, service.settings, _SENT)
    document = _taken_document(body)

    def ready(_: Cancelled) -> Asked:
        with service.library.sent(document) as workflow:
            return understand(request, body, workflow.plan)

    asked = await service.desk.do(request, ready)
    return await _answer(request, service, document, None, asked)


def _taken_document(body: Body) -> Document:
    """Take the document out of a body, where the inputs are left."""
    match body:
        case Form():
            found: list[Any] = body.parts.pop("workflow", [])
        case dict() if "workflow" in body:
            found = [body.pop("workflow")]
        case _:
            found = []
    if len(found) != 1:
        raise Fault(400, "The request must have one field `workflow`, the document.", _SENT)
    match found[0]:
        case File(data=data):
            return _text(data)
        case str() as text:
            hint = file_hint("workflow", text)
            if hint:
                raise Fault(400, "The field `workflow` is the name of a file, not the document.", hint)
            return text
    return mapping(found[0], "field `workflow`")


async def _answer(
    request: Request, service: Service, workflow: Workflow | Document, name: str | None, asked: Asked
) -> Response:
    """Run and answer in the form the client asks for; `workflow` may be a document that was sent along."""
    if asked.media == LINES:
        return StreamingResponse(_lines(request, service, workflow, name, asked), media_type=LINES)

    def work(cancelled: Cancelled) -> Response:
        with _opened(service, workflow) as flow:
            inputs = service.inputs(flow, asked.inputs)
            result = _picked(service.run(flow, name, inputs, cancelled, on_error=asked.on_error), asked)
            return _as_json(result) if asked.media == JSON else _as_picture(result, flow.plan, asked)

    return await service.desk.do(request, work)


async def _lines(
    request: Request, service: Service, workflow: Workflow | Document, name: str | None, asked: Asked
) -> AsyncIterator[bytes]:
    """Answer picture by picture, as they are done; elements that fail are told in their line."""
    async with contextmanager_in_threadpool(_opened(service, workflow)) as flow:
        index = 0
        try:
            inputs = await service.desk.do(request, lambda _: service.inputs(flow, asked.inputs))
            for part in _parts(flow.plan, inputs):
                ran = await service.desk.do(request, partial(service.run, flow, name, part, on_error="skip"))
                result = _picked(ran, asked)
                for number, row in enumerate(await run_in_threadpool(result.to_dict)):
                    found = [error for error in result.errors if error.row in (None, number)]
                    errors = [{**error_facts(error), "index": index} for error in found]
                    yield _line({"index": index, "outputs": row, "errors": errors})
                    index += 1
        except Exception as error:  # the status has been sent
            faults.note(error, faults.request_id(request))
            yield _line({"index": index, "error": faults.body(error, faults.request_id(request))})


def _parts(plan: Plan, inputs: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Cut batches into parts, unless a step looks at all pictures together or remembers earlier ones."""
    batches = {item.name for item in plan.inputs if item.level and isinstance(inputs.get(item.name), list)}
    lengths = {len(inputs[name]) for name in batches} - {1}
    count = max(lengths, default=1)
    whole = plan.gathers_batch or plan.remembers or len(lengths) > 1  # the workflow refuses lengths that differ
    size = max(count, 1) if whole else _AT_ONCE
    for start in range(0, count, size):
        yield {
            name: value[start : start + size] if name in batches and len(value) > 1 else value
            for name, value in inputs.items()
        }


def _opened(service: Service, workflow: Workflow | Document) -> AbstractContextManager[Workflow]:
    return nullcontext(workflow) if isinstance(workflow, Workflow) else service.library.sent(workflow)


def _picked(result: Result, asked: Asked) -> Result:
    """Return a result with the outputs that are wanted."""
    if asked.output is None:
        return result
    return Result([{asked.output: row[asked.output]} for row in result], result.errors, result.report)


def _as_json(result: Result) -> Response:
    content = {"outputs": result.to_dict(), "errors": [error_facts(error) for error in result.errors]}
    return Response(_line(content), media_type=JSON)


def _as_picture(result: Result, plan: Plan, asked: Asked) -> Response:
    if len(result) != 1:
        raise Fault(406, f"There are {len(result)} answers, and one picture is asked for.", "Send one picture.")
    ((output, value),) = result[0].items()
    if not isinstance(value, Image):
        found = "a list" if isinstance(value, list) else "nothing" if value is None else "no picture"
        others = [name for name in picture_outputs(plan) if name != output]
        other = f", or for another output with ?output=NAME: {', '.join(others)}" if others else ""
        raise Fault(406, f"The output {output!r} is {found} here.", f"Ask for JSON{other}.")
    ext = ".jpg" if asked.media == JPEG else ".png"
    return Response(value.encode(ext), headers=_called(_name(value, plan, output) + ext), media_type=asked.media)


def _name(image: Image, plan: Plan, output: str) -> str:
    """Return what a picture is called, a crop by the last part of its id.

    One that was sent without a name has the name of its input, which tells less than that of the output.
    """
    inputs = [item.name for item in plan.inputs]
    return output if image.id.partition(".[")[0] in inputs else PurePosixPath(image.id).stem


def _called(file: str) -> dict[str, str]:
    """Return the header by which clients name the file that they save.

    Names come from clients, so of theirs only letters that mean nothing in a header stand in it as they are.
    `filename*` has any name exactly; curl knows `filename` alone, so it gets one that is near.
    """
    file = base_name(file)
    plain = re.sub(r"[^\w.~-]", "_", file, flags=re.ASCII)
    exact = "" if plain == file else f"; filename*=utf-8''{quote(file)}"
    return {"Content-Disposition": f'inline; filename="{plain}"{exact}'}


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


def _is_picture(item: PlannedInput) -> bool:
    return any(kind.name == "image" for kind in item.kinds)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Fault(400, "The document is not UTF-8.", "Save it as UTF-8 and send it again.") from None


def _line(value: Any) -> bytes:
    return (
        json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
    )

"""The surface that existing clients call, `inference_sdk` among them: the same addresses, bodies and answers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from cropflow.registry import installed
from cropflow.result import Result
from cropflow.server import describe
from cropflow.server.desk import Cancelled
from cropflow.server.faults import Fault
from cropflow.server.gate import check_key
from cropflow.server.openapi import DEFINITION, ERRORS, NAMED_INTERFACE, NAMED_REQUEST, POSTED_REQUEST, RAW_DEFINITION
from cropflow.server.reading import is_form, mapping, parse
from cropflow.server.service import Service, service_of
from cropflow.workflow import Workflow

router = APIRouter(tags=["existing clients"], responses=ERRORS)
_UUID = str(uuid.uuid4())


@router.post("/workflows/run", summary="Run a document sent along", openapi_extra=POSTED_REQUEST)
@router.post("/infer/workflows", include_in_schema=False)
async def run_posted(request: Request) -> Response:
    """Run the document in `specification`."""
    service, body = await _body(request)
    document = mapping(body.get("specification"), "field `specification`")

    def work(cancelled: Cancelled) -> Response:
        with service.library.sent(document) as workflow:
            return _run(service, workflow, None, body, cancelled)

    return await service.desk.do(request, work)


@router.post("/{workspace}/workflows/{workflow}", summary="Run a document of the folder", openapi_extra=NAMED_REQUEST)
@router.post("/infer/workflows/{workspace}/{workflow}", include_in_schema=False)
async def run_named(request: Request, workspace: str, workflow: str) -> Response:
    """Run a workflow of the folder; the workspace may be any."""
    service, body = await _body(request)
    found = service.library.named(workflow)
    return await service.desk.do(request, lambda cancelled: _run(service, found, workflow, body, cancelled))


@router.post("/workflows/validate", summary="Check a document", openapi_extra=RAW_DEFINITION)
async def validate(request: Request) -> JSONResponse:
    """Compile a document; mistakes are told with 400."""
    service, body = await _body(request)
    document = body.get("specification", {name: value for name, value in body.items() if name != "api_key"})

    def work(_: Cancelled) -> JSONResponse:
        with service.library.sent(mapping(document, "document")):
            return JSONResponse({"status": "ok"})

    return await service.desk.do(request, work)


@router.post("/workflows/describe_interface", summary="Inputs and outputs of a document", openapi_extra=DEFINITION)
async def interface_posted(request: Request) -> JSONResponse:
    """Tell the kinds of the inputs and outputs of a document."""
    service, body = await _body(request)
    document = mapping(body.get("specification"), "field `specification`")

    def work(_: Cancelled) -> JSONResponse:
        with service.library.sent(document) as workflow:
            return JSONResponse(describe.interface(workflow))

    return await service.desk.do(request, work)


@router.post(
    "/{workspace}/workflows/{workflow}/describe_interface",
    summary="Inputs and outputs of a document of the folder",
    openapi_extra=NAMED_INTERFACE,
)
async def interface_named(request: Request, workspace: str, workflow: str) -> JSONResponse:
    """Tell the kinds of the inputs and outputs of a workflow of the folder."""
    service, _ = await _body(request)
    return JSONResponse(describe.interface(service.library.named(workflow)))


@router.get("/workflows/blocks/describe", summary="All blocks and how they connect")
@router.post("/workflows/blocks/describe", include_in_schema=False)
async def blocks(request: Request) -> JSONResponse:
    """Describe all installed blocks."""
    service = service_of(request)
    if request.method == "POST":
        service, _ = await _body(request)
    else:
        check_key(request, service.settings)
    return JSONResponse(await run_in_threadpool(describe.blocks, installed()))


@router.get("/workflows/definition/schema", summary="The JSON schema of documents")
async def schema(request: Request) -> JSONResponse:
    """Return the JSON schema of documents."""
    check_key(request, service_of(request).settings)
    return JSONResponse(await run_in_threadpool(describe.definition_schema))


@router.get("/workflows/execution_engine/versions", summary="The versions of documents")
async def versions(request: Request) -> JSONResponse:
    """Return the versions of documents that are taken."""
    check_key(request, service_of(request).settings)
    return JSONResponse(describe.versions())


@router.get("/info", summary="What this server is")
async def info(request: Request) -> JSONResponse:
    """Return name and version; clients ask for it without their key."""
    return JSONResponse({"name": "cropflow", "version": version("cropflow"), "uuid": _UUID})


async def _body(request: Request) -> tuple[Service, dict[str, Any]]:
    """Return the body, whose `api_key` counts where no other is given."""
    service = service_of(request)
    service.desk.check()
    data = await request.body()
    try:
        body = mapping(await run_in_threadpool(parse, data)) if data else {}
    except Fault:
        if not is_form(request):
            raise
        example = '{"inputs": {…}}' if "workflow" in request.path_params else '{"specification": {…}}'
        raise Fault(415, "This address takes JSON, not a form.", f"Send {example} as application/json.") from None
    check_key(request, service.settings, body.get("api_key"))
    return service, body


def _run(
    service: Service, workflow: Workflow, name: str | None, body: Mapping[str, Any], cancelled: Cancelled
) -> Response:
    sent = body.get("inputs")
    given = mapping({} if sent is None else sent, "field `inputs`")
    _check_places(body, given, workflow)
    excluded = _excluded(body.get("excluded_fields"))
    inputs = service.inputs(workflow, given)
    profiles, effects = bool(body.get("enable_profiling")), not body.get("disable_sinks")
    result = service.run(workflow, name, inputs, cancelled, effects=effects, meets=not profiles)
    rows = [{key: value for key, value in row.items() if key not in excluded} for row in result]
    shown = Result(rows, result.errors, result.report).to_dict()
    content = {"outputs": shown, "profiler_trace": _trace(result) if profiles else []}
    return Response(json.dumps(content, allow_nan=False, separators=(",", ":")), media_type="application/json")


def _check_places(body: Mapping[str, Any], given: Mapping[str, Any], workflow: Workflow) -> None:
    """Tell an input that stands beside `inputs`, where our own surface takes it."""
    for item in workflow.plan.inputs:
        if item.required and item.name not in given and item.name in body:
            raise Fault(
                400,
                f"The input {item.name!r} stands outside of `inputs`.",
                f'Send it as {{"inputs": {{"{item.name}": …}}}}.',
            )


def _excluded(value: Any) -> set[str]:
    if not isinstance(value, list | None) or not all(isinstance(name, str) for name in value or []):
        raise Fault(400, "The field `excluded_fields` must be a list of names.", "Correct it and send it again.")
    return set(value or [])


def _trace(result: Result) -> list[dict[str, Any]]:
    """Return when each step ran, as events of the Trace Event Format."""
    began = result.report.started
    return [
        {
            "name": step.step,
            "cat": step.block,
            "ph": "X",
            "ts": round((step.started - began) * 1e6, 1),
            "dur": round(step.seconds * 1e6, 1),
            "pid": 0,
            "tid": 0,
            "args": {"elements": step.elements, "calls": step.calls},
        }
        for step in result.report.steps
    ]

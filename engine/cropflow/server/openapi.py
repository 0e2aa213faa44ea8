"""The OpenAPI document: every served workflow is an operation of its own, with its inputs as fields of a form."""

from __future__ import annotations

from typing import Any

from cropflow.compiler.plan import Plan, PlannedInput

_ERROR = {
    "type": "object",
    "required": ["message", "error_type", "hint", "request_id"],
    "properties": {
        "message": {"type": "string"},
        "error_type": {"type": "string"},
        "context": {"type": "string"},
        "hint": {"type": "string"},
        "request_id": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "object"}},
        "blocks_errors": {"type": "array", "items": {"type": "object"}},
    },
}
_ERROR_JSON = {"application/json": {"schema": _ERROR}}
ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request is wrong; the message says what to do.", "content": _ERROR_JSON},
    401: {"description": "An API key is missing.", "content": _ERROR_JSON},
    403: {"description": "The API key or the origin is refused.", "content": _ERROR_JSON},
    404: {"description": "There is no such workflow.", "content": _ERROR_JSON},
    408: {"description": "The request was not complete in time.", "content": _ERROR_JSON},
    413: {"description": "The request is too large.", "content": _ERROR_JSON},
    415: {"description": "The body is of a kind that is not taken.", "content": _ERROR_JSON},
    421: {"description": "The server does not answer to this host name.", "content": _ERROR_JSON},
    422: {"description": "A step failed on this input.", "content": _ERROR_JSON},
    429: {"description": "The server is busy; Retry-After says when to come back.", "content": _ERROR_JSON},
    504: {"description": "The answer took too long.", "content": _ERROR_JSON},
}
NUMBERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Numbers in the text form.", "content": {"text/plain": {"schema": {"type": "string"}}}},
    **ERRORS,
}
_RUN_ERRORS: dict[int | str, Any] = {
    406: {"description": "The answer cannot be given in this form.", "content": _ERROR_JSON},
}
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
_PICTURE = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {"type": {"enum": ["base64", "url"]}, "value": {"type": "string"}},
    "example": {"type": "base64", "value": _PIXEL},
}
_DOCUMENT = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}],
    "steps": [{"type": "convert_grayscale@v1", "name": "grey", "image": "$inputs.image"}],
    "outputs": [{"type": "JsonField", "name": "grey", "selector": "$steps.grey.image"}],
}


def _json_body(properties: dict[str, Any], required: list[str], example: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "properties": properties}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


_KEY = {"api_key": {"type": ["string", "null"]}}
_RUN_FIELDS = {
    **_KEY,
    "inputs": {"type": "object", "additionalProperties": True},
    "excluded_fields": {"type": "array", "items": {"type": "string"}},
    "use_cache": {"type": "boolean"},
    "enable_profiling": {"type": "boolean"},
    "disable_sinks": {"type": "boolean"},
}
_SPECIFICATION = {"specification": {"type": "object", "description": "the document"}}
_INPUTS = {"inputs": {"image": {"type": "base64", "value": _PIXEL}}}
NAMED_REQUEST = _json_body(_RUN_FIELDS, [], _INPUTS)
POSTED_REQUEST = _json_body(
    {**_SPECIFICATION, **_RUN_FIELDS}, ["specification"], {"specification": _DOCUMENT, **_INPUTS}
)
DEFINITION = _json_body({**_SPECIFICATION, **_KEY}, ["specification"], {"specification": _DOCUMENT})
RAW_DEFINITION = _json_body(
    {
        "version": {"type": "string"},
        "inputs": {"type": "array", "items": {"type": "object"}},
        "steps": {"type": "array", "items": {"type": "object"}},
        "outputs": {"type": "array", "items": {"type": "object"}},
    },
    ["version", "inputs", "steps", "outputs"],
    _DOCUMENT,
)

_QUERY = [
    {
        "name": "on_error",
        "in": "query",
        "description": "`skip` answers for all other elements if one fails",
        "schema": {"enum": ["raise", "skip"], "default": "raise"},
    },
    {
        "name": "output",
        "in": "query",
        "description": "the only output to send back",
        "schema": {"type": "string"},
    },
]
_ANSWERS: dict[int | str, Any] = {
    200: {
        "description": "One object per picture in `outputs`; a line of JSON for each; or one picture.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["outputs", "errors"],
                    "properties": {
                        "outputs": {"type": "array", "items": {"type": "object"}},
                        "errors": {"type": "array", "items": {"type": "object"}},
                    },
                }
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
            "image/jpeg": {"schema": {"type": "string", "format": "binary"}},
            "image/png": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    **ERRORS,
    **_RUN_ERRORS,
}
SENT_RUN: dict[str, Any] = {
    "parameters": _QUERY,
    "responses": {str(status): answer for status, answer in _ANSWERS.items()},
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["workflow"],
                    "properties": {
                        "workflow": {"type": "string", "format": "binary", "description": "the document, YAML or JSON"},
                        "image": {"type": "string", "format": "binary", "description": "an input, under its name"},
                    },
                }
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["workflow"],
                    "properties": {"workflow": {"type": "object", "description": "the document"}, "image": _PICTURE},
                },
                "example": {"workflow": _DOCUMENT, **_INPUTS["inputs"]},
            },
        },
    },
}


def operation(name: str, plan: Plan) -> dict[str, Any]:
    """Describe `POST /run/{name}`."""
    form = {"type": "object", "properties": {item.name: _field(item, as_file=True) for item in plan.inputs}}
    data = {"type": "object", "properties": {item.name: _field(item, as_file=False) for item in plan.inputs}}
    required = [item.name for item in plan.inputs if item.required]
    for schema in (form, data):
        schema.update({"required": required} if required else {})
    outputs = ", ".join(f"`{item.name}`" for item in plan.outputs) or "none"
    return {
        "post": {
            "tags": ["run"],
            "operationId": f"run_{name}",
            "summary": f"Run {name}",
            "description": f"Outputs: {outputs}. Several files of one name are a batch.",
            "parameters": _QUERY,
            "requestBody": {
                "required": bool(required),
                "content": {"multipart/form-data": {"schema": form}, "application/json": {"schema": data}},
            },
            "responses": {str(status): answer for status, answer in _ANSWERS.items()},
        }
    }


def _field(item: PlannedInput, *, as_file: bool) -> dict[str, Any]:
    if any(kind.name == "image" for kind in item.kinds):
        return (
            {"type": "string", "format": "binary"} if as_file else {"oneOf": [_PICTURE, {"type": "array", "items": {}}]}
        )
    told = {"description": " or ".join(kind.name for kind in item.kinds)}
    return {**told, "default": item.default} if item.default is not None else told

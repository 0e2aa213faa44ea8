"""The OpenAPI document: every served workflow is an operation of its own, with its inputs as fields of a form."""

from __future__ import annotations

from typing import Any

from cropflow.compiler.plan import Plan, PlannedInput
from cropflow.serialize import to_json
from cropflow.server.describe import kind_schema

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
    431: {"description": "The headers are too large.", "content": _ERROR_JSON},
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
_BINARY = {"type": "string", "format": "binary"}
_OBJECTS = {"type": "array", "items": {"type": "object"}}
_FREE = ("/health", "/ready", "/info")
"""Addresses that ask for no key."""


def _answer(told: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": [*properties], "properties": properties}
    return {"description": told, "content": {"application/json": {"schema": schema}}}


_PORT = {"name": {"type": "string"}, "kinds": {"type": "array", "items": {"type": "string"}}}
_INPUT = {**_PORT, "required": {"type": "boolean"}, "default": {"description": "where there is one"}}
LISTING = _answer(
    "The workflows with their inputs and outputs.",
    workflows={
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "run", "inputs", "outputs"],
            "properties": {
                "name": {"type": "string"},
                "run": {"type": "string", "description": "the address to send pictures to"},
                "inputs": {"type": "array", "items": {"type": "object", "properties": _INPUT}},
                "outputs": {"type": "array", "items": {"type": "object", "properties": _PORT}},
            },
        },
    },
)
_RAN = {
    "responses": {"200": _answer("One object per picture in `outputs`.", outputs=_OBJECTS, profiler_trace=_OBJECTS)}
}
_INPUTS = {"inputs": {"image": {"type": "base64", "value": _PIXEL}}}
NAMED_INTERFACE = _json_body(_RUN_FIELDS, [], _INPUTS)
NAMED_REQUEST = {**NAMED_INTERFACE, **_RAN}
_POSTED = {"specification": _DOCUMENT, **_INPUTS}
POSTED_REQUEST = {**_json_body({**_SPECIFICATION, **_RUN_FIELDS}, ["specification"], _POSTED), **_RAN}
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
                        "outputs": _OBJECTS,
                        "errors": _OBJECTS,
                    },
                }
            },
            "application/x-ndjson": {"schema": {"type": "string"}},
            "image/jpeg": {"schema": _BINARY},
            "image/png": {"schema": _BINARY},
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
                        "workflow": {**_BINARY, "description": "the document, YAML or JSON"},
                        "image": {"type": "array", "items": _BINARY, "description": "an input, under its name"},
                    },
                }
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["workflow"],
                    "properties": {"workflow": {"type": "object", "description": "the document"}},
                },
                "example": {"workflow": _DOCUMENT, **_INPUTS["inputs"]},
            },
        },
    },
}


def operation(name: str, plan: Plan, *, allow_urls: bool) -> dict[str, Any]:
    """Describe `POST /run/{name}`."""
    pictures = [item for item in plan.inputs if _is_picture(item)]
    others = {item.name: _value(item) for item in plan.inputs if item not in pictures}
    files = {item.name: {"type": "array", "items": _BINARY} for item in pictures}
    texts = dict.fromkeys((item.name for item in pictures), _picture(allow_urls))
    required = [item.name for item in plan.inputs if item.required]
    bodies: dict[str, dict[str, Any]] = {
        "multipart/form-data": {"type": "object", "properties": {**files, **others}},
        "application/json": {"type": "object", "properties": {**texts, **others}},
    }
    for schema in bodies.values():
        schema.update({"required": required} if required else {})
    if len(pictures) == 1:
        bodies |= {"image/png": _BINARY, "image/jpeg": _BINARY}
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
                "content": {kind: {"schema": schema} for kind, schema in bodies.items()},
            },
            "responses": {str(status): answer for status, answer in _ANSWERS.items()},
        }
    }


def ask_for_keys(document: dict[str, Any]) -> None:
    """Say in an OpenAPI document how a key is sent, so that the page that shows it asks for one."""
    schemes = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    document.setdefault("components", {})["securitySchemes"] = schemes
    document["security"] = [{name: []} for name in schemes]
    for path in _FREE:
        for told in document["paths"][path].values():
            told["security"] = []


def default_of(item: PlannedInput) -> dict[str, Any]:
    """Return the default of an input that has one which may be shown."""
    is_secret = any(kind.name == "secret" for kind in item.kinds)
    return {} if item.default is None or is_secret else {"default": to_json(item.default)}


def _is_picture(item: PlannedInput) -> bool:
    return any(kind.name == "image" for kind in item.kinds)


def _picture(allow_urls: bool) -> dict[str, Any]:
    """The forms of a picture in JSON."""
    mapping = {
        "type": "object",
        "required": ["type", "value"],
        "properties": {"type": {"enum": ["base64", *(["url"] if allow_urls else [])]}, "value": {"type": "string"}},
        "example": {"type": "base64", "value": _PIXEL},
    }
    text = {"type": "string", "description": f"base64 text{' or a URL' if allow_urls else ''}"}
    return {"anyOf": [mapping, text, {"type": "array", "items": {}, "description": "a batch of them"}]}


def _value(item: PlannedInput) -> dict[str, Any]:
    """The schema of an input that is no picture, as far as its kinds have one that stands alone."""
    schemas = [kind_schema(kind) for kind in item.kinds]
    told = {"description": " or ".join(kind.name for kind in item.kinds), **default_of(item)}
    if not all(schemas) or any("$defs" in schema for schema in schemas):
        return told
    return {**(schemas[0] if len(schemas) == 1 else {"anyOf": schemas}), **told}

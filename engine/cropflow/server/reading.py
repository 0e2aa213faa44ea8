"""From the body and the address of a request to the inputs of a workflow, as they were sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TypeAlias

from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request

from cropflow.compiler.plan import Plan
from cropflow.server.faults import Fault
from cropflow.server.settings import Settings
from cropflow.server.slips import misnamed

_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_BESIDE = 1000
"""How many parts a form may have beside its pictures, such as the document and numbers."""
_LONGEST_NAME = 100
_IN_ADDRESS = ("on_error", "output")
_SINGLE = {"string", "float", "boolean"}
"""Kinds that no list is of, nor of those that are theirs too."""
_RESERVED = ("api_key", *_IN_ADDRESS)


def parse(data: bytes, what: str = "body") -> Any:
    """Parse JSON.

    Raises:
        Fault: it is none, is nested too deep, or holds NaN or infinity.
    """
    try:
        return read_json(data)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deep"
        raise Fault(400, f"The {what} is no JSON: {reason[:200]}", "Correct it and send it again.") from None


def read_json(data: bytes | str) -> Any:
    """Parse JSON whose numbers are all finite; 1e400 is none, which the parser takes for infinity.

    Raises:
        ValueError: it is no such JSON, or nested too deep.
    """
    value = from_json(data, allow_inf_nan=False)
    left = [value]
    while left:
        match left.pop():
            case dict() as item:
                left.extend(item.values())
            case list() as items:
                left.extend(items)
            case float() as number if not math.isfinite(number):
                raise ValueError("a number is too large")
    return value


def mapping(value: Any, what: str = "body") -> dict[str, Any]:
    """Return a value that is a JSON object.

    Raises:
        Fault: it is something else.
    """
    if not isinstance(value, dict):
        raise Fault(400, f"The {what} must be a JSON object, not {json_type(value)}.", "See /docs for an example.")
    return value


def json_type(value: object) -> str:
    """Name the type of a JSON value, for a message."""
    names: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        type(None): "null",
    }
    return names.get(type(value), "a number")


@dataclass(frozen=True, slots=True)
class File:
    """A file that was sent: its bytes, and the name the client gave it, which may be empty."""

    data: bytes
    name: str = ""


Parts: TypeAlias = dict[str, list[File | str]]
"""Files and texts by name, in the order they were sent."""


@dataclass(slots=True)
class Form:
    """What came as a form."""

    parts: Parts = field(default_factory=dict)


Body: TypeAlias = Form | File | dict[str, Any]
"""A form, the bytes of one picture, or JSON."""


def content_type(request: Request) -> str:
    """Return the content type of a body, without parameters; empty where none was sent."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_form(request: Request) -> bool:
    """Whether the body is sent as a form."""
    return content_type(request) in _FORMS


async def read_body(request: Request, settings: Settings, hint: str) -> Body:
    """Read a body of any kind that is taken; none at all is an empty mapping.

    Args:
        hint: tells what to send.

    Raises:
        Fault: it is of another kind, malformed, or has too many parts.
    """
    kind = content_type(request)
    if kind == "multipart/form-data":
        return await _read_form(request, settings)
    body = await request.body()
    if not body:
        return {}
    if kind == "application/json" or kind.endswith("+json"):
        return mapping(await run_in_threadpool(parse, body))
    if kind.startswith("image/") or kind == "application/octet-stream":
        return File(body)
    slip = misnamed(body)
    if slip is not None:
        raise slip
    if kind in _FORMS:
        return await _read_form(request, settings)
    told = f"The content type {kind[:60]!r} is not taken" if kind else "The body was sent without a content type"
    raise Fault(415, told, hint)


async def _read_form(request: Request, settings: Settings) -> Form:
    found, names = Form(), set[str]()
    try:
        async with request.form(
            max_files=settings.max_pictures + 1,  # a document may come as a file too
            max_fields=settings.max_pictures + _BESIDE,
            max_part_size=settings.max_body,
        ) as form:
            for name, part in form.multi_items():
                read: File | str
                if isinstance(part, UploadFile):
                    read = File(await part.read(), _unique(base_name(part.filename), names))
                else:
                    read = part
                found.parts.setdefault(name, []).append(read)
    except Fault:
        raise
    except Exception as error:  # python-multipart has several
        detail = getattr(error, "detail", None) or str(error)
        if detail.startswith("Too many files"):
            raise too_many_pictures(settings) from None
        if detail.startswith("Too many fields"):
            most = settings.max_pictures + _BESIDE
            raise Fault(413, f"The form has more than the {most} fields allowed.", "Send it in parts.") from None
        raise Fault(400, f"The form cannot be read: {detail}", "Send multipart/form-data, as `curl -F` does.") from None
    return found


def too_many_pictures(settings: Settings) -> Fault:
    """Return the fault of a request over the limit of pictures."""
    return Fault(413, f"The request has more than the {settings.max_pictures} pictures allowed.", "Send it in parts.")


def base_name(name: str | None) -> str:
    """Return what names a picture in results: no folders, nothing that does not show, and not too long."""
    shown = "".join(
        letter for letter in (name or "").replace("\\", "/").rpartition("/")[2] if letter.isprintable()
    ).strip()
    suffix = PurePosixPath(shown).suffix[:10]
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[: _LONGEST_NAME - len(suffix)]}{suffix}"


def _unique(name: str, names: set[str]) -> str:
    """Return a name that no other file of the request has, as names tell results apart: `a.png`, `a~2.png`."""
    path, number, unique = PurePosixPath(name), 1, name
    while unique and unique in names:
        number += 1
        unique = f"{path.stem}~{number}{path.suffix}"
    names.add(unique)
    return unique


def inputs_of(request: Request, body: Body, plan: Plan) -> dict[str, Any]:
    """Return inputs by name, from the body and the address.

    Raises:
        Fault: one stands in both, several values are given for one, or something else stands among them.
    """
    stated = _of_parts(_in_address(request), plan)
    match body:
        case Form():
            sent = _of_parts(body.parts, plan)
        case File():
            sent = {_only_picture(plan): body}
        case _:
            sent = body
    twice = next((name for name in stated if name in sent), None)
    if twice is not None:
        raise Fault(400, f"The input {twice[:100]!r} stands in the address and in the body.", "Leave one of them out.")
    _check_places(sent, plan)
    return stated | sent


def _in_address(request: Request) -> Parts:
    parts: Parts = {}
    for name, text in request.query_params.multi_items():
        if name not in _RESERVED:
            parts.setdefault(name, []).append(text)
    return parts


def _of_parts(parts: Parts, plan: Plan) -> dict[str, Any]:
    """A list where a name comes several times; texts are read as JSON where they are some."""
    given: dict[str, Any] = {}
    for name, found in parts.items():
        values = [part if isinstance(part, File) else _value(part, name, plan) for part in found]
        if len(values) > 1:
            _check_several(name, len(values), plan)
        given[name] = values[0] if len(values) == 1 else values
    return given


def _value(text: str, name: str, plan: Plan) -> Any:
    """Return what a text stands for: text where the input takes text only, else JSON if it is some."""
    item = next((item for item in plan.inputs if item.name == name), None)
    if item is not None and {kind.name for kind in item.kinds} <= {"string", "image", "secret", "model_id"}:
        return text
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return text


def _check_several(name: str, count: int, plan: Plan) -> None:
    item = next((item for item in plan.inputs if item.name == name), None)
    if item is not None and not item.level and all(_SINGLE & {kind.name, *kind.parents} for kind in item.kinds):
        raise Fault(400, f"The input {name!r} takes one value, and was sent {count} times.", "Send one.")


def _only_picture(plan: Plan) -> str:
    names = [item.name for item in plan.inputs if any(kind.name == "image" for kind in item.kinds)]
    if len(names) != 1:
        told = ", ".join(names) or "none"
        raise Fault(415, f"The workflow has not one picture as input but: {told}.", "Send a form with a part for each.")
    return names[0]


def _check_places(sent: Mapping[str, Any], plan: Plan) -> None:
    """Refuse what no input can be, as it belongs elsewhere."""
    names = [item.name for item in plan.inputs]
    for option in _IN_ADDRESS:
        if option in sent and option not in names:
            raise Fault(400, f"The workflow has no input {option!r}.", f"It stands in the address: ?{option}=VALUE.")
    if "inputs" not in names and isinstance(sent.get("inputs"), dict):
        example = f'{{"{names[0]}": …}}' if names else "{}"
        raise Fault(
            400,
            "The workflow has no input 'inputs'.",
            f"At this address inputs stand at the top: {example}. POST /workflows/run takes them in `inputs`.",
        )

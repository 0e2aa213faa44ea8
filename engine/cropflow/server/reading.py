"""From the body of a request to the inputs of a workflow: within limits, and never a path of this machine."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.requests import Request

from cropflow.compiler.plan import Plan, PlannedInput
from cropflow.errors import ImageError
from cropflow.image import Image
from cropflow.image.fetch import UrlPolicy, fetch
from cropflow.image.size import picture_size
from cropflow.image.wire import frame_of
from cropflow.server.faults import Fault
from cropflow.server.settings import Settings

_URL = re.compile(r"https?://", re.IGNORECASE)
_DEEPEST = 8
_SEND = 'Send pictures as files, as base64 text, or as {"type": "base64", "value": …}.'


def parse(data: bytes, what: str = "body") -> Any:
    """Parse JSON.

    Raises:
        Fault: it is none, is nested too deep, or holds NaN or infinity.
    """
    try:
        return read_json(data)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deep"
        raise Fault(400, f"The {what} is no JSON: {reason[:200]}.", "Correct it and send it again.") from None


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
        raise Fault(400, f"The {what} must be a JSON object, not {_json_type(value)}.", "See /docs for an example.")
    return value


@dataclass(slots=True)
class Form:
    """What came as a form: texts and pictures by name, in the order of the form."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[bytes]] = field(default_factory=dict)


async def read_form(request: Request, settings: Settings) -> Form:
    """Read a form.

    Raises:
        Fault: it is malformed, or has too many parts.
    """
    found = Form()
    try:
        async with request.form(
            max_files=settings.max_pictures, max_fields=settings.max_pictures, max_part_size=settings.max_body
        ) as form:
            for name, part in form.multi_items():
                if isinstance(part, UploadFile):
                    found.files.setdefault(name, []).append(await part.read())
                else:
                    found.texts.setdefault(name, []).append(part)
    except Fault:
        raise
    except Exception as error:  # python-multipart has several
        detail = getattr(error, "detail", None) or str(error)
        raise Fault(
            400, f"The form cannot be read: {detail}.", "Send multipart/form-data, as `curl -F` does."
        ) from None
    return found


def of_form(plan: Plan, form: Form) -> dict[str, Any]:
    """Return inputs by name: a list where a name comes several times; texts are read as JSON where they are some."""
    given: dict[str, Any] = {}
    for name, files in form.files.items():
        given[name] = files[0] if len(files) == 1 else files
    for name, texts in form.texts.items():
        values = [_value(plan, name, text) for text in texts]
        given[name] = values[0] if len(values) == 1 else values
    return given


def _value(plan: Plan, name: str, text: str) -> Any:
    """Return what a text stands for: text where the input takes text only, else JSON if it is some."""
    item = next((item for item in plan.inputs if item.name == name), None)
    if item is not None and {kind.name for kind in item.kinds} <= {"string", "image", "secret", "model_id"}:
        return text
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return text


class Pictures:
    """Reads the pictures of one request, which together may not be too many nor too large.

    Pictures are bytes, base64 text, data URIs, URLs if allowed, or the mappings of existing clients. A text is never
    taken for a path, nor is a pickled array ever opened. Runs in a thread: URLs are fetched here.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pictures = settings.max_pictures
        self._pixels = settings.max_pixels
        self._policy = UrlPolicy(allow=True, max_bytes=settings.max_body, timeout=min(20.0, settings.timeout))

    def read(self, plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return inputs in which pictures are `Image`s; names are checked by the workflow.

        Raises:
            Fault: a picture is none, or may not be given like this, or is too large.
        """
        by_name = {item.name: item for item in plan.inputs}
        return {name: self._input(by_name.get(name), name, value) for name, value in given.items()}

    def _input(self, item: PlannedInput | None, name: str, value: Any) -> Any:
        if item is None or value is None:
            return value
        if any(kind.name == "image" for kind in item.kinds):
            return self._nested(value, name, 0)
        return _no_bytes(value, name)

    def _nested(self, value: Any, name: str, depth: int) -> Any:
        if isinstance(value, list) and depth < _DEEPEST:
            return [self._nested(item, f"{name}.[{index}]", depth + 1) for index, item in enumerate(value)]
        return None if value is None else self._image(value, name)

    def _image(self, value: Any, name: str) -> Image:
        stream, frame, fps = frame_of(value, None, None, None) if isinstance(value, dict) else (None, None, None)
        data = self._data(value, name)
        self._count(data, name)
        return Image.load(data, id=name, stream=stream, frame=frame, fps=fps)

    def _data(self, value: Any, name: str) -> bytes:
        match value:
            case bytes():
                return value
            case str():
                return self._of_text(value, name)
            case {"type": "base64", "value": str() as text}:
                return _decoded(text, name)
            case {"type": "url", "value": str() as text}:
                return self._fetched(text, name)
            case {"type": "file"}:
                raise Fault(400, f"The picture {name!r} is a path; this server opens no files for clients.", _SEND)
            case {"type": "numpy_object"}:
                raise Fault(400, f"The picture {name!r} is a pickled array, which would run code.", _SEND)
            case {"type": str() as kind}:
                raise Fault(
                    400, f"The picture {name!r} has the unknown type {kind[:40]!r}, or no fitting value.", _SEND
                )
        raise Fault(400, f"The picture {name!r} must not be {_json_type(value)}.", _SEND)

    def _of_text(self, text: str, name: str) -> bytes:
        return self._fetched(text, name) if _URL.match(text) else _decoded(text, name)

    def _fetched(self, url: str, name: str) -> bytes:
        if not self._settings.allow_urls:
            raise Fault(400, f"The picture {name!r} is a URL; this server fetches none.", _SEND)
        try:
            return fetch(url, self._policy)
        except ImageError as error:
            raise Fault(
                400, f"The picture {name!r} cannot be fetched: {error}.", "Correct the URL, or send the picture."
            ) from None

    def _count(self, data: bytes, name: str) -> None:
        self._pictures -= 1
        if self._pictures < 0:
            raise Fault(
                413,
                f"The request has more than the {self._settings.max_pictures} pictures allowed.",
                "Send it in parts.",
            )
        width, height = picture_size(data) or (0, 0)  # what is no picture is told when it is decoded
        self._pixels -= width * height
        if self._pixels < 0:
            raise Fault(
                413,
                f"With the picture {name!r} ({width} × {height}) the request has more than the "
                f"{self._settings.max_pixels:,} pixels allowed.",
                "Scale pictures down, or send them in parts.",
            )


def _decoded(text: str, name: str) -> bytes:
    if text.startswith("data:"):
        head, _, text = text.partition(",")
        if not head.endswith(";base64"):
            raise Fault(400, f"The data URI of the picture {name!r} is not in base64.", _SEND)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Fault(400, f"The text of the picture {name!r} is not base64.", _SEND) from None


def _no_bytes(value: Any, name: str) -> Any:
    if isinstance(value, bytes) or (isinstance(value, list) and any(isinstance(item, bytes) for item in value)):
        raise Fault(400, f"The input {name!r} takes no file.", f"Send its value as text: -F {name}=VALUE.")
    return value


def _json_type(value: object) -> str:
    names: dict[type, str] = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        type(None): "null",
    }
    return names.get(type(value), "a number")

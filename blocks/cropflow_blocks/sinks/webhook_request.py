"""What a webhook carries: values of a workflow as query, headers and body of a request."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from cropflow.image import Image
from cropflow.serialize import to_json

_IN_NAMES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is ready to be sent: a snapshot, so it may wait while the workflow goes on."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


def make_request(
    method: str,
    url: str,
    query: Mapping[str, Any],
    headers: Mapping[str, Any],
    payload: Mapping[str, Any],
    files: Mapping[str, Any],
    form: Mapping[str, Any],
) -> Request:
    """Put a request together.

    Raises:
        ValueError: a value cannot be sent, such as text that is not Unicode.
        ImageError: a picture cannot be decoded.
    """
    empty = method == "GET" and not (payload or files or form)
    body, content_type = (None, None) if empty else make_body(payload, files, form)
    return Request(method, with_query(url, query), with_type(headers, content_type), body)


def with_query(url: str, parameters: Mapping[str, Any]) -> str:
    """Return a URL with further parameters behind those it has; lists are repeated, missing values left out."""
    if not parameters:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(list(_pairs(parameters)))]))
    return urlunsplit(parts._replace(query=query))


def with_type(headers: Mapping[str, Any], content_type: str | None) -> dict[str, str]:
    """Return headers as text, with the type of the body unless they tell it themselves."""
    told = {name: str(value) for name, value in headers.items() if value is not None}
    if content_type is None or any(name.lower() == "content-type" for name in told):
        return told
    return {"Content-Type": content_type, **told}


def make_body(payload: Mapping[str, Any], files: Mapping[str, Any], form: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the body and its type: parts where there are files, else a form where there is one, else JSON."""
    if files:
        return _parts(files, form)
    if form:
        return urlencode(list(_pairs(form))).encode(), "application/x-www-form-urlencoded"
    return json.dumps(to_json(payload), allow_nan=False).encode(), "application/json"


def _pairs(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            if item is not None:
                yield name, _text(item)


def _text(value: Any) -> str:
    """Return the text of a value in a form or query; lists, mappings and predictions as JSON."""
    return str(value) if isinstance(value, str | int | float) else json.dumps(to_json(value), allow_nan=False)


def _parts(files: Mapping[str, Any], form: Mapping[str, Any]) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    parts = [_part(name, text.encode()) for name, text in _pairs(form)]
    parts += [_file(name, value) for name, value in files.items() if value is not None]
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _file(name: str, value: Any) -> bytes:
    match value:
        case Image():
            return _part(name, value.encode(".jpg"), f"{name}.jpg", "image/jpeg")
        case bytes() | bytearray() | memoryview():
            return _part(name, bytes(value), name)
        case str():
            return _part(name, value.encode(), name)
    return _part(name, json.dumps(to_json(value), allow_nan=False).encode(), name, "application/json")


def _part(name: str, content: bytes, file: str | None = None, content_type: str | None = None) -> bytes:
    head = f'Content-Disposition: form-data; name="{name.translate(_IN_NAMES)}"'
    head += f'; filename="{file.translate(_IN_NAMES)}"' if file is not None else ""
    head += f"\r\nContent-Type: {content_type}" if content_type else ""
    return head.encode() + b"\r\n\r\n" + content

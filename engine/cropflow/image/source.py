"""Finds out what a value given as a picture is, and returns the function that reads its pixels later.

Only the kind of the value is judged at once. Everything that can go wrong with the content (a missing file, a
refused URL, damaged bytes) goes wrong on reading, so that one bad picture of a folder stays one bad picture.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from cropflow.errors import ImageError, nearest
from cropflow.image.decode import Pixels, decode
from cropflow.image.fetch import UrlPolicy, fetch

Reader: TypeAlias = Callable[[], Pixels]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LONGEST_PATH = 4096
_EXPECTED = (
    "a path, bytes, base64 text, a data URI, a URL, a uint8 numpy array, a PIL image or "
    "{'type': 'file' | 'url' | 'base64' | 'numpy_object', 'value': …}"
)


def find_reader(value: object, name: str, policy: UrlPolicy, base: Path | None) -> Reader:
    """Return the function that reads the pixels of an encoded picture.

    Args:
        value: text (data URI, URL, path or base64), a path object, or bytes.
        name: what to call a picture without a path or URL in an error.
        policy: which URLs may be fetched.
        base: the folder that paths are relative to, before the current one.

    Raises:
        ImageError: at once where the value cannot be a picture; by the returned function where the picture is
            missing, refused or damaged.
    """
    if isinstance(value, str):
        return _text_reader(value, name, policy, base)
    if isinstance(value, os.PathLike):
        return partial(_read_path, Path(value), base)
    if isinstance(value, bytes | bytearray | memoryview):
        return partial(decode, bytes(value), name)
    raise ImageError(f"{name}: expected {_EXPECTED}; found {type(value).__module__}.{type(value).__qualname__}")


def unwrap(wire: Mapping[str, object], name: str) -> object:
    """Return what a mapping `{"type": …, "value": …}` holds, in a form that leaves no doubt about its kind.

    Raises:
        ImageError: the type is unknown, or the value does not fit it. Pickled arrays are never opened.
    """
    kind, value = wire.get("type"), wire.get("value")
    match kind, value:
        case "file", str() if value:
            return Path(value)
        case "url", str() if _URL.match(value):
            return value
        case "base64", str():
            return value if value.startswith("data:") else f"data:;base64,{value}"
        case "base64", bytes():
            return f"data:;base64,{value.decode('ascii', 'replace')}"
        case "numpy_object", _ if type(value).__module__ == "numpy":
            return value
    raise ImageError(f"{name}: {_advice_on_wire(kind, value)}")


def _advice_on_wire(kind: object, value: object) -> str:
    wanted = {
        "file": "a path as text",
        "url": "a URL as text",
        "base64": "base64 text",
        "numpy_object": "a numpy array in memory (pickled arrays are refused)",
    }
    if kind in wanted:
        return f"a picture of type {kind!r} needs {wanted[str(kind)]} as 'value', found {type(value).__name__}"
    hint = "".join(f", did you mean {name!r}?" for name in nearest(str(kind), wanted)[:1])
    return f"unknown picture type {kind!r}, expected one of {', '.join(wanted)}{hint}"


def _text_reader(text: str, name: str, policy: UrlPolicy, base: Path | None) -> Reader:
    if text.startswith("data:"):
        return partial(_read_data_uri, text, name)
    if _URL.match(text):
        return partial(_read_url, text, policy)
    return partial(_read_path_or_base64, text, name, base)


def _read_url(url: str, policy: UrlPolicy) -> Pixels:
    return decode(fetch(url, policy), url)


def _read_data_uri(uri: str, name: str) -> Pixels:
    head, comma, body = uri.partition(",")
    if not comma:
        raise ImageError(f"{name}: a data URI needs a comma before its data, found {_short(uri)}")
    if not head.endswith(";base64"):
        return decode(unquote_to_bytes(body), name)
    try:
        return decode(_from_base64(body), name)
    except ValueError as error:
        raise ImageError(f"{name}: the text is not base64 ({error}): {_short(body)}") from error


def _from_base64(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def _read_path_or_base64(text: str, name: str, base: Path | None) -> Pixels:
    """A file wins over base64: most short paths without a suffix are valid base64 as well."""
    if len(text) <= _LONGEST_PATH and any(_is_file(path) for path in _candidates(Path(text), base)):
        return _read_path(Path(text), base)
    try:
        return decode(_from_base64(text), name)
    except (ValueError, ImageError):
        raise ImageError(_not_found(text, base)) from None


def _not_found(text: str, base: Path | None) -> str:
    if len(text) > _LONGEST_PATH:
        return f"the text {_short(text)} ({len(text):,} characters) is not the base64 of a picture"
    tried = ", ".join(str(path) for path in _candidates(Path(text), base))
    return f"{_short(text)}: no such picture file (tried {tried}), nor is the text base64 of a picture"


def _read_path(path: Path, base: Path | None) -> Pixels:
    tried = _candidates(path, base)
    found = next((candidate for candidate in tried if _is_file(candidate)), None)
    if found is None:
        raise ImageError(f"{path}: no such picture file (tried {', '.join(map(str, tried))})")
    try:
        data = found.read_bytes()
    except OSError as error:
        raise ImageError(f"{found}: cannot be read: {error.strerror or error}") from error
    return decode(data, str(found))


def _candidates(path: Path, base: Path | None) -> list[Path]:
    folders = [base.absolute()] if base is not None else []
    return list(dict.fromkeys(folder / path for folder in [*folders, Path.cwd()]))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long for the file system, or not allowed to look
        return False


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:60]}…")

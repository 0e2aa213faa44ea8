"""Keeps secrets out of everything that leaves a workflow as text, also where they travelled through other steps.

The engine notes the value of every input, output and literal of kind `secret`. Each way out passes through a
`Hidden` once: results, errors, records of the `cropflow` logger, and what is written into the output folder. So no
block has to know. What a block sends by itself, such as the header of a webhook, carries the real value.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import threading
import traceback
import weakref
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import PurePath
from typing import Any, overload
from urllib.parse import quote, quote_plus

import numpy as np
import numpy.typing as npt

from cropflow.errors import BlockError, CropflowError, ImageError, InputError, ModelError, RequestError, RunError
from cropflow.kinds import is_detections

MASK = "***"
_SHORTEST = 4
"""A shorter secret is hidden only where it is the whole text: a `1` stands in every second number."""
_SAME_TYPE = (BlockError, ImageError, InputError, ModelError)


class Hidden:
    """The secrets of one workflow, and what is left of a text, a value or an error without them.

    A secret is found as it is and as it reads inside JSON, a table, a URL or a Python literal; not where a step
    changed it (upper case, base64, a part of it, pixels).

    >>> hidden = Hidden()
    >>> hidden.add(["hunter2"])
    >>> hidden.value({"url": "https://example.com/?key=hunter2"})
    {'url': 'https://example.com/?key=***'}
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._inside: re.Pattern[str] | None = None

    def add(self, values: Iterable[object]) -> None:
        """Note secrets; what is no text, such as a missing value, is passed over."""
        fresh = {value for value in values if isinstance(value, str) and value} - self._known
        if not fresh:
            return
        with self._lock:
            self._known |= fresh
            forms = {form for value in self._known for form in _forms(value)}
            long = sorted((form for form in forms if len(form) >= _SHORTEST), key=lambda form: (-len(form), form))
            self._inside = re.compile("|".join(map(re.escape, long))) if long else None
        _watch_log(self)

    def text(self, text: str, mask: str = MASK) -> str:
        """Return a text without the secrets; the same object where there are none."""
        if text in self._known:
            return mask
        clean, found = self._inside.subn(mask, text) if self._inside is not None else (text, 0)
        return clean if found else text

    def data(self, data: bytes) -> bytes:
        """Return encoded text without the secrets; what is no UTF-8, such as a picture, as it is."""
        if not self._known:
            return data
        try:
            text = bytes(data).decode()
        except UnicodeDecodeError:
            return data
        clean = self.text(text)
        return data if clean == text else clean.encode()

    def value(self, value: Any) -> Any:
        """Return a value without the secrets in its texts, however deep; the value itself where there are none."""
        return self._value(value) if self._known else value

    @overload
    def error(self, error: RunError) -> RunError: ...
    @overload
    def error(self, error: Exception) -> Exception: ...
    def error(self, error: Exception) -> Exception:
        """Return an error that shows no secret, nor does any it was caused by; the error itself where none does."""
        if not self._known or not self._is_shown(error):
            return error
        clean = self._clean(error)
        if error.__cause__ is not None:
            cause = error.__cause__
            clean.__cause__ = self.error(cause) if isinstance(cause, Exception) else None
        return clean.with_traceback(error.__traceback__)

    def _is_shown(self, error: BaseException) -> bool:
        """Whether a secret stands in an error or in what it was caused by; source lines count as well."""
        text = "".join(traceback.format_exception(error))
        return self.text(text) is not text

    def _clean(self, error: Exception) -> Exception:
        text = self.text(str(error))
        if isinstance(error, RunError):
            message = self.text(error.message)
            return RunError(message, step=error.step, block=error.block, element=error.element, row=error.row)
        if isinstance(error, RequestError):
            return RequestError(text, sent=error.sent)
        if type(error) in _SAME_TYPE:
            return type(error)(text)
        return CropflowError(f"{type(error).__name__}: {text}")

    def _value(self, value: Any) -> Any:
        """Return the very same object where nothing in it changes: no copies, and no odd type is made anew."""
        match value:
            case str():
                return self.text(value)
            case bytes() | bytearray():
                return self.data(bytes(value))
            case Mapping():
                clean = {self._value(key): self._value(item) for key, item in value.items()}
                return value if _same([*value, *value.values()], [*clean, *clean.values()]) else clean
            case list() | tuple() | AbstractSet():
                items = [self._value(item) for item in value]
                return value if _same(list(value), items) else _like(value, items)
            case PurePath():
                return self.text(str(value)) if self.text(str(value)) != str(value) else value
            case np.ndarray():
                return self._array(value) if value.dtype.kind in "USO" else value
        return self._object(value)

    def _array(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        items = array.ravel().tolist()
        if array.dtype.kind == "U" and self._known.isdisjoint(items):
            together = "\0".join(items)  # one search for a whole column of names or ids
            if self.text(together) is together:
                return array
        clean = [self._value(item) for item in items]
        if _same(items, clean):
            return array
        made = np.empty(len(clean), object)
        made[:] = clean
        return made.reshape(array.shape).astype(array.dtype.kind)

    def _object(self, value: Any) -> Any:
        if is_detections(type(value)):
            return self._replaced(value, ("data", "metadata"))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._replaced(value, [field.name for field in dataclasses.fields(value) if field.init])
        if hasattr(value, "model_dump"):
            plain = value.model_dump()
            clean = self._value(plain)
            return value if clean is plain else clean
        return value

    def _replaced(self, value: Any, names: Iterable[str]) -> Any:
        before = {name: getattr(value, name) for name in names}
        after = {name: self._value(item) for name, item in before.items()}
        changed = {name: item for name, item in after.items() if item is not before[name]}
        return dataclasses.replace(value, **changed) if changed else value


def flat(values: object) -> Iterator[object]:
    """Give a value, or the members of a list of any depth."""
    if isinstance(values, list | tuple):
        for item in values:
            yield from flat(item)
    else:
        yield values


def _same(before: list[Any], after: list[Any]) -> bool:
    return len(before) == len(after) and all(one is other for one, other in zip(before, after, strict=True))


def _like(value: Any, items: list[Any]) -> Any:
    """Return a list, tuple or set of the same kind with other members."""
    if hasattr(value, "_fields"):
        return type(value)(*items)
    return list(items) if isinstance(value, list) else tuple(items) if isinstance(value, tuple) else set(items)


def _forms(value: str) -> set[str]:
    """Return the ways in which a text may stand inside another one."""
    forms = {value, value.strip(), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {text.encode("utf-8", "backslashreplace").decode() for text in forms}  # as lone surrogates are written
    forms |= {repr(value)[1:-1], *(quote(value, safe, errors="replace") for safe in ("/", ""))}
    forms |= {quote_plus(value, errors="replace")}
    return {form for text in forms for form in (text, text.replace('"', '""'))}


_live: weakref.WeakSet[Hidden] = weakref.WeakSet()
_live_lock = threading.Lock()


def _watch_log(hidden: Hidden) -> None:
    """Have records of the `cropflow` logger cleaned; it is one for all workflows, so the secrets of all count."""
    with _live_lock:
        _live.add(hidden)
    logging.getLogger("cropflow").addFilter(_clean_record)


def _clean_record(record: logging.LogRecord) -> bool:
    with _live_lock:
        alive = list(_live)
    for hidden in alive:
        message = record.getMessage()
        clean = hidden.text(message)
        if clean is not message:
            record.msg, record.args = clean, ()
        _clean_traceback(record, hidden)
    return True


def _clean_traceback(record: logging.LogRecord, hidden: Hidden) -> None:
    if record.exc_info and record.exc_info[0] is not None:
        told = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        clean = hidden.text(told)
        if clean is not told:
            record.exc_text, record.exc_info = clean, None
    elif record.exc_text:
        record.exc_text = hidden.text(record.exc_text)

"""From what was sent to pictures: within limits, and never a path of this machine."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from cropflow.compiler.plan import Plan, PlannedInput
from cropflow.errors import ImageError
from cropflow.image import Image
from cropflow.image.fetch import UrlPolicy, fetch
from cropflow.image.size import picture_size
from cropflow.image.wire import frame_of
from cropflow.server.faults import Fault
from cropflow.server.reading import File, json_type, too_many_pictures
from cropflow.server.settings import Settings
from cropflow.server.slips import file_hint

_URL = re.compile(r"https?://", re.IGNORECASE)
_DEEPEST = 8
_LONGEST_SIDE = 65_535
"""A picture over the limit with a longer side is taken for damaged: most formats cannot hold one."""
_SEND = 'Send pictures as files, as base64 text, or as {"type": "base64", "value": …}.'


class Pictures:
    """Reads the pictures of one request, which together may not be too many nor too large.

    Pictures are files, base64 text, data URIs, URLs if allowed, or the mappings of existing clients. A text is never
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
        return _no_file(value, name)

    def _nested(self, value: Any, name: str, depth: int) -> Any:
        if isinstance(value, list) and depth < _DEEPEST:
            return [self._nested(item, f"{name}.[{index}]", depth + 1) for index, item in enumerate(value)]
        return None if value is None else self._image(value, name)

    def _image(self, value: Any, name: str) -> Image:
        stream, frame, fps = frame_of(value, None, None, None) if isinstance(value, dict) else (None, None, None)
        data = self._data(value, name)
        called = value.name if isinstance(value, File) and value.name else name
        self._count(data, called)
        return Image.load(data, id=called, stream=stream, frame=frame, fps=fps)

    def _data(self, value: Any, name: str) -> bytes:
        match value:
            case File(data=data):
                return data
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
        raise Fault(400, f"The picture {name!r} must not be {json_type(value)}.", _SEND)

    def _of_text(self, text: str, name: str) -> bytes:
        return self._fetched(text, name) if _URL.match(text) else _decoded(text, name)

    def _fetched(self, url: str, name: str) -> bytes:
        if not self._settings.allow_urls:
            raise Fault(
                400,
                f"The picture {name!r} is a URL; this server fetches none.",
                "Send the picture itself, or ask the operator to allow URLs with --allow-urls.",
            )
        try:
            return fetch(url, self._policy)
        except ImageError as error:
            raise Fault(
                400, f"The picture {name!r} cannot be fetched: {error}", "Correct the URL, or send the picture."
            ) from None

    def _count(self, data: bytes, name: str) -> None:
        self._pictures -= 1
        if self._pictures < 0:
            raise too_many_pictures(self._settings)
        width, height = picture_size(data) or (0, 0)  # what is no picture is told when it is decoded
        self._pixels -= width * height
        if self._pixels < 0 and max(width, height) > _LONGEST_SIDE:
            raise Fault(
                400,
                f"The picture {name!r} is damaged: its header tells of {width} × {height} pixels.",
                "Send the file as it is; with curl that is --data-binary, as -d leaves out line ends.",
            )
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
        hint = file_hint(name.partition(".[")[0], text) or _SEND
        raise Fault(400, f"The text of the picture {name!r} is not base64.", hint) from None


def _no_file(value: Any, name: str) -> Any:
    if isinstance(value, File) or (isinstance(value, list) and any(isinstance(item, File) for item in value)):
        raise Fault(400, f"The input {name!r} takes no file.", f"Send its value as text: -F {name}=VALUE.")
    return value

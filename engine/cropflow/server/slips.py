"""What is often sent by mistake, told by how it looks, and what to say to whoever sent it."""

from __future__ import annotations

import re

from cropflow.image.header import is_video
from cropflow.server.faults import Fault, without_paths

_FORMATS = {b"\xff\xd8\xff": "jpeg", b"\x89PNG": "png", b"GIF8": "gif", b"II*\0": "tiff", b"MM\0*": "tiff"}
_PATH = re.compile(r"[^\r\n{}]{1,200}\.(ya?ml|json|png|jpe?g|webp|bmp|gif|tiff?|avif|jp2)", re.IGNORECASE)


def misnamed(body: bytes) -> Fault | None:
    """Return the fault of a body whose content type is not taken, by what the body is: JSON, a picture or a video."""
    found = _picture_format(body)
    if found is not None:
        return Fault(
            415,
            f"The body looks like a picture ({found.upper()}).",
            f"Send it with --data-binary, and add -H 'Content-Type: image/{found}'.",
        )
    if is_video(body):
        return Fault(415, "The body is a video.", "Use `cropflow run`, or send its frames as pictures.")
    if body[:100].lstrip().startswith((b"{", b"[")):
        return Fault(415, "The body looks like JSON.", "Add -H 'Content-Type: application/json'.")
    return None


def file_hint(name: str, text: str) -> str:
    """Return advice for a text that names a file instead of being one; empty for any other text."""
    text = text.strip()
    return f"To send a file write -F {name}=@{without_paths(text)}." if _PATH.fullmatch(text) else ""


def _picture_format(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return next((name for start, name in _FORMATS.items() if data.startswith(start)), None)

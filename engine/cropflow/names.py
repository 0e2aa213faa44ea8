"""Makes names that every file system takes, since class names and ids come from models and users.

What a file system refuses is written as in URLs (`a/b` → `a%2Fb`), so that different names stay different and
can be read back.
"""

from __future__ import annotations

import hashlib
import re

_REFUSED = re.compile(r'[\x00-\x1f\x7f"%*/:<>?\\|\ud800-\udfff]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)
_VALUE_BYTES = 80
_NAME_BYTES = 180


def safe_name(text: str) -> str:
    """Return a name for a file or folder that no file system refuses; different texts give different names.

    Separators, control characters and what Windows refuses are percent-encoded, a name of a Windows device is
    broken, and a long name is cut and ends in a hash of the whole.

    >>> safe_name("Straße 3"), safe_name("cat/dog"), safe_name(".."), safe_name("Nul.txt")
    ('Straße 3', 'cat%2Fdog', '.%2E', '%4Eul.txt')
    """
    return _legal(_REFUSED.sub(_encode, text), _VALUE_BYTES)


def safe_path(text: str) -> str:
    """Return a relative path with `/` between the safe names of its parts; no part leads upwards.

    >>> safe_path("C:\\\\photos/../a.jpg")
    'C%3A/photos/.%2E/a.jpg'
    """
    return "/".join(safe_name(part) for part in re.split(r"[\\/]+", text) if part)


def tidy_path(path: str, ext: str) -> str:
    """Put a path together whose parts were filled in from safe names, and give it its extension.

    Parts that came out empty are left out; parts that became too long, or illegal by being put together, are
    mended as `safe_name` does.
    """
    parts = [part for part in re.split(r"[\\/]+", path) if part not in ("", ".")]
    *folders, stem = parts if parts and not path.endswith("/") else [*parts, "unnamed"]
    return "/".join([*(_legal(part, _NAME_BYTES) for part in folders), _legal(stem, _NAME_BYTES) + ext])


def _legal(name: str, most: int) -> str:
    if _DEVICES.match(name):
        name = _percent(name[0]) + name[1:]
    if name.endswith((".", " ")):
        name = name[:-1] + _percent(name[-1])
    return name if len(name.encode()) <= most else _shortened(name, most)


def _shortened(name: str, most: int) -> str:
    mark = "~" + hashlib.sha256(name.encode()).hexdigest()[:16]
    return name.encode()[: most - len(mark)].decode(errors="ignore") + mark


def _encode(match: re.Match[str]) -> str:
    return _percent(match.group())


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))

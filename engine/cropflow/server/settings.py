"""What the server is told when it starts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cropflow.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve.

    Attributes:
        workflows: folder with the documents that are served by name.
        models: folder that documents which clients send along may take weights from; those of the folder look there
            too.
        output: folder that sinks write into; without it, documents with such sinks are refused.
        keys: who has one of these may ask; nobody needs one where there are none.
        hosts: names by which the server may be called; `*` takes any. Keeps web pages from reaching it by another name.
        origins: web pages of these origins may call it from a browser, such as `https://example.com`.
        allow_urls: pictures are fetched, and documents that clients send along may send requests; to public addresses
            only, in both cases.
        concurrency: how many requests run at the same time.
        queue: how many may wait beside them.
        timeout: seconds for reading a request, and again for answering it.
        max_body: bytes of a request.
        max_pictures: pictures in a request.
        max_pixels: pixels of all pictures of a request together.

    Raises:
        InputError: a folder is not there, or a host or origin is written in another form than browsers send.
    """

    workflows: Path | None = None
    models: Path | None = None
    output: Path | None = None
    keys: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    origins: tuple[str, ...] = ()
    allow_urls: bool = False
    concurrency: int = 64
    queue: int = 256
    timeout: float = 60.0
    max_body: int = 64 * 2**20
    max_pictures: int = 256
    max_pixels: int = 100_000_000

    def __post_init__(self) -> None:
        """Look for the folders, and bring hosts and origins into the form they are compared in."""
        for option, folder in (("--workflows", self.workflows), ("--models", self.models)):
            if folder is not None and not folder.is_dir():
                there = f"{folder} is a file; give its folder" if folder.is_file() else f"there is no folder {folder}"
                raise InputError(f"{there}; correct {option}")
        object.__setattr__(self, "hosts", tuple(map(_host, self.hosts)))
        object.__setattr__(self, "origins", tuple(map(_origin, self.origins)))


def _host(text: str) -> str:
    """Return a host name as the gate compares it."""
    name = text.strip().lower()
    if not re.fullmatch(r"\[[^\s/\]]+\]|[^\s/:\[\]]+", name):
        right = name.rpartition("//")[2].partition("/")[0].partition(":")[0]
        raise InputError(f"--host-name {text}: give the name alone, such as {right or 'their.example'}")
    return name


def _origin(text: str) -> str:
    """Return an origin as browsers send it: scheme and host, without a slash at the end."""
    origin = text.strip().lower().rstrip("/")
    if origin != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s]+", origin):
        scheme, _, rest = origin.rpartition("//")
        right = f"{scheme or 'https:'}//{rest.partition('/')[0] or 'their.example'}"
        raise InputError(f"--allow-origin {text}: an origin is a scheme and a host, such as {right}")
    return origin

"""What the server is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to serve.

    Attributes:
        workflows: folder with the documents that are served by name.
        models: folder that documents which clients send along may take weights from.
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

"""Real servers on loopback: `cropflow serve` in a process of its own, asked over HTTP."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]
SCENES = ROOT / "examples" / "digits" / "scenes"


@dataclass
class Server:
    """A running server: where it is, and what it logged."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def client(self, **options: object) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60, trust_env=False, **options)  # type: ignore[arg-type]

    def memory(self) -> int:
        """Return the resident memory in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def facts(self) -> list[dict[str, object]]:
        """Return the log, line by line."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]


@contextmanager
def serving(
    *options: str, env: dict[str, str] | None = None, ready: bool = True, prelude: str = ""
) -> Iterator[Server]:
    """Run a server on a free port until the block ends; it must then stop by itself when it is asked to.

    Args:
        prelude: Python code that runs before it in the same process.
    """
    program = f"{prelude}\nfrom cropflow.cli import main; main()"
    command = [sys.executable, "-c", program, "serve", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
    server = Server("", process)
    assert process.stderr is not None
    for line in process.stderr:
        server.lines.append(line)
        if "running on http" in line:
            server.url = json.loads(line)["message"].split(" running on ")[1].split(" ")[0]
            break
    assert server.url, "".join(server.lines)
    reader = threading.Thread(target=lambda: server.lines.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        if ready:
            wait_until_ready(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        reader.join(5)


def wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + 120
    with server.client() as client:
        while client.get("/ready").status_code != 200:
            assert time.monotonic() < deadline, "".join(server.lines)
            time.sleep(0.1)


def png(width: int, height: int, data: bytes) -> bytes:
    """Make a PNG of 1 bit per pixel that claims a size; its compressed data may hold something else."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the documents of this repository, without any option that opens it further."""
    out = tmp_path_factory.mktemp("served")
    with serving("--workflows", "workflows", "--models", "models", "--out", str(out)) as server:
        yield server


@pytest.fixture
def client(served: Server) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client

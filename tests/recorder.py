"""A real web server on this machine that notes every request, for tests of whatever sends some."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Recorder:
    """What came so far, and how the requests to come are answered.

    Attributes:
        answers: status and headers of the answers, in order; 200 when there are none left.
        hang_up: close the connection in place of an answer.
        gate: while it is cleared, answers wait.
    """

    url: str
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    hang_up: bool = False
    gate: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def recording() -> Iterator[Recorder]:
    """Serve until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.received.append(Received(self.command, self.path, headers, body))
            recorder.gate.wait(20)
            if recorder.hang_up:
                self.connection.close()
                return
            status, told = recorder.answers.pop(0) if recorder.answers else (200, {})
            self.send_response(status)
            for name, value in {"Content-Length": "2", **told}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    recorder = Recorder(f"http://127.0.0.1:{server.server_port}")
    recorder.gate.set()
    try:
        yield recorder
    finally:
        recorder.gate.set()
        server.shutdown()
        server.server_close()

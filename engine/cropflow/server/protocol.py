"""Cuts off clients whose request has a head without end, in bytes or in time; bodies are the business of the gate."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 2**10
LONGEST_HEAD = 10.0
"""Bytes and seconds for the first line and the headers of a request."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with bounds for what comes before a body."""

    _head = 0
    _is_head = True
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock for the first head."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on what may belong to a head only as far as a head may go, so that no larger one is ever complete."""
        while data and self._is_head and not self.transport.is_closing():
            part, data = data[: LARGEST_HEAD - self._head], data[LARGEST_HEAD - self._head :]
            self._head += len(part)
            super().data_received(part)
            if self._head >= LARGEST_HEAD:
                self._refuse(431, f"The request has more than {LARGEST_HEAD:,} bytes of headers. Send shorter ones.")
        if data and not self.transport.is_closing():
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Start the clock for a head that follows another request."""
        super().on_message_begin()
        if self._clock is None:
            self._expect()

    def on_headers_complete(self) -> None:
        """End a head."""
        self._stop()
        self._head, self._is_head = 0, False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Take what comes next for a head again."""
        super().on_message_complete()
        self._head, self._is_head = 0, True

    def _expect(self) -> None:
        late = f"The headers were not complete after {LONGEST_HEAD:g} s. Send the request again."
        self._clock = self.loop.call_later(LONGEST_HEAD, self._refuse, 408, late)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _refuse(self, status: int, message: str) -> None:
        self._stop()
        if self.transport.is_closing():
            return
        body = json.dumps({"message": message, "error_type": "RequestRefused"})
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "content-type: application/json",
            f"content-length: {len(body)}",
            "connection: close",
        ]
        self.transport.write("\r\n".join([*lines, "", body]).encode())
        self.transport.close()

"""Cuts off clients whose request has a head without end, in bytes or in time; bodies are the business of the gate."""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = logging.getLogger("cropflow.server")
LARGEST_HEAD = 64 * 2**10
LONGEST_HEAD = 10.0
"""Bytes and seconds for the first line and the headers of a request."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with bounds for what comes before a body."""

    _unread = 0
    """Bytes since something was complete: a head, a piece of a body, a request."""
    _head = 0
    """Bytes of the head so far, of what is complete in it."""
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
        """Pass on what came in pieces, and count what comes to nothing."""
        while data and not self.transport.is_closing():
            part, data = data[:LARGEST_HEAD], data[LARGEST_HEAD:]
            self._unread += len(part)
            super().data_received(part)
            if self._unread >= LARGEST_HEAD:
                self._refuse_head()
        if self._clock is None and not self._answers:
            self._expect()

    def on_message_begin(self) -> None:
        """Begin a head; while an earlier request is answered it has time."""
        super().on_message_begin()
        self._head, self._is_head = 0, True
        if self._clock is None and not self._answers:
            self._expect()

    def on_url(self, url: bytes) -> None:
        """Count the address."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header. What follows a body, a trailer, is dropped: nobody here reads one."""
        if self._is_head:
            super().on_header(name, value)
            self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """End a head."""
        self._stop()
        self._unread, self._is_head = 0, False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._unread = 0
        super().on_message_complete()

    @property
    def _answers(self) -> bool:
        """Whether a request whose head is complete is not yet answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _count(self, size: int) -> None:
        self._head += size
        if self._head >= LARGEST_HEAD:
            self._refuse_head()

    def _refuse_head(self) -> None:
        self._refuse(431, f"The request has more than {LARGEST_HEAD:,} bytes of headers. Send shorter ones.")

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
        log.info("refused: %s", message, extra={"facts": {"status": status, "message": message}})
        if not self._answers:  # else these lines would stand in the middle of an answer
            body = json.dumps({"message": message, "error_type": "RequestRefused"})
            lines = [
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
                "content-type: application/json",
                f"content-length: {len(body)}",
                "connection: close",
            ]
            self.transport.write("\r\n".join([*lines, "", body]).encode())
        self.transport.close()

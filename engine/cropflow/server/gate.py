"""What every request passes: an id is given, host and origin are looked at, the body is counted, and all is logged."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import time
import uuid
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cropflow.server.faults import REFUSED, Fault, answer
from cropflow.server.metrics import Metrics
from cropflow.server.settings import Settings

log = logging.getLogger("cropflow.server")
_GIVEN_ID = re.compile(r"[\w.-]{1,64}")
_BODIES = 8
"""How many of the largest bodies fit into the memory at once."""
_SMALL = 16
"""How many small bodies make one of the largest."""
_LONGEST = 100
"""Characters of a header that are repeated in an answer."""


class Gate:
    """The outermost layer of the application; see the file."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._room = _Room(settings.max_body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        scope["request_id"] = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        body = _Body(receive, self._settings, self._room)
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = scope["request_id"]
            try:
                async with asyncio.timeout(self._settings.timeout):
                    await send(message)
            except TimeoutError:  # it reads nothing, and holds what it sent
                raise ClientDisconnect from None

        try:
            self._check(headers)
            await self._app(scope, body.receive, told)
        except Exception as error:
            if status:
                raise
            await answer(Request(scope), error)(scope, body.receive, told)
        finally:
            body.let_go()
            self._note(scope, status, time.perf_counter() - started)

    def _check(self, headers: Headers) -> None:
        host = headers.get("host", "")
        name = host if host.endswith("]") else re.sub(r":\d*$", "", host)
        if "*" not in self._settings.hosts and name.lower() not in self._settings.hosts:
            raise Fault(
                421,
                f"The server does not answer to the host name {name[:_LONGEST]!r}.",
                "Start it with --host-name NAME to allow it.",
            )
        origin = headers.get("origin")
        same = origin is not None and origin.partition("://")[2] == host
        if origin and not same and origin not in self._settings.origins and "*" not in self._settings.origins:
            raise Fault(
                403,
                f"Web pages of {origin[:_LONGEST]!r} may not call the server.",
                "Start it with --allow-origin ORIGIN to allow it.",
            )
        length = headers.get("content-length", "0")
        if not length.isdecimal() or len(length) > 18:
            raise Fault(400, "The header Content-Length is no number.", "Correct it.")
        if int(length) > self._settings.max_body:
            raise too_large(self._settings)
        self._room.check(int(length), int(length))

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")  # never what the client wrote
        self._metrics.requests.labels(route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        facts = {
            "request_id": scope["request_id"],
            "method": scope["method"],
            "path": scope["path"][:200],
            "status": status,
            "seconds": round(seconds, 4),
            **scope.get(REFUSED, {}),
        }
        log.info("%s %s: %s", scope["method"], facts["path"], status, extra={"facts": facts})


class _Room:
    """The bytes of all requests together, from when they are read until they are answered.

    The room of one body in eight is for small ones, so that few clients with large ones do not keep all others out.
    """

    def __init__(self, max_body: int) -> None:
        self._left = _BODIES * max_body
        self._kept = max_body
        self._small = max_body // _SMALL

    def check(self, size: int, total: int) -> None:
        """Refuse what is larger than the room that is left for a body of which so much is known."""
        if size > self._left - (self._kept if total > self._small else 0):
            raise Fault(
                429,
                "The server is busy: it holds as many bytes of requests as it may.",
                "Send the request again after the time in Retry-After.",
                {"Retry-After": "1", "Connection": "close"},
            )

    def take(self, size: int, total: int) -> None:
        """Hold bytes, or refuse them."""
        self.check(size, total)
        self._left -= size

    def give_back(self, size: int) -> None:
        """Hold bytes no longer."""
        self._left += size


class _Body:
    """Counts what a client sends, and the time it takes."""

    def __init__(self, receive: Receive, settings: Settings, room: _Room) -> None:
        self._receive = receive
        self._settings = settings
        self._room = room
        self._left = settings.max_body
        self._deadline = asyncio.get_running_loop().time() + settings.timeout
        self._is_read = False

    async def receive(self) -> Message:
        """Return the next part of a request."""
        if self._is_read:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise Fault(
                408,
                f"The request was not complete after {self._settings.timeout:g} s.",
                "Send it again over a faster connection, or in parts.",
                {"Connection": "close"},
            ) from None
        size = len(message.get("body", b""))
        self._is_read = not message.get("more_body", False)
        if size > self._left:
            raise too_large(self._settings)
        self._room.take(size, self._settings.max_body - self._left + size)
        self._left -= size
        return message

    def let_go(self) -> None:
        """Tell that nobody needs the body any more."""
        self._room.give_back(self._settings.max_body - self._left)


def too_large(settings: Settings) -> Fault:
    """Return the fault of a body over the limit."""
    return Fault(
        413,
        f"The request has more than the {settings.max_body:,} bytes allowed.",
        "Send fewer or smaller pictures, or ask the operator for a larger --max-body.",
        {"Connection": "close"},
    )


_KEY_PLACES = "Send one as `Authorization: Bearer KEY`, as `X-API-Key: KEY`, or as `?api_key=KEY`."


def check_key(request: Request, settings: Settings, in_body: object = None) -> None:
    """Refuse a request without a key, where keys are asked for.

    Args:
        in_body: the key that stands in the body.

    Raises:
        Fault: there is no key, or it is not one of ours.
    """
    if not settings.keys:
        return
    authorization = request.headers.get("authorization", "")
    scheme, _, bearer = authorization.partition(" ")
    given = [
        bearer.strip() if scheme.lower() == "bearer" else None,
        request.headers.get("x-api-key"),
        request.query_params.get("api_key"),
        in_body,
    ]
    if not _any_fits(given, settings.keys):
        if any(given):
            raise Fault(403, "The API key is not known here.", _KEY_PLACES)
        told = "The header Authorization must be `Bearer KEY`." if authorization else "This server asks for an API key."
        raise Fault(401, told, _KEY_PLACES, {"WWW-Authenticate": "Bearer"})


def _any_fits(given: Iterable[Any], keys: Iterable[str]) -> bool:
    """Compare all with all, in a time that tells nothing about the keys."""
    texts = [text.encode("utf-8", "replace") for text in given if isinstance(text, str)]
    return any([hmac.compare_digest(text, key.encode()) for text in texts for key in keys])  # noqa: C419 - all of them

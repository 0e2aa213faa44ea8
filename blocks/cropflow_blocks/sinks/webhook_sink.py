"""Tells a server what a workflow found, by an HTTP request."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from cropflow.block import Block, Port, Setting
from cropflow.errors import ImageError, RequestError
from cropflow.http import HttpClient
from cropflow.kinds import Kind
from cropflow_blocks.sinks.background import Background
from cropflow_blocks.sinks.webhook_request import Request, make_request
from cropflow_blocks.values.parameters import Chains, check_chains, worked_on

log = logging.getLogger("cropflow")

Known: TypeAlias = Mapping[str, tuple[Kind, ...]] | None
Field: TypeAlias = bool | int | float | str | None


class WebhookSink(Block):
    """Send an HTTP request for every element.

    The body is `multipart/form-data` if there are `multi_part_encoded_files` (with `form_data` as further parts), else
    a form if there is `form_data`, else `json_payload`; a GET without any of them has no body. Predictions are sent in
    the form existing clients read, pictures as base64 in JSON and as JPEG files in parts.

    Requests go to public addresses only, unless the host of the workflow allows private ones
    (`HttpClient(allow_private=True)`, `cropflow run --allow-private-urls`). A request is repeated only where it cannot
    have reached the server, or where the server answers 429 or 503 and says when to come back (`Retry-After`), so
    nothing is sent twice. Redirects stay on the same host.

    Failures do not stop the run; they are told by `error_status` and `message`. With `fire_and_forget` requests are
    sent in the background in order, up to 64 of them waiting; their failures are logged, and the end of the
    workflow waits up to 30 seconds for them. After a request, elements within `cooldown_seconds` send nothing, in
    a batch as in a video: 0 sends all.
    """

    type = "webhook_sink@v1"
    aliases = ("roboflow_core/webhook_sink@v1",)
    effects = True

    class Output(NamedTuple):
        """How it went."""

        error_status: Annotated[bool, Port("whether the request failed")]
        throttling_status: Annotated[bool, Port("whether nothing was sent because of the cooldown")]
        message: Annotated[str, Port("what was done, or what went wrong")]

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._background = Background("webhook_sink")
        self._last: float | None = None

    @staticmethod
    def infer(
        json_payload: Known,
        json_payload_operations: Chains,
        multi_part_encoded_files: Known,
        multi_part_encoded_files_operations: Chains,
        form_data: Known,
        form_data_operations: Chains,
    ) -> dict[str, tuple[Kind, ...]]:
        """Check the operations; the kinds of the outputs are always the same."""
        check_chains(json_payload, json_payload_operations, "json_payload_operations")
        check_chains(
            multi_part_encoded_files, multi_part_encoded_files_operations, "multi_part_encoded_files_operations"
        )
        check_chains(form_data, form_data_operations, "form_data_operations")
        return {}

    def run(
        self,
        url: Annotated[str, Port("where to; http or https")],
        method: Annotated[Literal["GET", "POST", "PUT"], Port("the HTTP method")],
        query_parameters: Annotated[
            dict[str, Field | list[Any]], Port("parameters behind the ? of the URL; lists are repeated")
        ] = {},  # noqa: B006 - defaults of ports are never modified
        headers: Annotated[dict[str, Field], Port("headers of the request")] = {},  # noqa: B006
        json_payload: Annotated[dict[str, Any], Port("the body, as JSON")] = {},  # noqa: B006
        json_payload_operations: Annotated[Setting[Chains], Port("operations on members of json_payload")] = {},  # noqa: B006
        multi_part_encoded_files: Annotated[dict[str, Any], Port("files of the body: pictures, bytes or text")] = {},  # noqa: B006
        multi_part_encoded_files_operations: Annotated[
            Setting[Chains], Port("operations on members of multi_part_encoded_files")
        ] = {},  # noqa: B006
        form_data: Annotated[dict[str, Any], Port("fields of a form in the body")] = {},  # noqa: B006
        form_data_operations: Annotated[Setting[Chains], Port("operations on members of form_data")] = {},  # noqa: B006
        request_timeout: Annotated[int, Port("seconds until a request is given up")] = 2,
        fire_and_forget: Annotated[bool, Port("whether to go on without waiting for the answer")] = True,
        disable_sink: Annotated[bool, Port("whether to send nothing")] = False,
        cooldown_seconds: Annotated[int, Port("seconds after a request without another one")] = 5,
    ) -> Output:
        """Send."""
        if disable_sink:
            return self.Output(False, False, "Sink was disabled by parameter `disable_sink`")
        if self._last is not None and time.monotonic() - self._last < cooldown_seconds:
            return self.Output(False, True, "Sink cooldown applies")
        try:
            payload = worked_on(json_payload, json_payload_operations)
            files = worked_on(multi_part_encoded_files, multi_part_encoded_files_operations)
            form = worked_on(form_data, form_data_operations)
            request = make_request(method, url, query_parameters, headers, payload, files, form)
        except (ValueError, ImageError) as error:
            return self.Output(True, False, f"nothing was sent: {error}")
        self._last = time.monotonic()
        if not fire_and_forget:
            wrong = self._send(request, request_timeout)
            return self.Output(wrong is not None, False, wrong or "Notification sent successfully")
        if self._background.put(partial(self._send_later, request, request_timeout)):
            return self.Output(False, False, "Notification is sent in the background")
        return self.Output(True, False, "nothing was sent: too many requests wait already; the server is too slow")

    def close(self) -> None:
        """Send what waits."""
        self._background.close()

    def _send(self, request: Request, timeout: float) -> str | None:
        """Send a request; return what went wrong."""
        try:
            answer = self._client.send(
                request.method, request.url, headers=request.headers, body=request.body, timeout=timeout
            )
        except RequestError as error:
            return str(error)
        return f"the server answered {answer.status} {answer.reason}".rstrip() if answer.status >= 400 else None

    def _send_later(self, request: Request, timeout: float) -> None:
        wrong = self._send(request, timeout)
        if wrong:
            log.warning("step %r: %s", self.step, wrong)

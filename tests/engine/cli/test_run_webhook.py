"""Webhooks of a document that is run from the shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...recorder import recording
from .conftest import Invoke

DOCUMENT = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}, {type: WorkflowParameter, name: url}]
steps: [{type: roboflow_core/webhook_sink@v1, name: tell, url: $inputs.url, method: POST, fire_and_forget: false,
         request_timeout: 10, json_payload: {from: cropflow}}]
outputs: [{type: JsonField, name: failed, selector: $steps.tell.error_status}]
"""


def test_private_addresses_are_reached_only_where_allowed(
    pictures: Path, document: Callable[[str], Path], invoke: Invoke
) -> None:
    with recording() as site:
        command = ("run", document(DOCUMENT), "--source", pictures / "1.png", "--set", f"url={site.url}")
        lines: list[Any] = [json.loads(invoke(*command, *more).stdout) for more in ((), ("--allow-private-urls",))]
    assert [line["outputs"]["failed"] for line in lines] == [True, False]
    assert [got.body for got in site.received] == [b'{"from": "cropflow"}']

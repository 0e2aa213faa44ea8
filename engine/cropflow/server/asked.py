"""What a request asks for beside its inputs: in which form the answer comes, which output, and what of failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request

from cropflow.compiler.plan import Plan
from cropflow.errors import nearest
from cropflow.server.faults import Fault
from cropflow.server.reading import Body, inputs_of

JSON, LINES, JPEG, PNG = "application/json", "application/x-ndjson", "image/jpeg", "image/png"
_OFFERED = (JSON, LINES, JPEG, PNG)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, understood.

    Attributes:
        inputs: what was sent, by name.
        media: the type of the answer.
        output: the only output that is wanted; `None` for all.
        on_error: what to do if a step fails.
    """

    inputs: dict[str, Any]
    media: str
    output: str | None
    on_error: Literal["raise", "skip"]


def understand(request: Request, body: Body, plan: Plan) -> Asked:
    """Return what a request asks of a workflow.

    Raises:
        Fault: something in its address, headers or body does not fit the workflow.
    """
    media, on_error, output = _media(request), _on_error(request), _output(request, plan)
    if media in (JPEG, PNG):
        output = _picture_output(output, plan)
    return Asked(inputs_of(request, body, plan), media, output, on_error)


def picture_outputs(plan: Plan) -> list[str]:
    """Name the outputs that may be a picture."""
    return [item.name for item in plan.outputs if any(kind.name in ("image", "*") for kind in item.kinds)]


def _output(request: Request, plan: Plan) -> str | None:
    asked = request.query_params.get("output")
    names = [item.name for item in plan.outputs]
    if asked is None or asked in names:
        return asked
    near = "".join(f" Did you mean {close!r}?" for close in nearest(asked[:100], names)[:1])
    told = f"The workflow has no output {asked[:100]!r}.{near} Its outputs: {', '.join(names) or 'none'}."
    raise Fault(400, told, "Correct ?output= in the address.")


def _picture_output(asked: str | None, plan: Plan) -> str:
    names = picture_outputs(plan)
    if not names:
        raise Fault(406, "The workflow has no output that may be a picture.", f"Ask for JSON: Accept: {JSON}.")
    if asked is None and len(names) == 1:
        return names[0]
    if asked in names:
        return asked
    told = f"The outputs that may be a picture: {', '.join(names)}."
    raise Fault(
        406,
        told if asked is None else f"The output {asked!r} is no picture. {told}",
        "Name one with ?output=NAME, or ask for JSON.",
    )


def _media(request: Request) -> str:
    """Return the best of what the client accepts."""
    header = request.headers.get("accept", "").strip()
    ranked = sorted((_ranked(part) for part in header.split(",") if part.strip()), key=lambda item: -item[1])
    refused = {media for media, weight in ranked if weight <= 0}
    for media, weight in ranked or [("*/*", 1.0)]:
        fits = [one for one in _OFFERED if media in ("*/*", one, f"{one.partition('/')[0]}/*") and one not in refused]
        if fits and weight > 0:
            return fits[0]
    raise Fault(406, "None of the types in Accept can be given.", f"Ask for one of {', '.join(_OFFERED)}.")


def _ranked(part: str) -> tuple[str, float]:
    media, *options = (text.strip().lower() for text in part.split(";"))
    weight = next((option[2:] for option in options if option.startswith("q=")), "1")
    try:
        return media, float(weight)
    except ValueError:
        return media, 0.0


def _on_error(request: Request) -> Literal["raise", "skip"]:
    match request.query_params.get("on_error", "raise"):
        case "raise":
            return "raise"
        case "skip":
            return "skip"
    raise Fault(400, "on_error must be `raise` or `skip`.", "Correct it in the query.")

"""The page of a run: one HTML file that needs nothing else, for people who were not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

_SHOWN_ERRORS = 100
_PAGE = Template(files(__package__).joinpath("page.html").read_text("utf-8"))


def page(facts: Mapping[str, Any], drawing: str, gallery: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """Return the page.

    Args:
        facts: what `report.json` holds.
        drawing: the workflow as SVG.
        gallery: for each output and class, pictures as `data:` URIs.
    """
    parts = [_facts(facts), _section("Workflow", f'<div class="wide">{drawing}</div>', _steps(facts["steps"]))]
    parts += [
        _section(f"Found: {output}", *_classes(found, gallery.get(output, {})))
        for output, found in facts["classes"].items()
    ]
    if facts["errors"]:
        parts.append(_section("Failures", _errors(facts)))
    parts.append(_section("Versions", _table(("package", "version"), facts["versions"].items())))
    return _PAGE.substitute(title=escape(str(facts["workflow"])), content="\n".join(parts))


def step_notes(steps: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return what the drawing tells about each step: how many elements, and how long they took."""
    return {step["step"]: (f"{step['elements']} in {_seconds(step['seconds'])}", *_troubles(step)) for step in steps}


def _troubles(step: Mapping[str, Any]) -> list[str]:
    told = [f"{step[what]} {what}" for what in ("skipped", "failed") if step[what]]
    return [", ".join(told)] if told else []


def _facts(facts: Mapping[str, Any]) -> str:
    rows, seconds = facts["rows"], facts["seconds"]
    of = f" of {facts['rows_in_all']}" if facts["rows_in_all"] not in (None, rows) else ""
    rate = f", {rows / seconds:.1f} per second" if rows and seconds else ""
    told = [
        ("ended", facts["ended"]),
        ("started", f"{datetime.fromisoformat(facts['started']):%Y-%m-%d %H:%M:%S} UTC"),
        ("took", _seconds(seconds) + rate),
        ("pictures", f"{rows}{of}"),
        ("with errors", facts["rows_with_errors"]),
        *((f"passed over of {camera}", count) for camera, count in facts["dropped"].items()),
    ]
    entries = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in told)
    return f"<dl>{entries}</dl>"


def _steps(steps: Sequence[Mapping[str, Any]]) -> str:
    total = sum(step["seconds"] for step in steps) or 1.0
    rows = [
        (
            step["step"],
            step["block"],
            *(step[name] for name in ("elements", "skipped", "failed", "calls")),
            _seconds(step["seconds"]),
            f"{step['seconds'] / total:.1%}",
            _seconds(step["seconds"] / ran) if (ran := step["elements"] - step["skipped"]) else "",
        )
        for step in steps
    ]
    names = ("step", "block", "elements", "skipped", "failed", "calls", "time", "share", "per element")
    return _table(names, rows, words=2)


def _classes(found: Mapping[str, int], pictures: Mapping[str, Sequence[str]]) -> Iterable[str]:
    for name, count in found.items():
        shown = "".join(f'<img src="{uri}" alt="{escape(name)}">' for uri in pictures.get(name, ()))
        yield f"<h3>{escape(name)} <small>{count}</small></h3><p>{shown}</p>"


def _errors(facts: Mapping[str, Any]) -> str:
    shown = facts["first_errors"][:_SHOWN_ERRORS]
    names = ("step", "element", "message")
    table = _table(names, ([error[name] or "" for name in names] for error in shown), words=3)
    more = facts["errors"] - len(shown)
    return table + (f"<p>and {more} more; errors.jsonl holds them all</p>" if more else "")


def _section(title: str, *parts: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def _table(names: Sequence[str], rows: Iterable[Iterable[object]], words: int | None = None) -> str:
    """Make a table; the first `words` columns hold text, the others numbers, if not all hold text."""
    words = len(names) if words is None else words
    head = "".join(_cell("th", name, number >= words) for number, name in enumerate(names))
    body = "".join(
        f"<tr>{''.join(_cell('td', value, number >= words) for number, value in enumerate(row))}</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _cell(tag: str, value: object, is_number: bool) -> str:
    look = ' class="number"' if is_number else ""
    return f"<{tag}{look}>{escape(str(value))}</{tag}>"


def _seconds(seconds: float) -> str:
    """Return a time as people read it: `12 µs`, `3.4 ms`, `5.6 s`, `12 min 3 s`."""
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.0f} µs"

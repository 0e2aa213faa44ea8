"""Text that reads like a selector but lacks its `$`: it is legal, and is hardly ever what was meant.

Only names that the document has count, so that no text is suspected by chance. Settings take no selectors, and what
stands in an inner workflow has names of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from cropflow.compiler.arguments import Path
from cropflow.document.definition import Definition
from cropflow.document.selectors import InputSelector, OutputSelector, parse_selector
from cropflow.registry import Registry

log = logging.getLogger("cropflow")


def warn_of_forgotten(definition: Definition, registry: Registry) -> None:
    """Warn of every literal that would be a selector of this document, if it began with `$`."""
    inputs = {item.name for item in definition.inputs}
    steps = {step.name for step in definition.steps}
    for step in definition.steps:
        spec = registry.find(step.type)
        ports = () if spec is None else spec.ports
        names = {name for port in ports if not port.setting for name in (port.name, *port.aliases)}
        for field in (field for field in step.fields if field in names):
            for text, path in _texts(step.fields[field], (*step.path, field)):
                if _is_meant(text, inputs, steps):
                    position = definition.position(path)
                    place = f"{position}: " if position else ""
                    message = "%sstep %r, field %r: %r looks like a selector; did you mean $%s?"
                    log.warning(message, place, step.name, field, text, text)


def _texts(written: object, path: Path) -> Iterator[tuple[str, Path]]:
    """Give all text of a value, with its places."""
    if isinstance(written, str):
        yield written, path
    elif isinstance(written, Mapping | list):
        for key, member in written.items() if isinstance(written, Mapping) else enumerate(written):
            yield from _texts(member, (*path, key))


def _is_meant(text: str, inputs: set[str], steps: set[str]) -> bool:
    match parse_selector(f"${text}"):
        case InputSelector(name):
            return name in inputs
        case OutputSelector(step, _):
            return step in steps
    return False

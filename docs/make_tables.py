"""Writes what the code knows into the pages: docs/blocks.md, the table in README.md, those of the query language.

python docs/make_tables.py
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from cropflow.compiler.elsewhere import HOSTED, PLANNED
from cropflow.registry import installed
from cropflow.spec import BlockSpec
from cropflow_blocks.query.comparators import BINARY, UNARY
from cropflow_blocks.query.language import AnyOperation
from cropflow_blocks.query.properties import KINDS_OF, MEANINGS

ROOT = Path(__file__).parents[1]
HEAD = """\
# Blocks

Every block that comes with Cropflow. `cropflow blocks NAME` tells the fields, kinds and defaults of one, with a
document that runs. Types are written `name@vN`; the names that documents made for Roboflow Workflows use
(`roboflow_core/name@vN`, `DynamicCrop`, …) mean the same blocks.
"""


_WORDS = {
    "*": "any value",
    "float": "number",
    "integer": "number",
    "float_zero_to_one": "number",
    "string": "text",
    "boolean": "true or false",
    "list_of_values": "list",
    "dictionary": "mapping",
    "object_detection_prediction": "predictions",
    "classification_prediction": "classification",
    "detection": "a box",
}
_MOST_CHOICES = 12


def families() -> Mapping[str, list[BlockSpec]]:
    """Return the core blocks by the package they stand in, in the order of the folders."""
    found = defaultdict(list)
    for spec in installed().only("cropflow_blocks"):
        found[getattr(spec.make, "__module__", "").split(".")[1]].append(spec)
    return dict(sorted(found.items()))


def by_name(specs: list[BlockSpec]) -> Mapping[str, list[BlockSpec]]:
    """Return the versions of every block."""
    found = defaultdict(list)
    for spec in specs:
        found[spec.type.partition("@")[0]].append(spec)
    return dict(sorted(found.items()))


def page() -> str:
    """Return docs/blocks.md."""
    parts = [HEAD, *map("\n".join, (_family(name, specs) for name, specs in families().items()))]
    return "\n".join([*parts, *_elsewhere()])


def _family(name: str, specs: list[BlockSpec]) -> Iterator[str]:
    doc = import_module(f"cropflow_blocks.{name}").__doc__ or ""
    yield f"## {name.capitalize()}\n\n{doc.strip()}\n"
    yield "| block | versions | what it does |\n|---|---|---|"
    for block, versions in by_name(specs).items():
        numbers = ", ".join(spec.type.partition("@")[2] for spec in versions)
        yield f"| `{block}` | {numbers} | {_summary(versions[0])} |"
    yield ""


def _summary(spec: BlockSpec) -> str:
    line = " ".join(spec.doc.partition("\n\n")[0].split()).rstrip(".").replace("|", "\\|")
    return line[:1].lower() + line[1:]


def _elsewhere() -> Iterator[str]:
    yield "## Not here yet\n"
    names = ", ".join(f"`{name}`" for name in sorted(PLANNED))
    yield (
        f"These blocks of existing documents are planned: {names}.\n"
        if PLANNED
        else "Nothing is known to be missing.\n"
    )
    yield "## Not here\n"
    yield "These need an account, a hosted model, or weights that are not at hand. `cropflow check` names all of"
    yield "them in one message.\n"
    yield "| blocks | in their place |\n|---|---|"
    for instead, hosted in HOSTED.items():
        shown = ", ".join(f"`{name}`" for name in hosted if name == name.lower())
        yield f"| {shown} | {instead} |"
    yield ""


def missing() -> Iterator[tuple[str, str]]:
    """Give the types of existing documents that are not there, and why."""
    yield _types(PLANNED), "planned"
    for instead, hosted in HOSTED.items():
        yield _types(name for name in hosted if name == name.lower()), f"out of scope; {instead}"


def _types(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names, key=str.lower))


def operations() -> Iterator[tuple[str, ...]]:
    """Give the rows of the table of operations."""
    for operation in get_args(get_args(AnyOperation)[0]):
        fields = [_field(name, info) for name, info in operation.model_fields.items() if name != "type"]
        doc = " ".join((operation.__doc__ or "").split()).rstrip(".")
        takes, gives = _words(operation.takes), _words(operation.gives)
        yield f"`{operation.__name__}`", doc[:1].lower() + doc[1:], takes, gives, ", ".join(fields)


def _words(kinds: tuple[str, ...]) -> str:
    return " or ".join(dict.fromkeys(_WORDS.get(kind, kind) for kind in kinds))


def _field(name: str, info: FieldInfo) -> str:
    if get_origin(info.annotation) is Literal and len(get_args(info.annotation)) < _MOST_CHOICES:
        return f"`{name}`: {' or '.join(get_args(info.annotation))}"
    if info.is_required() or info.default is None or info.default_factory:
        return f"`{name}`"
    return f"`{name}` ({json.dumps(info.default)})"


def properties() -> Iterator[tuple[str, ...]]:
    """Give the rows of the table of what can be read of a box."""
    for name, meaning in MEANINGS.items():
        yield f"`{name}`", meaning, _words((KINDS_OF.get(name, "*"),))


def comparators() -> Iterator[tuple[str, ...]]:
    """Give the rows of the table of comparators."""
    for name, comparator in BINARY.items():
        yield (
            f"`{name}`",
            *(" or ".join(kinds).replace("*", "any value") for kinds in (comparator.left, comparator.right)),
        )


def operators() -> Iterator[tuple[str, ...]]:
    """Give the rows of the table of operators that ask of one value."""
    for name, (kinds, _) in UNARY.items():
        yield f"`{name}`", _words(kinds)


def filled(text: str, heading: str, rows: Iterable[tuple[str, ...]]) -> str:
    """Return a page with other rows in the table of a heading."""
    pattern = rf"({re.escape(heading)}\n\|[-|]+\n)(?:\|.*\n)*"
    lines = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    changed, count = re.subn(pattern, lambda match: match[1] + lines, text)
    assert count == 1, f"no table, or more than one, begins with {heading}"
    return changed


def pages() -> dict[Path, str]:
    """Return the texts of all pages with tables that are made here."""
    readme, queries = ROOT / "README.md", ROOT / "docs" / "queries.md"
    blocks = [(name, ", ".join(f"`{block}`" for block in by_name(specs))) for name, specs in families().items()]
    text = queries.read_text(encoding="utf-8")
    text = filled(text, "| operation | what it does | takes | gives | fields |", operations())
    text = filled(text, "| property of a box | is | of kind |", properties())
    text = filled(text, "| comparator of two | left | right |", comparators())
    front = filled(readme.read_text(encoding="utf-8"), "| for | blocks |", blocks)
    return {
        ROOT / "docs" / "blocks.md": page(),
        queries: filled(text, "| operator of one | of |", operators()),
        readme: filled(front, "| not there | why, and what may stand in their place |", missing()),
    }


def main() -> None:
    """Write them."""
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

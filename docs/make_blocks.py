"""Writes what is known of blocks into the pages: docs/blocks.md as a whole, and the table in README.md.

python docs/make_blocks.py
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from cropflow.compiler.elsewhere import HOSTED, PLANNED
from cropflow.registry import installed
from cropflow.spec import BlockSpec

ROOT = Path(__file__).parents[1]
HEAD = """\
# Blocks

Every block that comes with Cropflow. `cropflow blocks NAME` tells the fields, kinds and defaults of one, with a
document that runs. Types are written `name@vN`; the names that documents made for Roboflow Workflows use
(`roboflow_core/name@vN`, `DynamicCrop`, …) mean the same blocks.
"""


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


def table() -> str:
    """Return the table of README.md: all names, by family."""
    lines = ["| for | blocks |", "|---|---|"]
    for name, specs in families().items():
        lines.append(f"| {name} | {', '.join(f'`{block}`' for block in by_name(specs))} |")
    return "\n".join(lines)


def readme(text: str) -> str:
    """Return the text of README.md with the table as it must be."""
    return re.sub(r"\| for \| blocks \|\n\|[-|]+\n(?:\|.*\n)+", lambda _: table() + "\n", text)


def main() -> None:
    """Write both."""
    (ROOT / "docs" / "blocks.md").write_text(page(), encoding="utf-8")
    file = ROOT / "README.md"
    file.write_text(readme(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

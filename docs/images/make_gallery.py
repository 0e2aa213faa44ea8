"""Makes the drawings of docs/gallery.md: one SVG for every document of workflows/.

python docs/images/make_gallery.py
"""

from __future__ import annotations

from pathlib import Path

from cropflow.compiler import compile_definition
from cropflow.document import load
from cropflow.draw import svg
from cropflow.registry import installed

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).with_name("gallery")


def documents() -> list[Path]:
    """Return the documents that are drawn: one drawing where a document is there in JSON and YAML."""
    return sorted((ROOT / "workflows").glob("*.yaml"))


def drawings() -> dict[str, str]:
    """Return the text of every drawing by the name of its file."""
    return {f"{document.stem}.svg": svg(compile_definition(load(document), installed())) for document in documents()}


def main() -> None:
    """Write all drawings."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in drawings().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

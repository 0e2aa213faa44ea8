"""Tables of the pages name exactly what is there."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import typer

from cropflow import KINDS

ROOT = Path(__file__).parents[2]


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table whose first column has this heading."""
    text = (ROOT / page).read_text(encoding="utf-8")
    match = re.search(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert match is not None, f"{page} has no table of {heading}s"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in match[1].splitlines()]


def test_tables_that_the_code_makes_are_fresh() -> None:
    spec = spec_from_file_location("make_tables", ROOT / "docs" / "make_tables.py")
    assert spec is not None and spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    for file, text in made.pages().items():
        assert file.read_text(encoding="utf-8") == text, f"{file.name} is stale; run `make schemas`"


def test_kinds_are_told_completely() -> None:
    expected = [
        [
            f"`{kind.name}`",
            kind.description,
            ", ".join(f"`{parent}`" for parent in kind.parents),
            "value or selector" if kind.literal else "selector",
        ]
        for kind in dict.fromkeys(KINDS.values())
    ]
    assert rows("docs/kinds.md", "kind") == expected


def test_exit_codes_are_those_of_the_command_line() -> None:
    from cropflow.cli import exits

    told = [int(code) for code, _ in rows("README.md", "exit code")]
    assert told == [exits.FINE, exits.REFUSED, exits.USAGE, exits.FAILED, exits.INTERRUPTED]


def test_every_page_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"(docs/{page.name})" not in text] == []


def test_the_page_of_the_server_tells_all_its_options() -> None:
    from cropflow.cli.app import app

    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    options = {option.opts[0]: option.default for option in command.commands["serve"].params}
    page = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    assert [name for name in options if f"`{name}" not in page] == []
    limits = [row for row in rows("docs/http.md", "option | default") if len(row) == 3]
    assert {name.strip("`"): float(default) for name, default, _ in limits} == {
        name: default for name, default in options.items() if type(default) in (int, float) and name != "--port"
    }

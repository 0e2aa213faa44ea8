"""Everything for people goes to stderr, plain where nobody watches; stdout belongs to results."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text


def console() -> Console:
    """Return a console on the present stderr; without colours and 80 columns wide where that is no terminal."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def tell(text: str, style: str = "") -> None:
    """Print text to stderr; long lines are left whole, so that paths can be copied."""
    console().print(Text(text, style), soft_wrap=True)

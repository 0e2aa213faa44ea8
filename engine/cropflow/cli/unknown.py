"""An option that `run` does not know is often a parameter of the document: the message says how those are given."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


class TakesParameters(TyperCommand):
    """A command with `--set`, which is told where there is no such option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments."""
        try:
            return super().parse_args(ctx, args)
        except Exception as error:  # of click, or of the copy that typer brings along: told by its name alone
            name = str(getattr(error, "option_name", ""))
            if type(error).__name__ == "NoSuchOption" and name.startswith("--"):
                hint = f"a parameter of the document is given with --set {name.removeprefix('--')}=VALUE"
                error.message = f"No such option: {name}; {hint}"  # type: ignore[attr-defined]
            raise

"""Packages that only some sinks need: they are extras, and are imported where they are used."""

from __future__ import annotations

from importlib import import_module


def require(module: str, extra: str, purpose: str) -> None:
    """Import a package of an extra.

    Raises:
        ValueError: it is not installed; the message says how to install it.
    """
    try:
        import_module(module)
    except ImportError as error:
        raise ValueError(f'{purpose} needs {module} ({error}); install it with: pip install "cropflow[{extra}]"') from (
            error
        )

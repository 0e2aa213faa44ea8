"""Secrets: where blocks get them from."""

from __future__ import annotations

import os
from collections.abc import Mapping


class Secrets:
    """Where blocks get secrets from, by name; they ask for it in `__init__`.

    A workflow to which nobody gives one makes `Secrets()`, which reads the variables of the process. That is the one
    place where the engine itself reads the environment, because that is where secrets are kept on a server, in a
    container and in CI. Who runs documents of others gives what they may read instead: `Secrets({"API_KEY": …})`, or
    `Secrets({})` for nothing.

    Args:
        values: the secrets by name; the environment where it is left out, read when a secret is asked for.
    """

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = values

    def __repr__(self) -> str:
        return "Secrets()" if self._values is None else f"Secrets of {', '.join(self._values) or 'nothing'}"

    def get(self, name: str) -> str:
        """Return a secret.

        Raises:
            ValueError: there is none of this name, or it is empty.
        """
        environment = self._values is None
        value = (os.environ if self._values is None else self._values).get(name)
        if value:
            return value
        state = "empty" if value == "" else "not set" if environment else "not given"
        what = "the environment variable" if environment else "the secret"
        how = f"set it (export {name}=…)" if environment else f"give it: resources=[Secrets({{{name!r}: …}})]"
        raise ValueError(f"{what} {name!r} is {state}; {how}")

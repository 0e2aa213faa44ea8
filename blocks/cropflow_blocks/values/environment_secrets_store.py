"""Gives secrets to other steps without writing them into the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from cropflow.block import Block, Port, Setting
from cropflow.secrets import Secrets

Names = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class EnvironmentSecretsStore(Block):
    """Read secrets from environment variables, one output for each, named as the variable in lower case.

    A variable that is not set, or empty, is a mistake that is told when the workflow is loaded, before anything runs.
    Who runs the workflow may give the secrets instead of the environment (`Secrets({...})` in Python).

    The values go to other steps as they are, and are hidden (`***`) in everything that leaves the workflow as text:
    results, errors, logs, and files in the output folder. That holds for the value as a whole, also within a longer
    text; not for what a step makes of it, such as a part or upper case, and not for pixels.
    """

    type = "environment_secrets_store@v1"
    aliases = ("roboflow_core/environment_secrets_store@v1",)

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    @staticmethod
    def outputs(variables_storing_secrets: list[str]) -> Mapping[str, str]:
        """Tell one secret for each variable."""
        names = [name.lower() for name in variables_storing_secrets]
        double = next((name for name in names if names.count(name) > 1), None)
        if double is not None:
            raise ValueError(f"two of the variables would be called {double!r}")
        return dict.fromkeys(names, "secret")

    def ready(self, variables_storing_secrets: list[str]) -> None:
        """Look for all variables."""
        wrong = []
        for name in variables_storing_secrets:
            try:
                self._secrets.get(name)
            except ValueError as error:
                wrong.append(str(error))
        if wrong:
            raise ValueError("; ".join(wrong))

    def run(
        self,
        variables_storing_secrets: Annotated[Setting[Names], Port("names of environment variables")],
    ) -> Mapping[str, str]:
        """Read."""
        return {name.lower(): self._secrets.get(name) for name in variables_storing_secrets}

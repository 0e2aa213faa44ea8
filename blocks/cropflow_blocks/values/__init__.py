"""Blocks that compute with plain values: properties, formulas, templates, parsers, secrets."""

from cropflow_blocks.values.current_time import CurrentTime
from cropflow_blocks.values.environment_secrets_store import EnvironmentSecretsStore
from cropflow_blocks.values.json_parser import JsonParser

__all__ = [
    "CurrentTime",
    "EnvironmentSecretsStore",
    "JsonParser",
]

"""Blocks that compute with plain values: properties, formulas, templates, parsers, secrets."""

from cropflow_blocks.values.current_time import CurrentTime
from cropflow_blocks.values.environment_secrets_store import EnvironmentSecretsStore
from cropflow_blocks.values.json_parser import JsonParser
from cropflow_blocks.values.vlm_as_classifier import VlmAsClassifier, VlmAsClassifierV2
from cropflow_blocks.values.vlm_as_detector import VlmAsDetector, VlmAsDetectorV2

__all__ = [
    "CurrentTime",
    "EnvironmentSecretsStore",
    "JsonParser",
    "VlmAsClassifier",
    "VlmAsClassifierV2",
    "VlmAsDetector",
    "VlmAsDetectorV2",
]

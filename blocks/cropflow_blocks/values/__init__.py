"""Blocks that compute with plain values: properties, formulas, templates, parsers, secrets."""

from cropflow_blocks.values.cosine_similarity import CosineSimilarity
from cropflow_blocks.values.csv_formatter import CsvFormatter
from cropflow_blocks.values.current_time import CurrentTime
from cropflow_blocks.values.environment_secrets_store import EnvironmentSecretsStore
from cropflow_blocks.values.expression import Expression
from cropflow_blocks.values.first_non_empty import FirstNonEmptyOrDefault
from cropflow_blocks.values.json_parser import JsonParser
from cropflow_blocks.values.property_definition import PropertyDefinition
from cropflow_blocks.values.string_template import StringTemplate
from cropflow_blocks.values.vlm_as_classifier import VlmAsClassifier, VlmAsClassifierV2
from cropflow_blocks.values.vlm_as_detector import VlmAsDetector, VlmAsDetectorV2

__all__ = [
    "CosineSimilarity",
    "CsvFormatter",
    "CurrentTime",
    "EnvironmentSecretsStore",
    "Expression",
    "FirstNonEmptyOrDefault",
    "JsonParser",
    "PropertyDefinition",
    "StringTemplate",
    "VlmAsClassifier",
    "VlmAsClassifierV2",
    "VlmAsDetector",
    "VlmAsDetectorV2",
]

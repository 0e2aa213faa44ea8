"""Blocks that compute with plain values: properties, formulas, templates, parsers, secrets."""

from cropflow_blocks.values.cosine_similarity import CosineSimilarity
from cropflow_blocks.values.csv_formatter import CsvFormatter
from cropflow_blocks.values.expression import Expression
from cropflow_blocks.values.first_non_empty import FirstNonEmptyOrDefault
from cropflow_blocks.values.property_definition import PropertyDefinition
from cropflow_blocks.values.string_template import StringTemplate

__all__ = [
    "CosineSimilarity",
    "CsvFormatter",
    "Expression",
    "FirstNonEmptyOrDefault",
    "PropertyDefinition",
    "StringTemplate",
]

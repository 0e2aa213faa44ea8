"""Blocks that compute with plain values: properties, formulas, templates, parsers, secrets."""

from cropflow_blocks.values.csv_formatter import CsvFormatter
from cropflow_blocks.values.expression import Expression
from cropflow_blocks.values.property_definition import PropertyDefinition
from cropflow_blocks.values.string_template import StringTemplate

__all__ = [
    "CsvFormatter",
    "Expression",
    "PropertyDefinition",
    "StringTemplate",
]

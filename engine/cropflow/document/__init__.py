"""The document: text to plain data with positions, and plain data to a `Definition` checked for form."""

from cropflow.document.definition import Definition, from_mapping, load, loads
from cropflow.document.elements import InputDefinition, OutputDefinition, StepDefinition

__all__ = ["Definition", "InputDefinition", "OutputDefinition", "StepDefinition", "from_mapping", "load", "loads"]

"""From JSON or YAML text, or a Python mapping, to plain data that knows its places.

The two notations are equal: the same document gives the same values. Values of JSON come from the `json`
module, scalars of YAML follow YAML 1.2; the positions of both come from the YAML parser.
"""

from cropflow.document.text.file import read_file
from cropflow.document.text.parse import Parsed, parse
from cropflow.document.text.plain import plain
from cropflow.document.text.positions import Path, Positions
from cropflow.document.text.report import Report

__all__ = ["Parsed", "Path", "Positions", "Report", "parse", "plain", "read_file"]

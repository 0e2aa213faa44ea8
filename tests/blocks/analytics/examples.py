"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from ..samples import Examples

EXAMPLES: Examples = {}

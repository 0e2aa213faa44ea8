"""Points of a box that drawing, counting and measuring go by, named as `supervision.Position` names them."""

from __future__ import annotations

from typing import Literal, TypeAlias

BoxAnchor: TypeAlias = Literal[
    "CENTER",
    "CENTER_LEFT",
    "CENTER_RIGHT",
    "TOP_CENTER",
    "TOP_LEFT",
    "TOP_RIGHT",
    "BOTTOM_LEFT",
    "BOTTOM_CENTER",
    "BOTTOM_RIGHT",
]
"""Points that every box has."""

AnyAnchor: TypeAlias = Literal[BoxAnchor, "CENTER_OF_MASS"]
"""Also the middle of a mask."""

"""The looks that all drawings share: a tint for every depth of nesting, and sizes in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rich.cells import cell_len

Rgb: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Tint:
    """Colours of boxes of one depth."""

    fill: Rgb
    stroke: Rgb


_TINTS = (
    Tint((243, 244, 246), (156, 163, 175)),
    Tint((219, 234, 254), (59, 130, 246)),
    Tint((220, 252, 231), (34, 160, 84)),
    Tint((254, 243, 199), (202, 138, 4)),
    Tint((252, 231, 243), (219, 39, 119)),
)
INK: Rgb = (31, 41, 55)
FAINT: Rgb = (107, 114, 128)
LINE: Rgb = (148, 155, 168)
PAPER: Rgb = (255, 255, 255)
TITLE_SIZE = 14
NOTE_SIZE = 11
_WIDTH_OF_A_LETTER = 0.62


def tint(depth: int) -> Tint:
    """Return the colours of a depth; after the fifth they begin again."""
    return _TINTS[depth % len(_TINTS)]


def hexadecimal(color: Rgb) -> str:
    """Return a colour as `#rrggbb`."""
    return "#" + bytes(color).hex()


def text_width(text: str, size: float) -> float:
    """Return a generous estimate, in pixels, for letters of a height; fonts differ from machine to machine."""
    return cell_len(text) * size * _WIDTH_OF_A_LETTER

"""How the visualisation blocks choose colours: fields they all have, and what these mean to supervision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal

import supervision as sv
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from supervision import Detections

from cropflow.block import Port, Ports
from cropflow.kinds import KINDS, Color

_NAMES = ("WHITE", "BLACK", "GREY", "RED", "GREEN", "BLUE", "YELLOW", "ROBOFLOW")
_RGB: TypeAdapter[tuple[int, int, int]] = TypeAdapter(Color)


def to_color(text: str) -> sv.Color:
    """Return the colour that a document names.

    Args:
        text: `WHITE` or another name that supervision knows, in any case; `#rrggbb`, `#rgb`,
            `(red, green, blue)`, `rgb(red, green, blue)` or `bgr(blue, green, red)`.

    Raises:
        ValueError: it is none of these.

    >>> to_color("#ff8000") == to_color("bgr(0, 128, 255)")
    True
    """
    name = text.strip().upper()
    if name in _NAMES:
        return getattr(sv.Color, name)
    try:
        first, green, last = _RGB.validate_python(name.removeprefix("RGB").removeprefix("BGR"))
    except ValidationError:
        raise ValueError(
            f"{text!r} is no colour; write '#rrggbb', 'rgb(red, green, blue)' or one of {', '.join(_NAMES)}"
        ) from None
    return sv.Color(last, green, first) if name.startswith("BGR") else sv.Color(first, green, last)


def _checked(text: str) -> str:
    to_color(text)
    return text


ColorText = Annotated[str, AfterValidator(_checked)]
"""Text that names a colour, see `to_color`; a wrong one in a document is found when it is compiled."""

CopyImage = Annotated[bool, Port("accepted for existing documents; the input is never drawn on")]
Palette = Annotated[
    Literal[
        "DEFAULT",
        "CUSTOM",
        "ROBOFLOW",
        "Matplotlib Viridis",
        "Matplotlib Plasma",
        "Matplotlib Inferno",
        "Matplotlib Magma",
        "Matplotlib Cividis",
        "Matplotlib Pastel1",
        "Matplotlib Pastel2",
        "Matplotlib Paired",
        "Matplotlib Accent",
        "Matplotlib Dark2",
        "Matplotlib Set1",
        "Matplotlib Set2",
        "Matplotlib Set3",
        "Matplotlib Tab10",
        "Matplotlib Tab20",
        "Matplotlib Tab20b",
        "Matplotlib Tab20c",
    ],
    Port("the colours to choose from; CUSTOM takes those of custom_colors"),
]
PaletteSize = Annotated[int, Field(ge=1, le=1000), Port("how many colours to take from a Matplotlib palette")]
CustomColors = Annotated[
    list[ColorText], KINDS["list_of_values"], Port("the colours of the palette CUSTOM, such as '#ff0000'")
]
ColorAxis = Annotated[
    Literal["CLASS", "INDEX", "TRACK"],
    Port("what has a colour of its own: every class, every box of the picture, or every tracked object"),
]


@dataclass(frozen=True, slots=True)
class Look(Ports):
    """Fields of all visualisations that draw in colours of classes, boxes or tracks."""

    copy_image: CopyImage = True
    color_palette: Palette = "DEFAULT"
    palette_size: PaletteSize = 10
    custom_colors: CustomColors = field(default_factory=list)
    color_axis: ColorAxis = "CLASS"

    def of(self, predictions: Detections) -> dict[str, Any]:
        """Return the arguments of supervision's annotators; errors as in `coloring`."""
        return coloring(predictions, self.color_palette, self.palette_size, self.custom_colors, self.color_axis)

    def color(self, index: int) -> sv.Color:
        """Return the colour of a class id or of the number of a box."""
        return to_palette(self.color_palette, self.palette_size, tuple(self.custom_colors)).by_idx(index)


def coloring(predictions: Detections, palette: str, size: int, custom: Sequence[str], axis: str) -> dict[str, Any]:
    """Return the arguments `color` and `color_lookup` of supervision's annotators.

    Raises:
        ValueError: there is no such palette, it has no colours, or the boxes lack what `axis` goes by.
    """
    if len(predictions):
        _check_axis(predictions, axis)
    return {"color": to_palette(palette, size, tuple(custom)), "color_lookup": sv.ColorLookup[axis]}


@lru_cache(maxsize=64)
def to_palette(palette: str, size: int, custom: tuple[str, ...]) -> sv.ColorPalette:
    """Return the colours of a palette; ValueError where it is unknown or has none."""
    if palette == "CUSTOM":
        if not custom:
            raise ValueError("color_palette is CUSTOM, so custom_colors must name at least one colour")
        return sv.ColorPalette([to_color(text) for text in custom])
    if palette in ("DEFAULT", "ROBOFLOW"):
        return getattr(sv.ColorPalette, palette)
    if size < 1:
        raise ValueError(f"palette_size must be at least 1, found {size}")
    return sv.ColorPalette.from_matplotlib(_matplotlib_name(palette), size)


def _matplotlib_name(palette: str) -> str:
    """Matplotlib writes its qualitative maps with a capital, all others in lower case."""
    name = palette.removeprefix("Matplotlib ")
    return name if name.startswith(("Pastel", "Paired", "Accent", "Dark", "Set")) else name.lower()


def _check_axis(predictions: Detections, axis: str) -> None:
    if axis == "CLASS" and predictions.class_id is None:
        raise ValueError("color_axis is CLASS, but these boxes have no class ids; use INDEX")
    if axis == "TRACK" and predictions.tracker_id is None:
        raise ValueError(
            "color_axis is TRACK, but these boxes have no tracker ids; put a tracker before this step, "
            "or use CLASS or INDEX"
        )

"""Writes a text with values filled in on a picture: counts, states, moments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import cv2
import numpy as np
import supervision as sv
from pydantic import Field
from supervision.draw.utils import draw_rounded_rectangle

from cropflow.block import Block, Port, Setting
from cropflow.image.decode import Pixels
from cropflow.kinds import Kind
from cropflow_blocks.values.parameters import Chains, check_chains, worked_on
from cropflow_blocks.values.string_template import fill_in
from cropflow_blocks.visualization.colors import ColorText, to_color
from cropflow_blocks.visualization.drawing import CopyImage, Drawn, Opacity, Picture

NO_PARAMETERS: dict[str, Any] = {}
NO_CHAINS: Chains = {}
Place = Annotated[int, Field(ge=-1_000_000, le=1_000_000)]
Anchor = Literal[
    "top_left",
    "top_center",
    "top_right",
    "center_left",
    "center",
    "center_right",
    "bottom_left",
    "bottom_center",
    "bottom_right",
]
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class _Line(NamedTuple):
    text: str
    width: int
    height: int
    below: int


class TextDisplay(Block):
    """Write a text in a box on the picture; `{name}` stands for a value, and a line break begins a new line.

    Documents made elsewhere write `{{ $parameters.name }}`; where a text does, its other braces are braces.

    With `position_mode` relative, the box lies at `anchor` of the picture, moved inwards by the offsets; with absolute,
    its left upper corner lies at `position_x`, `position_y`. What lies outside of the picture is cut off.
    """

    type = "text_display@v1"
    aliases = ("roboflow_core/text_display@v1",)

    @staticmethod
    def infer(
        text_parameters: Mapping[str, tuple[Kind, ...]] | None, text_parameters_operations: Chains
    ) -> dict[str, tuple[Kind, ...]]:
        """Check the operations; the output is always a picture."""
        check_chains(text_parameters, text_parameters_operations, "text_parameters_operations")
        return {}

    def run(
        self,
        image: Picture,
        text: Annotated[Setting[str], Port("text with {name} where values go")],
        text_parameters: Annotated[dict[str, Any], Port("the values by name")] = NO_PARAMETERS,
        text_parameters_operations: Annotated[
            Setting[Chains], Port("operations on values, by name, before they are filled in")
        ] = NO_CHAINS,
        text_color: Annotated[ColorText, Port("colour of the letters")] = "WHITE",
        background_color: Annotated[ColorText, Port("colour of the box, or `transparent`")] = "BLACK",
        background_opacity: Annotated[Opacity, Port("0 shows no box, 1 hides what lies behind it")] = 1.0,
        font_scale: Annotated[
            float, Field(ge=0.1, le=10), Port("size of the letters; 1.0 is about 22 pixels high")
        ] = 1.0,
        font_thickness: Annotated[int, Field(ge=1, le=10), Port("width of the strokes in pixels")] = 2,
        padding: Annotated[int, Field(ge=0, le=10_000), Port("pixels between letters and edge of the box")] = 10,
        text_align: Annotated[Literal["left", "center", "right"], Port("where lines begin in the box")] = "left",
        border_radius: Annotated[int, Field(ge=0, le=10_000), Port("radius of the corners of the box in pixels")] = 0,
        position_mode: Annotated[Literal["absolute", "relative"], Port("how the place is told")] = "relative",
        position_x: Annotated[Place, Port("left edge of the box, where it is absolute")] = 0,
        position_y: Annotated[Place, Port("upper edge of the box, where it is absolute")] = 0,
        anchor: Annotated[Anchor, Port("where on the picture, where it is relative")] = "top_left",
        offset_x: Annotated[Place, Port("pixels from the anchor to the right, or inwards from the right edge")] = 10,
        offset_y: Annotated[Place, Port("pixels from the anchor down, or inwards from the lower edge")] = 10,
        copy_image: CopyImage = True,
    ) -> Drawn:
        """Write."""
        written = fill_in(text, worked_on(text_parameters, text_parameters_operations))
        lines = [_measured(line, font_scale, font_thickness) for line in written.split("\n")]
        gap = padding // 2
        width = max(line.width for line in lines) + 2 * padding
        height = sum(line.height + line.below for line in lines) + gap * (len(lines) - 1) + 2 * padding
        left, top = position_x, position_y
        if position_mode == "relative":
            left = _placed(anchor, ("left", "right"), image.width, width, offset_x)
            top = _placed(anchor, ("top", "bottom"), image.height, height, offset_y)
        scene = image.bgr.copy()
        box = sv.Rect(left, top, width, height)
        _fill_box(scene, box, to_color(background_color), background_opacity, border_radius)
        y = top + padding
        for line in lines:
            room = width - 2 * padding - line.width
            x = left + padding + {"left": 0, "center": room // 2, "right": room}[text_align]
            ink = to_color(text_color).as_bgr()
            cv2.putText(scene, line.text, (x, y + line.height), _FONT, font_scale, ink, font_thickness, cv2.LINE_AA)
            y += line.height + line.below + gap
        return Drawn(image.with_pixels(scene))


def _measured(text: str, scale: float, thickness: int) -> _Line:
    (width, height), below = cv2.getTextSize(text, _FONT, scale, thickness)
    return _Line(text, width, height, below)


def _placed(anchor: str, ends: tuple[str, str], length: int, size: int, offset: int) -> int:
    """Return where a box begins along one side of the picture."""
    if ends[0] in anchor:
        return offset
    return length - size - offset if ends[1] in anchor else (length - size) // 2 + (offset if anchor == "center" else 0)


def _fill_box(scene: Pixels, box: sv.Rect, color: sv.Color, opacity: float, radius: int) -> None:
    """Fill a box that may reach over the picture, in place."""
    x0, y0 = max(int(box.x), 0), max(int(box.y), 0)
    x1, y1 = min(int(box.x + box.width), scene.shape[1]), min(int(box.y + box.height), scene.shape[0])
    if x0 >= x1 or y0 >= y1 or not opacity:
        return
    shape = np.zeros((int(box.height), int(box.width), 3), np.uint8)
    if radius:
        draw_rounded_rectangle(shape, sv.Rect(0, 0, box.width, box.height), sv.Color.WHITE, radius)
    else:
        shape[:] = 255
    inside = shape[y0 - int(box.y) : y1 - int(box.y), x0 - int(box.x) : x1 - int(box.x), :1] > 0
    part = scene[y0:y1, x0:x1]
    blended = np.rint(part * (1 - opacity) + np.array(color.as_bgr()) * opacity).astype(np.uint8)
    part[:] = np.where(inside, blended, part)

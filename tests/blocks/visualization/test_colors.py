"""Colours and palettes as existing documents write them."""

from __future__ import annotations

import pytest
import supervision as sv

from cropflow_blocks.visualization.bounding_box import BoundingBoxVisualization
from cropflow_blocks.visualization.colors import to_color, to_palette


def test_every_palette_of_existing_documents_has_colours() -> None:
    palettes = BoundingBoxVisualization.spec.port("color_palette").literal.schema()
    assert palettes is not None
    assert len(palettes["enum"]) == 20
    for name in palettes["enum"]:
        assert len(to_palette(name, 5, ("RED",) * 5)) == 5 or name in ("DEFAULT", "ROBOFLOW")
    assert to_palette("DEFAULT", 5, ()) == sv.ColorPalette.DEFAULT
    assert to_palette("ROBOFLOW", 5, ()) == sv.ColorPalette.ROBOFLOW


@pytest.mark.parametrize(
    "text", ["#ff8000", "ff8000", "(255, 128, 0)", "rgb(255, 128, 0)", "BGR(0,128,255)", " #FF8000 "]
)
def test_a_colour_can_be_written_in_every_way_documents_do(text: str) -> None:
    assert to_color(text) == sv.Color(255, 128, 0)


def test_colours_have_names_in_any_case() -> None:
    assert to_color("white") == sv.Color.WHITE
    assert to_color("Black") == sv.Color.BLACK


@pytest.mark.parametrize("text", ["", "reddish", "#12", "rgb(1,2)", "rgb(1,2,300)", "from_hex"])
def test_what_is_no_colour_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="no colour"):
        to_color(text)

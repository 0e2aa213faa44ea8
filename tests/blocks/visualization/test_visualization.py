"""What drawings can be relied on for: right place, right colour, right text, and the input left alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from supervision import Detections

from cropflow import Block, Image, InputError, Workflow, WorkflowError
from cropflow.detections import stamp
from cropflow_blocks.visualization.bounding_box import BoundingBoxVisualization
from cropflow_blocks.visualization.label import LabelVisualizationV1, LabelVisualizationV2

from .running import drawn as shown

GREY = 200
RED, GREEN = [0, 0, 255], [0, 255, 0]
BLOCKS = (BoundingBoxVisualization, LabelVisualizationV1, LabelVisualizationV2)
COMMON = {
    "copy_image": True,
    "color_palette": "DEFAULT",
    "palette_size": 10,
    "custom_colors": [],
    "color_axis": "CLASS",
}
LABEL = {
    "text": "Class",
    "text_position": "TOP_LEFT",
    "text_color": "WHITE",
    "text_scale": 1.0,
    "text_thickness": 1,
    "text_padding": 10,
    "border_radius": 0,
}


def picture(width: int = 200, height: int = 120) -> Image:
    return Image(np.full((height, width, 3), GREY, np.uint8))


def boxes(on: Image, *xyxy: tuple[float, float, float, float], **data: Any) -> Detections:
    count = len(xyxy)
    names = np.array([f"class {i}" for i in range(count)])
    found = Detections(
        np.array(xyxy, np.float32).reshape(-1, 4),
        confidence=np.linspace(0.5, 0.9, count).astype(np.float32),
        class_id=np.arange(count),
        data={"class_name": names, **data},
    )
    return stamp(found, on.origin, "detect")


def changed(image: Image) -> tuple[int, int, int, int]:
    """The box around all pixels that are not background: left, top, right, bottom, all inside."""
    y, x = np.nonzero((image.pixels != GREY).any(axis=2))
    return int(x.min()), int(y.min()), int(x.max()), int(y.max())


@pytest.mark.parametrize(
    ("block", "fields"),
    [
        (BoundingBoxVisualization, COMMON | {"thickness": 2, "roundness": 0.0}),
        (LabelVisualizationV1, COMMON | LABEL),
        (LabelVisualizationV2, COMMON | LABEL | {"text_size_mode": "Manual"}),
    ],
)
def test_fields_and_defaults_are_those_of_existing_documents(block: type[Block], fields: dict[str, object]) -> None:
    ports = block.spec.ports
    assert {port.name: port.default for port in ports if not port.required} == fields
    assert [port.name for port in ports if port.required] == ["image", "predictions"]
    assert block.spec.port("image").aliases == ("images",)
    assert [(out.name, out.kinds[0].name) for out in block.spec.outputs] == [("image", "image")]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_input_is_never_drawn_on_whatever_copy_image_says(block: Any) -> None:
    image = picture()
    drawn = shown(block, image, boxes(image, (20, 60, 80, 100)), copy_image=False).image
    assert (image.pixels == GREY).all()
    assert (drawn.pixels != GREY).any()
    assert drawn.id == image.id
    assert drawn.origin == image.origin


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("color_axis", ["CLASS", "TRACK"])
def test_a_picture_without_detections_passes_through(block: Any, color_axis: str) -> None:
    image = picture()
    for none in (boxes(image), Detections.empty()):
        assert shown(block, image, none, color_axis=color_axis).image is image


def test_boxes_are_drawn_in_the_colour_of_their_class_in_bgr() -> None:
    image = picture()
    drawn = shown(
        BoundingBoxVisualization,
        image,
        boxes(image, (20, 10, 60, 50), (100, 20, 160, 90)),
        color_palette="CUSTOM",
        custom_colors=["#ff0000", "GREEN"],
        thickness=1,
    )
    pixels = drawn.image.pixels
    for x0, y0, x1, y1, color in [(20, 10, 60, 50, RED), (100, 20, 160, 90, GREEN)]:
        assert (pixels[y0, x0 : x1 + 1] == color).all()
        assert (pixels[y0 : y1 + 1, x1] == color).all()
        assert (pixels[y0 + 1 : y1, x0 + 1 : x1] == GREY).all()


def test_a_grey_and_a_transparent_picture_come_out_in_colour() -> None:
    for shape in [(60, 80), (60, 80, 1), (60, 80, 4)]:
        image = Image(np.full(shape, GREY, np.uint8))
        drawn = shown(BoundingBoxVisualization, image, boxes(image, (10, 10, 40, 40)))
        assert drawn.image.pixels.shape == (60, 80, 3)


def test_round_corners_leave_the_corner_free() -> None:
    image = picture()
    found = boxes(image, (20, 20, 100, 100))
    square = shown(BoundingBoxVisualization, image, found, thickness=1).image.pixels
    round_ = shown(BoundingBoxVisualization, image, found, thickness=1, roundness=0.8).image.pixels
    assert (square[20, 20] != GREY).any()
    assert (round_[20, 20] == GREY).all()
    assert (round_[20, 60] != GREY).any()


def test_boxes_of_a_crop_are_drawn_where_the_crop_was_cut_from() -> None:
    image = picture()
    crop = image.crop(100, 40, 180, 110, id="image/detect/0")
    assert crop is not None
    drawn = shown(BoundingBoxVisualization, image, boxes(crop, (10, 20, 30, 50)), thickness=1)
    assert changed(drawn.image) == (110, 60, 130, 90)


def test_boxes_of_the_whole_are_drawn_on_a_crop_of_a_crop() -> None:
    image = picture()
    crop = image.crop(50, 20, 190, 110, id="image/detect/0")
    inner = crop.crop(30, 20, 120, 80, id="image/detect/0/parts/0") if crop else None
    assert inner is not None
    drawn = shown(BoundingBoxVisualization, inner, boxes(image, (90, 50, 120, 70)), thickness=1)
    assert changed(drawn.image) == (10, 10, 40, 30)


def test_boxes_are_scaled_to_a_resized_picture() -> None:
    image = picture(200, 120)
    half = image.with_pixels(np.full((60, 100, 3), GREY, np.uint8))
    drawn = shown(BoundingBoxVisualization, half, boxes(image, (40, 20, 100, 80)), thickness=1)
    assert changed(drawn.image) == (20, 10, 50, 40)


def test_boxes_of_an_unrelated_picture_are_drawn_as_they_are() -> None:
    other = Image(np.zeros((120, 200, 3), np.uint8), id="thermal")
    drawn = shown(BoundingBoxVisualization, picture(), boxes(other, (40, 20, 100, 80)), thickness=1)
    assert changed(drawn.image) == (40, 20, 100, 80)


def test_boxes_beyond_the_border_are_cut_off_there() -> None:
    image = picture(200, 120)
    drawn = shown(BoundingBoxVisualization, image, boxes(image, (-50, 30, 500, 90)), thickness=1)
    assert changed(drawn.image) == (0, 30, 199, 90)


def test_color_axis_gives_every_box_or_every_track_its_colour() -> None:
    image = picture()
    found = boxes(image, (20, 20, 60, 60), (100, 20, 160, 60))
    found.class_id = np.array([0, 0])
    found.tracker_id = np.array([1, 0])

    def corners(axis: Any) -> list[list[int]]:
        drawn = shown(
            BoundingBoxVisualization,
            image,
            found,
            color_palette="CUSTOM",
            custom_colors=["RED", "GREEN"],
            color_axis=axis,
        )
        return [drawn.image.pixels[20, 20].tolist(), drawn.image.pixels[20, 100].tolist()]

    assert corners("CLASS") == [RED, RED]
    assert corners("INDEX") == [RED, GREEN]
    assert corners("TRACK") == [GREEN, RED]


@pytest.mark.parametrize(("axis", "lacks"), [("CLASS", "class ids"), ("TRACK", "tracker ids")])
def test_boxes_that_lack_what_colours_go_by_are_told(axis: Any, lacks: str) -> None:
    image = picture()
    with pytest.raises(ValueError, match=lacks):
        shown(BoundingBoxVisualization, image, Detections(np.array([[1.0, 1, 9, 9]])), color_axis=axis)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"color_palette": "CUSTOM"}, "custom_colors"),
        ({"color_palette": "Matplotlib Viridis", "palette_size": 0}, "palette_size"),
        ({"color_palette": "CUSTOM", "custom_colors": ["reddish"]}, "no colour"),
    ],
)
def test_a_palette_without_colours_is_told(fields: dict[str, Any], message: str) -> None:
    image = picture()
    with pytest.raises(ValueError, match=message):
        shown(BoundingBoxVisualization, image, boxes(image, (1, 1, 9, 9)), **fields)


@pytest.mark.parametrize(
    ("position", "inside"),
    [
        ("TOP_LEFT", (60, 0, 199, 50)),
        ("TOP_CENTER", (0, 0, 199, 50)),
        ("CENTER", (0, 25, 199, 75)),
        ("BOTTOM_RIGHT", (0, 50, 140, 119)),
    ],
)
def test_labels_stand_where_they_are_put(position: Any, inside: tuple[int, int, int, int]) -> None:
    image = picture()
    found = boxes(image, (60, 50, 140, 50))
    left, top, right, bottom = changed(
        shown(LabelVisualizationV1, image, found, text_position=position, text_scale=0.4, text_padding=3).image
    )
    assert left >= inside[0]
    assert top >= inside[1]
    assert right <= inside[2]
    assert bottom <= inside[3]


def test_a_label_at_the_centre_of_mass_follows_the_mask_also_from_a_crop() -> None:
    image = picture()
    crop = image.crop(100, 20, 200, 120, id="image/detect/0")
    assert crop is not None
    found = boxes(crop, (0, 0, 100, 100))
    found.mask = np.zeros((1, 100, 100), bool)
    found.mask[0, 60:81, 40:61] = True
    style: dict[str, Any] = {"text": "Index", "text_scale": 0.3, "text_padding": 4}
    left, top, right, bottom = changed(
        shown(LabelVisualizationV1, image, found, text_position="CENTER_OF_MASS", **style).image
    )
    assert abs((left + right) / 2 - 150) <= 2
    assert abs((top + bottom) / 2 - 90) <= 2


def test_labels_have_the_colours_that_were_asked_for() -> None:
    image = picture()
    drawn = shown(
        LabelVisualizationV1,
        image,
        boxes(image, (20, 60, 100, 110)),
        color_palette="CUSTOM",
        custom_colors=["#00ff00"],
        text_color="#ff0000",
        text_thickness=3,
    )
    colors = {tuple(color) for color in drawn.image.pixels.reshape(-1, 3).tolist()}
    assert {tuple(GREEN), tuple(RED)} <= colors


def test_automatic_size_grows_with_the_picture_and_manual_does_not() -> None:
    def width(scale: int, mode: Any) -> int:
        image = picture(400 * scale, 300 * scale)
        found = boxes(image, (50 * scale, 150 * scale, 60 * scale, 160 * scale))
        left, _, right, _ = changed(shown(LabelVisualizationV2, image, found, text_size_mode=mode).image)
        return right - left

    assert width(4, "Automatic") > 2 * width(1, "Automatic")
    assert width(4, "Manual") == width(1, "Manual")


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("far", [1e30, -1e30, np.nan, np.inf, 3e9, -3e9])
def test_boxes_that_reach_absurdly_far_leave_the_others_alone(block: Any, far: float) -> None:
    image = picture()
    good = (20.0, 60.0, 80.0, 100.0)
    wanted = shown(block, image, boxes(image, good)).image.pixels
    found = boxes(image, good, good)
    found.xyxy = np.array([good, (far, far, far, far)])  # supervision refuses them in its constructor alone
    assert np.array_equal(shown(block, image, found).image.pixels, wanted)


def test_a_picture_whose_boxes_are_all_nowhere_passes_through() -> None:
    image = picture()
    found = boxes(image, (0, 0, 9, 9))
    found.xyxy[0, 2] = np.nan
    assert shown(BoundingBoxVisualization, image, found).image is image


@pytest.mark.parametrize("roundness", [0.0, 0.6])
def test_a_box_larger_than_all_bounds_has_no_edge_in_the_picture(roundness: float) -> None:
    image = picture()
    drawn = shown(
        BoundingBoxVisualization, image, boxes(image, (-1e30, -1e30, 1e30, 1e30)), thickness=1000, roundness=roundness
    )
    assert (drawn.image.pixels == GREY).all()


@pytest.mark.parametrize("block", [LabelVisualizationV1, LabelVisualizationV2])
def test_the_largest_letters_and_paddings_that_are_allowed_can_be_drawn(block: Any) -> None:
    image = picture()
    largest = {"text_scale": 100.0, "text_thickness": 1000, "text_padding": 10_000, "border_radius": 10_000}
    drawn = shown(block, image, boxes(image, (20, 60, 80, 100)), text_position="CENTER", **largest)
    assert (drawn.image.pixels != GREY).any()


class Halves(Block):
    """A box around each half of the picture."""

    type = "test/halves@v1"

    class Output(NamedTuple):
        predictions: Detections

    def run(self, image: Image) -> Output:
        middle = image.width / 2
        return self.Output(
            Detections(
                np.array([[0, 0, middle, image.height], [middle, 0, image.width, image.height]]),
                class_id=np.array([0, 1]),
                data={"class_name": np.array(["left", "right"])},
            )
        )


def document(**fields: object) -> dict[str, Any]:
    boxed = {
        "type": "roboflow_core/bounding_box_visualization@v1",
        "name": "boxed",
        "images": "$inputs.image",
        "predictions": "$steps.halves.predictions",
        **fields,
    }
    labelled = {
        "type": "LabelVisualization",
        "name": "labelled",
        "image": "$steps.boxed.image",
        "predictions": "$steps.halves.predictions",
    }
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "test/halves@v1", "name": "halves", "image": "$inputs.image"}, boxed, labelled],
        "outputs": [{"type": "JsonField", "name": "image", "selector": "$steps.labelled.image"}],
    }


def test_drawings_chain_in_a_document() -> None:
    workflow = Workflow.load(document(), blocks=[Halves, *BLOCKS])
    pixels = [picture(200, 120).pixels, picture(300, 90).pixels]
    rows = workflow.run({"image": pixels})
    assert [row["image"].pixels.shape for row in rows] == [(120, 200, 3), (90, 300, 3)]
    assert all((array == GREY).all() for array in pixels)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"color_palette": "Matplotlib Virides"}, "Matplotlib Viridis"),
        ({"custom_colors": ["#ff0000", "reddish"]}, "reddish"),
        ({"roundness": 1.5}, "less than or equal to 1"),
    ],
)
def test_a_wrong_field_is_found_when_the_document_is_compiled(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(WorkflowError, match=said):
        Workflow.load(document(**fields), blocks=[Halves, *BLOCKS])


@pytest.mark.parametrize(
    ("step", "field", "value"),
    [
        *((0, "thickness", value) for value in (0, -1, 100_000)),
        *((0, "palette_size", value) for value in (0, 100_000)),
        *((1, "text_scale", value) for value in (0, -1, -1.5, 1e9)),
        *((1, "text_thickness", value) for value in (0, -1, 100_000)),
        *((1, field, value) for field in ("text_padding", "border_radius") for value in (-1, 10**9)),
    ],
)
def test_sizes_that_opencv_cannot_draw_are_refused_in_the_document_and_as_parameters(
    step: int, field: str, value: float
) -> None:
    written = document()
    written["steps"][1 + step][field] = value
    with pytest.raises(WorkflowError, match=field):
        Workflow.load(written, blocks=[Halves, *BLOCKS])
    written["steps"][1 + step][field] = "$inputs.size"
    written["inputs"].append({"type": "WorkflowParameter", "name": "size"})
    workflow = Workflow.load(written, blocks=[Halves, *BLOCKS])
    with pytest.raises(InputError, match=f"'size' does not fit '{field}'"):
        workflow.run({"image": picture(), "size": value})

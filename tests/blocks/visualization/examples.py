"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

import numpy as np

from cropflow import Classification, Image

from ..samples import Element, Examples, boxes, drawn, outlined, pictures, posed

LINE = [[5, 5], [50, 30]]
ZONE = [[5, 5], [50, 5], [50, 30], [5, 30]]


def tracked() -> list[Element]:
    """Every picture is a frame of a stream of its own, so that what came before does not matter."""
    examples = drawn()
    for number, example in enumerate(examples):
        example["predictions"].tracker_id = np.arange(len(example["predictions"]))
        picture = example["image"]
        example["image"] = Image(picture.bgr, id=picture.id, stream=f"stream {number}", frame=0)
    return examples


def compared() -> list[Element]:
    return [
        {"image": image, "predictions_a": boxes(image, i), "predictions_b": boxes(image, 2)}
        for i, image in enumerate(pictures())
    ]


def classified() -> list[Element]:
    scores = np.array([0.2, 0.8], np.float32)
    return [{"image": i, "predictions": Classification(("a", "b"), scores, 0.4, i.origin)} for i in pictures()]


EXAMPLES: Examples = {
    "background_color_visualization": drawn,
    "blur_visualization": drawn,
    "circle_visualization": drawn,
    "classification_label_visualization": classified,
    "color_visualization": drawn,
    "corner_visualization": drawn,
    "crop_visualization": drawn,
    "dot_visualization": drawn,
    "ellipse_visualization": drawn,
    "halo_visualization": outlined,
    "heatmap_visualization": tracked,
    "line_counter_visualization": lambda: [{"image": image, "zone": LINE, "count_in": 2} for image in pictures()],
    "model_comparison_visualization": compared,
    "pixelate_visualization": drawn,
    "polygon_zone_visualization": lambda: [{"image": image, "zone": ZONE} for image in pictures()],
    "reference_path_visualization": lambda: [{"image": image, "reference_path": LINE} for image in pictures()],
    "text_display": lambda: [
        {
            "image": image,
            "text": "{name}\n{width} pixels",
            "text_parameters": {"name": image.id, "width": image},
            "text_parameters_operations": {"width": [{"type": "ExtractImageProperty", "property_name": "width"}]},
        }
        for image in pictures()
    ],
    "trace_visualization": tracked,
    "triangle_visualization": drawn,
    "bounding_box_visualization": drawn,
    "keypoint_visualization": posed,
    "label_visualization": drawn,
    "mask_visualization": outlined,
    "polygon_visualization": outlined,
}

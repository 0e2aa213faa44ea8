"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cropflow import Image
from cropflow_blocks.classical.sift import features

from ..samples import Element, Examples, drawn, outlined, pictures


def seen(**fields: Any) -> Callable[[], list[Element]]:
    return lambda: [{"image": image, **fields} for image in pictures()]


def measured() -> list[Element]:
    return [{"image": element["image"], "detections": element["predictions"]} for element in drawn()]


def masked() -> list[Element]:
    return [{"image": element["image"], "segmentation": element["predictions"]} for element in outlined()]


def templates() -> list[Element]:
    """Each picture with a piece of it; the grey one, which is of one colour, with a piece too large for it."""
    sheet, meter, grey = pictures()
    pieces = (sheet.bgr[20:60, 80:125], meter.bgr[40:90, 40:70], sheet.bgr[:100, :100])
    found = zip((sheet, meter, grey), pieces, strict=True)
    return [{"image": image, "template": Image(piece, id=f"{image.id} piece")} for image, piece in found]


def described() -> list[Element]:
    sheet, meter, grey = (features(image).descriptors for image in pictures())
    return [
        {"descriptor_1": sheet, "descriptor_2": sheet},
        {"descriptor_1": sheet, "descriptor_2": meter},
        {"descriptor_1": grey, "descriptor_2": meter},
    ]


def paired() -> list[Element]:
    sheet, meter, grey = pictures()
    pairs = ((sheet, sheet), (meter, sheet), (grey, meter))
    return [{"input_1": one, "input_2": other, "visualize": True} for one, other in pairs]


def joined() -> list[Element]:
    """Two parts of a picture that overlap, twice, and a pair that does not fit."""
    sheet, meter, grey = pictures()
    pairs = ((sheet.bgr[:, :220], sheet.bgr[:, 100:]), (meter.bgr, meter.bgr[20:]), (sheet.bgr, grey.bgr))
    names = ("sheet", "meter", "none")
    return [
        {"image1": Image(one, id=f"{name} 1"), "image2": Image(other, id=f"{name} 2")}
        for name, (one, other) in zip(names, pairs, strict=True)
    ]


LENS = {"fx": 300.0, "fy": 310.0, "cx": 160.0, "cy": 110.0, "k1": -0.2, "k2": 0.05, "k3": 0.0, "p1": 0.0, "p2": 0.0}

EXAMPLES: Examples = {
    "auto_rotate_on_edges": seen(target_orientation="either"),
    "background_subtraction": lambda: [{"image": image} for image in frames()],
    "camera_focus@v1": seen(),
    "camera_focus@v2": measured,
    "camera-calibration": seen(**LENS),
    "contours_detection": seen(),
    "contrast_enhancement": seen(clip_limit=2, contrast_multiplier=1.5, normalize_brightness=True),
    "contrast_equalization": seen(equalization_type="Adaptive Equalization"),
    "convert_grayscale": seen(),
    "dominant_color": seen(),
    "image_blur": seen(blur_type="median", kernel_size=4),
    "image_preprocessing": seen(task_type="resize", width=50, height=None),
    "mask_edge_snap": masked,
    "morphological_transformation": seen(operation="Closing"),
    "motion_detection": lambda: [{"image": image, "suppress_first_detections": False} for image in frames()],
    "pixel_color_count": seen(target_color=[120, 120, 120]),
    "qr_code_generator": lambda: [{"text": "hello"}, {"text": "https://example.com"}],
    "sift": seen(),
    "sift_comparison@v1": described,
    "sift_comparison@v2": paired,
    "stitch_images": joined,
    "template_matching": templates,
    "threshold": seen(thresh_value=100),
}


def frames() -> list[Image]:
    """Pictures of three videos, so that each is the first of its own."""
    return [Image(np.array(image.pixels), id=f"{image.id}#0", stream=image.id, frame=0) for image in pictures()]

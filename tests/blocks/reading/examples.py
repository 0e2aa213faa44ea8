"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

import numpy as np

from cropflow import Image

from ..samples import Element, Examples, drawn, pictures
from .drawn import ean13, paper, put, qr, sign


def coded() -> list[Element]:
    both, one = paper(), paper(300, 300)
    put(both, qr("https://example.org"), 40, 60)
    put(both, ean13("4006381333931"), 300, 40)
    put(one, qr("second", 8), 20, 30)
    codes = [Image(both, id="both"), Image(one, id="one")]
    return [{"images": image} for image in [*codes, pictures()[0]]]


def written() -> list[Element]:
    return [{"images": image} for image in [sign("Hello World", "12.50 EUR"), Image(paper(60, 90), id="empty")]]


def crops() -> list[Element]:
    image = sign("Hello World", "12.50 EUR")
    parts = image.crops(np.array([[20, 30, 260, 75], [20, 90, 220, 135], [300, 5, 330, 20]]), ["a", "b", "c"])
    return [{"images": part} for part in parts if part is not None]


def spelt() -> list[Element]:
    return [{"predictions": row["predictions"], "reading_direction": "left_to_right"} for row in drawn()]


EXAMPLES: Examples = {
    "barcode_detector": coded,
    "easy_ocr": written,
    "ocr_model": written,
    "pp_ocr": written,
    "qr_code_detector": coded,
    "stitch_ocr_detections@v1": spelt,
    "stitch_ocr_detections@v2": lambda: [{**row, "stitching_algorithm": "otsu"} for row in spelt()],
    "text_detection_model": written,
    "text_recognition_model": crops,
}

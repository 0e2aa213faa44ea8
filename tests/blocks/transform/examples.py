"""What the contract suite runs the blocks of this family with."""

from __future__ import annotations

from collections.abc import Callable

from ..samples import Element, Examples, boxes, pictures


def cut() -> list[Element]:
    return [{"images": image, "predictions": boxes(image, 2 - i)} for i, image in enumerate(pictures())]


def place(**where: float) -> Callable[[], list[Element]]:
    return lambda: [{"images": image, **where} for image in pictures()]


EXAMPLES: Examples = {
    "absolute_static_crop": place(x_center=20, y_center=25, width=31, height=17),
    "dynamic_crop": cut,
    "relative_static_crop": place(x_center=0.4, y_center=0.5, width=0.3, height=0.6),
}

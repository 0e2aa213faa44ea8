"""Slices cover the picture, lie where they should, and know the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropflow import Image, Workflow, WorkflowError
from cropflow_blocks.transform.slicer import ImageSlicerV1, ImageSlicerV2

Block = ImageSlicerV1 | ImageSlicerV2


def slices(block: type[Block], width: int, height: int, **fields: Any) -> list[tuple[int, int, int, int]]:
    slicer = block()
    slicer.step = "slice"
    rows = slicer.run(Image(np.zeros((height, width, 3), np.uint8)), **fields)
    return [
        (int(part.origin.to_parent.offset_x), int(part.origin.to_parent.offset_y), part.width, part.height)
        for (part,) in rows
    ]


SIXTY_FOUR = {"slice_width": 64, "slice_height": 64}


@pytest.mark.parametrize(
    ("block", "size", "fields", "expected"),
    [
        (ImageSlicerV1, (150, 64), {}, [(0, 0, 64, 64), (52, 0, 64, 64), (104, 0, 46, 64), (0, 52, 64, 12)]),
        (ImageSlicerV2, (150, 64), {}, [(0, 0, 64, 64), (52, 0, 64, 64), (86, 0, 64, 64)]),
        (ImageSlicerV1, (40, 30), {}, [(0, 0, 40, 30)]),
        (ImageSlicerV2, (40, 30), {}, [(0, 0, 40, 30)]),
        (ImageSlicerV1, (130, 64), {"overlap_ratio_width": 0}, [(0, 0, 64, 64), (64, 0, 64, 64), (128, 0, 2, 64)]),
        (ImageSlicerV2, (130, 64), {"overlap_ratio_width": 0}, [(0, 0, 64, 64), (64, 0, 64, 64), (66, 0, 64, 64)]),
    ],
)
def test_slices_lie_as_existing_documents_expect(
    block: type[Block], size: tuple[int, int], fields: dict[str, Any], expected: list[tuple[int, int, int, int]]
) -> None:
    assert slices(block, *size, **SIXTY_FOUR, **fields)[: len(expected)] == expected


@given(
    st.sampled_from([ImageSlicerV1, ImageSlicerV2]),
    st.integers(1, 90),
    st.integers(1, 90),
    st.integers(1, 40),
    st.integers(1, 40),
    st.floats(0, 0.9),
)
def test_every_pixel_is_on_a_slice(
    block: type[Block], width: int, height: int, wide: int, high: int, overlap: float
) -> None:
    found = slices(
        block,
        width,
        height,
        slice_width=wide,
        slice_height=high,
        overlap_ratio_width=overlap,
        overlap_ratio_height=overlap,
    )
    seen = np.zeros((height, width), int)
    for left, top, w, h in found:
        seen[top : top + h, left : left + w] += 1
        if block is ImageSlicerV2:
            assert (w, h) == (min(wide, width), min(high, height))
    assert seen.min() >= 1
    assert len(set(found)) == len(found)


def test_ids_are_the_same_in_every_run() -> None:
    document = {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [{"type": "roboflow_core/image_slicer@v1", "name": "cut", "image": "$inputs.image", **SIXTY_FOUR}],
        "outputs": [{"type": "JsonField", "name": "slices", "selector": "$steps.cut.slices"}],
    }
    with Workflow.load(document) as workflow:
        rows = workflow.run({"image": [np.zeros((30, 80, 3), np.uint8)] * 2})
    assert [part.id for part in rows[1]["slices"]] == ["image.[1]/cut/0", "image.[1]/cut/1"]
    document["steps"][0]["overlap_ratio_width"] = 1.0
    with pytest.raises(WorkflowError, match="this value does not fit 'overlap_ratio_width'"):
        Workflow.load(document)


@pytest.mark.parametrize("slicer", [ImageSlicerV1, ImageSlicerV2])
def test_a_slip_in_a_size_does_not_fill_the_memory(slicer: type[ImageSlicerV1 | ImageSlicerV2]) -> None:
    block = slicer()
    block.step = "slices"
    picture = Image(np.zeros((101, 100, 3), np.uint8), id="a")
    with pytest.raises(ValueError, match=r"would be 10,100 of a picture of 100 × 101, and at most 10,000 are made"):
        block.run(picture, slice_width=1, slice_height=1, overlap_ratio_width=0, overlap_ratio_height=0)
    assert len(block.run(picture, slice_width=1, slice_height=2, overlap_ratio_height=0)) == 5_100

"""Compares isolating objects with the recipe that people follow by hand, which works on a full frame for each object.

Objects are ellipses on a picture of 1920 × 1080 pixels; both give every object on black, cut to its box, with the same
pixels.

    python benchmarks/isolate.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from supervision import Detections
from supervision.detection.compact_mask import CompactMask

from cropflow import Image
from cropflow_blocks.transform import Isolate

HEIGHT, WIDTH = 1080, 1920
FRAME = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)


def objects(count: int) -> tuple[Detections, list[NDArray[Any]]]:
    """Return ellipses with masks, and their outlines as points."""
    random = np.random.default_rng(1)
    boxes, masks, outlines = [], [], []
    for _ in range(count):
        x, y = random.integers(100, WIDTH - 100), random.integers(100, HEIGHT - 100)
        outline = cv2.ellipse2Poly((int(x), int(y)), (60, 40), int(random.integers(0, 180)), 0, 360, 5)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.drawContours(mask, [outline.reshape(-1, 1, 2)], -1, 1, cv2.FILLED)
        left, top, wide, high = cv2.boundingRect(outline)
        boxes.append([left, top, left + wide, top + high])
        masks.append(mask.astype(bool))
        outlines.append(outline)
    inside = CompactMask.from_dense(np.array(masks), np.array(boxes) - [0, 0, 1, 1], (HEIGHT, WIDTH))
    return Detections(np.array(boxes, float), mask=inside, class_id=np.zeros(count, int)), outlines


def by_hand(outlines: list[NDArray[Any]], boxes: NDArray[Any]) -> list[NDArray[Any]]:
    """Fill each outline in a mask of the frame, put it over the frame, cut the box out."""
    made = []
    for outline, box in zip(outlines, boxes.astype(np.int32), strict=True):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.drawContours(mask, [outline.reshape(-1, 1, 2)], -1, (255, 255, 255), cv2.FILLED)
        isolated = cv2.bitwise_and(cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR), FRAME)
        made.append(isolated[box[1] : box[3], box[0] : box[2]])
    return made


def fastest(jobs: list[Callable[[], object]], runs: int) -> list[float]:
    """Time jobs in turn; return the fastest run of each in seconds."""
    best = [float("inf")] * len(jobs)
    for _ in range(runs):
        for number, job in enumerate(jobs):
            started = time.perf_counter()
            job()
            best[number] = min(best[number], time.perf_counter() - started)
    return best


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="runs of each; the fastest counts")
    asked = parser.parse_args()
    block, image = Isolate(), Image(FRAME)
    block.step = "isolate"
    table = Table("objects", "isolate@v1 ms", "by hand ms", "times faster")
    for count in (1, 10, 100):
        found, outlines = objects(count)
        rows = list(block.run(image, found))
        for row, expected in zip(rows, by_hand(outlines, found.xyxy), strict=True):
            np.testing.assert_array_equal(row.crops.pixels, expected)
        jobs: list[Callable[[], object]] = [
            lambda found=found: list(block.run(image, found)),
            lambda outlines=outlines, found=found: by_hand(outlines, found.xyxy),
        ]
        ours, theirs = fastest(jobs, asked.runs)
        table.add_row(str(count), f"{ours * 1e3:.2f}", f"{theirs * 1e3:.2f}", f"{theirs / ours:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()

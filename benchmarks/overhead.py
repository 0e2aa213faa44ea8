"""What the engine costs: stub detect → dynamic_crop → stub classify, against the same work in a loop written by hand.

    python benchmarks/overhead.py [--runs 7] [--smallest] [--peer PYTHON]

The models are stubs, so that the engine is all that is measured. The loop rounds, clips and slices as the crop block
does, makes one object with a read-only view per crop, and batches the crops of all pictures for one call. Both are
run in turn in one process; every figure is the fastest of the runs, and what counts is the ratio. `--peer` adds
roboflow-workflows on the same stubs; `benchmarks/peer/README.md` tells how to make its environment.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table
from supervision import Detections

from cropflow import Batch, Block, Image, Workflow

SIZES = [(1, 0), (1, 1), (1, 10), (8, 10), (32, 100), (128, 100), (1, 1000), (1, 10_000), (1, 100_000)]
_PEER_CROPS = 15_000  # more would take it minutes
FRAME = np.zeros((1080, 1920, 3), np.uint8)


def copied(boxes: Detections) -> Detections:
    """Make new predictions of the same boxes, as a model would."""
    return Detections(boxes.xyxy, None, boxes.confidence, boxes.class_id)


class Detect(Block):
    """Answers with the same boxes for every picture."""

    type = "bench/detect@v1"
    boxes = Detections.empty()

    class Output(NamedTuple):
        """The boxes."""

        predictions: Detections

    def run(self, images: Batch[Image]) -> Batch[Output]:
        """Answer."""
        return [
            self.Output(Detections(self.boxes.xyxy, None, self.boxes.confidence, self.boxes.class_id)) for _ in images
        ]


class Classify(Block):
    """Answers with the same class for every picture."""

    type = "bench/classify@v1"

    class Output(NamedTuple):
        """The class."""

        label: str

    def run(self, images: Batch[Image]) -> Batch[Output]:
        """Answer."""
        return [self.Output("label")] * len(images)


def document(*, read_predictions: bool) -> dict[str, Any]:
    """The three steps; with `read_predictions` the prediction of every crop is an output too."""
    crop = {"images": "$inputs.image", "predictions": "$steps.detect.predictions"}
    outputs = {"labels": "$steps.classify.label"} | ({"boxes": "$steps.crop.predictions"} if read_predictions else {})
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}],
        "steps": [
            {"type": "bench/detect@v1", "name": "detect", "images": "$inputs.image"},
            {"type": "dynamic_crop@v1", "name": "crop", **crop},
            {"type": "bench/classify@v1", "name": "classify", "images": "$steps.crop.crops"},
        ],
        "outputs": [{"type": "JsonField", "name": name, "selector": selector} for name, selector in outputs.items()],
    }


@dataclass(slots=True)
class Crop:
    """What a careful loop keeps of a crop."""

    pixels: Any
    source: int
    index: int
    box: tuple[int, int, int, int]


def by_hand(frames: list[Any], boxes: Detections) -> list[list[str]]:
    """The same chain without an engine."""
    crops: list[Crop] = []
    counts = []
    for source, frame in enumerate(frames):
        height, width = frame.shape[:2]
        corners = np.rint(copied(boxes).xyxy).astype(int)
        corners[:, 0::2] = corners[:, 0::2].clip(0, width)
        corners[:, 1::2] = corners[:, 1::2].clip(0, height)
        for index, (x0, y0, x1, y1) in enumerate(corners.tolist()):
            pixels = frame[y0:y1, x0:x1]
            pixels.flags.writeable = False
            crops.append(Crop(pixels, source, index, (x0, y0, x1, y1)))
        counts.append(len(corners))
    labels = ["label"] * len(crops)
    rows, start = [], 0
    for count in counts:
        rows.append(labels[start : start + count])
        start += count
    return rows


def random_boxes(count: int) -> Detections:
    """Boxes of 10 to 80 px inside the frame."""
    random = np.random.default_rng(0)
    corner = random.uniform(0, 900, (count, 2))
    xyxy = np.concatenate([corner, corner + random.uniform(10, 80, (count, 2))], 1)
    return Detections(xyxy, None, np.ones(count), np.zeros(count, int))


def fastest(work: Callable[[], object], other: Callable[[], object], runs: int) -> tuple[float, float]:
    """Time two things in turn; return the fastest run of each in seconds. What is short is repeated within a run."""
    best = [float("inf")] * 2
    times = [1, 1]
    for _ in range(runs):
        for number, job in enumerate((work, other)):
            gc.collect()
            started = time.perf_counter()
            for _ in range(times[number]):
                job()
            best[number] = min(best[number], (time.perf_counter() - started) / times[number])
            times[number] = max(1, int(0.02 / best[number]))
    return best[0], best[1]


def compile_time(steps: int, runs: int) -> float:
    """Seconds to parse and compile a document with that many steps."""
    text = ["version: '1.0'", "inputs: [{type: WorkflowImage, name: image}]", "steps:"]
    source = "$inputs.image"
    for number in range(steps):
        text.append(
            f"  - {{type: relative_static_crop@v1, name: s{number}, images: {source}, "
            "x_center: 0.5, y_center: 0.5, width: 0.9, height: 0.9}"
        )
        source = f"$steps.s{number}.crops"
    text.append(f"outputs: [{{type: JsonField, name: out, selector: {source}}}]")
    joined = "\n".join(text)
    return fastest(lambda: Workflow.loads(joined), lambda: None, runs)[0]


def measure(plain: Workflow, reading: Workflow, pictures: int, crops: int, runs: int) -> list[str]:
    """Measure one size and return a row of the table."""
    Detect.boxes = random_boxes(crops)
    frames = [FRAME] * pictures
    inputs = {"image": frames}
    assert [row["labels"] for row in plain.run(inputs)] == by_hand(frames, Detect.boxes)
    engine, hand = fastest(lambda: plain.run(inputs), lambda: by_hand(frames, Detect.boxes), runs)
    per_crop = f"{engine / (pictures * crops) * 1e6:.2f}" if crops else ""
    read = ""
    if pictures * crops <= 20_000:
        read = f"{fastest(lambda: reading.run(inputs), lambda: None, 2)[0] * 1e3:.2f}"
    return [f"{pictures} x {crops}", f"{engine * 1e3:.3f}", per_crop, f"{hand * 1e3:.3f}", f"{engine / hand:.2f}", read]


def memory(workflow: Workflow, crops: int) -> float:
    """Return the most MB that a run over one picture takes, beside the picture."""
    Detect.boxes = random_boxes(crops)
    tracemalloc.start()
    workflow.run({"image": [FRAME]})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def peer(python: str, sizes: list[tuple[int, int]], runs: int) -> list[float]:
    """Return milliseconds per run of roboflow-workflows, for each size."""
    script = Path(__file__).parent / "peer" / "run.py"
    asked = {"sizes": [(pictures, random_boxes(crops).xyxy.tolist()) for pictures, crops in sizes], "runs": runs}
    done = subprocess.run([python, script], input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the peer failed:\n{done.stderr[-2000:]}")
    return list(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7, help="runs of each; the fastest counts")
    parser.add_argument("--smallest", action="store_true", help="only the smallest sizes, to see that it works")
    parser.add_argument("--peer", metavar="PYTHON", help="also measure roboflow-workflows, installed for this Python")
    asked = parser.parse_args()
    plain, reading = (
        Workflow.load(document(read_predictions=read), blocks=[Detect, Classify]) for read in (False, True)
    )
    sizes = SIZES[:3] if asked.smallest else SIZES
    table = Table("pictures x crops", "engine ms", "µs per crop", "by hand ms", "ratio", "ms with predictions read")
    rows = [measure(plain, reading, pictures, crops, asked.runs) for pictures, crops in sizes]
    if asked.peer:
        table.add_column("peer ms")
        table.add_column("times engine")
        compared = [size for size in sizes if size[0] * size[1] <= _PEER_CROPS]
        for row, took in zip(rows, peer(asked.peer, compared, 2), strict=False):
            row += [f"{took:.1f}", f"{took / float(row[1]):.0f}"]
    for row in rows:
        table.add_row(*row)
    console = Console(width=100)
    console.print(table)
    crops = 1000 if asked.smallest else 100_000
    console.print(f"memory of {crops} crops: {memory(plain, crops):.1f} MB")
    console.print(f"30 steps parsed and compiled: {compile_time(30, asked.runs) * 1e3:.1f} ms")


if __name__ == "__main__":
    main()

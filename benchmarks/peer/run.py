"""Measures roboflow-workflows on the document of `overhead.py`; run by it, in an environment of its own.

Reads the sizes as JSON from stdin, and prints milliseconds per run for each as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ["WORKFLOWS_PLUGINS"] = "stubs"

import numpy as np
import stubs
from roboflow_workflows.execution_engine.core import ExecutionEngine

STEPS = [
    {"type": "bench/detect@v1", "name": "detect", "images": "$inputs.image"},
    {
        "type": "roboflow_core/dynamic_crop@v1",
        "name": "crop",
        "images": "$inputs.image",
        "predictions": "$steps.detect.predictions",
    },
    {"type": "bench/classify@v1", "name": "classify", "images": "$steps.crop.crops"},
]
DOCUMENT = {
    "version": "1.0",
    "inputs": [{"type": "WorkflowImage", "name": "image"}],
    "steps": STEPS,
    "outputs": [{"type": "JsonField", "name": "labels", "selector": "$steps.classify.label"}],
}


def main() -> None:
    """Measure."""
    asked = json.load(sys.stdin)
    engine = ExecutionEngine.init(workflow_definition=DOCUMENT, init_parameters={})
    frame = np.zeros((1080, 1920, 3), np.uint8)
    took = []
    for pictures, boxes in asked["sizes"]:
        stubs.BOXES["xyxy"] = np.array(boxes, float).reshape(-1, 4)
        inputs = {"image": [frame] * pictures}
        best = float("inf")
        for _ in range(asked["runs"]):
            started = time.perf_counter()
            rows = engine.run(runtime_parameters=inputs)
            best = min(best, time.perf_counter() - started)
        assert [len(row["labels"]) for row in rows] == [len(boxes)] * pictures
        took.append(best * 1e3)
    print(json.dumps(took))


if __name__ == "__main__":
    main()

"""Tells how good the four models are on fresh scenes with handwriting that none of them was trained on.

    python training/data.py --out build/digits
    python evaluate.py --data build/digits                  # the shipped models
    python evaluate.py --data build/digits --models /tmp    # others, of the same names

Prints a table, and how many digits detect → square crop → classify finds and names rightly.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from score import Tally, score

from cropflow import ModelStore, Workflow
from cropflow_blocks.models.quiet import ultralytics_imported

ROOT = Path(__file__).parents[2]
CHAIN = ROOT / "workflows" / "classes_on_boxes.yaml"
MEASURES = {
    "detect": {"mAP50": "metrics/mAP50(B)", "mAP50-95": "metrics/mAP50-95(B)"},
    "segment": {"mask mAP50": "metrics/mAP50(M)", "mask mAP50-95": "metrics/mAP50-95(M)"},
    "pose": {"pose mAP50": "metrics/mAP50(P)", "pose mAP50-95": "metrics/mAP50-95(P)"},
    "classify": {"top-1 accuracy": "metrics/accuracy_top1"},
}
"""What is told of each model, with the names that Ultralytics gives it."""
TOGETHER = 32
"""Pictures that run through the chain at once."""


@dataclass(frozen=True, slots=True)
class Report:
    """How good one model is: every measure is in 0–1."""

    file: Path
    parameters: int
    measures: dict[str, float]

    def __str__(self) -> str:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in self.measures.items())
        size = f"{self.file.stat().st_size / 1000:.0f} KB"
        return f"| {self.file.name} | {size} | {self.parameters / 1000:.0f} thousand | {shown} |"


def evaluate(task: str, weights: Path, data: Path, device: str | None) -> Report:
    """Measure one model on the test split with Ultralytics' own means."""
    source = data / task if task == "classify" else data / task / "data.yaml"
    with TemporaryDirectory() as folder, ultralytics_imported(Path(folder)) as ultralytics:
        model = ultralytics.YOLO(str(weights))
        parameters = sum(one.numel() for one in model.model.parameters())
        found: dict[str, Any] = model.val(
            data=str(source), split="test", device=device, workers=0, plots=False, verbose=False, project=folder
        ).results_dict
    return Report(weights, parameters, {name: float(found[key]) for name, key in MEASURES[task].items()})


def chain(models: Path, data: Path, device: str | None) -> Tally:
    """Find and name the digits of the test scenes, as the example document does, and compare with the truth."""
    truth = json.loads((data / "truth.json").read_text(encoding="utf-8"))
    instead = {f"../models/{name}": models / name for name in (f"digits-{task}.pt" for task in MEASURES)}
    found: dict[str, Any] = {}
    with Workflow.load(CHAIN, resources=[ModelStore(instead, device=device)]) as workflow:
        for names in chunks(list(truth)):
            pictures = [data / "detect" / "images" / "test" / name for name in names]
            rows = workflow.run({"image": pictures}).to_dict()
            found |= {name: row["named"]["predictions"] for name, row in zip(names, rows, strict=True)}
    return score(truth, found)


def chunks(names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(names), TOGETHER):
        yield names[start : start + TOGETHER]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Measure the models of the digits example on fresh scenes.")
    parser.add_argument("--data", type=Path, required=True, help="folder that training/data.py wrote")
    parser.add_argument("--models", type=Path, default=ROOT / "models", help="folder with digits-detect.pt and so on")
    parser.add_argument("--device", help="such as cpu or 0 (default: the first GPU, else the CPU)")
    given = parser.parse_args(arguments)
    if not (given.data / "truth.json").is_file():
        print(f"no test scenes in {given.data}; make them with training/data.py --out {given.data}", file=sys.stderr)
        return 2
    print("| file | size | parameters | on fresh scenes |\n|---|---|---|---|")
    for task in MEASURES:
        print(evaluate(task, given.models / f"digits-{task}.pt", given.data.resolve(), given.device), flush=True)
    started = time.perf_counter()
    tally = chain(given.models.resolve(), given.data, given.device)
    print(f"\ndetect, crop, classify in {time.perf_counter() - started:.1f} s:\n{tally}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

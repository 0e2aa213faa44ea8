"""Compares what `cropflow run` wrote with the truth, so that the example can fail and not only look nice.

    python score.py out/results.jsonl --at-least 0.90

A digit counts as right where a box covers it (intersection over union of at least 0.5, each box used once)
and bears its name. Prints the share of right digits; exit code 1 where it is below `--at-least`, 2 where the
results cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import supervision as sv

ENOUGH = 0.5
"""Intersection over union from which a box covers a digit."""

Objects = Sequence[Mapping[str, Any]]


class UnreadableResultsError(ValueError):
    """The results are not those of the pictures in the truth; the message says why."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Digits of the truth, how many were found, how many rightly named, and boxes that cover none."""

    digits: int = 0
    found: int = 0
    right: int = 0
    surplus: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.digits + other.digits,
            self.found + other.found,
            self.right + other.right,
            self.surplus + other.surplus,
        )

    @property
    def accuracy(self) -> float:
        """Share of the digits that were found and rightly named, 0–1."""
        return self.right / self.digits if self.digits else 0.0

    def __str__(self) -> str:
        missed, misnamed = self.digits - self.found, self.found - self.right
        counts = f"{missed} missed, {misnamed} misnamed, {self.surplus} boxes without a digit"
        return f"accuracy: {self.accuracy:.2f}\n{self.right} of {self.digits} digits right; {counts}"


def compare(truth: Objects, predictions: Objects) -> Tally:
    """Compare the predictions on one picture with its truth.

    Example:
        >>> seen = [{"x": 5, "y": 5, "width": 10, "height": 10, "class": "7"}]
        >>> compare([{"digit": 7, "box": [0, 0, 10, 10]}], seen).right
        1
    """
    matched = pairs([digit["box"] for digit in truth], [corners(seen) for seen in predictions])
    right = sum(str(truth[i]["digit"]) == predictions[j]["class"] for i, j in matched)
    return Tally(len(truth), len(matched), right, len(predictions) - len(matched))


def corners(seen: Mapping[str, Any]) -> list[float]:
    """Return `[x0, y0, x1, y1]` of a detection given by centre and size."""
    half_width, half_height = seen["width"] / 2, seen["height"] / 2
    return [seen["x"] - half_width, seen["y"] - half_height, seen["x"] + half_width, seen["y"] + half_height]


def pairs(wanted: Sequence[Sequence[float]], found: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pair boxes one to one, best overlap first, as long as they overlap enough."""
    if not wanted or not found:
        return []
    overlap = sv.box_iou_batch(np.array(wanted, float), np.array(found, float))
    matched: list[tuple[int, int]] = []
    while overlap.max() >= ENOUGH:
        i, j = divmod(int(overlap.argmax()), len(found))
        matched.append((i, j))
        overlap[i, :] = overlap[:, j] = -1
    return matched


def score(truth: Mapping[str, Objects], results: Mapping[str, Objects]) -> Tally:
    """Add up all pictures of the truth; a picture without results has all its digits missed.

    Raises:
        UnreadableResultsError: there are results of a picture that the truth does not know.
    """
    if strangers := sorted(results.keys() - truth.keys()):
        raise UnreadableResultsError(
            f"the truth has no picture {strangers[0]!r}, only such as {min(truth, default='none')!r}; "
            "run the workflow on the folder that belongs to this truth.json"
        )
    return sum((compare(digits, results.get(name, [])) for name, digits in truth.items()), Tally())


def read_results(path: Path, output: str) -> dict[str, Objects]:
    """Return the predictions of every picture, by its relative path.

    Raises:
        UnreadableResultsError: a line without errors lacks the output.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return {row["source"]: predictions(row, output) for row in rows}


def predictions(row: Mapping[str, Any], output: str) -> Objects:
    """Return the predictions of one line: none where the workflow failed or skipped the picture."""
    outputs = row.get("outputs") or {}
    if output not in outputs and not row.get("errors"):
        raise UnreadableResultsError(
            f"{row['source']} has no output {output!r}, only {sorted(outputs)}; name one with --output"
        )
    found: Objects = (outputs.get(output) or {}).get("predictions", [])
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description="Compare results of the digits workflow with the truth.")
    parser.add_argument("results", type=Path, help="the results.jsonl that `cropflow run` wrote")
    parser.add_argument("--truth", type=Path, default=here / "truth.json")
    parser.add_argument("--output", default="named", help="output whose detections have digits as classes")
    parser.add_argument("--at-least", type=float, default=0.0, help="lowest accuracy that is good enough, 0–1")
    given = parser.parse_args(arguments)
    try:
        tally = score(json.loads(given.truth.read_text()), read_results(given.results, given.output))
    except (OSError, json.JSONDecodeError, UnreadableResultsError) as error:
        print(f"cannot score {given.results}: {error}", file=sys.stderr)
        return 2
    print(tally)
    return 0 if tally.accuracy >= given.at_least else 1


if __name__ == "__main__":
    sys.exit(main())

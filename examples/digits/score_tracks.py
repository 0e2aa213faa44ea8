"""Compares tracks that `cropflow run` wrote of the videos with the truth.

    python score_tracks.py out/results.jsonl --at-least 0.9 --switches 0

A digit counts as followed in a frame where a tracked box covers it (see `score.py`). A switch is a digit whose tracker
id is another one than where it was last followed. Digits of which less than half is to be seen are left aside. Exit
code 1 where the share of digits followed is below `--at-least`, or there are more switches than `--switches`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from score import Objects, UnreadableResultsError, corners, pairs, predictions

SEEN = 0.5
"""Share of a digit that has to be seen."""

Frames = Mapping[int, Objects]
"""Objects by the number of the frame, from 0."""


@dataclass(frozen=True, slots=True)
class Tracks:
    """Digits over all frames, how many of them were followed, and how often the id of one changed."""

    digits: int = 0
    followed: int = 0
    switches: int = 0

    def __add__(self, other: Tracks) -> Tracks:
        return Tracks(self.digits + other.digits, self.followed + other.followed, self.switches + other.switches)

    @property
    def share(self) -> float:
        """Share of the digits that were followed, 0 to 1."""
        return self.followed / self.digits if self.digits else 0.0

    def __str__(self) -> str:
        return f"followed: {self.share:.2f}\n{self.followed} of {self.digits} digits, {self.switches} switches"


def compare(truth: Sequence[Objects], found: Frames) -> Tracks:
    """Compare the tracks of one video with its truth; a frame without results has all its digits lost.

    Example:
        >>> frame = [{"track": 1, "box": [0, 0, 10, 10], "visible": 1.0}]
        >>> box = {"x": 5, "y": 5, "width": 10, "height": 10}
        >>> compare([frame, frame], {0: [box | {"tracker_id": 4}], 1: [box | {"tracker_id": 7}]})
        Tracks(digits=2, followed=2, switches=1)
    """
    last: dict[int, int] = {}
    tracks = Tracks()
    for number, objects in enumerate(truth):
        digits = [one for one in objects if one["visible"] >= SEEN]
        boxes = [box for box in found.get(number, ()) if box.get("tracker_id") is not None]
        matched = pairs([one["box"] for one in digits], [corners(box) for box in boxes])
        ids = {digits[i]["track"]: boxes[j]["tracker_id"] for i, j in matched}
        switches = sum(last.get(track, id) != id for track, id in ids.items())
        last |= ids
        tracks += Tracks(len(digits), len(matched), switches)
    return tracks


def read_results(path: Path, output: str) -> dict[str, dict[int, Objects]]:
    """Return the tracked boxes of every frame of every video, by the name of its file.

    Raises:
        UnreadableResultsError: a line is of no video, or lacks the output.
    """
    found: dict[str, dict[int, Objects]] = {}
    lines = path.read_text(encoding="utf-8").splitlines()
    for row in (json.loads(line) for line in lines if line.strip()):
        if not isinstance(row["frame"], int):
            raise UnreadableResultsError(f"{row['source']} is no video, such as crossing.mp4")
        found.setdefault(Path(row["source"]).name, {})[row["frame"]] = predictions(row, output)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    videos = Path(__file__).parent / "videos"
    parser = argparse.ArgumentParser(description="Compare tracks of the digit videos with the truth.")
    parser.add_argument("results", type=Path, help="the results.jsonl that `cropflow run` wrote")
    parser.add_argument("--truth", type=Path, default=videos / "truth.json")
    parser.add_argument("--output", default="tracked", help="output whose detections have tracker ids")
    parser.add_argument("--at-least", type=float, default=0.0, help="lowest share of digits followed, 0–1")
    parser.add_argument("--switches", type=int, help="most switches of ids")
    given = parser.parse_args(arguments)
    try:
        truth, found = json.loads(given.truth.read_text()), read_results(given.results, given.output)
        if strangers := sorted(found.keys() - truth.keys()):
            raise UnreadableResultsError(f"the truth has no video {strangers[0]!r}, only {', '.join(sorted(truth))}")
    except (OSError, json.JSONDecodeError, UnreadableResultsError) as error:
        print(f"cannot score {given.results}: {error}", file=sys.stderr)
        return 2
    tracks = sum((compare(truth[name], frames) for name, frames in found.items()), Tracks())
    print(tracks)
    too_many = given.switches is not None and tracks.switches > given.switches
    return 1 if too_many or tracks.share < given.at_least else 0


if __name__ == "__main__":
    sys.exit(main())

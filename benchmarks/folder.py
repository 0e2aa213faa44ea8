"""Shows that a folder of any length is run in constant memory.

Makes a folder of small pictures, runs `cropflow run` over it with a document that cuts a part out of each,
keeps it as a file and writes lines, and prints the memory of that process after every tenth of the pictures.

    python benchmarks/folder.py --pictures 10000
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

DOCUMENT = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: relative_static_crop@v1, name: crop, images: $inputs.image, x_center: 0.5, y_center: 0.5, width: 0.5,
     height: 0.5}
  - {type: image_sink@v1, name: keep, image: $steps.crop.crops, folder: crops}
  - {type: jsonl_sink@v1, name: lines, data: {path: $steps.keep.path}}
outputs: [{type: JsonField, name: path, selector: $steps.keep.path}]
"""


def make_pictures(folder: Path, count: int) -> None:
    """Write pictures of 320 × 240 pixels."""
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    data = cv2.imencode(".jpg", noise)[1].tobytes()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(data)


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * 4096 / 1e6


def watch(command: list[str], results: Path, count: int) -> list[tuple[int, float, float]]:
    """Run a command; return lines written, seconds and memory after every tenth of the pictures."""
    started, seen = time.perf_counter(), []
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(0.02)
            lines = results.read_bytes().count(b"\n") if results.exists() else 0
            if process.poll() is None and lines >= count * (len(seen) + 1) // 10:
                seen.append((lines, time.perf_counter() - started, memory(process.pid)))
    if process.returncode:
        raise SystemExit(f"the run ended with exit code {process.returncode}")
    return seen


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pictures(folder / "in", asked.pictures)
        (folder / "workflow.yaml").write_text(DOCUMENT)
        command = [str(Path(sys.executable).with_name("cropflow")), "run", str(folder / "workflow.yaml")]
        command += ["--source", str(folder / "in"), "--out", str(folder / "out")]
        seen = watch(command, folder / "out/results.jsonl", asked.pictures)
    table = Table("pictures done", "seconds", "memory MB", "to the first")
    for lines, seconds, used in seen:
        table.add_row(str(lines), f"{seconds:.1f}", f"{used:.0f}", f"{used / seen[0][2]:.2f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()

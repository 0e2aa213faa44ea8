"""Exports weights to ONNX, for ONNX Runtime and other runtimes.

    python export.py models/digits-detect.pt --out build/onnx

Needs the package `onnx`; Cropflow runs the file with `onnxruntime`. The number of pictures per call is left open.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from cropflow_blocks.models.quiet import ultralytics_imported


def export(weights: Path, out: Path) -> Path:
    """Write `weights` as ONNX into the folder `out`, under the same name, and return the file."""
    with TemporaryDirectory() as folder, ultralytics_imported(Path(folder)) as ultralytics:
        copied = shutil.copy(weights, folder)  # the export is written beside the weights
        made = ultralytics.YOLO(copied).export(format="onnx", dynamic=True, simplify=False, device="cpu")
        out.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(made, out / Path(made).name))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Export weights to ONNX.")
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    given = parser.parse_args(arguments)
    if importlib.util.find_spec("onnx") is None:
        print("the export needs the package onnx; install it with: pip install onnx", file=sys.stderr)
        return 2
    for weights in given.weights:
        made = export(weights, given.out)
        print(f"{made}: {made.stat().st_size / 1000:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

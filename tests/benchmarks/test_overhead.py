"""The benchmark runs and compares equal work; its figures are for people and not asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "overhead.py"


def test_the_smallest_form_runs() -> None:
    command = [sys.executable, str(SCRIPT), "--smallest", "--runs", "1"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert "1 x 10" in shown
    assert "30 steps parsed and compiled" in shown

"""The benchmark of the chain runs, and all ways of running it find the same."""

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "chain.py"


def test_its_smallest_form_runs() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--smallest"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [re.split(r"\s*│\s*", line.strip(" │")) for line in done.stdout.splitlines() if line.startswith("│")]
    assert [row[:2] for row in rows] == [[".onnx", way] for way in ("usual", "batch", "cropflow", "floor")]
    assert [row[5] for row in rows if row[1] in ("usual", "cropflow")] == ["same", "same"]

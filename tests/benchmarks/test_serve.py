"""The benchmark of the server runs, and every answer under load is right."""

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "serve.py"


def test_its_smallest_form_runs() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--smallest"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [re.split(r"\s*│\s*", line.strip(" │")) for line in done.stdout.splitlines() if line.startswith("│")]
    assert [row[:3] for row in rows] == [
        [name, "4", way] for name in ("digit", "scene") for way in ("one", "apart", "shared")
    ]
    assert [row[8] for row in rows] == ["0"] * 6

"""The shell completes commands and names of blocks."""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("cropflow")


def completed(*words: str) -> list[str]:
    """Ask as bash does for what the last word may become."""
    asked = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_CROPFLOW_COMPLETE": "complete_bash"}
    done = subprocess.run([COMMAND], capture_output=True, text=True, check=False, env={**os.environ, **asked})
    return done.stdout.split()


def test_commands() -> None:
    assert completed("cropflow", "ex") == ["explain"]
    assert set(completed("cropflow", "")) >= {"init", "check", "explain", "graph", "run", "blocks", "schema", "doctor"}


def test_blocks() -> None:
    assert completed("cropflow", "blocks", "dynamic_c") == ["dynamic_crop@v1"]

"""The same document gives the same plan, whatever the seed of the hashes, and gives it quickly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cropflow.compiler import compile_definition
from cropflow.document.definition import loads
from cropflow.registry import Registry

from .blocks import BLOCKS
from .documents import CROP, DETECT, IMAGE, document, output

LONG = document(
    (
        DETECT,
        CROP,
        *(f"{{type: t/area@v1, name: area{i}, image: $steps.crop.crops, scale: $inputs.scale}}" for i in range(14)),
        *(f"{{type: t/total@v1, name: total{i}, values: $steps.area{i}.area}}" for i in range(14)),
    ),
    (IMAGE, "{type: WorkflowParameter, name: scale, kind: [float], default_value: 2}"),
    tuple(output(f"$steps.total{i}.total", f"out{i}") for i in range(14)),
)
PROGRAM = """
import sys
from tests_compiler.blocks import BLOCKS
from cropflow.compiler import compile_definition
from cropflow.document.definition import loads
from cropflow.registry import Registry
import re
plan = compile_definition(loads(sys.stdin.read()), Registry(block.spec for block in BLOCKS))
print(re.sub(" at 0x[0-9a-f]+", "", repr(plan)))
"""


def plan_in_a_process(seed: str, folder: Path) -> str:
    """The plan as text, with the addresses of objects left out."""
    package = folder / "tests_compiler"
    if not package.exists():
        package.symlink_to(Path(__file__).parent)
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=LONG,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def test_the_plan_does_not_depend_on_hashes(tmp_path: Path) -> None:
    first, second = (plan_in_a_process(seed, tmp_path) for seed in ("1", "4242"))
    assert "total13" in first
    assert first == second


def test_compiling_twice_gives_equal_plans() -> None:
    registry = Registry(block.spec for block in BLOCKS)
    assert compile_definition(loads(LONG), registry) == compile_definition(loads(LONG), registry)

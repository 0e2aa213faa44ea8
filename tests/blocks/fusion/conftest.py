"""What is truly on the shipped pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

TRUTH = Path(__file__).parents[3] / "examples" / "digits" / "truth.json"


@pytest.fixture(scope="session")
def truth() -> dict[str, list[dict[str, Any]]]:
    return json.loads(TRUTH.read_text())

"""A package that knows nothing but the public names installs beside Cropflow, is found, runs, and type-checks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plug-in, built and installed into a folder of its own, as pip does it without a network."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(HERE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    target = folder / "installed"
    run = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(folder / "source")],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return target


def python(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def told(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = python(installed, str(HERE / "program.py"), str(tmp_path_factory.mktemp("work")))
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert isinstance(found, dict)
    return found


def test_a_workflow_runs_through_its_blocks_and_its_model(told: dict[str, Any]) -> None:
    first, second = told["rows"]
    boxes = [(box["x"], box["y"], box["width"], box["height"], box["class"]) for box in first["spots"]["predictions"]]
    assert boxes == [(20, 10, 20, 10, "spot"), (42, 22, 4, 4, "spot")]
    assert [box["detection_id"] for box in first["spots"]["predictions"]] == ["image.[0]/find/0", "image.[0]/find/1"]
    assert first["light"] == [100, 200]
    assert first["more"] == [50, 50]
    assert (second["spots"]["predictions"], second["light"], second["more"]) == ([], [], [])


def test_its_kind_is_known_by_name(told: dict[str, Any]) -> None:
    assert told["kinds"]["$inputs.against"] == ["acme/light"]
    assert told["kinds"]["$steps.light.light"] == ["acme/light"]


def test_its_blocks_are_among_the_names_that_messages_offer(told: dict[str, Any]) -> None:
    assert "there is no block of type 'acme/find_spot@v1' [unknown-block]" in told["message"]
    assert "did you mean: 'acme/find_spots@v1'" in told["message"]


def test_no_framework_is_loaded_for_it(told: dict[str, Any]) -> None:
    assert told["torch"] is False


def mypy(installed: Path, cache: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    options = ["--strict", "--config-file", os.devnull, "--cache-dir", str(cache)]
    return python(installed, "-m", "mypy", *options, *map(str, files))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mypy")


def test_it_type_checks_strictly_against_the_installed_package(installed: Path, cache: Path) -> None:
    run = mypy(installed, cache, HERE / "src", HERE / "program.py")
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("[self.Output(detections) for", "[3 for", "incompatible type"),
        ("self.Output(float(image.bgr.mean()) - (against or 0.0))", "None", "Incompatible return value type"),
        ("Output(float(image.bgr.mean())", "Output(image.brg.mean()", '"Image" has no attribute "brg"'),
        ("self.models.get(model_id,", "self.models.get(3,", 'expected "str"'),
    ],
)
def test_mistakes_in_a_block_are_found_by_the_type_checker(
    installed: Path, cache: Path, tmp_path: Path, right: str, wrong: str, words: str
) -> None:
    source = (HERE / "src/acme_spots/blocks.py").read_text()
    assert right in source
    (tmp_path / "wrong.py").write_text(source.replace(right, wrong))
    run = mypy(installed, cache, tmp_path / "wrong.py")
    assert run.returncode == 1
    assert words in run.stdout


def test_a_plug_in_that_cannot_be_loaded_is_named(installed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "installed"
    shutil.copytree(installed, broken)
    (broken / "acme_spots/blocks.py").write_text("import no_such_module_anywhere")
    run = python(broken, "-c", "from cropflow.registry import installed; installed()")
    assert run.returncode == 1
    last = run.stderr.strip().splitlines()[-1]
    assert "the plug-in 'acme-spots' of the package acme-spots cannot be loaded" in last
    assert "No module named 'no_such_module_anywhere'" in last

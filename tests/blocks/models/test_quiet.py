"""What a program that uses a model relies on: its own state is as before, nothing is fetched or written.

Each test runs in a process of its own, because the first import of Ultralytics is what matters.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MODELS = Path(__file__).parents[3] / "models"
PRELUDE = """
import json, os, socket, sys, warnings
import cv2, numpy as np, PIL.Image, supervision, torch
from pathlib import Path
from cropflow.errors import ModelError
from cropflow.models import DetectSettings
from cropflow_blocks.models.ultralytics import UltralyticsLoader

def state():
    return dict(os.environ) | dict(
        cv2=cv2.getNumThreads(), torch=torch.get_num_threads(),
        save=str(torch.save), open=str(PIL.Image.open), filters=list(map(str, warnings.filters)),
        numpy=str(np.get_printoptions()), tensor=repr(torch.arange(400) / 3), cwd=os.getcwd(),
    )

def differences(before, after):
    keys = {key for key in before | after if before.get(key) != after.get(key)}
    return {key: str((before.get(key), after.get(key))) for key in keys}

def use(name):
    model = UltralyticsLoader().load(
        Path(sys.argv[1]) / name, device="cpu", image_size=None, cache_dir=Path(sys.argv[2])
    )
    picture = np.zeros((64, 64, 3), np.uint8)
    model.classify([picture]) if model.info.task == "classify" else model.detect([picture], DetectSettings())
"""


def run(tmp_path: Path, code: str, **variables: str) -> Any:
    """Run code after the prelude in an empty folder; return what it printed last, as JSON."""
    (tmp_path / "cwd").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code, str(MODELS), str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        cwd=tmp_path / "cwd",
        env={key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"} | variables,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert not list((tmp_path / "cwd").iterdir())
    return json.loads(done.stdout)


def test_the_process_is_left_as_it_was(tmp_path: Path) -> None:
    code = """
torch.set_num_threads(2), cv2.setNumThreads(2), torch.set_printoptions(linewidth=60)
before = state()
use("digits-detect.pt"), use("digits-classify.pt")
after = state()
print(json.dumps(differences(before, after)))
"""
    assert run(tmp_path, code) == {}


def test_nothing_is_looked_up_or_reported(tmp_path: Path) -> None:
    code = """
asked = []
sys.addaudithook(lambda event, _: asked.append(event))
use("digits-detect.pt"), use("digits-classify.pt")
import ultralytics
from ultralytics.utils import AUTOINSTALL, ONLINE, SAFE_LOAD
network = [event for event in asked if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen")]
print(json.dumps([network, ultralytics.settings["sync"], AUTOINSTALL, ONLINE, SAFE_LOAD]))
"""
    assert run(tmp_path, code) == [[], False, False, False, True]


def test_settings_stay_in_the_cache_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    run(tmp_path, 'use("digits-detect.pt"); print("null")', HOME=str(home), XDG_CONFIG_HOME=str(home))
    assert not list(home.iterdir())
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["Ultralytics"]


def test_an_ultralytics_imported_before_keeps_its_settings(tmp_path: Path) -> None:
    code = """
os.environ["YOLO_CONFIG_DIR"] = sys.argv[2] + "-mine"
os.environ["YOLO_OFFLINE"] = "true"
os.environ["YOLO_VERBOSE"] = "false"
import ultralytics
before = state() | {"settings": dict(ultralytics.settings)}
use("digits-classify.pt")
after = state() | {"settings": dict(ultralytics.settings)}
before.pop("filters"), after.pop("filters")
print(json.dumps(differences(before, after)))
"""
    assert run(tmp_path, code) == {}
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("missing", ["ultralytics", "torch"])
def test_the_missing_extra_is_named(tmp_path: Path, missing: str) -> None:
    code = f"""
sys.modules[{missing!r}] = None
try:
    use("digits-detect.pt")
except ModelError as error:
    print(json.dumps(str(error)))
"""
    assert 'pip install "cropflow[yolo]"' in run(tmp_path, code)


@pytest.mark.parametrize(("asked", "used"), [({}, "10000"), ({"GOMP_SPINCOUNT": "77"}, "77")], ids=["ours", "theirs"])
@pytest.mark.skipif(sys.platform != "linux", reason="torch brings its threads from elsewhere")
def test_idle_threads_of_torch_leave_the_cores_to_others(tmp_path: Path, asked: dict[str, str], used: str) -> None:
    code = """
import os, sys
from pathlib import Path
from cropflow_blocks.models.quiet import ultralytics_imported
with ultralytics_imported(Path(sys.argv[1])):
    pass
print(os.environ.get("GOMP_SPINCOUNT"))
"""
    clean = {key: value for key, value in os.environ.items() if key != "GOMP_SPINCOUNT"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**clean, **asked, "OMP_DISPLAY_ENV": "verbose"},
        check=True,
    )
    assert f"GOMP_SPINCOUNT = '{used}'" in done.stderr
    assert done.stdout.strip() == asked.get("GOMP_SPINCOUNT", "None")

"""`doctor` tells what is installed, and finds what will not work; every fault here is a real one."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("cropflow")


@pytest.fixture
def doctor(tmp_path: Path) -> Any:
    """Run the command in a process whose path begins with the folder `tmp_path/site`."""

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "COLUMNS": "80", "PYTHONPATH": str(tmp_path / "site"), **environment}
        return subprocess.run([COMMAND, "doctor"], capture_output=True, text=True, check=False, env=variables)

    return run


def install(tmp_path: Path, name: str, **files: str) -> None:
    """Make a distribution of that name importable, with further files."""
    info = tmp_path / "site" / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    for file, text in files.items():
        target = info / "entry_points.txt" if file == "entry_points" else tmp_path / "site" / f"{file}.py"
        target.write_text(text)


def test_a_sound_installation(doctor: Any, tmp_path: Path) -> None:
    done = doctor(XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stdout
    rows = {tuple(line.split()[:2]) for line in done.stdout.splitlines() if line.startswith("  ")}
    for name in ("cropflow", "numpy", "supervision", "torch"):
        assert (name, version(name)) in rows
    assert ("torch", "cpu") in rows and ("python", sys.version.split()[0]) in rows
    assert "core of cropflow" in done.stdout and "UltralyticsLoader" in done.stdout
    assert f"{tmp_path / 'cache/cropflow'} (not made yet)" in " ".join(done.stdout.split())
    assert done.stdout.endswith("fine: nothing to mend\n")
    assert not (tmp_path / "cache").exists(), "looking changes nothing"


def test_two_opencvs_in_one_folder(doctor: Any, tmp_path: Path) -> None:
    install(tmp_path, "opencv-python")
    done = doctor()
    told = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "to mend: opencv-python-headless and opencv-python are both installed" in told
    assert "pip uninstall --yes opencv-python-headless opencv-python, then pip install opencv-python-headless" in told


def test_plug_ins_that_cannot_be_loaded_are_named_with_the_reason(doctor: Any, tmp_path: Path) -> None:
    install(tmp_path, "bad-blocks", entry_points="[cropflow.blocks]\nbad = bad_blocks\n", bad_blocks="1 / 0\n")
    install(tmp_path, "bad-models", entry_points="[cropflow.models]\nworse = no_such_module:Loader\n")
    done = doctor()
    told = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "bad of bad-blocks 1.0: cannot be loaded" in told
    assert "to mend: the plug-in 'bad' cannot be loaded: ZeroDivisionError: division by zero" in told
    assert "the plug-in 'worse' cannot be loaded: ModuleNotFoundError" in told
    assert "core of cropflow" in told, "the others are told all the same"


def test_plug_ins_that_claim_the_same_block(doctor: Any, tmp_path: Path) -> None:
    block = (
        "from cropflow import Block, Image\n"
        "class Mine(Block):\n    type = 'dynamic_crop@v1'\n    def run(self, image: Image) -> None: ...\n"
    )
    install(tmp_path, "same-blocks", entry_points="[cropflow.blocks]\nsame = same_blocks\n", same_blocks=block)
    done = doctor()
    assert done.returncode == 1
    assert "two blocks claim the type 'dynamic_crop@v1'" in " ".join(done.stdout.split())


def test_a_broken_torch_does_not_break_the_doctor(doctor: Any, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/torch.py").write_text("raise ImportError('libcudart.so.99: cannot open shared object file')\n")
    done = doctor()
    assert done.returncode == 1 and "torch  broken" in done.stdout
    assert "torch cannot be imported (ImportError: libcudart.so.99" in " ".join(done.stdout.split())


def test_a_cache_folder_that_cannot_be_written_to(doctor: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    done = doctor(XDG_CACHE_HOME=str(tmp_path / "file"))
    assert done.returncode == 1 and "cannot be written to" in done.stdout


def test_torch_is_not_imported_into_the_command(invoke: Any) -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from cropflow.cli.app import app\n"
        "assert CliRunner().invoke(app, ['doctor']).exit_code == 0\n"
        "print([name for name in ('torch', 'ultralytics') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

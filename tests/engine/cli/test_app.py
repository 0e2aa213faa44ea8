"""The front of the command line: quick to start, and plain in what it says."""

import subprocess
import sys
from importlib.metadata import version
from typing import Any


def test_without_arguments_it_shows_help(invoke: Any) -> None:
    result = invoke()
    assert result.exit_code == 0
    assert "run" in result.stdout and "check" in result.stdout


def test_it_knows_its_version(shell: Any) -> None:
    done = shell("--version")
    assert done.stdout.decode().strip() == f"cropflow {version('cropflow')}"


def test_help_needs_no_framework() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from cropflow.cli.app import app\n"
        "assert CliRunner().invoke(app, ['run', '--help']).exit_code == 0\n"
        "print([name for name in ('torch', 'ultralytics', 'supervision', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_tells_the_exit_codes(invoke: Any) -> None:
    text = " ".join(invoke("run", "--help").stdout.split())
    for fact in ("1 the document is refused", "2 wrong usage", "3 elements were skipped", "130 interrupted"):
        assert fact in text


def test_wrong_usage_is_a_sentence_and_exit_code_2(shell: Any) -> None:
    for arguments in (["run"], ["run", "x.yaml", "--nonsense"], ["walk"], ["run", "x.yaml", "--on-error", "no"]):
        done = shell(*arguments)
        assert done.returncode == 2, arguments
        assert b"Error: " in done.stderr and b"Traceback" not in done.stderr
        assert done.stdout == b""


def test_an_unknown_option_may_be_a_parameter(invoke: Any) -> None:
    for arguments in (["x.yaml", "--conf", "0.5"], ["--conf=0.5", "x.yaml"]):
        done = invoke("run", *arguments)
        assert done.exit_code == 2
        assert "No such option: --conf; a parameter of the document is given with --set conf=VALUE" in done.stderr


def test_a_device_that_is_none_is_told_under_the_name_of_the_option(invoke: Any) -> None:
    for arguments in (["run", "x.yaml"], ["explain", "x.yaml"], ["serve"]):
        done = invoke(*arguments, "--device", "gpu")
        assert done.exit_code == 2
        assert "Invalid value for '--device': 'gpu' is no device; expected cpu, cuda or 0" in done.stderr


def test_it_can_be_run_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "cropflow", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"cropflow {version('cropflow')}"

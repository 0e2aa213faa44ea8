"""Starting the server: what is wrong is told, with an exit code."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from .conftest import ROOT, serving


def start(*options: str) -> tuple[int, str]:
    command = [sys.executable, "-c", "from cropflow.cli import main; main()", "serve", *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stderr


def test_mistakes_in_a_document_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\ninputs: []\nsteps: []\n")
    code, told = start("--workflows", str(tmp_path))
    assert code == 1
    assert "a.yaml:1:1:" in told
    assert "has no 'outputs'" in told


def test_wrong_options_are_told(tmp_path: Path) -> None:
    code, told = start("--workflows", str(tmp_path / "gone"))
    assert (code, "there is no folder" in told) == (2, True)
    (tmp_path / "keys").write_text("# none yet\n")
    code, told = start("--keys", str(tmp_path / "keys"))
    assert (code, "holds no key" in told) == (2, True)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, told = start("--port", str(taken.getsockname()[1]))
    assert code == 3
    assert "address already in use" in told


def test_a_server_for_all_without_keys_warns() -> None:
    with serving("--host", "0.0.0.0") as server:
        assert any("whoever reaches 0.0.0.0" in line for line in server.lines)
    with serving() as server:
        assert not any("whoever reaches" in line for line in server.lines)


def test_of_two_documents_with_one_name_both_are_served(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text('{version: "1.0", inputs: [], steps: [], outputs: []}')
    (tmp_path / "a.json").write_text('{"version": "1.0", "inputs": [], "steps": [], "outputs": []}')
    with serving("--workflows", str(tmp_path)) as server, server.client() as client:
        assert [item["name"] for item in client.get("/workflows").json()["workflows"]] == ["a", "a.json"]
        assert client.post("/run/a").json() == {"outputs": [{}], "errors": []}
        assert client.post("/run/a.json").status_code == 200


def test_without_the_extra_it_says_how_to_install_it() -> None:
    code = "import sys; sys.modules['uvicorn'] = None; from cropflow.cli import main; main()"
    command = [sys.executable, "-c", code, "serve"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert 'pip install "cropflow[server]"' in ended.stderr

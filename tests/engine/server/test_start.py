"""Starting the server: what is wrong is told, with an exit code."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from cropflow.errors import InputError
from cropflow.server import Settings

from .conftest import ROOT, SCENES, serving

FILM = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps: [{type: video_sink@v1, name: film, images: $inputs.image}]
outputs: []
"""


def start(*options: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    command = [sys.executable, "-c", "from cropflow.cli import main; main()", "serve", *options]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **(env or {})}
    )
    return ended.returncode, ended.stderr


def test_mistakes_in_a_document_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("version: 1\ninputs: []\nsteps: []\n")
    (tmp_path / "b.yaml").write_text("version: 1\ninputs: []\noutputs: []\n")
    code, told = start("--workflows", str(tmp_path))
    assert code == 1
    assert "a.yaml:1:1:" in told
    assert "b.yaml:1:1:" in told
    assert "has no 'outputs'" in told


def test_wrong_options_are_told(tmp_path: Path) -> None:
    code, told = start("--workflows", str(tmp_path / "gone"))
    assert (code, "there is no folder" in told) == (2, True)
    code, told = start("--workflows", "README.md")
    assert (code, "is a file; give its folder" in told) == (2, True)
    code, told = start("--models", str(tmp_path / "gone"))
    assert (code, "correct --models" in told) == (2, True)
    code, told = start("--host", "nowhere.invalid")
    assert (code, "--host nowhere.invalid is not known" in told) == (2, True)
    code, told = start("workflows/crop_objects.yaml")
    assert (code, "a folder of documents is served, each by its name: --workflows 'workflows'" in told) == (2, True)


def test_keys_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("# none yet\n")
    code, told = start("--keys", str(tmp_path / "keys"))
    assert (code, "holds no key" in told) == (2, True)
    code, told = start("--keys", str(tmp_path / "gone"))
    assert (code, "cannot be read" in told) == (2, True)
    for value in ("", " , "):
        code, told = start(env={"CROPFLOW_API_KEYS": value})
        assert (code, "CROPFLOW_API_KEYS holds no key" in told) == (2, True)


def test_hosts_and_origins_are_taken_in_the_form_they_are_compared_in() -> None:
    settings = Settings(origins=("https://X.example/", "*"), hosts=("Vision.example", "[::1]", "*"))
    assert settings.origins == ("https://x.example", "*")
    assert settings.hosts == ("vision.example", "[::1]", "*")
    for name in ("https://vision.example:8443/", "vision.example:9001", "vision.example/"):
        with pytest.raises(InputError, match=r"such as vision\.example$"):
            Settings(hosts=(name,))
    for origin in ("their.example", "https://their.example/page"):
        with pytest.raises(InputError, match=r"such as https://their\.example$"):
            Settings(origins=(origin,))


def test_what_is_served_is_logged_as_json(tmp_path: Path) -> None:
    with serving("--workflows", str(tmp_path), env={"CROPFLOW_API_KEYS": "a,b"}) as server:
        pass
    told = {str(line.get("message")): line["level"] for line in server.facts()}
    assert len(server.facts()) == len(server.lines)
    assert told["keys: 2"] == "info"
    assert any(message.startswith("all models are loaded") for message in told)
    assert told[f"workflows: none; {tmp_path} holds no .yaml, .yml or .json file"] == "warning"


def test_a_request_that_is_refused_is_logged_with_the_reason() -> None:
    with serving() as server, server.client() as client:
        client.post("/run/nothing")
    (line,) = [facts for facts in server.facts() if facts.get("status") == 404]
    assert line["error_type"] == "RequestRefused"
    assert str(line["message"]).startswith("There is no workflow 'nothing'.")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(number: signal.Signals) -> None:
    with serving() as server:
        server.process.send_signal(number)
        assert server.process.wait(30) == 0


def test_documents_of_the_folder_find_weights_by_name(tmp_path: Path) -> None:
    text = (ROOT / "workflows" / "classes_on_boxes.yaml").read_text().replace("../models/", "")
    (tmp_path / "a.yaml").write_text(text)
    with serving("--workflows", str(tmp_path), "--models", "models", ready=False) as server, server.client() as client:
        assert [item["name"] for item in client.get("/workflows").json()["workflows"]] == ["a"]


def test_a_request_leaves_a_whole_video(tmp_path: Path) -> None:
    (tmp_path / "film.yaml").write_text(FILM)
    pictures = [("image", (SCENES / "form" / "01.png").read_bytes())] * 3
    with serving("--workflows", str(tmp_path), "--out", str(tmp_path / "out")) as server, server.client() as client:
        for _ in range(2):
            assert client.post("/run/film", files=pictures).status_code == 200
        videos = sorted((tmp_path / "out").rglob("*.mp4"))
        counts = [int(cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT)) for video in videos]
    assert counts == [3, 3]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, told = start("--port", str(taken.getsockname()[1]))
    assert code == 3
    assert "is taken; choose another with --port" in told


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

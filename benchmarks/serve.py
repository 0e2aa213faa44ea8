"""The server under load: requests per second and how long they take, with and without shared calls of the models.

    python benchmarks/serve.py [--seconds 7] [--rounds 3] [--clients 1 8 64] [--onnx] [--smallest]
    python benchmarks/serve.py --peer 9911

- one: one request at a time, which is what a script behind a web framework does.
- apart: many requests at once, each with calls of its own.
- shared: the default; requests that meet share calls of the models.

All three run `cropflow serve` with the same documents and are measured in turn; of each the median round is shown,
beside the median of the ratios within a round. `digit` classifies a picture of 32 × 32; `scene` finds digits, cuts them
out and classifies each. Clients keep their connection and ask again as soon as they are answered, every time with
another picture; the classes of every answer are compared with those of `Workflow.run`.

`--peer` names the port of this machine where Roboflow's own server listens (peer/README.md). It and `cropflow serve`
are asked the same in the same words: `POST /workflows/run` with a document without models, which cuts out the middle of
a picture and blurs it, and with the picture in base64: 32 × 32 for `digit`, 320 × 320 for `scene`. Of every answer the
pixels are compared, as above.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
WAYS = {
    "one": ["--concurrency", "1", "--largest-batch", "1", "--queue", "1000"],
    "apart": ["--largest-batch", "1", "--queue", "1000"],
    "shared": ["--queue", "1000"],
}
DIGIT = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps: [{type: classification_model@v2, name: digit, images: $inputs.image, model_id: classifier}]
outputs: [{type: JsonField, name: found, selector: $steps.digit.predictions}]
"""
SCENE = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: object_detection_model@v2, name: detect, images: $inputs.image, model_id: detector}
  - {type: dynamic_crop@v1, name: crop, images: $inputs.image, predictions: $steps.detect.predictions, square: true}
  - {type: classification_model@v2, name: digit, images: $steps.crop.crops, model_id: classifier}
outputs: [{type: JsonField, name: found, selector: $steps.digit.predictions}]
"""
PLAIN = """
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: RelativeStaticCrop, name: cut, images: $inputs.image, x_center: 0.5, y_center: 0.5, width: 0.5, height: 0.5}
  - {type: roboflow_core/image_blur@v1, name: blur, image: $steps.cut.crops, blur_type: gaussian, kernel_size: 5}
outputs: [{type: JsonField, name: found, selector: $steps.blur.image}]
"""
SENT_ALONG = "/workflows/run"


@dataclass(frozen=True, slots=True)
class Measured:
    """What clients saw: requests per second, milliseconds of the middle one and of 99 in 100, wrong answers."""

    rate: float
    p50: float
    p99: float
    wrong: int


def pictures(folder: Path) -> dict[str, list[Path]]:
    """Return scenes, and digits cut out of them."""
    scenes = sorted((ROOT / "examples" / "digits" / "scenes").rglob("*.png"))
    digits = []
    for scene in scenes:
        pixels = cv2.imread(str(scene))
        for top in range(0, pixels.shape[0] - 32, 64):
            for left in range(0, pixels.shape[1] - 32, 64):
                digits.append(folder / f"{len(digits)}.png")
                cv2.imwrite(str(digits[-1]), pixels[top : top + 32, left : left + 32])
    return {"digit": digits, "scene": scenes}


def tops(answer: Any) -> list[str]:
    """Return the names of what was found; of a picture, a checksum of its pixels."""
    found = answer if isinstance(answer, list) else [answer]
    return [item["top"] if "top" in item else checksum(item["value"]) for item in found]


def checksum(picture: str) -> str:
    """Return a checksum of the pixels of a picture in base64."""
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(picture), np.uint8), cv2.IMREAD_UNCHANGED)
    return f"{pixels.shape} {zlib.crc32(pixels.tobytes())}"


def sent_along(picture: bytes) -> bytes:
    """Return a request that brings its document along, as clients of both servers write it."""
    image = {"type": "base64", "value": base64.b64encode(picture).decode()}
    return json.dumps({"api_key": "none", "specification": yaml.safe_load(PLAIN), "inputs": {"image": image}}).encode()


def expected(documents: Path, models: Mapping[str, str], asked: Mapping[str, list[Path]]) -> dict[str, list[list[str]]]:
    """Return what each picture should be answered with."""
    from cropflow import ModelStore, Workflow

    right = {}
    for name, files in asked.items():
        with Workflow.load(documents / f"{name}.yaml", resources=[ModelStore(models)]) as workflow:
            right[name] = [tops(workflow.run({"image": file}).to_dict()[0]["found"]) for file in files]
    return right


@contextmanager
def serving(documents: Path, models: Mapping[str, str], options: list[str]) -> Iterator[int]:
    """Run a server; gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-c", "from cropflow.cli import main; main()", "serve", "--workflows", str(documents)]
    command += [part for name, path in models.items() for part in ("--model", f"{name}={path}")]
    server = subprocess.Popen([*command, "--port", str(port), *options], stderr=subprocess.DEVNULL)
    try:
        while True:
            if server.poll() is not None:
                raise SystemExit(f"the server ended with {server.returncode}")
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready"):
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def measure(port: int, path: str, files: list[Path], right: list[list[str]], clients: int, seconds: float) -> Measured:
    """Ask with many clients; runs in a process of its own, so that it does not share the interpreter with anything."""
    job = {"port": port, "path": path, "files": [*map(str, files)], "right": right, "clients": clients}
    command = [sys.executable, __file__, "--job", json.dumps({**job, "seconds": seconds})]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    return Measured(**json.loads(done.stdout))


def load(port: int, path: str, files: list[str], right: list[list[str]], clients: int, seconds: float) -> Measured:
    """Ask, each client over its own connection; the first quarter of the time warms up."""
    bodies, kind = [Path(file).read_bytes() for file in files], "image/png"
    if path == SENT_ALONG:
        bodies, kind = [*map(sent_along, bodies)], "application/json"
    begin = time.perf_counter() + seconds / 4
    end = begin + seconds
    times: list[float] = []
    answers: list[tuple[int, bytes]] = []

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        number = client
        while (started := time.perf_counter()) < end:
            place = number % len(bodies)
            connection.request("POST", path, bodies[place], {"Content-Type": kind})
            body = connection.getresponse().read()
            if begin < (ended := time.perf_counter()) < end:  # what ends in the time counts, however slow it was
                times.append(ended - started)
                answers.append((place, body))
            number += clients

    threads = [threading.Thread(target=ask, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ordered = sorted(times)
    wrong = sum(tops(json.loads(body)["outputs"][0]["found"]) != right[place] for place, body in answers)
    middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    return Measured(len(times) / seconds, middle * 1000, late * 1000, wrong)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--onnx", action="store_true", help="the same models on ONNX Runtime")
    parser.add_argument("--smallest", action="store_true", help="half a second of each on ONNX, to see it work")
    parser.add_argument("--peer", type=int, metavar="PORT", help="compare with Roboflow's server there, without models")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.job:
        measured = load(**json.loads(asked.job))
        print(json.dumps({name: getattr(measured, name) for name in Measured.__slots__}))
        return
    seconds, rounds, clients = (0.5, 1, [4]) if asked.smallest else (asked.seconds, asked.rounds, asked.clients)
    suffix = ".onnx" if asked.onnx or asked.smallest else ".pt"
    models = {name: str(ROOT / "models" / f"digits-{verb}{suffix}") for name, verb in _VERBS.items()}
    texts = {"digit": PLAIN, "scene": PLAIN} if asked.peer else {"digit": DIGIT, "scene": SCENE}
    base = "peer" if asked.peer else "one"
    columns = "workflow", "clients", "way", "per second", f"times {base}", "p50 ms", "p99 ms", f"p99 / {base}", "wrong"
    table = Table(*columns, title="without models" if asked.peer else suffix)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        documents = Path(folder) / "workflows"
        documents.mkdir()
        for name, text in texts.items():
            (documents / f"{name}.yaml").write_text(text)
        files = pictures(Path(folder))
        right = expected(documents, models, files)
        ways = {"cropflow": WAYS["shared"]} if asked.peer else WAYS
        ports = {"peer": asked.peer} if asked.peer else {}
        ports |= {way: stack.enter_context(serving(documents, models, options)) for way, options in ways.items()}
        for name in files:
            path = SENT_ALONG if asked.peer else f"/run/{name}"
            for count in clients:
                found = [
                    {way: measure(port, path, files[name], right[name], count, seconds) for way, port in ports.items()}
                    for _ in range(rounds)
                ]
                for way in ports:
                    middle = sorted((one[way] for one in found), key=lambda one: one.rate)[rounds // 2]
                    times, late = (
                        statistics.median(getattr(one[way], what) / getattr(one[base], what) for one in found)
                        for what in ("rate", "p99")
                    )
                    wrong = sum(one[way].wrong for one in found)
                    numbers = (middle.rate, times, middle.p50, middle.p99, late)
                    formats = ("{:.0f}", "{:.2f}", "{:.1f}", "{:.1f}", "{:.2f}")
                    cells = [form.format(number) for form, number in zip(formats, numbers, strict=True)]
                    table.add_row(name, str(count), way, *cells, str(wrong))
    Console(width=100).print(table)


_VERBS = {"detector": "detect", "classifier": "classify"}

if __name__ == "__main__":
    main()

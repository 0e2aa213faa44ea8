"""The real command, real pictures, and a real plug-in with blocks that print, fail and dawdle."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cropflow.cli.app import app

COMMAND = Path(sys.executable).with_name("cropflow")
Invoke: TypeAlias = Callable[..., Result]
Shell: TypeAlias = Callable[..., subprocess.CompletedProcess[bytes]]

PLUGIN = '''
import time
from typing import NamedTuple
from cropflow import Batch, Block, Image, Stream

class Fussy(Block):
    """Refuses dark pictures."""
    type = "odd/fussy@v1"
    class Output(NamedTuple):
        level: float
    def run(self, image: Image, limit: float = 0.0) -> Output:
        if image.bgr.mean() < limit:
            raise ValueError("too dark")
        return self.Output(float(image.bgr.mean()))

class Chatty(Block):
    """Prints, and takes its time."""
    type = "odd/chatty@v1"
    class Output(NamedTuple):
        id: str
    def run(self, image: Image, seconds: float = 0.0) -> Output:
        print("chatter", flush=True)
        time.sleep(seconds)
        return self.Output(image.id)

class Remember(Block):
    """Counts the frames of a stream and their brightness, slowly."""
    type = "odd/remember@v1"
    class Output(NamedTuple):
        count: int
        total: float
    def run(self, image: Image, stream: Stream, seconds: float = 0.0) -> Output:
        time.sleep(seconds)
        seen = stream.state.setdefault("seen", [])
        seen.append(float(image.bgr.mean()))
        return self.Output(len(seen), sum(seen))

class Count(Block):
    """Counts the elements of a call."""
    type = "odd/count@v1"
    class Output(NamedTuple):
        count: int
    def run(self, image: Batch[Image]) -> Batch[Output]:
        return [self.Output(len(image))] * len(image)
'''

CROP = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: width, kind: [float_zero_to_one], default_value: 0.5}
steps:
  - {type: relative_static_crop@v1, name: crop, images: $inputs.image,
     x_center: 0.5, y_center: 0.5, width: $inputs.width, height: 0.5}
outputs:
  - {type: JsonField, name: middle, selector: $steps.crop.crops}
"""


def write_picture(path: Path, level: int = 128, size: tuple[int, int] = (40, 20)) -> Path:
    """Write a grey picture of `(width, height)` and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), level, np.uint8))
    return path


def write_video(path: Path, levels: Sequence[int], fps: float = 10) -> Path:
    """Write a video whose frames are grey and have these levels, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (64, 48))  # type: ignore[attr-defined]
    for level in levels:
        video.write(np.full((48, 64, 3), level, np.uint8))
    video.release()
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    for number, name in enumerate(["1.png", "2.png", "10.png", "sub/a.jpg"]):
        write_picture(folder / name, 100 + 10 * number, (40 + number, 20))
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def document(tmp_path: Path) -> Callable[[str], Path]:
    """Write a document and return its path."""

    def write(text: str = CROP, name: str = "workflow.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def invoke() -> Invoke:
    """Run the command in this process; quick."""
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process in which the plug-in is installed."""
    site = tmp_path_factory.mktemp("site")
    (site / "odd_blocks.py").write_text(PLUGIN)
    info = site / "odd_blocks-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-blocks\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cropflow.blocks]\nodd = odd_blocks\n")
    paths = [str(site), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "COLUMNS": "80"}


@pytest.fixture
def shell(plugged: dict[str, str]) -> Shell:
    """Run the installed command in a process of its own."""

    def run(*arguments: object) -> subprocess.CompletedProcess[bytes]:
        command = [str(COMMAND), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, timeout=120, check=False, env=plugged)

    return run

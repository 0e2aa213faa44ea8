"""What a program that reads text relies on: its own state is as before, and nothing is printed, fetched or written.

Tests of the first import run in a process of their own.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from cropflow_blocks.reading.reader import TextReader, shared_reader

from .drawn import paper, write

PRELUDE = """
import json, logging, os, sys, warnings
import cv2, numpy as np
from cropflow.errors import ModelError
from cropflow_blocks.reading.reader import TextReader

def state():
    return dict(os.environ) | dict(
        cv2=cv2.getNumThreads(), filters=list(map(str, warnings.filters)), numpy=str(np.get_printoptions()),
        cwd=os.getcwd(), root=(logging.root.level, str(logging.root.handlers)), stdout=sys.stdout is sys.__stdout__,
        rapidocr=(logging.getLogger("RapidOCR").level, logging.getLogger("RapidOCR").disabled),
    )

def use():
    picture = np.full((60, 200, 3), 255, np.uint8)
    cv2.putText(picture, "Hello", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    reader = TextReader()
    corners, likely = reader.find(picture, 0.5)
    assert len(corners) == 1 and len(reader.find(picture[:, :5], 0.5)[0]) == 0
    return reader.read([picture], turn=True)[0].text
"""


def run(tmp_path: Path, code: str) -> Any:
    """Run code after the prelude in an empty folder; it prints one line, which is JSON."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code], capture_output=True, text=True, cwd=tmp_path, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1, done.stdout
    assert not list(tmp_path.iterdir())
    return json.loads(done.stdout)


def test_the_process_is_left_as_it_was_and_nothing_is_printed(tmp_path: Path) -> None:
    code = """
cv2.setNumThreads(2)
before = state()
text = use()
after = state()
print(json.dumps([text, {key: str((before[key], after[key])) for key in before if before[key] != after[key]}]))
"""
    assert run(tmp_path, code) == ["Hello", {}]


def test_nothing_is_looked_up_or_written(tmp_path: Path) -> None:
    code = """
asked = []
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.rename", "os.remove"):
        asked.append(event)
    elif event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+") and ".pyc" not in str(args[0]):
        asked.append(str(args))
sys.dont_write_bytecode = True
sys.addaudithook(watch)
use()
print(json.dumps(asked))
"""
    assert run(tmp_path, code) == []


def test_nothing_is_imported_before_it_is_needed(tmp_path: Path) -> None:
    code = """
import cropflow_blocks.reading
TextReader()
print(json.dumps([name for name in ("rapidocr", "onnxruntime") if name in sys.modules]))
"""
    assert run(tmp_path, code) == []


@pytest.mark.parametrize("missing", ["rapidocr", "onnxruntime"])
def test_the_missing_extra_is_named(tmp_path: Path, missing: str) -> None:
    code = f"""
sys.modules[{missing!r}] = None
try:
    use()
except ModelError as error:
    print(json.dumps(str(error)))
"""
    message = run(tmp_path, code)
    assert 'pip install "cropflow[ocr]"' in message and missing in message


def test_steps_share_one_reader_until_nobody_holds_it(reader: TextReader) -> None:
    assert shared_reader() is reader
    other = weakref.ref(TextReader())
    gc.collect()
    assert other() is None


def test_threads_get_their_own_answers(reader: TextReader) -> None:
    """Thresholds are state of the engine; each call must get the boxes of its own."""
    picture = paper(160, 400)
    write(picture, "Hello World", 30, 60)
    write(picture, "12.50", 30, 130)
    low, high = 0.3, float(max(reader.find(picture, 0.3)[1])) - 1e-4
    expected = {limit: len(reader.find(picture, limit)[0]) for limit in (low, high)}
    assert len(set(expected.values())) == 2
    found: list[tuple[float, int]] = []

    def work(limit: float) -> None:
        for _ in range(3):
            found.append((limit, len(reader.find(picture, limit)[0])))

    threads = [threading.Thread(target=work, args=(limit,)) for limit in (low, high)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and all(count == expected[limit] for limit, count in found)

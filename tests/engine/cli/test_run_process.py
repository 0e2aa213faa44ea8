"""What only a process of its own shows: streams kept apart, exit codes, and Ctrl-C."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("cropflow")


def chatty(seconds: float) -> str:
    return f"""
version: "1.0"
inputs: [{{type: WorkflowImage, name: image}}]
steps: [{{type: odd/chatty@v1, name: talk, image: $inputs.image, seconds: {seconds}}}]
outputs: [{{type: JsonField, name: id, selector: $steps.talk.id}}]
"""


FUSSY = """
version: "1.0"
inputs:
  - {type: WorkflowImage, name: image}
  - {type: WorkflowParameter, name: limit, kind: [float], default_value: 105.0}
steps: [{type: odd/fussy@v1, name: look, image: $inputs.image, limit: $inputs.limit}]
outputs: [{type: JsonField, name: level, selector: $steps.look.level}]
"""


def sources(output: bytes) -> list[str]:
    return [json.loads(line)["source"] for line in output.splitlines()]


def test_stdout_holds_the_lines_and_nothing_else(shell: Any, document: Any, pictures: Path) -> None:
    done = shell("run", document(chatty(0)), "--source", pictures)
    assert done.returncode == 0
    assert sources(done.stdout) == ["1.png", "2.png", "10.png", "sub/a.jpg"]
    text = done.stderr.decode()
    assert "chatter" in text and "4 pictures in" in text
    assert "talk" in text and "elements" in text
    assert "\x1b" not in text, "no colours and no progress bar where nobody watches"


def test_a_terminal_shows_progress(plugged: Any, document: Any, pictures: Path) -> None:
    ours, theirs = pty.openpty()
    command = [str(COMMAND), "run", str(document(chatty(0.2))), "--source", str(pictures), "--batch-size", "1"]
    environment = {**plugged, "TERM": "xterm"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux tells that the other side is closed
            while chunk := os.read(ours, 65536):
                shown += chunk
        output, _ = process.communicate()
    os.close(ours)
    assert process.returncode == 0 and len(sources(output)) == 4
    assert b"3/4" in shown and b"\x1b[" in shown


def test_skipped_elements_end_with_exit_code_3(shell: Any, document: Any, pictures: Path) -> None:
    done = shell("run", document(FUSSY), "--source", pictures, "--batch-size", 2)
    assert done.returncode == 3
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["outputs"]["level"] is None for line in found] == [True, False, False, False]
    (error,) = found[0]["errors"]
    assert error == {"step": "look", "block": "odd/fussy@v1", "element": "1.png", "message": "ValueError: too dark"}
    assert b"1.png: step 'look' (odd/fussy@v1): ValueError: too dark" in done.stderr


def test_many_errors_are_counted_but_not_all_shown(shell: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    (pictures / "bad").mkdir()
    for number in range(120):
        (pictures / f"bad/{number}.png").write_bytes(b"no picture")
    done = shell("run", document(FUSSY), "--source", pictures / "bad", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert done.stderr.count(b"input 'image'") == 10 and b"and 110 more errors" in done.stderr
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert (report["errors"], len(report["first_errors"])) == (120, 100)
    assert len(sources((tmp_path / "out/results.jsonl").read_bytes())) == 120


def test_a_run_may_stop_at_the_first_failure(shell: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    options = ["--source", pictures / "sub", "--source", pictures, "--on-error", "raise", "--batch-size", 1]
    done = shell("run", document(FUSSY), *options, "--out", tmp_path / "out")
    assert done.returncode == 3
    assert b"stopped: 1.png: step 'look' (odd/fussy@v1): ValueError: too dark" in done.stderr
    assert b"Traceback" not in done.stderr
    assert sources((tmp_path / "out/results.jsonl").read_bytes()) == ["a.jpg"]
    assert json.loads((tmp_path / "out/report.json").read_text())["ended"] == "stopped"


def test_a_run_that_fails_at_once_leaves_no_lines_of_an_earlier_run(
    shell: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shell("run", document(FUSSY), "--source", pictures, "--out", out)
    done = shell("run", document(FUSSY), "--source", pictures, "--out", out, "--overwrite", "--on-error", "raise")
    assert done.returncode == 3
    assert (out / "results.jsonl").read_bytes() == b""


def start(plugged: dict[str, str], *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(COMMAND), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=plugged
    )


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not (path.is_file() and path.stat().st_size):
        assert time.monotonic() < end, f"{path} was not written"
        time.sleep(0.02)


def test_ctrl_c_finishes_the_batch_and_the_files(plugged: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["run", document(chatty(0.4)), "--source", pictures, "--batch-size", 1, "--out", out]
    with start(plugged, *command) as process:
        wait_for(out / "results.jsonl")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert b"finishing the present batch" in errors and b"Traceback" not in errors
    done = sources((out / "results.jsonl").read_bytes())
    assert 1 <= len(done) < 4
    report = json.loads((out / "report.json").read_text())
    assert (report["ended"], report["rows"], report["rows_in_all"]) == ("interrupted", len(done), 4)


def test_a_second_ctrl_c_stops_at_once(plugged: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["run", document(chatty(5)), "--source", pictures, "--batch-size", 1, "--out", out]
    with start(plugged, *command) as process:
        wait_for(out / "results.jsonl")
        assert process.stderr is not None
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            if b"finishing" in line:
                break
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert time.monotonic() - began < 4.5  # the batch alone takes 5
    assert b"Traceback" not in errors


def test_a_reader_that_goes_away_ends_the_run_quietly(plugged: Any, document: Any, pictures: Path) -> None:
    with start(plugged, "run", document(chatty(0.2)), "--source", pictures, "--batch-size", 1) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(60)
    assert process.returncode == 141
    assert b"Traceback" not in errors and b"Broken" not in errors and b"Exception" not in errors


def test_a_full_disk_is_a_sentence(plugged: Any, document: Any, pictures: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [str(COMMAND), "run", str(document(chatty(0))), "--source", str(pictures)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=plugged, check=False)
    assert done.returncode == 3
    assert b"Error: No space left on device" in done.stderr and b"Traceback" not in done.stderr


def test_stdout_may_be_closed_where_results_go_into_a_folder(
    plugged: Any, document: Any, pictures: Path, tmp_path: Path
) -> None:
    def run(*options: object) -> subprocess.CompletedProcess[bytes]:
        command = [COMMAND, "run", document(chatty(0)), "--source", pictures, *options]
        shell = ["sh", "-c", 'exec "$@" >&-', "sh", *map(str, command)]
        return subprocess.run(shell, stderr=subprocess.PIPE, env=plugged, check=False, timeout=120)

    done = run("--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert len(sources((tmp_path / "out/results.jsonl").read_bytes())) == 4
    refused = run()
    assert refused.returncode == 2 and refused.stderr.startswith(b"Error: stdout is closed"), refused.stderr


def test_only_sentences_are_told_of_pictures_that_cannot_be_read(shell: Any, document: Any, pictures: Path) -> None:
    (pictures / "2.png").write_bytes((pictures / "2.png").read_bytes()[:60])
    (pictures / "sub/a.jpg").write_bytes((pictures / "sub/a.jpg").read_bytes()[:200])
    done = shell("run", document(), "--source", pictures)
    assert done.returncode == 3
    assert done.stderr.count(b"is damaged or cut short") == 2
    assert done.stderr.startswith(b"step ") and b"cpp:" not in done.stderr, done.stderr.decode()


def test_a_file_name_that_is_not_utf8(shell: Any, document: Any, pictures: Path, tmp_path: Path) -> None:
    (pictures / "sub/a.jpg").rename(Path(os.fsdecode(os.fsencode(pictures) + b"/caf\xe9.jpg")))
    done = shell("run", document(), "--source", pictures, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out/results.jsonl").read_text("utf-8").splitlines()
    found = [json.loads(line)["outputs"]["middle"]["value"] for line in lines]
    assert all((tmp_path / "out" / file).is_file() for file in found)


def test_a_step_that_gathers_the_batch_needs_to_know_its_size(invoke: Any, document: Any, pictures: Path) -> None:
    path = document("""
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps:
  - {type: relative_static_crop@v1, name: crop, images: $inputs.image,
     x_center: 0.5, y_center: 0.5, width: 1, height: 1}
  - {type: dimension_collapse@v1, name: all, data: $steps.crop.crops}
outputs: [{type: JsonField, name: all, selector: $steps.all.output}]
""")
    refused = invoke("run", path, "--source", pictures)
    assert refused.exit_code == 2 and "--batch-size" in refused.stderr
    result = invoke("run", path, "--source", pictures, "--batch-size", 2)
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [len(line["outputs"]["all"]) for line in found] == [2, 2, 2, 2], result.stderr


@pytest.mark.parametrize(("size", "counts"), [(3, [3, 3, 3, 1]), (None, [4, 4, 4, 4])])
def test_batch_size_bounds_what_goes_through_at_once(
    shell: Any, document: Any, pictures: Path, size: int | None, counts: list[int]
) -> None:
    path = document("""
version: "1.0"
inputs: [{type: WorkflowImage, name: image}]
steps: [{type: odd/count@v1, name: count, image: $inputs.image}]
outputs: [{type: JsonField, name: count, selector: $steps.count.count}]
""")
    done = shell("run", path, "--source", pictures, *(["--batch-size", size] if size else []))
    assert [json.loads(line)["outputs"]["count"] for line in done.stdout.splitlines()] == counts

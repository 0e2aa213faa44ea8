"""Everything the pages show is run: Python, commands and their output, documents.

Snippets of a page run in order, in a folder with copies of `workflows/`, `models/` and `examples/`, as a reader would
type them in a clone.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Self
from urllib.request import urlopen

import httpx
import pytest

from cropflow import Block, OutputFolder, Workflow, WorkflowError
from cropflow.document.text import parse

from .snippets import Snippet, read_snippets, same_output

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN_ELSEWHERE = {
    'pip install "cropflow[yolo]"': "needs a package index",
    'pip install "cropflow[yolo,server]"': "needs a package index",
    'pip download "cropflow[yolo]" --dest wheels': "needs a package index",
    'pip install --no-index --find-links wheels "cropflow[yolo]"': "needs what the line above fetches",
    "make demo": "run on a fresh clone",
    "make test": "is what runs this test",
    "make check": "part of `make test`",
    "make format": "changes the sources",
    "make schemas": "changes the sources; a test finds stale ones",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_can_be_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("workflows", "models", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # as Python does for what is typed in a folder
    reader = Reader(page, tmp_path)
    monkeypatch.setitem(sys.modules, reader.module.__name__, reader.module)
    with reader:
        for snippet in read_snippets(page):
            reader.follow(snippet)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        linked = page.parent / file if file else page
        assert target.startswith("https://") or linked.exists(), f"{page.name}: {target}"
        assert not heading or heading in headings(linked), f"{page.name}: {target}"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("0.98 of 7", "0.97 of 7", True),
        ("0.98 of 7", "0.5 of 7", False),
        ("0.98 of 7", "0.98 of 8", False),
        ("a  b", "a b  ", True),
        ("a\nb", "a b", False),
        ("from … to", "from here\nand there to", True),
        ("from … to", "from here", False),
    ],
)
def test_output_is_compared(shown: str, printed: str, same: bool) -> None:
    assert same_output(Snippet(ROOT, 1, "text", shown, ("output",)), printed) is same


def headings(page: Path) -> list[str]:
    """Return what links call the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles]


def assert_wired(snippet: Snippet, nodes: Collection[str], wires: Collection[tuple[str, str]]) -> None:
    """Assert that wires of a flow join nodes that are there, and leave none out."""
    ends = {end for wire in wires for end in wire}
    assert ends == set(nodes), f"{snippet.place}: no node, or not wired: {ends ^ set(nodes)}"


class Reader:
    """Somebody who types a page from top to bottom."""

    def __init__(self, page: Path, folder: Path) -> None:
        self.folder = folder
        self.module = ModuleType(f"page_{page.stem.replace('-', '_').lower()}")
        self.printed: str | None = None
        self.server: subprocess.Popen[bytes] | None = None
        self.port = "9001"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait(30)

    def follow(self, snippet: Snippet) -> None:
        snippet = replace(snippet, text=snippet.text.replace("localhost:9001", f"localhost:{self.port}"))
        file = snippet.mark("file")
        if file:
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(snippet.text, encoding="utf-8")
        if snippet.mark("output") is not None:
            self._compare(snippet)
        elif snippet.mark("drawing") is None and snippet.mark("deployed") is None:
            self._act(snippet)

    def _act(self, snippet: Snippet) -> None:
        match snippet.language:
            case "python" if snippet.mark("client") is not None:
                self.printed = self._client(snippet)
            case "python":
                self.printed = self._python(snippet)
            case "sh" if snippet.mark("serve") is not None:
                self._serve(snippet)
            case "sh":
                self.printed = self._shell(snippet)
            case "js":
                assert snippet.mark("file"), f"{snippet.place}: a later block runs this file"
            case "json" if snippet.mark("flow") is not None:
                self._node_red(snippet)
            case "json" if snippet.mark("n8n") is not None:
                self._n8n(snippet)
            case "yaml" | "json":
                self._document(snippet)
            case "toml":
                tomllib.loads(snippet.text)
            case other:
                pytest.fail(f"{snippet.place}: nothing runs {other!r}; mark the block as output or drawing")

    def _serve(self, snippet: Snippet) -> None:
        """Run a server until the page ends, on a port that is free: other pages have servers too."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        command = [*shlex.split(snippet.text), "--port", self.port]
        self.server = subprocess.Popen(command, env=self._environment(), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.server.poll() is None:
            with contextlib.suppress(OSError), urlopen(f"http://localhost:{self.port}/ready"):
                return
            time.sleep(0.2)
        pytest.fail(f"{snippet.place}: the server does not come up")

    def _compare(self, snippet: Snippet) -> None:
        assert self.printed is not None, f"{snippet.place}: no block before it prints anything"
        same = same_output(snippet, self.printed)
        assert same, f"{snippet.place} shows\n{snippet.text}\nbut this was printed:\n{self.printed}"

    def _python(self, snippet: Snippet) -> str:
        code = compile("\n" * (snippet.line - 1) + snippet.text, str(snippet.page), "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, vars(self.module))
        return printed.getvalue()

    def _client(self, snippet: Snippet) -> str:
        """Run Python where `inference_sdk` is; `make test` puts it there."""
        python = ROOT / "build" / "client" / "bin" / "python"
        command = [str(python), "-W", "ignore", "-c", snippet.text]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 0, f"{snippet.place}: {ended.stderr}"
        return ended.stdout

    def _node_red(self, snippet: Snippet) -> None:
        """Node-RED runs what has a place and is wired; what its nodes send must be answered."""
        nodes = {node["id"]: node for node in json.loads(snippet.text)}
        wires = [(name, end) for name, node in nodes.items() for output in node["wires"] for end in output]
        assert_wired(snippet, nodes, wires)
        assert all(node.keys() >= {"type", "x", "y", "z"} for node in nodes.values()), snippet.place
        (url,) = [node["url"] for node in nodes.values() if "url" in node]
        (headers,) = [json.loads(rule["to"]) for node in nodes.values() for rule in node.get("rules", ())]
        self._ask(snippet, "POST", url, headers=headers, content=self._picture.read_bytes())

    def _n8n(self, snippet: Snippet) -> None:
        """n8n wires nodes by name; what its nodes send must be answered, and the answer hold what they take from it."""
        flow = json.loads(snippet.text)
        nodes = {node["name"]: node for node in flow["nodes"]}
        outputs = [(name, output) for name, ends in flow["connections"].items() for output in ends["main"]]
        assert_wired(snippet, nodes, [(name, end["node"]) for name, output in outputs for end in output])
        parameters = {node["type"].removeprefix("n8n-nodes-base."): node["parameters"] for node in nodes.values()}
        asked, path = parameters["httpRequest"], parameters["splitOut"]["fieldToSplitOut"]
        assert (asked["sendBody"], asked["contentType"]) == (True, "multipart-form-data"), snippet.place
        parts = asked["bodyParameters"]["parameters"]
        assert {part["parameterType"] for part in parts} == {"formBinaryData"}, snippet.place
        files = [(part["name"], (self._picture.name, self._picture.read_bytes())) for part in parts]
        items = self._ask(snippet, asked["method"], asked["url"], files=files)
        for key in re.findall(r"\w+", path):
            items = items[int(key) if key.isdigit() else key]
        assert items and isinstance(items, list), f"{snippet.place}: no items at {path}"

    @property
    def _picture(self) -> Path:
        """What flows of low-code tools send here."""
        return self.folder / "examples/digits/scenes/form/01.png"

    def _ask(self, snippet: Snippet, method: str, url: str, **request: Any) -> Any:
        answer = httpx.request(method, url, timeout=60, trust_env=False, **request)
        assert answer.is_success, f"{snippet.place}: {answer.text}"
        assert answer.json()["errors"] == [], snippet.place
        return answer.json()

    def _shell(self, snippet: Snippet) -> str:
        lines = [line for line in snippet.text.splitlines() if line.split("  #")[0].strip() not in RUN_ELSEWHERE]
        script = "\n".join(map(self._offline, lines))
        ended = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        expected = int(snippet.mark("exit") or 0)
        assert ended.returncode == expected, f"{snippet.place} ended with {ended.returncode}:\n{ended.stdout}"
        return ended.stdout

    def _offline(self, line: str) -> str:
        """Let a package of the page be installed beside this test, by what is here already."""
        if not line.startswith("pip install ./"):
            return line
        target = shlex.quote(str(self.folder / "site"))
        options = f"--quiet --no-index --no-deps --no-build-isolation --target {target}"
        return f"python -m {line} {options}"

    def _environment(self) -> Mapping[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
        return {**kept, "PATH": path, "PYTHONPATH": str(self.folder / "site")}

    def _document(self, snippet: Snippet) -> None:
        """Compile a whole document; what is part of one must stand there; anything else must be readable."""
        content = parse(snippet.text, f"snippet.{snippet.language}").value
        assert isinstance(content, dict), f"{snippet.place}: expected a mapping"
        part_of = snippet.mark("part of")
        if content.keys() >= {"version", "inputs", "steps", "outputs"}:
            self._compile(snippet)
        elif part_of:
            whole = parse((ROOT / part_of).read_text(encoding="utf-8"), part_of).value
            for key, entries in content.items():
                assert [entry for entry in entries if entry not in whole[key]] == [], f"{snippet.place}: {key}"

    def _compile(self, snippet: Snippet) -> None:
        refused = snippet.mark("refused") is not None
        file = self.folder / (snippet.mark("file") or "workflows/snippet")
        try:
            resources = [OutputFolder(self.folder / "out")]
            Workflow.loads(snippet.text, base=file.parent, blocks=self._blocks(), resources=resources).close()
        except WorkflowError as error:
            assert refused, f"{snippet.place}: {error}"
        else:
            assert not refused, f"{snippet.place}: nothing is wrong with this document"

    def _blocks(self) -> list[type[Block]]:
        """The blocks that the page has defined so far."""
        made = [item for item in vars(self.module).values() if isinstance(item, type) and issubclass(item, Block)]
        return [block for block in made if block.__module__ == self.module.__name__ and "spec" in vars(block)]

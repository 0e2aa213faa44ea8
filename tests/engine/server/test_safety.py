"""Attacks on a running server: each must be refused, and nothing of the machine may show."""

from __future__ import annotations

import base64
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import ROOT, SCENES, Server, png, serving, wait_until_ready

PICTURE = SCENES / "form" / "01.png"
ENCODED = base64.b64encode(PICTURE.read_bytes()).decode()
SECRET = "do-not-show-me-1234"
RUN = "/run/classes_on_boxes"


def document(*steps: dict[str, Any], inputs: tuple[dict[str, Any], ...] = (), **outputs: str) -> dict[str, Any]:
    return {
        "version": "1.0",
        "inputs": [{"type": "WorkflowImage", "name": "image"}, *inputs],
        "steps": list(steps),
        "outputs": [{"type": "JsonField", "name": name, "selector": value} for name, value in outputs.items()],
    }


def send(client: httpx.Client, specification: dict[str, Any], **inputs: Any) -> httpx.Response:
    given = {"image": {"type": "base64", "value": ENCODED}, **inputs}
    answer = client.post("/workflows/run", json={"specification": specification, "inputs": given})
    check_body(answer)
    return answer


def check_body(answer: httpx.Response) -> None:
    """An error says what to do, and shows no path, no traceback and no secret."""
    assert answer.status_code != 500, answer.text
    assert SECRET not in answer.text
    if answer.status_code >= 400:
        body = answer.json()
        assert body["message"] and body["hint"] is not None and body["request_id"]
        for hidden in (str(ROOT), "Traceback", "site-packages", str(Path.home() / ".cache")):
            assert hidden not in answer.text


GREY = {"type": "convert_grayscale@v1", "name": "grey", "image": "$inputs.image"}


class Inner(ThreadingHTTPServer):
    """A server of the private network, which notes who asks."""

    asked: list[str]


@pytest.fixture(scope="module")
def inner() -> Iterator[Inner]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PICTURE.read_bytes())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = Inner(("127.0.0.1", 0), Handler)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def open_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that fetches URLs, asks for keys, lets one origin in, and has narrow limits."""
    folder = tmp_path_factory.mktemp("open")
    (folder / "keys").write_text("# ours\nfirst-key\n")
    options = ["--keys", str(folder / "keys"), "--allow-urls", "--allow-origin", "https://app.example"]
    limits = ["--max-body", "2", "--max-pictures", "5", "--max-pixels", "1", "--timeout", "3"]
    places = ["--workflows", "workflows", "--out", str(folder / "out")]
    with serving(*places, *options, *limits, env={"CROPFLOW_API_KEYS": "second-key, third-key"}, ready=False) as server:
        yield server


@pytest.fixture
def keyed(open_: Server) -> Iterator[httpx.Client]:
    with open_.client(headers={"Authorization": "Bearer second-key"}) as client:
        yield client


def test_it_listens_on_loopback_only(served: Server) -> None:
    assert httpx.URL(served.url).host == "127.0.0.1"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    port = f"{httpx.URL(served.url).port:04X}"
    listening = {line.split()[1] for line in lines if line.split()[3] == "0A" and line.split()[1].endswith(f":{port}")}
    assert listening == {f"0100007F:{port}"}


def test_other_host_names_and_web_pages_are_refused(client: httpx.Client, keyed: httpx.Client) -> None:
    rebound = client.get("/health", headers={"Host": "evil.example"})
    assert rebound.status_code == 421
    assert "evil.example" in rebound.json()["message"]
    assert len(client.get("/health", headers={"Host": "e" * 5000}).json()["message"]) < 300
    check_body(rebound)
    for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
        page = client.post(RUN, files={"image": PICTURE.read_bytes()}, headers={"Origin": origin})
        assert page.status_code == 403
        assert origin in page.json()["message"]
        check_body(page)
    allowed = keyed.get("/workflows", headers={"Origin": "https://app.example"})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    wrong = keyed.post(RUN, json={"image": 3}, headers={"Origin": "https://app.example"})
    assert wrong.status_code == 400
    assert wrong.headers["access-control-allow-origin"] == "https://app.example"  # else the page cannot read why
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    assert keyed.options(RUN, headers=asked).status_code == 200


def test_without_a_key_nothing_is_answered(open_: Server) -> None:
    body = {"specification": document(GREY), "inputs": {"image": {"type": "base64", "value": ENCODED}}}
    with open_.client() as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code in (200, 503)  # open, also while models are loaded
        assert client.get("/info").json()["name"] == "cropflow"  # inference_sdk sends no key there
        for method, place in [
            ("GET", "/workflows"),
            ("GET", "/metrics"),
            ("GET", "/workflows/blocks/describe"),
            ("GET", "/workflows/definition/schema"),
            ("POST", RUN),
            ("POST", "/run"),
            ("POST", "/workflows/run"),
            ("POST", "/workflows/validate"),
            ("POST", "/any/workflows/classes_on_boxes"),
            ("POST", "/infer/workflows/any/classes_on_boxes"),
        ]:
            answer = client.request(method, place)
            assert answer.status_code == 401, place
            check_body(answer)
        for wrong in ("first-key2", "first-ke", "x", "FIRST-KEY"):
            headers = {"Authorization": f"Bearer {wrong}"}
            assert client.get("/workflows", headers=headers).status_code in (401, 403)
        bare = client.get("/workflows", headers={"Authorization": "first-key"})
        assert (bare.status_code, "must be `Bearer KEY`" in bare.json()["message"]) == (401, True)
        for right in ({"Authorization": "Bearer first-key"}, {"X-API-Key": "third-key"}):
            assert client.get("/workflows", headers=right).status_code == 200
        assert client.get("/workflows?api_key=second-key").status_code == 200
        assert client.post("/workflows/run", json={**body, "api_key": "first-key"}).status_code == 200
        assert client.post("/workflows/run", json={**body, "api_key": "wrong"}).status_code == 403


def test_bodies_over_the_limit_are_refused(keyed: httpx.Client) -> None:
    large = bytes(3 * 2**20)
    told = keyed.post(RUN, files={"image": large})
    assert told.status_code == 413
    check_body(told)

    def parts() -> Iterator[bytes]:
        for _ in range(3):
            yield bytes(2**20)

    chunked = keyed.post(RUN, content=parts(), headers={"Content-Type": "image/png"})
    assert chunked.status_code == 413
    check_body(chunked)


def test_bodies_without_end_do_not_fill_the_memory() -> None:
    megabyte, picture = bytes(2**20 - 1), {"Content-Type": "image/png"}
    with serving("--max-body", "1", ready=False) as server, server.client() as client, ExitStack() as held:
        url = httpx.URL(server.url)
        head = f"POST /run HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: image/png\r\nContent-Length: {2**20}\r\n\r\n"
        deadline = time.monotonic() + 30
        while (told := client.post("/run", content=megabyte, headers=picture)).status_code != 429:
            assert time.monotonic() < deadline
            connection = held.enter_context(socket.create_connection((url.host, url.port), 20))
            connection.sendall(head.encode() + megabyte)
        check_body(told)
        assert int(told.headers["Retry-After"]) >= 1
        assert client.get("/health").status_code == 200
        assert (
            client.post("/run", content=bytes(1000), headers=picture).status_code == 400
        )  # there is room for small ones
        held.close()
        while client.post("/run", content=megabyte, headers=picture).status_code != 400:
            assert time.monotonic() < deadline


def test_a_body_that_drips_is_cut_off(open_: Server) -> None:
    url = httpx.URL(open_.url)
    with socket.create_connection((url.host, url.port), 20) as connection:
        head = f"POST {RUN}?api_key=first-key HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 1000\r\n"
        connection.sendall(f"{head}Content-Type: image/png\r\n\r\n".encode())
        started = time.monotonic()
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - started < 15


QUICK = "import cropflow.server.protocol as protocol; protocol.LONGEST_HEAD = 1.0"


@pytest.mark.parametrize("part", [b"X-A: " + b"a" * 100_000, b"X-A: a\r\n" * 20_000, b"a" * 100_000])
def test_headers_without_end_are_cut_off(served: Server, client: httpx.Client, part: bytes) -> None:
    url, before = httpx.URL(served.url), served.memory()
    with socket.create_connection((url.host, url.port), 20) as connection:
        connection.sendall(f"GET /health HTTP/1.1\r\nHost: {url.host}\r\n".encode())
        with pytest.raises(OSError):  # the connection is closed from the other side
            for _ in range(2_000):
                connection.sendall(part)
    assert served.memory() - before < 20 * 2**20
    large = client.post(RUN, content=PICTURE.read_bytes() * 3, headers={"Content-Type": "image/png"})
    assert large.status_code == 200  # a long body is no long head
    assert client.get("/health", headers={"X-A": "a" * 50_000}).status_code == 200


@pytest.mark.parametrize("before", [0, 1])
def test_headers_that_end_may_not_be_longer_either(client: httpx.Client, before: int) -> None:
    for _ in range(before):  # on the same connection
        assert client.get("/health").status_code == 200
    answer = client.get("/health", headers={"X-A": "a" * 70_000})
    assert answer.status_code == 431
    assert "bytes of headers" in answer.json()["message"]


def test_a_head_behind_another_request_is_counted_too(served: Server) -> None:
    url = httpx.URL(served.url)
    with socket.create_connection((url.host, url.port), 20) as connection:
        head = f"GET /health HTTP/1.1\r\nHost: {url.host}\r\n".encode()
        connection.sendall(head + b"\r\n" + head + b"X-A: " + b"a" * 125_000 + b"\r\n\r\n")
        assert b"".join(iter(lambda: connection.recv(10_000), b"")).count(b" 200 OK") < 2


def test_what_follows_a_body_is_not_kept(served: Server) -> None:
    url, before = httpx.URL(served.url), served.memory()
    with socket.create_connection((url.host, url.port), 20) as connection:
        head = f"POST {RUN} HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n"
        connection.sendall(f"{head}\r\n1\r\na\r\n0\r\n".encode())
        with pytest.raises(OSError):  # the connection is closed from the other side
            for _ in range(2_000):
                connection.sendall(b"X-A: " + b"a" * 50_000 + b"\r\n")
    assert served.memory() - before < 20 * 2**20


def test_connections_that_say_nothing_more_are_closed() -> None:
    upload = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    with serving(prelude=QUICK) as server:
        url = httpx.URL(server.url)
        for request in (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", upload):
            with socket.create_connection((url.host, url.port), 20) as connection:
                connection.sendall(request)
                assert connection.recv(1000).startswith(b"HTTP/1.1")
                connection.sendall(b"\r\n")
                while connection.recv(1000):  # fails after 20 s
                    pass


def test_headers_that_drip_are_cut_off() -> None:
    with serving(prelude=QUICK) as server, server.client() as client:
        url = httpx.URL(server.url)
        with socket.create_connection((url.host, url.port), 20) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHo")
            assert connection.recv(1000).startswith(b"HTTP/1.1 408 Request Timeout")
        with socket.create_connection((url.host, url.port), 20) as connection:
            assert connection.recv(1000).startswith(b"HTTP/1.1 408")  # nothing at all
        told = [fact["message"] for fact in server.facts() if fact.get("status") == 408]
        assert len(told) == 2
        for _ in range(3):  # pauses between requests are none of this
            assert client.get("/health").status_code == 200
            time.sleep(1.2)


def test_pictures_that_unpack_to_too_much_are_refused(keyed: httpx.Client, open_: Server, client: httpx.Client) -> None:
    wait_until_ready(open_)  # models that are being loaded take memory too
    before = open_.memory()
    bomb = png(30_000, 30_000, zlib.compress(bytes(30_000 * (30_000 // 8 + 1)), 9))
    assert len(bomb) < 200_000
    for one in (keyed, client):
        told = one.post(RUN, files={"image": bomb})
        assert told.status_code == 413
        assert "pixels" in told.json()["message"]
        check_body(told)
    together = keyed.post(RUN, files=[("image", png(600, 600, zlib.compress(bytes(600 * 76))))] * 4)
    assert together.status_code == 413
    nested: Any = ENCODED
    for _ in range(50):
        nested = [nested]
    check_body(keyed.post(RUN, json={"image": nested}))
    assert open_.memory() - before < 200 * 2**20


@pytest.mark.parametrize("form", ["text", "mapping"])
def test_urls_are_not_fetched_by_default(client: httpx.Client, inner: Inner, form: str) -> None:
    url = f"http://127.0.0.1:{inner.server_port}/default.png"
    answer = client.post(RUN, json={"image": url if form == "text" else {"type": "url", "value": url}})
    assert answer.status_code == 400
    assert "fetches none" in answer.json()["message"]
    check_body(answer)
    assert "/default.png" not in inner.asked


ADDRESSES = "127.0.0.1 localhost [::1] 0.0.0.0 127.1 2130706433 [::ffff:127.0.0.1] 10.0.0.1 169.254.169.254 192.168.0.1"


@pytest.mark.parametrize("host", ADDRESSES.split())
def test_private_addresses_are_never_asked(keyed: httpx.Client, inner: Inner, host: str) -> None:
    answer = keyed.post(RUN, json={"image": {"type": "url", "value": f"http://{host}:{inner.server_port}/private.png"}})
    assert answer.status_code == 400
    check_body(answer)
    assert "/private.png" not in inner.asked


INTERNET = """
import socket
PUBLIC = "93.184.215.14"
asked, look_up, connect = set(), socket.getaddrinfo, socket.create_connection

def getaddrinfo(host, port, *args, **options):
    if host not in ("public.example", "turning.example"):
        return look_up(host, port, *args, **options)
    turned = host == "turning.example" and host in asked  # private from the second time on
    asked.add(host)
    return look_up("127.0.0.1" if turned else PUBLIC, port, *args, **options)

def create_connection(address, *args, **options):
    return connect(("127.0.0.1", address[1]) if address[0] == PUBLIC else address, *args, **options)

socket.getaddrinfo, socket.create_connection = getaddrinfo, create_connection
"""
"""A server for which two names lead to a public address, where in truth there is a server of this test."""


def test_redirects_and_names_that_change_their_address_lead_nowhere(inner: Inner, tmp_path: Path) -> None:
    class Outer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/fine.png":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(PICTURE.read_bytes())
                return
            self.send_response(302)
            host = {"/to-name": "turning.example", "/to-local": "localhost"}.get(self.path, "127.0.0.1")
            port = outer.server_port if self.path == "/to-name" else inner.server_port
            self.send_header("Location", f"http://{host}:{port}/redirected.png")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    outer = ThreadingHTTPServer(("127.0.0.1", 0), Outer)
    threading.Thread(target=outer.serve_forever, daemon=True).start()
    grey = document(GREY, grey="$steps.grey.image")
    with serving("--allow-urls", prelude=INTERNET) as server, server.client() as client:

        def fetch(url: str) -> int:
            return send(client, grey, image={"type": "url", "value": url}).status_code

        public, turning = (f"http://{name}.example:{outer.server_port}" for name in ("public", "turning"))
        assert fetch(f"{public}/fine.png") == 200
        for path in ("/to-number", "/to-local"):
            assert fetch(public + path) == 400
        assert fetch(f"{turning}/fine.png") == 200
        assert fetch(f"{turning}/fine.png") == 400
        assert fetch(f"{public}/to-name") == 400
    outer.shutdown()
    assert "/redirected.png" not in inner.asked


@pytest.mark.parametrize(
    "value", [str(PICTURE), "examples/digits/scenes/form/01.png", "file:///etc/hostname", "/etc/hostname"]
)
def test_no_path_is_opened(client: httpx.Client, value: str) -> None:
    forms = [
        value,
        {"type": "file", "value": value},
        {"type": "numpy_object", "value": value},
        {"type": "url", "value": value},
    ]
    for form in forms:
        answer = client.post(RUN, json={"image": form})
        assert answer.status_code == 400
        check_body(answer)
        assert send(client, document(GREY, grey="$steps.grey.image"), image=form).status_code == 400


@pytest.mark.parametrize("kind", ["*", "image", "string", "list_of_values"])
@pytest.mark.parametrize("value", [str(PICTURE), {"type": "file", "value": str(PICTURE)}, [str(PICTURE)]])
def test_no_path_is_opened_by_way_of_another_input(client: httpx.Client, kind: str, value: Any) -> None:
    item = {"type": "WorkflowParameter", "name": "other", "kind": [kind]}
    grey = {**GREY, "image": "$inputs.other"}
    answer = send(client, document(grey, inputs=(item,), grey="$steps.grey.image"), other=value)
    assert answer.status_code in (400, 422)
    default = {**item, "default_value": value}
    assert send(client, document(grey, inputs=(default,), grey="$steps.grey.image")).status_code in (400, 422)


def test_code_in_documents_does_not_run(client: httpx.Client, tmp_path: Path) -> None:
    code = f"def run(self, image):\n    open({str(tmp_path / 'ran')!r}, 'w')\n    return {{}}\n"
    dynamic = {
        "type": "DynamicBlockDefinition",
        "manifest": {"type": "ManifestDescription", "block_type": "Evil", "inputs": {}, "outputs": {}},
        "code": {"type": "PythonCode", "run_function_code": code},
    }
    evil = {**document({"type": "Evil", "name": "evil"}), "dynamic_blocks_definitions": [dynamic]}
    assert send(client, evil).status_code == 400
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("place", ["../out-{}", "/tmp/cropflow-out-{}", "link/{}", "a/../../out-{}", "~/out-{}"])
def test_sinks_write_nothing_outside_of_the_output_folder(tmp_path: Path, place: str) -> None:
    out, outside = tmp_path / "in" / "out", tmp_path / "outside"
    out.mkdir(parents=True)
    outside.mkdir()
    (out / "link").symlink_to(outside)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    folder = place.format("x")
    steps = [
        {"type": "image_sink@v1", "name": "one", "images": "$inputs.image", "folder": folder},
        {"type": "jsonl_sink@v1", "name": "one", "file": f"{folder}.jsonl", "data": {"a": "$inputs.word"}},
        {"type": "csv_sink@v1", "name": "one", "file": f"{folder}.csv", "columns": {"a": "$inputs.word"}},
        {
            "type": "local_file_sink@v1",
            "name": "one",
            "content": "$inputs.word",
            "file_type": "txt",
            "output_mode": "separate_files",
            "target_directory": folder,
            "file_name_prefix": "a",
        },
    ]
    word = {"type": "WorkflowParameter", "name": "word", "kind": ["string"], "default_value": "hello"}
    with serving("--out", str(out)) as server, server.client() as client:
        for step in steps:
            fine = {name: value.replace(folder, "fine") for name, value in step.items() if isinstance(value, str)}
            assert send(client, document({**step, **fine}, inputs=(word,))).status_code == 200, step["type"]
            send(client, document(step, inputs=(word,)))
            prefixed = {**step, "file_name_prefix": f"{folder}/a"} if "file_name_prefix" in step else step
            send(client, document(prefixed, inputs=(word,)))
    after = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(out) and "link" not in path.relative_to(out).parts for path in after)
    assert any(path.parent.name == "fine" for path in after)
    assert not list(Path("/tmp").glob("cropflow-out-*"))
    assert not list(Path.home().glob("out-x*"))


DETECT = {"type": "object_detection_model@v2", "name": "detect", "images": "$inputs.image"}


def test_weights_come_from_the_allowed_folder_only(tmp_path: Path) -> None:
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "digits.pt").write_bytes((ROOT / "models" / "digits-detect.pt").read_bytes())
    (allowed / "link.pt").symlink_to(ROOT / "models" / "digits-detect.pt")
    outside = str(ROOT / "models" / "digits-detect.pt")
    with serving("--models", str(allowed)) as server, server.client() as client:
        fine = document({**DETECT, "model_id": "digits.pt"}, found="$steps.detect.predictions")
        assert send(client, fine).status_code == 200
        for model_id in (outside, "../../models/digits-detect.pt", "models/digits-detect.pt", "link.pt", "yolov8n-640"):
            answer = send(client, document({**DETECT, "model_id": model_id}, found="$steps.detect.predictions"))
            assert answer.status_code == 400
            assert "taken from a folder that is allowed here, which has digits.pt" in answer.json()["message"]
        item = {"type": "WorkflowParameter", "name": "model", "kind": ["roboflow_model_id"]}
        chosen = document({**DETECT, "model_id": "$inputs.model"}, inputs=(item,), found="$steps.detect.predictions")
        assert send(client, chosen, model=outside).status_code == 400
        assert send(client, chosen, model="digits.pt").status_code == 200


def test_weights_are_found_in_the_allowed_folder_by_name(client: httpx.Client) -> None:
    by_name = document({**DETECT, "model_id": "digits-detect.pt"}, found="$steps.detect.predictions")
    beside = document({**DETECT, "model_id": "../models/digits-detect.pt"}, found="$steps.detect.predictions")
    assert send(client, by_name).json()["outputs"] == send(client, beside).json()["outputs"]


def test_weights_that_do_not_fit_are_told_by_name(client: httpx.Client, tmp_path: Path) -> None:
    wrong = send(client, document({**DETECT, "model_id": "digits-classify.pt"}, found="$steps.detect.predictions"))
    assert wrong.status_code == 400
    assert "(digits-classify.pt) does 'classify'" in wrong.json()["message"]
    assert "folder" not in wrong.json()["message"]
    with serving("--models", ".") as server, server.client() as other:
        none = send(other, document({**DETECT, "model_id": "README.md"}, found="$steps.detect.predictions"))
    assert "README.md is no weights file" in none.json()["message"]
    assert "Loader" not in none.text


def test_a_server_without_a_folder_for_weights_says_so() -> None:
    with serving() as server, server.client() as client:
        answer = send(client, document({**DETECT, "model_id": "digits-detect.pt"}, found="$steps.detect.predictions"))
        assert answer.status_code == 400
        assert "none is allowed" in answer.json()["message"]


def test_a_document_of_the_folder_lets_no_client_choose_other_weights(tmp_path: Path) -> None:
    (tmp_path / "choose.yaml").write_text(
        'version: "1.0"\n'
        "inputs: [{type: WorkflowImage, name: image}, "
        f"{{type: WorkflowParameter, name: model, kind: [roboflow_model_id], "
        f"default_value: {ROOT}/models/digits-detect.pt}}]\n"
        "steps: [{type: object_detection_model@v2, name: detect, images: $inputs.image, model_id: $inputs.model}]\n"
        "outputs: [{type: JsonField, name: found, selector: $steps.detect.predictions}]\n"
    )
    with serving("--workflows", str(tmp_path)) as server, server.client() as client:
        files = {"image": PICTURE.read_bytes()}
        assert client.post("/run/choose", files=files).status_code == 200
        answer = client.post("/run/choose", files=files, data={"model": f"{ROOT}/models/digits-segment.pt"})
        assert answer.status_code == 400
        assert "not found" in answer.json()["message"]


def test_documents_sent_along_open_no_files(client: httpx.Client) -> None:
    for file in ("classes_on_boxes.yaml", str(ROOT / "workflows" / "classes_on_boxes.yaml"), "../README.md"):
        step = {"type": "inner_workflow@v1", "name": "inner", "workflow_definition": file, "parameter_bindings": {}}
        answer = send(client, document(step))
        assert answer.status_code == 400
        assert "may not open others" in answer.json()["message"]


def test_documents_sent_along_get_no_secrets() -> None:
    store = {"type": "environment_secrets_store@v1", "name": "store", "variables_storing_secrets": ["MY_TOKEN"]}
    with serving(env={"MY_TOKEN": SECRET}) as server, server.client() as client:
        answer = send(client, document(store, token="$steps.store.my_token"))
        assert answer.status_code in (400, 422)


def test_documents_sent_along_send_no_requests(client: httpx.Client, keyed: httpx.Client, inner: Inner) -> None:
    step = {
        "type": "webhook_sink@v1",
        "name": "hook",
        "url": f"http://127.0.0.1:{inner.server_port}/hook",
        "method": "POST",
        "fire_and_forget": False,
    }
    hook = document(step, told="$steps.hook.message", failed="$steps.hook.error_status")
    refused = send(client, hook)
    assert refused.status_code == 400
    assert all(part in refused.json()["message"] for part in ("step 'hook'", "needs leave", "--allow-urls"))
    assert send(keyed, hook).json()["outputs"][0]["failed"] is True  # private addresses stay refused
    assert "/hook" not in inner.asked


def test_a_document_with_sinks_says_what_to_ask_the_operator_for() -> None:
    sink = {"type": "jsonl_sink@v1", "name": "log", "file": "a.jsonl", "data": {"a": 1}}
    with serving() as server, server.client() as client:
        message = send(client, document(sink)).json()["message"]
    assert "ask the operator of the server for --out DIR" in message
    assert "Python" not in message


def test_a_pattern_that_never_ends_does_not_hold_up_others(client: httpx.Client, served: Server) -> None:
    item = {"type": "WorkflowParameter", "name": "word", "kind": ["string"]}
    step = {
        "type": "property_definition@v1",
        "name": "match",
        "data": "$inputs.word",
        "operations": [{"type": "StringMatches", "regex": "^(a|aa)+$"}],
    }
    bomb = document(step, inputs=(item,), found="$steps.match.output")
    assert send(client, bomb, word="aaa").json()["outputs"] == [{"found": True}]
    answers: list[httpx.Response] = []

    def ask() -> None:
        with served.client() as one:
            answers.append(send(one, bomb, word="a" * 60 + "!"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert client.get("/health", timeout=5).status_code == 200
    assert [answer.status_code for answer in answers] == [422] * 4
    assert "takes longer than" in answers[0].json()["message"]


def matching(pattern: str) -> dict[str, Any]:
    item = {"type": "WorkflowParameter", "name": "word", "kind": ["string"]}
    operations = [{"type": "StringMatches", "regex": pattern}]
    step = {"type": "property_definition@v1", "name": "match", "data": "$inputs.word", "operations": operations}
    return document(step, inputs=(item,), found="$steps.match.output")


@pytest.mark.parametrize("pattern", ["a{99999999999999999999}", "(" * 5000 + ")" * 5000], ids=["count", "depth"])
def test_a_pattern_that_cannot_be_compiled_is_a_mistake_of_the_document(client: httpx.Client, pattern: str) -> None:
    body = {"specification": matching(pattern), "inputs": {"image": ENCODED, "word": "aaa"}}
    assert client.post("/workflows/run", json=body).status_code == 400


@pytest.mark.parametrize("pattern", ["a{1000000}", "(?:(?:a{1000}){1000}){1000}", "a{4294967294}", "a{,99999999}"])
def test_a_pattern_takes_no_memory_by_its_counts(client: httpx.Client, served: Server, pattern: str) -> None:
    before = served.memory()
    answer = send(client, matching(pattern), word="aaa")
    assert answer.status_code == 400
    assert "repeats" in answer.json()["message"]
    assert served.memory() - before < 50 * 2**20


@pytest.mark.parametrize("pattern", [r"^\d{4}-\d{2}-\d{2}$", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"\{7\}"])
def test_usual_patterns_are_taken(client: httpx.Client, pattern: str) -> None:
    assert send(client, matching(pattern), word="aaa").status_code == 200


@pytest.mark.parametrize(
    "value", [{"type": "numpy_object", "value": "gASVAA=="}, {"type": "url", "value": "http://x/"}]
)
def test_other_forms_of_pictures_are_not_opened_by_way_of_another_input(client: httpx.Client, value: Any) -> None:
    item = {"type": "WorkflowParameter", "name": "other", "kind": ["*"]}
    grey = document({**GREY, "image": "$inputs.other"}, inputs=(item,), grey="$steps.grey.image")
    assert send(client, grey, other=value).status_code in (400, 422)


def test_a_header_alone_is_enough_to_refuse_a_picture(client: httpx.Client) -> None:
    answer = client.post(RUN, files={"image": png(50_000, 50_000, b"")})
    assert answer.status_code == 413
    check_body(answer)


def test_too_many_pictures_are_refused(keyed: httpx.Client) -> None:
    answer = keyed.post(RUN, json={"image": [ENCODED] * 6})
    assert answer.status_code == 413
    assert "pictures" in answer.json()["message"]
    check_body(answer)

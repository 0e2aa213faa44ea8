"""URLs are fetched only where allowed, only from the public internet, within limits of size and time."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import cv2
import numpy as np
import pytest

from cropflow.errors import ImageError
from cropflow.image import Image
from cropflow.image.fetch import UrlPolicy, fetch
from cropflow.net import is_public

PIXELS = np.random.default_rng(1).integers(0, 256, (8, 9, 3), dtype=np.uint8)
PNG = cv2.imencode(".png", PIXELS)[1].tobytes()
TRUSTED = UrlPolicy(allow=True, allow_private=True, timeout=5)
PUBLIC = UrlPolicy(allow=True, timeout=5)


class Pictures(BaseHTTPRequestHandler):
    """A small web site: every method named after a path answers it."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        answer: Callable[[], None] = getattr(self, path.strip("/").replace("%20", "_") or "picture", self.missing)
        answer()

    def log_message(self, *_: object) -> None:
        return

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def picture(self) -> None:
        self.send(200, PNG, Content_Length=str(len(PNG)))

    def a_b(self) -> None:
        self.send(200, self.path.encode())

    def host(self) -> None:
        self.send(200, self.headers["Host"].encode())

    def missing(self) -> None:
        self.send(404)

    def moved(self) -> None:
        self.send(302, Location="/picture")

    def loop(self) -> None:
        self.send(302, Location="/loop")

    def to_file(self) -> None:
        self.send(302, Location="file:///etc/passwd")

    def to_nowhere(self) -> None:
        self.send(301, Location="http://10.0.0.1:1/secret.png")

    def announced(self) -> None:
        self.send(200, b"", Content_Length=str(10**12))
        time.sleep(2)

    def endless(self) -> None:
        self.send(200)
        while True:
            self.wfile.write(bytes(2**16))

    def short(self) -> None:
        self.send(200, PNG[:20], Content_Length=str(len(PNG)))

    def drip(self) -> None:
        self.send(200)
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def stall(self) -> None:
        time.sleep(3)


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = QuietServer(("127.0.0.1", 0), Pictures)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_picture_is_fetched_where_allowed(site: str) -> None:
    image = Image.load(f"{site}/picture", allow_urls=TRUSTED)
    assert np.array_equal(image.pixels, PIXELS)
    assert np.array_equal(Image.load({"type": "url", "value": site}, allow_urls=TRUSTED).pixels, PIXELS)


def test_nothing_is_fetched_unless_allowed(site: str) -> None:
    with pytest.raises(ImageError, match="unless allowed"):
        fetch(site, UrlPolicy(allow_private=True))


def test_this_machine_is_not_reached_by_any_spelling(site: str) -> None:
    port = site.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "0.0.0.0", "[::ffff:127.0.0.1]", "[::1]"):
        with pytest.raises(ImageError, match=r"private addresses are refused|cannot be fetched"):
            fetch(f"http://{host}:{port}/picture", PUBLIC)
    with pytest.raises(ImageError, match="private addresses are refused"):
        Image.load(f"{site}/picture", allow_urls=True).decode()


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *(
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fec0::1",
        ),
        *(
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ),
        *("64:ff9b:1::7f00:1", "2001:db8::1"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def answering(*addresses: str) -> Callable[..., list[object]]:
    """A resolver that answers `pictures.example` with one address after another, and all else as usual."""
    usual, left = socket.getaddrinfo, list(addresses)

    def resolve(host: str, port: int, *args: object, **options: object) -> list[object]:
        address = left.pop(0) if host == "pictures.example" else host
        return list(usual(address, port, *args, **options))  # type: ignore[arg-type]

    return resolve


def test_the_connection_goes_to_the_address_that_was_checked(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = site.rpartition(":")[2]
    monkeypatch.setattr(socket, "getaddrinfo", answering("127.0.0.1", "127.0.0.2"))
    assert fetch(f"http://pictures.example:{port}/host", TRUSTED) == f"pictures.example:{port}".encode()


def test_a_redirect_is_checked_like_the_first_address(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name counts as public once and leads to a server that points back into this machine."""
    port = site.rpartition(":")[2]
    monkeypatch.setattr(socket, "getaddrinfo", answering("127.0.0.1", "127.0.0.1"))
    seen: list[object] = []

    def public_at_first(address: object) -> bool:
        seen.append(address)
        return len(seen) == 1

    monkeypatch.setattr("cropflow.net.is_public", public_at_first)
    with pytest.raises(ImageError, match=r"redirected to .*/picture.*private addresses are refused"):
        fetch(f"http://pictures.example:{port}/moved", PUBLIC)


def test_a_name_with_one_private_address_among_public_ones_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def both(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("192.168.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(ImageError, match=r"192\.168\.0\.1"):
        fetch("http://pictures.example/a.png", PUBLIC)


def test_redirects_are_followed_a_few_times(site: str) -> None:
    assert fetch(f"{site}/moved", TRUSTED) == PNG
    with pytest.raises(ImageError, match="more than 5 redirects"):
        fetch(f"{site}/loop", TRUSTED)


def test_a_redirect_to_a_file_is_refused(site: str) -> None:
    with pytest.raises(ImageError, match=r"to_file \(redirected to file:///etc/passwd\).*only http and https"):
        fetch(f"{site}/to_file", TRUSTED)


@pytest.mark.parametrize("path", ["announced", "endless"])
def test_a_body_that_is_too_large_is_refused(site: str, path: str) -> None:
    policy = UrlPolicy(allow=True, allow_private=True, max_bytes=2**20)
    begin = time.monotonic()
    with pytest.raises(ImageError, match="larger than the 1,048,576 bytes"):
        fetch(f"{site}/{path}", policy)
    assert time.monotonic() - begin < 20  # a server that announces too much is not waited for


@pytest.mark.parametrize("path", ["drip", "stall"])
def test_a_slow_server_is_given_up(site: str, path: str) -> None:
    begin = time.monotonic()
    with pytest.raises(ImageError, match=r"within 0\.3 s"):
        fetch(f"{site}/{path}", UrlPolicy(allow=True, allow_private=True, timeout=0.3))
    assert time.monotonic() - begin < 20  # the server never ends by itself


def test_what_else_goes_wrong_names_the_url(site: str) -> None:
    with pytest.raises(ImageError, match=r"/nothing: the server answered 404"):
        fetch(f"{site}/nothing", TRUSTED)
    with pytest.raises(ImageError, match=r"/short: cannot be fetched: IncompleteRead"):
        fetch(f"{site}/short", TRUSTED)
    with pytest.raises(ImageError, match=r"https://.*cannot be fetched.*SSL"):
        fetch(site.replace("http:", "https:"), TRUSTED)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://", "no host"),
        ("http://user:secret@example.com/a.png", "user names"),
        ("http://example.com:99999/a.png", "cannot be fetched"),
        ("http://" + "a" * 70 + ".example/a.png", "cannot be fetched"),
        ("http://[::1/a.png", "cannot be fetched"),
    ],
)
def test_malformed_urls_are_errors(url: str, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        fetch(url, PUBLIC)


def test_spaces_and_queries_reach_the_server(site: str) -> None:
    assert fetch(f"{site}/a b?x=1&y=ü", TRUSTED) == b"/a%20b?x=1&y=%C3%BC"

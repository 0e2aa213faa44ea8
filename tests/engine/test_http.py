"""Requests reach public addresses only, end in time, and are never sent twice where that might do something twice."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from email.utils import formatdate

import pytest

from cropflow import HttpClient, RequestError

from ..recorder import Recorder, recording

TRUSTED = HttpClient(allow_private=True, timeout=10, backoff=0.01)


@pytest.fixture
def site() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


def test_a_request_arrives_as_it_was_given(site: Recorder) -> None:
    answer = TRUSTED.send("PUT", f"{site.url}/a b?x=ü", headers={"X-Key": "k"}, body=b"hello")
    [got] = site.received
    assert (got.method, got.path, got.body) == ("PUT", "/a%20b?x=%C3%BC", b"hello")
    assert (got.headers["x-key"], got.headers["user-agent"]) == ("k", "cropflow")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"ok", "2")


def test_private_addresses_are_refused_by_default(site: Recorder) -> None:
    for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
        with pytest.raises(RequestError, match="private addresses are refused") as caught:
            HttpClient().send("POST", site.url.replace("127.0.0.1", host))
        assert not caught.value.sent
    assert site.received == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.com", "only http and https"),
        ("http://", "no host"),
        ("http://me:secret@example.com/", "user names"),
        ("http://example.com:99999/", "Port out of range"),
    ],
)
def test_what_is_no_address_is_refused(url: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        TRUSTED.send("GET", url)


@pytest.mark.parametrize("status", [200, 204, 400, 404, 500, 502])
def test_any_answer_is_an_answer_and_asked_for_once(site: Recorder, status: int) -> None:
    site.answers = [(status, {"Content-Length": "0"})]
    assert TRUSTED.send("POST", site.url, body=b"x").status == status
    assert len(site.received) == 1


def test_a_connection_that_ends_without_an_answer_is_not_tried_again(site: Recorder) -> None:
    site.hang_up = True
    with pytest.raises(RequestError) as caught:
        TRUSTED.send("POST", site.url, body=b"x")
    assert caught.value.sent
    assert len(site.received) == 1


def test_a_slow_answer_is_given_up_and_not_asked_for_again(site: Recorder) -> None:
    site.gate.clear()
    with pytest.raises(RequestError, match=r"no complete answer within 0\.3 s") as caught:
        TRUSTED.send("POST", f"{site.url}/hook?key=hunter2", body=b"x", timeout=0.3)
    assert caught.value.sent
    assert "hunter2" not in str(caught.value)
    site.gate.set()
    assert len(site.received) == 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_refused_connection_is_tried_again() -> None:
    """The server begins to listen when the client has failed once."""
    port, usual = free_port(), socket.create_connection
    with recording() as late:
        ports = [port, int(late.url.rpartition(":")[2])]

        def connect(address: tuple[str, int], *rest: float) -> socket.socket:
            return usual((address[0], ports.pop(0)), *rest)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "create_connection", connect)
            assert TRUSTED.send("POST", f"http://127.0.0.1:{port}/", body=b"x").status == 200
        assert len(late.received) == 1


def test_a_server_that_is_not_there_is_given_up_after_the_tries() -> None:
    with pytest.raises(RequestError, match=r"^http://127\.0\.0\.1:\d+/: .*refused") as caught:
        TRUSTED.send("POST", f"http://127.0.0.1:{free_port()}/", body=b"x")
    assert not caught.value.sent


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("after", ["0", formatdate(0, usegmt=True)])
def test_a_busy_server_that_says_when_is_asked_again(site: Recorder, status: int, after: str) -> None:
    site.answers = [(status, {"Retry-After": after})] * 2
    assert TRUSTED.send("POST", site.url, body=b"x").status == 200
    assert [got.body for got in site.received] == [b"x"] * 3


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3600"}, {"Retry-After": "soon"}])
def test_a_busy_server_that_says_no_fitting_time_is_left_alone(site: Recorder, headers: dict[str, str]) -> None:
    site.answers = [(503, headers)]
    assert TRUSTED.send("POST", site.url, body=b"x").status == 503
    assert len(site.received) == 1


def test_a_server_that_stays_busy_is_given_up(site: Recorder) -> None:
    site.answers = [(503, {"Retry-After": "0"})] * 9
    assert TRUSTED.send("GET", site.url).status == 503
    assert len(site.received) == 1 + TRUSTED.retries


@pytest.mark.parametrize(("method", "status"), [("GET", 301), ("GET", 302), ("POST", 307), ("PUT", 308)])
def test_a_redirect_on_the_host_is_followed_where_nothing_changes(site: Recorder, method: str, status: int) -> None:
    site.answers = [(status, {"Location": "/there"})]
    assert TRUSTED.send(method, f"{site.url}/here", headers={"X-Key": "k"}, body=b"x").status == 200
    assert [(got.method, got.path, got.body) for got in site.received] == [
        (method, "/here", b"x"),
        (method, "/there", b"x"),
    ]


@pytest.mark.parametrize(
    ("method", "status", "location"),
    [
        ("POST", 301, "/there"),
        ("POST", 302, "/there"),
        ("GET", 302, "http://10.0.0.1:1/there?key=hunter2"),
        ("POST", 307, "http://localhost:1/there"),
        ("GET", 302, "file:///etc/passwd"),
    ],
)
def test_other_redirects_are_told_and_not_followed(site: Recorder, method: str, status: int, location: str) -> None:
    site.answers = [(status, {"Location": location})]
    with pytest.raises(RequestError, match=rf"answered {status} and points to") as caught:
        TRUSTED.send(method, site.url, body=b"x")
    assert len(site.received) == 1
    assert caught.value.sent and "hunter2" not in str(caught.value)


def test_a_redirect_into_the_private_network_is_checked(site: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name counts as public once; a redirect on the same name is checked anew."""
    seen: list[object] = []

    def public_at_first(address: object) -> bool:
        seen.append(address)
        return len(seen) == 1

    monkeypatch.setattr("cropflow.net.is_public", public_at_first)
    site.answers = [(307, {"Location": "/there"})]
    with pytest.raises(RequestError, match=r"/there: .*private addresses are refused"):
        HttpClient().send("POST", f"{site.url}/here", body=b"x")
    assert [got.path for got in site.received] == ["/here"]


def test_a_post_that_was_done_and_shows_its_result_elsewhere_is_done(site: Recorder) -> None:
    site.answers = [(303, {"Location": "http://10.0.0.1/"})]
    assert TRUSTED.send("POST", site.url, body=b"x").status == 303


def test_endless_redirects_end(site: Recorder) -> None:
    site.answers = [(302, {"Location": "/again"})] * 9
    with pytest.raises(RequestError, match="more than 5 redirects"):
        TRUSTED.send("GET", site.url)


def test_one_client_serves_many_threads(site: Recorder) -> None:
    def send(number: int) -> Callable[[], None]:
        return lambda: statuses.append(TRUSTED.send("POST", site.url, body=str(number).encode()).status)

    statuses: list[int] = []
    threads = [threading.Thread(target=send(number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8
    assert sorted(got.body for got in site.received) == [str(number).encode() for number in range(8)]

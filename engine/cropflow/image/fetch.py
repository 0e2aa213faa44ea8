"""Fetches pictures from URLs without letting a document or a client reach into the private network.

The name is resolved once, every address is checked, and the connection goes to the checked address: a name
that resolves differently a moment later gains nothing. Redirects pass through the same gate. Proxies and
other settings of the environment are ignored.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urljoin, urlsplit

from cropflow.errors import ImageError

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_REDIRECTS = {301, 302, 303, 307, 308}
_KEPT_AS_WRITTEN = "/%:@!$&'()*+,;=?-._~[]"


@dataclass(frozen=True, slots=True)
class UrlPolicy:
    """What may be fetched.

    Attributes:
        allow: whether URLs are fetched at all.
        allow_private: also addresses of this machine and of private networks; for trusted documents only.
        timeout: seconds for the whole fetch with its redirects; resolving names takes what the system allows.
        max_bytes: the largest body that is read.
        max_redirects: how often an answer may point elsewhere.
    """

    allow: bool = False
    allow_private: bool = False
    timeout: float = 20.0
    max_bytes: int = 64 * 2**20
    max_redirects: int = 5


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    port: int
    path: str


def fetch(url: str, policy: UrlPolicy) -> bytes:
    """Return the body behind an http or https URL.

    Raises:
        ImageError: URLs are not allowed, the scheme or address is refused, the answer is not 200, too large
            or too late, or the network fails. The message names the URL.
    """
    if not policy.allow:
        raise ImageError(f"{url}: pictures are not fetched from URLs unless allowed; pass allow_urls=True")
    deadline = time.monotonic() + policy.timeout
    place = url
    for _ in range(policy.max_redirects + 1):
        where = url if place == url else f"{url} (redirected to {place})"
        try:
            redirect, body = _get(_target(place), policy, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ImageError(f"{where}: cannot be fetched: {_reason(error, policy, deadline)}") from error
        except ImageError as error:
            raise ImageError(f"{where}: {error}") from None
        if redirect is None:
            return body
        place = urljoin(place, redirect)
    raise ImageError(f"{url}: more than {policy.max_redirects} redirects")


def is_public(address: _Address) -> bool:
    """Tell whether an address belongs to the public internet; IPv4 inside IPv6 is looked into."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _reason(error: Exception, policy: UrlPolicy, deadline: float) -> str:
    if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
        return f"no complete answer within {policy.timeout:g} s"
    return str(error) or type(error).__name__


def _target(url: str) -> _Target:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise ImageError(f"the scheme {parts.scheme!r} is refused, only http and https are fetched")
    if not parts.hostname:
        raise ImageError("the URL names no host")
    if parts.username is not None:
        raise ImageError("user names and passwords in URLs are refused")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)
    return _Target(parts.scheme, parts.hostname, port, quote(path, safe=_KEPT_AS_WRITTEN))


def _get(target: _Target, policy: UrlPolicy, deadline: float) -> tuple[str | None, bytes]:
    """Send one request; return where it is redirected to, or `None` and the body."""
    addresses = _checked_addresses(target, policy)
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(_connect(addresses, target, deadline))
        stack.enter_context(_cut_off(sock, deadline))
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        connection = stack.enter_context(contextlib.closing(_connection(target, sock)))
        connection.request("GET", target.path, headers={"User-Agent": "cropflow", "Accept": "image/*,*/*;q=0.5"})
        answer = _read(connection.getresponse(), policy)
        if time.monotonic() >= deadline:  # the socket was cut: what was read may be short
            raise TimeoutError
        return answer


def _checked_addresses(target: _Target, policy: UrlPolicy) -> list[str]:
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in texts:
        if not policy.allow_private and not is_public(ipaddress.ip_address(text.partition("%")[0])):
            raise ImageError(f"the host {target.host!r} is at {text}, and private addresses are refused")
    return texts


def _connect(addresses: list[str], target: _Target, deadline: float) -> socket.socket:
    errors: list[OSError] = []
    for address in addresses:
        try:
            sock = socket.create_connection((address, target.port), max(deadline - time.monotonic(), 0.001))
        except OSError as error:
            errors.append(error)
        else:
            return _encrypted(sock, target.host) if target.scheme == "https" else sock
    raise errors[-1] if errors else OSError(f"the host {target.host!r} has no address")


def _encrypted(sock: socket.socket, host: str) -> ssl.SSLSocket:
    return _tls().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _connection(target: _Target, sock: socket.socket) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = kind(target.host, target.port)
    connection.sock = sock  # already connected: http.client would resolve the name a second time
    return connection


@contextlib.contextmanager
def _cut_off(sock: socket.socket, deadline: float) -> Iterator[None]:
    """Shut the socket at the deadline; time-outs of single reads do not stop a server that drips bytes."""

    def shut() -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(max(deadline - time.monotonic(), 0.0), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(response: http.client.HTTPResponse, policy: UrlPolicy) -> tuple[str | None, bytes]:
    if response.status in _REDIRECTS and response.headers["Location"]:
        return response.headers["Location"], b""
    if response.status != 200:
        raise ImageError(f"the server answered {response.status} {response.reason}")
    announced = response.length or 0
    body = response.read(policy.max_bytes + 1) if announced <= policy.max_bytes else b""
    if max(len(body), announced) > policy.max_bytes:
        raise ImageError(f"the body is larger than the {policy.max_bytes:,} bytes allowed")
    if len(body) < announced:
        raise http.client.IncompleteRead(body, announced - len(body))
    return None, body

"""Opens connections to URLs without letting a document or a client reach into the private network.

The name is resolved once, every address is checked, and the connection goes to the checked address: a name
that resolves differently a moment later gains nothing. Proxies and other settings of the environment are ignored.
Redirects are nobody's business here: whoever follows one opens its target through the same gate.
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
from urllib.parse import quote, urlsplit

from cropflow.errors import RequestError

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_KEPT_AS_WRITTEN = "/%:@!$&'()*+,;=?-._~[]"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the parts of a URL, the path with its query and ready to be sent."""

    scheme: str
    host: str
    port: int
    path: str


def target(url: str) -> Target:
    """Take an http or https URL apart.

    Raises:
        RequestError: another scheme, no host, or a user name in the URL.
        ValueError: the URL is malformed.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise RequestError(f"the scheme {parts.scheme!r} is refused, only http and https are allowed")
    if not parts.hostname:
        raise RequestError("the URL names no host")
    if parts.username is not None:
        raise RequestError("user names and passwords in URLs are refused")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)
    return Target(parts.scheme, parts.hostname, port, quote(path, safe=_KEPT_AS_WRITTEN))


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


@contextlib.contextmanager
def connected(place: Target, *, allow_private: bool, deadline: float) -> Iterator[http.client.HTTPConnection]:
    """Open a connection that is ready for a request; nothing of one has been sent before the block is entered.

    Args:
        place: where to.
        allow_private: also addresses of this machine and of private networks.
        deadline: when the connection is cut, by `time.monotonic()`; resolving the name takes what the system allows.

    Raises:
        RequestError: the host is, also or only, at a private address.
        OSError: there is no such host, or it cannot be reached.
        TimeoutError: the connection was cut before the end of the block; what was read may be short.
    """
    addresses = _checked_addresses(place, allow_private)
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(_connect(addresses, place, deadline))
        stack.enter_context(_cut_off(sock, deadline))
        if isinstance(sock, ssl.SSLSocket):
            sock.do_handshake()
        yield stack.enter_context(contextlib.closing(_connection(place, sock)))
        if time.monotonic() >= deadline:  # the socket was cut: what was read may be short
            raise TimeoutError


def _checked_addresses(place: Target, allow_private: bool) -> list[str]:
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in texts:
        if not allow_private and not is_public(ipaddress.ip_address(text.partition("%")[0])):
            raise RequestError(f"the host {place.host!r} is at {text}, and private addresses are refused")
    return texts


def _connect(addresses: list[str], place: Target, deadline: float) -> socket.socket:
    errors: list[OSError] = []
    for address in addresses:
        try:
            sock = socket.create_connection((address, place.port), max(deadline - time.monotonic(), 0.001))
        except OSError as error:
            errors.append(error)
        else:
            return _encrypted(sock, place.host) if place.scheme == "https" else sock
    raise errors[-1] if errors else OSError(f"the host {place.host!r} has no address")


def _encrypted(sock: socket.socket, host: str) -> ssl.SSLSocket:
    return _tls().wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)


@functools.cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _connection(place: Target, sock: socket.socket) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.host, place.port)
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

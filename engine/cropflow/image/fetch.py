"""Fetches pictures from URLs; who may be asked is decided in `net`, redirects pass through the same gate."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from urllib.parse import urljoin

from cropflow.errors import ImageError, RequestError
from cropflow.net import REDIRECTS, connected, target


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
            redirect, body = _get(place, policy, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ImageError(f"{where}: cannot be fetched: {_reason(error, policy, deadline)}") from error
        except (ImageError, RequestError) as error:
            raise ImageError(f"{where}: {error}") from None
        if redirect is None:
            return body
        place = urljoin(place, redirect)
    raise ImageError(f"{url}: more than {policy.max_redirects} redirects")


def _reason(error: Exception, policy: UrlPolicy, deadline: float) -> str:
    if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
        return f"no complete answer within {policy.timeout:g} s"
    return str(error) or type(error).__name__


def _get(place: str, policy: UrlPolicy, deadline: float) -> tuple[str | None, bytes]:
    """Send one request; return where it is redirected to, or `None` and the body."""
    where = target(place)
    with connected(where, allow_private=policy.allow_private, deadline=deadline) as connection:
        connection.request("GET", where.path, headers={"User-Agent": "cropflow", "Accept": "image/*,*/*;q=0.5"})
        return _read(connection.getresponse(), policy)


def _read(response: http.client.HTTPResponse, policy: UrlPolicy) -> tuple[str | None, bytes]:
    if response.status in REDIRECTS and response.headers["Location"]:
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

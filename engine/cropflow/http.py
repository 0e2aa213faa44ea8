"""Sends requests for blocks: over checked addresses only, within a time, and never the same thing twice."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from cropflow.errors import RequestError
from cropflow.net import REDIRECTS, connected, target

_BUSY = (429, 503)
_REPEATED = (307, 308)
"""Redirects that ask for the same request at another place."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: its status, its headers with names in lower case, and its body as far as it was read."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpClient:
    """Sends requests; blocks ask for one in `__init__`, and the workflow makes one where the caller gives none.

    A request is repeated only where the server cannot have seen it, because no connection came about, or where it
    says so itself: 429 or 503 with `Retry-After`. Whatever else goes wrong may have happened after the request
    arrived, and is told instead. Redirects are followed on the same host, never from https to http, for GET, and for
    other methods where the server asks for the same request again (307, 308).

    Attributes:
        allow_private: also addresses of this machine and of private networks; for trusted documents only.
        timeout: seconds for a request and its answer, with repeated tries to connect; not for waits that the server
            asks for, and resolving names takes what the system allows.
        retries: how often a request may be repeated.
        backoff: seconds before the first repeated try to connect; doubled each time.
        max_wait: the most seconds that a `Retry-After` may ask for.
        max_bytes: how much of an answer is read.
        max_redirects: how often an answer may point elsewhere.
    """

    allow_private: bool = False
    timeout: float = 10.0
    retries: int = 2
    backoff: float = 0.25
    max_wait: float = 10.0
    max_bytes: int = 2**20
    max_redirects: int = 5

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Send a request and return the answer, whatever its status.

        Args:
            timeout: in place of that of the client.

        Raises:
            RequestError: there is no answer. The message names the URL without its query, which may hold keys.
        """
        place = url
        sent = {"User-Agent": "cropflow", **(headers or {})}
        for _ in range(self.max_redirects + 1):
            answer = self._patiently(method, place, sent, body, self.timeout if timeout is None else timeout)
            other = _redirect(method, place, answer)
            if other is None:
                return answer
            place = other
        raise RequestError(f"{_shown(url)}: more than {self.max_redirects} redirects", sent=True)

    def _patiently(
        self, method: str, place: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Answer:
        """Send a request, and again as long as the server is busy and says when to come back."""
        for left in range(self.retries, -1, -1):
            answer = self._stubbornly(method, place, headers, body, timeout)
            wait = _asked_wait(answer)
            if not left or wait is None or wait > self.max_wait:
                break
            time.sleep(wait)
        return answer

    def _stubbornly(
        self, method: str, place: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Answer:
        """Send a request, and try to connect again as long as there was no connection and there is time."""
        deadline, wait, left = time.monotonic() + timeout, self.backoff, self.retries
        while True:
            try:
                return self._exchange(method, place, headers, body, deadline)
            except RequestError as error:
                if error.sent or not left or time.monotonic() + wait >= deadline or _is_final(error):
                    late = isinstance(error.__cause__, TimeoutError) or time.monotonic() >= deadline
                    reason = f"no complete answer within {timeout:g} s" if late else str(error)
                    raise RequestError(f"{_shown(place)}: {reason}", sent=error.sent) from error.__cause__
            time.sleep(wait)
            left, wait = left - 1, wait * 2

    def _exchange(
        self, method: str, place: str, headers: Mapping[str, str], body: bytes | None, deadline: float
    ) -> Answer:
        """Send a request once."""
        sent = False
        try:
            where = target(place)
            with connected(where, allow_private=self.allow_private, deadline=deadline) as connection:
                sent = True
                connection.request(method, where.path, body, dict(headers))
                return _read(connection.getresponse(), self.max_bytes)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise RequestError(str(error) or type(error).__name__, sent=sent) from error


def _is_final(error: RequestError) -> bool:
    """Whether another try would end the same: the URL or its address is refused, and the network is not to blame."""
    return not isinstance(error.__cause__, OSError)


def _read(response: http.client.HTTPResponse, most: int) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, response.reason, headers, response.read(most))


def _redirect(method: str, place: str, answer: Answer) -> str | None:
    """Return where to go on; `None` where the answer is the last one."""
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or not location or (answer.status == 303 and method != "GET"):
        return None
    other = urljoin(place, location)
    before, after = urlsplit(place), urlsplit(other)
    safe = before.hostname == after.hostname and (before.scheme, after.scheme) != ("https", "http")
    if not safe or (method != "GET" and answer.status not in _REPEATED):
        why = "is sent to the address it names only" if not safe else "is not sent again as another request"
        raise RequestError(
            f"{_shown(place)}: the server answered {answer.status} and points to {_shown(other)}; a {method} {why}",
            sent=True,
        )
    return other


def _asked_wait(answer: Answer) -> float | None:
    """Return after how many seconds a busy server wants to be asked again, `None` where it does not say."""
    text = answer.headers.get("retry-after", "").strip()
    if answer.status not in _BUSY or not text:
        return None
    if text.isdecimal():
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except ValueError:
        return None


def _shown(url: str) -> str:
    """Return a URL without its query, which may hold keys."""
    return url.partition("#")[0].partition("?")[0]

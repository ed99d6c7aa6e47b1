"""The one user of httpx: bounded, patient, careful with tokens.

Retries what may pass (429, 5xx, broken connections) with growing pauses; says in one line what is
wrong and what to do; never sends a token to a host other than the registry's own.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analyzer.config import Settings
from analyzer.errors import RegistryUnreachable, UsageError

if TYPE_CHECKING:
    import httpx

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_PAUSE_S = 30.0
_MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower-case names) and body of a response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """HTTP for one run; safe to share between threads. A context manager."""

    def __init__(self, settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._settings, self._sleep = settings, sleep
        self._http: httpx.Client | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            self._http.close()

    def get(
        self,
        url: str,
        *,
        max_size_bytes: int,
        headers: Mapping[str, str] | None = None,
        token: str = "",
    ) -> Answer:
        """GET with retries. Any status but the passing ones comes back as an Answer.

        Raises RegistryUnreachable when nothing helps, UsageError when the answer is too large.
        """
        import httpx

        reason = ""
        for attempt in range(self._settings.retries + 1):
            pause = min(_MAX_PAUSE_S, 0.3 * 2**attempt) * random.uniform(0.7, 1.3)  # noqa: S311  # jitter, no secret
            try:
                answer = self._once(url, max_size_bytes, dict(headers or {}), token)
            except httpx.HTTPError as error:
                reason = _reason(error)
                if isinstance(error, (httpx.UnsupportedProtocol, httpx.TooManyRedirects)):
                    break
            else:
                if answer.status not in _PASSING:
                    return answer
                reason = f"status {answer.status}"
                pause = _retry_after(answer.headers) or pause
            if attempt < self._settings.retries:
                self._sleep(pause)
        host = urlsplit(url).hostname or url
        raise RegistryUnreachable(
            f"{host} is out of reach: {reason}",
            remedy="check the network and proxy (HTTPS_PROXY, CRATESCOPE_CA_BUNDLE), or use --offline",
        )

    def _once(self, url: str, limit: int, headers: dict[str, str], token: str) -> Answer:
        home = urlsplit(url).netloc
        for _ in range(_MAX_REDIRECTS):
            sent = {**headers, "authorization": token} if token else headers
            if urlsplit(url).netloc != home:
                sent = headers  # a redirect must not carry the token to a stranger
            with self._open().stream("GET", url, headers=sent) as response:
                if response.is_redirect and response.next_request is not None:
                    following = str(response.next_request.url)
                    if not following.startswith(("https://", "http://")):
                        break
                    if url.startswith("https://") and following.startswith("http://"):
                        break
                    url = following
                    continue
                return Answer(response.status_code, response.headers, _body(response, limit, url))
        import httpx

        raise httpx.TooManyRedirects("redirected too often, or to a place we do not follow")

    def _open(self) -> httpx.Client:
        with self._lock:
            # Thirty threads ask at once for the first answer; one client is closed at the end.
            if self._http is None:
                self._http = self._new()
            return self._http

    def _new(self) -> httpx.Client:
        import httpx

        limits = httpx.Limits(max_connections=8, max_keepalive_connections=8)
        return httpx.Client(
            http2=True,
            timeout=self._settings.timeout_s,
            limits=limits,
            verify=self._trust(),
            headers={"user-agent": self._settings.user_agent},
            follow_redirects=False,
        )

    def _trust(self) -> ssl.SSLContext:
        """The system's certificates, or the bundle that was named."""
        if not self._settings.ca_bundle:
            return ssl.create_default_context()
        try:
            return ssl.create_default_context(cafile=self._settings.ca_bundle)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"CA bundle {self._settings.ca_bundle}: {error}") from None


def _body(response: httpx.Response, limit: int, url: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > limit:
            raise UsageError(f"{urlsplit(url).path}: answer larger than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text or type(error).__name__


def _retry_after(headers: Mapping[str, str]) -> float:
    value = headers.get("retry-after", "")
    return min(_MAX_PAUSE_S, float(value)) if value.isdigit() else 0.0

"""The one user of httpx: bounded, patient, careful with tokens.

One event loop in a thread of its own carries all requests, so that any number of threads share
one HTTP/2 connection; retries, pauses and answers belong to the thread that asked. Imported only
when something must be fetched.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent import futures
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

import httpx

from analyzer.config import Settings
from analyzer.errors import RegistryUnreachable, UsageError

T = TypeVar("T")

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_PAUSE_S = 30.0
_MAX_REDIRECTS = 5
_LONGEST_S = 900.0
"""For one answer, however many bytes still trickle in."""
_CHECK_NETWORK = "check the network and the proxy variables (HTTPS_PROXY), or use --offline"
_NAME_CA = "name the file of your certificate authority in CRATESCOPE_CA_BUNDLE or SSL_CERT_FILE"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (lower-case names) and body of a response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What to ask for. The token goes to the named origins only; `is_raw` bodies stay encoded.

    `hosts`: the only ones a redirect may lead to; empty for any.
    """

    url: str
    max_size_bytes: int
    headers: tuple[tuple[str, str], ...] = ()
    token: str = ""
    token_origins: frozenset[str] = frozenset()
    is_raw: bool = False
    hosts: frozenset[str] = frozenset()


class _Refused(Exception):
    """Asking again would give the same."""


class _CheckedLoop(asyncio.SelectorEventLoop):
    """Connects only where it may: asked with the address itself, after all names were resolved."""

    def __init__(self, may_connect: Callable[[str], bool]) -> None:
        super().__init__()
        self._may_connect = may_connect

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        host = str(address[0])
        if not self._may_connect(host):
            raise OSError(0, f"{host} is no address where this should be")
        await super().sock_connect(sock, address)


class Client:
    """HTTP for one run; safe to share between threads. A context manager.

    `sleep` takes seconds; by default a pause ends when the client is closed. `may_connect` is asked
    about each address before a connection to it is made.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], object] | None = None,
        may_connect: Callable[[str], bool] | None = None,
    ) -> None:
        self._settings = settings
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._silent_hosts: set[str] = set()
        self._http = _http(settings)
        self._loop = _CheckedLoop(may_connect) if may_connect else asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End requests under way; whoever waits for one gets RegistryUnreachable."""
        if self._closed.is_set():
            return
        self._closed.set()
        asyncio.run_coroutine_threadsafe(self._wind_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _wind_up(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._http.aclose()

    def get(self, request: Request, into: BinaryIO | None = None) -> Answer:
        """GET with retries. Any status but the passing ones (429, 5xx) comes back as an Answer.

        With `into`, a body of status 200 is written there from its start, and not held.

        Raises RegistryUnreachable when nothing helps: one line with the reason, and a remedy.
        """
        host = _host(request.url)
        retries = 0 if host in self._silent_hosts else self._settings.retries
        reason, remedy, pause = "", _CHECK_NETWORK, 0.0
        for attempt in range(retries + 1):
            if attempt:
                self._sleep(pause)
            pause = min(_MAX_PAUSE_S, 0.4 * 2**attempt) * random.uniform(0.75, 1.25)  # noqa: S311  # jitter, no secret
            try:
                answer = self._await(self._follow(request, into))
            except (httpx.HTTPError, TimeoutError) as error:
                reason = _reason(error)
                if "certificate verify failed" in reason.lower():
                    remedy = _NAME_CA
                    break
                if attempt == retries and isinstance(error, httpx.ConnectError):
                    # Five hundred crates must not wait for one dead host one after the other.
                    self._silent_hosts.add(host)
            except (_Refused, httpx.InvalidURL) as error:
                reason, remedy = str(error), ""
                break
            else:
                if answer.status not in _PASSING:
                    return answer
                reason, remedy = f"status {answer.status}{first_words(answer.body)}", "try later"
                pause = _retry_after(answer.headers, pause)
        raise RegistryUnreachable(f"{host}: {reason}", remedy=remedy)

    def _await(self, work: Coroutine[object, object, T]) -> T:
        """The result of `work`, done in the loop's thread."""
        if self._closed.is_set():
            work.close()
            raise RegistryUnreachable("the connection to the registry was closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except futures.CancelledError:
            raise RegistryUnreachable("the connection to the registry was closed") from None

    async def _follow(self, request: Request, into: BinaryIO | None) -> Answer:
        url = httpx.URL(request.url)
        async with asyncio.timeout(_LONGEST_S):
            for _ in range(_MAX_REDIRECTS + 1):
                headers = dict(request.headers)
                headers["accept-encoding"] = "identity" if request.is_raw else "gzip"
                if request.token and origin(str(url)) in request.token_origins:
                    headers["authorization"] = request.token
                async with self._http.stream("GET", url, headers=headers) as response:
                    if not response.has_redirect_location:
                        sink = into if response.status_code == 200 else None
                        body = await _body(response, request, sink)
                        return Answer(response.status_code, dict(response.headers), body)
                    url = _next(url, response.headers["location"], request.hosts)
        raise _Refused("redirected too often")


def _http(settings: Settings) -> httpx.AsyncClient:
    """Proxies come from the usual variables, by way of httpx."""
    try:
        return httpx.AsyncClient(
            http2=True,
            timeout=httpx.Timeout(settings.timeout_s, pool=None),
            # HTTP/2 needs one; more than a few of HTTP/1.1 only slow each other down.
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=8),
            verify=_trust(settings.ca_bundle),
            headers={"user-agent": settings.user_agent},
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise UsageError(f"a proxy variable cannot be used: {_reason(error)}") from None


def _trust(ca_bundle: str) -> ssl.SSLContext:
    """The bundle that was named and nothing else; or the system's authorities and Mozilla's."""
    import certifi

    try:
        context = ssl.create_default_context(cafile=ca_bundle or None)
        if not ca_bundle:
            context.load_verify_locations(certifi.where())
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"certificates in {ca_bundle}: {_reason(error)}", remedy=_NAME_CA
        ) from None
    return context


async def _body(response: httpx.Response, request: Request, into: BinaryIO | None) -> bytes:
    limit, parts, size = request.max_size_bytes, [], 0
    if response.headers.get("content-length", "0").isdigit():
        size = int(response.headers.get("content-length", "0")[:18])
    if size > limit:
        raise _Refused(f"an answer of {size} bytes, more than the {limit} we read")
    chunks: AsyncIterator[bytes] = (
        response.aiter_raw() if request.is_raw else response.aiter_bytes()
    )
    size = 0
    if into is not None:
        into.seek(0)
        into.truncate()
    async for part in chunks:
        size += len(part)
        if size > limit:
            raise _Refused(f"an answer of more than the {limit} bytes we read")
        if into is None:
            parts.append(part)
        else:
            into.write(part)
    return b"".join(parts)


def _next(url: httpx.URL, location: str, hosts: frozenset[str]) -> httpx.URL:
    following = url.join(location)
    if following.scheme not in ("https", "http") or not following.host:
        raise _Refused("redirected to something that is not HTTP")
    if url.scheme == "https" and following.scheme == "http":
        raise _Refused("redirected from HTTPS to plain HTTP")
    if hosts and following.host not in hosts:
        raise _Refused(f"redirected to {following.host}, where nothing should be")
    return following


def origin(url: str) -> str:
    """Scheme, host and port of a URL in one spelling; empty for what is no URL."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return ""
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.host.lower()}:{port}"


def first_words(body: bytes) -> str:
    """What a server says in its refusal: one harmless line after a colon, or nothing."""
    text = body[:2000].decode("utf-8", "replace")
    words = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    is_page = words.startswith("<")
    return "" if is_page or not words else f": {words[:300]}"


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host or "no host"
    except httpx.InvalidURL:
        return "odd URL"


def _reason(error: BaseException) -> str:
    """What the operating system said if it did, else the library's word."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, ssl.SSLError):
            number = cause.errno or 0
            return os.strerror(number) if number > 0 else cause.strerror
        several = cause.exceptions[0] if isinstance(cause, BaseExceptionGroup) else None
        cause = several or cause.__cause__ or cause.__context__
    text = " ".join(str(error).split())
    silent = {"ConnectTimeout": "no connection in time", "ReadTimeout": "no answer in time"}
    return text or silent.get(type(error).__name__, type(error).__name__)


def _retry_after(headers: Mapping[str, str], pause: float) -> float:
    """Seconds that the server asks for, by number or by date (its own clock), within reason."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(_MAX_PAUSE_S, float(value))
    try:
        then, now = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, min(_MAX_PAUSE_S, (then - now).total_seconds()))
    except (ValueError, TypeError, IndexError):
        return pause

"""An HTTP request and its answer, as plain values."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = tuple[tuple[str, str], ...]

NO_STORE = ("cache-control", "no-store")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_BODY_MOST = 64 << 10


class TooLarge(Exception):  # what it says
    """A body over the limit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers (lower-case names)."""

    status: int
    body: bytes = b""
    headers: Headers = ()


@dataclass(slots=True)
class Asking:
    """One request. `path` is raw, `client` an address; `token` and `kind` once it is known who."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    client: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    token: str = ""
    kind: str = ""
    person: str = ""


def asking_of(scope: Scope) -> Asking:
    """The request behind an ASGI scope. Of equal headers the first counts."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    raw = scope.get("raw_path") or scope["path"].encode()
    client = scope.get("client") or ("", 0)
    path, query = raw.decode("latin-1"), scope.get("query_string", b"").decode("latin-1")
    return Asking(scope["method"], path.partition("?")[0], query, headers, str(client[0]))


def text(status: int, words: str, *headers: tuple[str, str]) -> Answer:
    """An answer in plain words that nobody may keep."""
    kind = ("content-type", "text/plain; charset=utf-8")
    return Answer(status, words.encode(), (kind, NO_STORE, *headers))


async def send_answer(send: Send, asked: Asking, answer: Answer) -> None:
    """Send it; to HEAD without its body."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    headers += [(b"x-request-id", asked.id.encode()), *_ALWAYS]
    if answer.status != 304:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if asked.method == "HEAD" or answer.status == 304 else answer.body
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive, most: int = _BODY_MOST) -> bytes:
    """The body of a request. Raises TooLarge."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)

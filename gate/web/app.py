"""The ASGI application: raw paths to answers, each with an id, a line in the log and a count.

The outermost call of the gate: whatever goes wrong below becomes 500 without a word of detail, and
nothing is served.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from gate.gate import Gate
from gate.refusal import plain
from gate.web.answer import (
    NO_STORE,
    Answer,
    Asking,
    Receive,
    Scope,
    Send,
    TooLarge,
    asking_of,
    read_body,
    send_answer,
    text,
)
from gate.web.api import Api
from gate.web.metrics import Metrics
from gate.web.pages import Pages
from gate.web.registry import Registry
from gate.web.status import Status

_THREADS = 64
_BODY_S = 15.0
_LOGIN = "Cargo login_url"
_log = logging.getLogger("gate.access")
_errors = logging.getLogger("gate.errors")
Handler = Callable[[Asking, str], Awaitable[Answer]]


class App:
    """Answers for one gate, which it starts and closes with the server."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.metrics = Metrics()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="desk")
        self._registries: list[tuple[str, str, Handler]] = []
        for one in gate.settings.mounts:
            registry = Registry(one, gate.desk, self._threads, self.metrics)
            self._registries.append((one.archive_route, "archive", registry.archive))
            self._registries.append((one.index_route, "index", registry.index))
        self._status = Status(gate, self._threads, self.metrics)
        self._api = Api(gate, self._threads)
        self._pages = Pages(gate, self._threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI wants it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await loop.run_in_executor(self._threads, self._status.begin)
                await send({"type": "lifespan.startup.complete"})
            else:
                await loop.run_in_executor(None, self.gate.close)
                self._threads.shutdown(wait=False, cancel_futures=True)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        asked = asking_of(scope)
        route, answer = "other", text(500, "the gate failed; nothing was served")
        try:
            route, answer = await self._answer(asked, receive)
        except TooLarge:
            answer = text(413, "too long a body")
        except TimeoutError:
            answer = text(408, "too slow a body")
        except Exception:  # noqa: BLE001  # the outermost call: fails closed
            _errors.exception("request %s failed", asked.id)
        await send_answer(send, asked, answer)
        seconds = time.perf_counter() - began
        self.metrics.answered(route, answer.status, seconds)
        if _log.isEnabledFor(logging.INFO):
            _log.info("%s", _line(asked, route, answer, seconds))

    async def _answer(self, asked: Asking, receive: Receive) -> tuple[str, Answer]:
        if asked.method not in ("GET", "HEAD", "POST"):
            return "other", text(405, "GET, HEAD and POST only", ("allow", "GET, HEAD, POST"))
        self.gate.auth.know(asked)
        if self.gate.auth.is_guessing(asked):
            return "other", text(429, "too many wrong tokens", ("retry-after", "60"))
        for prefix, route, handler in self._registries:
            if asked.path.startswith(prefix):
                return route, await self._registry(asked, asked.path[len(prefix) :], handler)
        if asked.path in self._status.routes and asked.method != "POST":
            return "status", await self._status.routes[asked.path]()
        body = b""
        if asked.method == "POST":
            async with asyncio.timeout(_BODY_S):
                body = await read_body(receive)
        if asked.path.startswith("/api/"):
            if not self.gate.auth.may_read(asked) and asked.path != "/api/openapi.json":
                return "api", self._who_are_you()
            return "api", await self._api.answer(asked, body)
        return "page", await self._pages.answer(asked, body)

    async def _registry(self, asked: Asking, path: str, handler: Handler) -> Answer:
        if asked.method == "POST":
            return text(405, "GET and HEAD only", ("allow", "GET, HEAD"))
        if not self.gate.auth.may_read(asked):
            return self._who_are_you()
        return await handler(asked, path)

    def _who_are_you(self) -> Answer:
        """As cargo wants to be asked for a token (RFC 3139)."""
        page = f'{_LOGIN}="{self.gate.settings.own_url}set-up"'
        words = "this registry needs a token: ask whoever runs it"
        return Answer(401, words.encode(), (("www-authenticate", page), NO_STORE))


def _line(asked: Asking, route: str, answer: Answer, seconds: float) -> str:
    """One line of JSON; no header, no token, no query."""
    return json.dumps(
        {
            "id": asked.id,
            "client": asked.client,
            "who": asked.token,
            "method": asked.method,
            "path": plain(asked.path, 300),
            "route": route,
            "status": answer.status,
            "bytes": len(answer.body),
            "ms": round(seconds * 1000, 2),
            "agent": plain(asked.headers.get("user-agent", ""), 100),
        }
    )

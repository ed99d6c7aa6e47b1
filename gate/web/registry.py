"""The registry protocol: config.json, index files, archives. Answers are as cargo reads them."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import TypeVar

from analyzer.errors import CratescopeError, RegistryUnreachable, UnknownCrate
from gate.desk import Desk, Refused, Served
from gate.errors import AnalysisDown, Busy, StoreUnreachable
from gate.line import Job
from gate.model import Release, Ruling, Taken
from gate.paths import Asked, archive_of, archive_template, name_of
from gate.refusal import refusal, trouble, waiting
from gate.settings import Mount
from gate.web.answer import NO_STORE, Answer, Asking, text
from gate.web.metrics import Metrics

T = TypeVar("T")
_RETRY = ("retry-after", "5")
_PLAIN = ("content-type", "text/plain; charset=utf-8")
_INDEX_CACHE = ("cache-control", "private, no-cache")
"""Anybody may keep it, nobody may use it unasked: verdicts and waivers change it."""
_ROUNDS = 3


class Registry:
    """One mount over HTTP."""

    def __init__(self, mount: Mount, desk: Desk, threads: Executor, metrics: Metrics) -> None:
        self.mount, self._desk, self._threads, self._metrics = mount, desk, threads, metrics
        told = desk.parts.settings
        base = f"{told.own_url}{mount.archive_route.removeprefix('/')}"
        config: dict[str, object] = {"dl": archive_template(base)}
        if told.needs_token:
            config["auth-required"] = True
        self._config = json.dumps(config).encode()

    async def _do(self, work: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)

    # Index -------------------------------------------------------------------------------------

    async def index(self, asked: Asking, path: str) -> Answer:
        """Answer for a path below the index."""
        if path == "config.json":
            kind = ("content-type", "application/json")
            return Answer(200, self._config, (kind, _INDEX_CACHE))
        name = name_of(path)
        if name is None:
            return text(404, "no such path")
        served = self._desk.hot_index(self.mount.name, name)
        if served is None:
            if self._desk.indexes.is_absent(self.mount.name, name):
                return text(404, "no such crate")
            try:
                served = await self._do(self._desk.index, self.mount.name, name)
            except CratescopeError as error:
                return self._failed(error)
            self._scan_ahead(name, asked.client)
        headers = [("etag", served.tag), _INDEX_CACHE, _PLAIN]
        if served.is_stale:
            self._metrics.saw("stale-index")
            headers += [("warning", '110 - "the upstream is out of reach"')]
        if _matches(asked.headers.get("if-none-match", ""), served.tag):
            return Answer(304, b"", tuple(headers))
        return Answer(200, served.data, tuple(headers))

    def _scan_ahead(self, name: str, who: str) -> None:
        if self._desk.parts.settings.scans_ahead:
            loop = asyncio.get_running_loop()
            work = functools.partial(self._desk.look_ahead, self.mount.name, name, who)
            loop.run_in_executor(self._threads, work)

    # Archives ----------------------------------------------------------------------------------

    async def archive(self, asked: Asking, path: str) -> Answer:
        """Answer for a path below the archives."""
        wanted = archive_of(path)
        if wanted is None:
            return text(404, "no such path")
        data = self._desk.hot_archive(self.mount.name, wanted)
        if data is not None:
            return self._given(asked, wanted, data)
        try:
            return await self._cold(asked, wanted)
        except CratescopeError as error:
            return self._failed(error)

    async def _cold(self, asked: Asking, wanted: Asked) -> Answer:
        left_s = self._desk.parts.settings.wait_s
        loop = asyncio.get_running_loop()
        deadline = loop.time() + left_s
        for _ in range(_ROUNDS):
            found = await self._do(self._desk.archive, self.mount.name, wanted, asked.client)
            if isinstance(found, Served):
                return self._given(asked, wanted, found.data)
            if isinstance(found, Refused):
                return self._refused(found)
            ended = asyncio.wrap_future(found.future)
            done, _ = await asyncio.wait({ended}, timeout=max(0.0, deadline - loop.time()))
            if not done:
                ended.add_done_callback(_seen)
                return self._wait(found)
            ended.result()
        return text(503, trouble("the decision changes too fast; try again"), _RETRY)

    def _wait(self, job: Job) -> Answer:
        self._metrics.saw("not-yet-read")
        before = self._desk.parts.line.ahead_of(job)
        state = f"{job.state}, {before} before it" if job.state == "waiting" else job.state
        words = waiting(job.release.label, state, job.age_s)
        return text(503, words, _RETRY)

    def _given(self, asked: Asking, wanted: Asked, data: bytes) -> Answer:
        release = Release(self.mount.name, wanted.name, wanted.version, wanted.sha256)
        agent = asked.headers.get("user-agent", "")
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if asked.method == "GET":
            self._desk.parts.ledger.took(Taken(at, release, asked.client, agent, asked.token))
        kind = ("content-type", "application/gzip")
        # Front servers must ask again: what is served now may be revoked in a minute.
        cache = ("cache-control", "private, no-cache")
        tag = ("etag", f'"{wanted.sha256}"')
        if _matches(asked.headers.get("if-none-match", ""), tag[1]):
            return Answer(304, b"", (tag, cache))
        return Answer(200, data, (kind, cache, tag))

    def _refused(self, found: Refused) -> Answer:
        one = found.ruling
        self._metrics.saw(f"refused-{one.outcome}")
        name, version = one.release.name, one.release.version
        page = f"{self._desk.parts.settings.own_url}crate/{name}/{version}"
        return Answer(403, refusal(one, found.allowed, page).encode(), (_PLAIN, NO_STORE))

    def _failed(self, error: CratescopeError) -> Answer:
        """Upstream trouble is 503, never 404: cargo must not take it for «no such crate»."""
        if isinstance(error, UnknownCrate):
            return text(404, trouble(str(error)))
        known: dict[type[CratescopeError], str] = {RegistryUnreachable: "upstream"}
        known |= {StoreUnreachable: "database", Busy: "busy", AnalysisDown: "analysis"}
        kind = next((word for one, word in known.items() if isinstance(error, one)), "internal")
        self._metrics.saw(f"trouble-{kind}")
        return text(503, trouble(str(error)), _RETRY)


def _matches(given: str, tag: str) -> bool:
    """Whether a client has exactly these bytes. `*` is nothing that cargo says."""
    return any(one.strip().removeprefix("W/") == tag for one in given.split(","))


def _seen(future: asyncio.Future[Ruling]) -> None:
    """The client got its 503; an error of the job is not lost, whoever asks next gets it."""
    if not future.cancelled():
        future.exception()

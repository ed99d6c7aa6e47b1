"""JSON for programs: decisions on releases, waivers, revocations, logs. OpenAPI tells it all."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import asdict
from typing import TypeVar
from urllib.parse import parse_qs

from analyzer.errors import CratescopeError, RegistryUnreachable, UnknownCrate
from analyzer.registry.semver import precedence
from gate.actions import ANSWERS, Actions
from gate.desk import Errand
from gate.errors import AnalysisDown, Busy, NotPermitted, StoreUnreachable
from gate.gate import Gate
from gate.line import Job, Urgency
from gate.mends import mended
from gate.model import Release, Ruling
from gate.paths import Asked, archive_of
from gate.web.answer import NO_STORE, Answer, Asking
from gate.web.openapi import document

T = TypeVar("T")
_JSON = ("content-type", "application/json")
_WAIT_MOST_S = 25.0
_RELEASE = re.compile(r"/api/v1/releases/([a-z][a-z0-9-]{0,31})/(.+)")
_WAIVER = re.compile(r"/api/v1/waivers/(\d{1,9})/(approve|reject|withdraw)")
_CODES = {UnknownCrate: 404, NotPermitted: 403, Busy: 503, StoreUnreachable: 503}
_CODES |= {RegistryUnreachable: 503, AnalysisDown: 503}


class Api:
    """Below `/api/`. Reading is for whoever may download; deciding needs an admin's token."""

    def __init__(self, gate: Gate, threads: Executor) -> None:
        self._gate, self._threads = gate, threads
        self._actions = Actions(gate.desk, gate.people)
        self._get: dict[str, Callable[[Asking], Awaitable[Answer]]] = {
            "/api/v1/status": self._status,
            "/api/v1/waivers": self._waivers,
            "/api/v1/who-got": self._who_got,
            "/api/v1/audit": self._audit,
            "/api/v1/rulings": self._rulings,
            "/api/openapi.json": self._openapi,
        }

    async def _do(self, work: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)

    async def answer(self, asked: Asking, body: bytes) -> Answer:
        """Answer a request below `/api/`."""
        try:
            return await self._route(asked, body)
        except CratescopeError as error:
            code = next((n for kind, n in _CODES.items() if isinstance(error, kind)), 400)
            return _said(code, {"errors": [{"detail": str(error), "remedy": error.remedy}]})

    async def _route(self, asked: Asking, body: bytes) -> Answer:
        if asked.method == "POST":
            return await self._post(asked, body)
        handler = self._get.get(asked.path)
        if handler is not None:
            return await handler(asked)
        found = _RELEASE.fullmatch(asked.path)
        wanted = archive_of(f"{found[2]}.crate") if found is not None else None
        if found is None or wanted is None or found[1] not in self._gate.desk.parts.upstreams:
            raise UnknownCrate("no such path")
        return await self._release(asked, found[1], wanted)

    # Reading -----------------------------------------------------------------------------------

    async def _release(self, asked: Asking, mount: str, wanted: Asked) -> Answer:
        """The decision on one release; `?wait=SECONDS` for one that must be read first."""
        wait_s = min(_WAIT_MOST_S, float(_number(asked, "wait")))
        deadline = asyncio.get_running_loop().time() + wait_s
        while True:
            found = await self._do(self._decision, mount, wanted, asked.client)
            if not isinstance(found, Job):
                return _said(200, found)
            left_s = deadline - asyncio.get_running_loop().time()
            ended = asyncio.wrap_future(found.future)
            done, _ = await asyncio.wait({ended}, timeout=max(0.0, left_s))
            if not done:
                ended.cancel()
                before = self._gate.line.ahead_of(found)
                return _said(202, {"state": found.state, "before": before})
            ended.result()

    def _decision(self, mount: str, wanted: Asked, who: str) -> dict[str, object] | Job:
        desk = self._gate.desk
        copy, entry = desk.entry(mount, wanted)
        known = desk.known(mount, copy)
        ruling = desk.ruling(mount, entry, known)
        if ruling is None:
            return desk.ask(entry, copy, Errand(mount, Urgency.CHECK, who=who))
        shown = plain_ruling(ruling)
        if ruling.outcome != "serve":
            shown["last_allowed"] = desk.last_allowed(copy, known, ruling)
            name, version = entry.name, entry.version
            shown["mends"] = list(mended(desk, ruling.release))
            shown["page"] = f"{self._gate.settings.own_url}crate/{name}/{version}"
        return shown

    async def _status(self, _: Asking) -> Answer:
        counts = await self._do(self._gate.store.counts)
        mounts = {
            one.name: f"{self._gate.settings.own_url.rstrip('/')}{one.index_route}"
            for one in self._gate.settings.mounts
        }
        waiting = len(self._gate.line)
        return _said(200, {"releases": counts, "waiting": waiting, "indexes": mounts})

    async def _rulings(self, asked: Asking) -> Answer:
        name = _text(asked, "name")
        mount = _text(asked, "mount") or self._gate.settings.mounts[0].name
        rows = await self._do(self._gate.store.rulings, mount, name)
        return _said(200, {"rulings": [plain_ruling(one) for one in rows]})

    async def _waivers(self, _: Asking) -> Answer:
        rows = await self._do(self._gate.people.waivers)
        return _said(200, {"waivers": [asdict(one) for one in rows]})

    async def _who_got(self, asked: Asking) -> Answer:
        self._need_admin(asked)
        rows = await self._do(
            self._gate.store.who_got, _text(asked, "name"), _text(asked, "version")
        )
        return _said(200, {"taken": [asdict(one) for one in rows]})

    async def _audit(self, asked: Asking) -> Answer:
        self._need_admin(asked)
        rows = await self._do(self._gate.store.audit, _number(asked, "since"))
        return _said(200, {"audit": [asdict(one) for one in rows]})

    async def _openapi(self, _: Asking) -> Answer:
        return _said(200, document(self._gate.settings.own_url))

    # Deciding ----------------------------------------------------------------------------------

    async def _post(self, asked: Asking, body: bytes) -> Answer:
        """Only with a token in a header, which no foreign page can make a browser send."""
        if not asked.token:
            raise NotPermitted("an Authorization header with a token, please")
        row = _object(body)
        if asked.path == "/api/v1/waivers":
            made = await self._do(self._actions.ask_waivers, _release(row), row, asked.person)
            return _said(201, {"waivers": [asdict(one) for one in made]})
        self._need_admin(asked)
        found = _WAIVER.fullmatch(asked.path)
        if found is not None:
            state, number = ANSWERS[found[2]], int(found[1])
            one = await self._do(self._actions.answer, number, state, asked.person)
            return _said(200, asdict(one))
        if asked.path in ("/api/v1/revoke", "/api/v1/restore"):
            work = self._actions.revoke if asked.path.endswith("revoke") else self._actions.restore
            reason = str(row.get("reason", ""))
            made_ruling = await self._do(work, _release(row), reason, asked.person)
            return _said(200, plain_ruling(made_ruling))
        raise UnknownCrate("no such path")

    def _need_admin(self, asked: Asking) -> None:
        if not self._gate.auth.is_admin(asked):
            raise NotPermitted("an admin's token, please")


def plain_ruling(one: Ruling) -> dict[str, object]:
    """A ruling in its public shape."""
    return asdict(one.release) | {
        key: value for key, value in asdict(one).items() if key not in ("release", "judge")
    }


def _said(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode(), (_JSON, NO_STORE))


def _text(asked: Asking, key: str) -> str:
    found = parse_qs(asked.query, max_num_fields=20).get(key, [""])[0]
    return found if found.isprintable() and len(found) <= 200 else ""


def _number(asked: Asking, key: str) -> int:
    found = _text(asked, key)
    return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else 0


def _object(body: bytes) -> dict[str, object]:
    try:
        row = json.loads(body)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise NotPermitted("a JSON object, please")
    return row


def _release(row: dict[str, object]) -> Release:
    parts = [str(row.get(one, "")) for one in ("mount", "name", "version", "sha256")]
    wanted = archive_of(f"{parts[1]}/{parts[2]}/{parts[3]}.crate")
    if wanted is None or precedence(parts[2]) is None:
        raise NotPermitted("mount, name, version and sha256 of a release, please")
    return Release(*parts)

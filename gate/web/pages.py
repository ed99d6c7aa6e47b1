"""Pages for people: what was decided and why, what waits, who did what. None needs a script."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import asdict
from typing import TypeVar
from urllib.parse import parse_qs

from analyzer.errors import CratescopeError
from gate.actions import ANSWERS, Actions
from gate.dry_run import dry_run
from gate.errors import NotPermitted
from gate.gate import Gate
from gate.mends import mended
from gate.model import Outcome, Release, Ruling, WaiverState
from gate.paths import archive_of
from gate.probe import NAME as EXAMPLE
from gate.web.answer import Answer, Asking
from gate.web.session import Sessions
from gate.web.views import moved, page, report, style

T = TypeVar("T")
_CRATE = re.compile(r"/crate/([A-Za-z_][A-Za-z0-9_-]{0,63})(?:/([0-9A-Za-z.+-]{5,200}))?")
_EVIDENCE = re.compile(r"/evidence/(\d{1,9})(/diff)?")
_ANSWER = re.compile(r"/waivers/(\d{1,9})")
_AUDIT_SHOWN = 200
Handler = Callable[[Asking], Awaitable[Answer]]
Form = dict[str, str]
Values = dict[str, object]


class Pages:
    """Everything that is neither registry nor API."""

    def __init__(self, gate: Gate, threads: Executor) -> None:
        self._gate, self._threads = gate, threads
        self._actions = Actions(gate.desk, gate.people)
        self.sessions = Sessions(gate.settings, gate.people)
        self._get: dict[str, Handler] = {
            "/": self._overview,
            "/holds": self._holds,
            "/waivers": self._waivers,
            "/audit": self._audit,
            "/search": self._search,
            "/set-up": self._set_up,
            "/policy": self._policy,
            "/sign-in": self._sign_in,
        }
        self._post: dict[str, Callable[[Asking, Form], Awaitable[Answer]]] = {
            "/waivers": self._ask_waiver,
            "/revoke": self._revoke,
            "/policy": self._try_policy,
            "/sign-out": self._sign_out,
        }

    async def _do(self, work: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)

    async def answer(self, asked: Asking, body: bytes) -> Answer:
        """Answer any path; trouble is a page, too."""
        if asked.path == "/style.css":
            return style()
        try:
            await self._do(self.sessions.know, asked)
            if asked.method == "POST":
                return await self._posted(asked, _form(body))
            if not self._gate.auth.may_read(asked) and asked.path != "/sign-in":
                return moved("/sign-in")
            return await self._shown(asked)
        except NotPermitted as error:
            return self._page(asked, "message", 403, title="Not permitted", said=_said(error))
        except CratescopeError as error:
            return self._page(asked, "message", 503, title="Not now", said=_said(error))

    def _page(self, asked: Asking, template: str, /, code: int = 200, **values: object) -> Answer:
        """A page with what stands on all: who is signed in, and the proof for its forms."""
        proof = self.sessions.proof(asked) if asked.person else ""
        is_admin = self._gate.auth.is_admin(asked)
        common = {"person": asked.person, "is_admin": is_admin, "proof": proof, "here": asked.path}
        return page(template, code, common | values)

    # Reading -----------------------------------------------------------------------------------

    async def _shown(self, asked: Asking) -> Answer:
        handler = self._get.get(asked.path)
        if handler is not None:
            return await handler(asked)
        crate = _CRATE.fullmatch(asked.path)
        if crate is not None:
            return await self._crate(asked, crate[1], crate[2] or "")
        found = _EVIDENCE.fullmatch(asked.path)
        if found is not None:
            return await self._evidence(asked, int(found[1]), is_diff=bool(found[2]))
        return self._page(asked, "message", 404, title="Nothing here", said="No such page.")

    async def _overview(self, asked: Asking) -> Answer:
        store = self._gate.store
        counts = await self._do(store.counts)
        denied = await self._do(lambda: store.latest(outcome=Outcome.DENY, most=10))
        held = await self._do(lambda: store.latest(outcome=Outcome.HOLD, most=10))
        rows = await self._do(lambda: store.audit(max(0, store.epoch() - 300)))
        late = [one for one in rows if one.action in ("late-verdict", "checksum-alarm")]
        state = {"waiting": len(self._gate.line), "is_store_up": self._gate.desk.is_store_up}
        return self._page(
            asked, "overview", counts=counts, denied=denied, held=held, late=late[::-1], state=state
        )

    async def _holds(self, asked: Asking) -> Answer:
        store = self._gate.store
        rows = await self._do(lambda: store.latest(outcome=Outcome.HOLD))
        rows += await self._do(lambda: store.latest(outcome=Outcome.DENY))
        waivers = await self._do(lambda: self._gate.people.waivers(state=WaiverState.REQUESTED))
        asked_for = {one.release for one in waivers}
        mends = await self._do(self._mends, rows)
        urgent = [one for one in rows if one.release in mends]
        others = [one for one in rows if one.release not in mends]
        return self._page(
            asked, "holds", urgent=urgent, rows=others, mends=mends, asked_for=asked_for
        )

    def _mends(self, rows: tuple[Ruling, ...]) -> dict[Release, tuple[str, ...]]:
        """What held releases would end, if anything."""
        held = (one.release for one in rows if one.outcome is Outcome.HOLD)
        found = {one: mended(self._gate.desk, one) for one in held}
        return {one: ids for one, ids in found.items() if ids}

    async def _crate(self, asked: Asking, name: str, version: str) -> Answer:
        rows: tuple[Ruling, ...] = ()
        waivers: list[object] = []
        for mount in self._gate.desk.parts.upstreams:
            rows += await self._do(self._gate.store.rulings, mount, name)
            of_name = functools.partial(self._gate.people.waivers, mount=mount, name=name)
            waivers += await self._do(of_name)
        if version:
            rows = tuple(one for one in rows if one.release.version == version)
        latest = {one.release: one for one in rows}
        shown: dict[Release, object] = {}
        if version:
            for one in latest.values():
                shown[one.release] = await self._do(self._gate.store.evidence, one.evidence)
        got = await self._do(self._gate.store.who_got, name, version, 200)
        return self._page(
            asked,
            "crate",
            name=name,
            version=version,
            latest=sorted(latest.values(), key=lambda one: -one.id),
            history=rows[::-1][:200],
            shown=shown,
            mends=await self._do(self._mends, tuple(latest.values())),
            waivers=waivers,
            taken=len(got),
            clients=len({one.client for one in got}),
        )

    async def _evidence(self, asked: Asking, number: int, *, is_diff: bool) -> Answer:
        ruling = await self._do(self._gate.store.ruling, number)
        found = await self._do(self._gate.store.evidence, ruling.evidence) if ruling else None
        html = (found.diff_html if is_diff else found.html) if found is not None else ""
        if not html:
            said = "No page was kept for this ruling."
            return self._page(asked, "message", 404, title="No evidence", said=said)
        return report(html)

    async def _waivers(self, asked: Asking) -> Answer:
        rows = await self._do(self._gate.people.waivers)
        return self._page(asked, "waivers", rows=rows, today=self._gate.desk.parts.today())

    async def _audit(self, asked: Asking) -> Answer:
        self._need_admin(asked)
        newest = await self._do(self._gate.store.epoch)
        at = int(_value(asked, "before") or newest + 1) if _is_number(asked) else newest + 1
        start = max(0, at - 1 - _AUDIT_SHOWN)
        rows = await self._do(self._gate.store.audit, start, _AUDIT_SHOWN)
        broken = await self._do(self._gate.store.broken_at)
        return self._page(
            asked, "audit", rows=rows[::-1], before=start + 1 if start else 0, broken=broken
        )

    async def _search(self, asked: Asking) -> Answer:
        text = _value(asked, "q")
        found = await self._do(self._gate.store.names_like, text) if text else ()
        return self._page(asked, "search", text=text, found=found)

    async def _set_up(self, asked: Asking) -> Answer:
        told = self._gate.settings
        mounts = [(one.name, f"{told.own_url.rstrip('/')}{one.index_route}") for one in told.mounts]
        values: Values = {"mounts": mounts, "needs_token": told.needs_token, "example": EXAMPLE}
        return self._page(asked, "set_up", 200, url=told.own_url, **values)

    async def _policy(self, asked: Asking) -> Answer:
        return await self._policy_page(asked, "", ())

    async def _policy_page(self, asked: Asking, tried: str, rows: object, said: str = "") -> Answer:
        owners, told = self._gate.owners, self._gate.settings
        policies = [(one.name, owners.policy(one.name)) for one in told.mounts]
        values: Values = {"text": owners.text, "tried": tried, "rows": rows, "said": said}
        return self._page(asked, "policy", 200, policies=policies, told=told, **values)

    async def _sign_in(self, asked: Asking) -> Answer:
        return self._page(asked, "sign_in", said="")

    # Deciding ----------------------------------------------------------------------------------

    async def _posted(self, asked: Asking, form: Form) -> Answer:
        if asked.path == "/sign-in":
            return await self._signed_in(asked, form)
        if not asked.person or not self.sessions.is_ours(asked, form.get("proof", "")):
            raise NotPermitted("sign in, and send the form again from its page")
        handler = self._post.get(asked.path)
        if handler is not None:
            return await handler(asked, form)
        found = _ANSWER.fullmatch(asked.path)
        if found is None or form.get("answer") not in ANSWERS:
            raise NotPermitted("no such form")
        self._need_admin(asked)
        await self._do(self._actions.answer, int(found[1]), ANSWERS[form["answer"]], asked.person)
        return moved("/waivers")

    async def _signed_in(self, asked: Asking, form: Form) -> Answer:
        known = self._gate.auth.token(form.get("token", "").strip())
        if known is None:
            self._gate.auth.guessed(asked.client)
            return self._page(asked, "sign_in", 403, said="This token opens nothing.")
        _, name = known
        return moved("/", ("set-cookie", await self._do(self.sessions.begin, name)))

    async def _sign_out(self, asked: Asking, _form: Form) -> Answer:
        return moved("/", ("set-cookie", await self._do(self.sessions.end, asked)))

    async def _ask_waiver(self, asked: Asking, form: Form) -> Answer:
        await self._do(self._actions.ask_waivers, _release(form), form, asked.person)
        return moved("/waivers")

    async def _revoke(self, asked: Asking, form: Form) -> Answer:
        self._need_admin(asked)
        release = _release(form)
        await self._do(self._actions.revoke, release, form.get("reason", ""), asked.person)
        return moved(f"/crate/{release.name}/{release.version}")

    async def _try_policy(self, asked: Asking, form: Form) -> Answer:
        self._need_admin(asked)
        text = form.get("text", "").replace("\r\n", "\n")
        try:
            rows = await self._do(dry_run, self._gate, text)
        except CratescopeError as error:
            return await self._policy_page(asked, text, (), _said(error))
        return await self._policy_page(asked, text, [asdict(one) for one in rows], "tried")

    def _need_admin(self, asked: Asking) -> None:
        if not self._gate.auth.is_admin(asked):
            raise NotPermitted("this is for administrators: sign in with an admin's token")


def _said(error: CratescopeError) -> str:
    return f"{error}; {error.remedy}" if error.remedy else str(error)


def _form(body: bytes) -> Form:
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {key: values[0] for key, values in fields.items()}


def _value(asked: Asking, key: str) -> str:
    found = parse_qs(asked.query, max_num_fields=20).get(key, [""])[0]
    return found[:100]


def _is_number(asked: Asking) -> bool:
    text = _value(asked, "before")
    return text.isascii() and text.isdigit() and len(text) < 10


def _release(form: Form) -> Release:
    parts = [form.get(one, "") for one in ("mount", "name", "version", "sha256")]
    if archive_of(f"{parts[1]}/{parts[2]}/{parts[3]}.crate") is None:
        raise NotPermitted("this names no release")
    return Release(*parts)

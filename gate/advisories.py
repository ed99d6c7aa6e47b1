"""Advisories that come after a release was let in: noticed within seconds, dealt with first.

A release that a new advisory calls malicious is out of force before anybody reads it again; other
advisories only make it go before all that is read in the background.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.errors import RegistryUnreachable, UsageError
from analyzer.model import Advisory
from analyzer.registry import advisory_store, dump
from analyzer.registry.advisories import AdvisoryKind
from analyzer.registry.context import Contexts
from gate.desk import Desk
from gate.errors import Busy
from gate.line import Job, Urgency
from gate.model import NO_DAY, AuditRow, Cause, Outcome, Ruling

_AT_ONCE = 20
_LATER_S = 10.0
READ = "advisories-read"
"""Action of the audit log: which state of which source a gate has."""
_HOSTILE = (AdvisoryKind.MALICIOUS, AdvisoryKind.AFFILIATED)
_log = logging.getLogger("gate.advisories")
Identity = tuple[int, int, int] | None


class Databases:
    """Advisories and names on this machine, opened anew when their files change.

    One that is gone or damaged later leaves the last state in place: nothing goes backwards.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._files = [folder / one for one in (advisory_store.FILE, dump.FILE)] if folder else []
        self._seen: tuple[Identity, ...] = ()
        self._found: Contexts | None = None
        self._lock = threading.Lock()

    def __call__(self, day: str) -> Contexts:
        """What is known on a day. Raises UsageError if the first state cannot be read."""
        seen = tuple(map(_identity, self._files))
        found = self._found
        if found is None or found.as_of != day or seen != self._seen:
            with self._lock:
                found = self._opened(day, seen)
        return found

    def _opened(self, day: str, seen: tuple[Identity, ...]) -> Contexts:
        before = self._found
        if before is None or seen != self._seen:
            try:
                store = advisory_store.open_store(self._folder)
                names = dump.open_names(self._folder)
                if before is not None and before.store is not None and store is None:
                    raise UsageError("the database of advisories is gone")
                before = Contexts(store, day, names)
            except UsageError as error:
                if before is None:
                    raise
                _log.error("%s; the last state goes on", error)
            self._seen = seen
        self._found = replace(before, as_of=day)
        return self._found


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(frozen=True, slots=True)
class _Named:
    """A release that is served, and the worst advisory against it."""

    ruling: Ruling
    advisory: Advisory

    @property
    def is_hostile(self) -> bool:
        return self.advisory.kind in _HOSTILE


class Watch:
    """Belongs to the clerk's thread. `judged_by` gives the digest of a mount's judge in force."""

    def __init__(self, desk: Desk, judged_by: Callable[[str], str]) -> None:
        self._desk, self._judged_by = desk, judged_by
        self._labels: tuple[str, ...] | None = None
        self._newest: dict[str, str] = {}
        self._open: deque[_Named] = deque()
        self._jobs: list[tuple[Job, _Named]] = []
        self._not_before = 0.0

    def turn(self) -> None:
        """Look whether the databases changed; have some of what they name judged anew.

        Raises StoreUnreachable; what was not done then is found again.
        """
        contexts = self._desk.parts.contexts(self._desk.parts.today())
        if contexts.labels != self._labels:
            self._compare(contexts)
            named = self._look_up(contexts)
            for one in named:
                if one.is_hostile:
                    self._take_out(one)
            self._open = deque(sorted((*self._open, *named), key=lambda one: not one.is_hostile))
            self._labels = contexts.labels
        self._look_at_jobs()
        while self._open and len(self._jobs) < _AT_ONCE and time.monotonic() >= self._not_before:
            self._judge(self._open.popleft())

    def _look_at_jobs(self) -> None:
        ended = [(job, one) for job, one in self._jobs if job.future.done()]
        self._jobs = [(job, one) for job, one in self._jobs if not job.future.done()]
        for job, one in ended:
            error = job.future.exception()
            if error is not None:
                self._later(one, error)

    def _later(self, one: _Named, error: BaseException) -> None:
        _log.warning("%s is read again later: %s", one.ruling.release.label, error)
        self._open.append(one)
        self._not_before = time.monotonic() + _LATER_S

    # Several gates: each has a database of its own, and one may be behind -------------------------

    def hear(self, row: AuditRow) -> None:
        """Another gate read newer advisories, or let something in that is named here."""
        if row.action == READ:
            self._note(row.detail)
            return
        mount, name, version, sha256 = row.subject.split(" ")
        contexts = self._desk.parts.contexts(self._desk.parts.today())
        advisories = contexts.advisories(name, version)
        ruling = self._desk.parts.standings.of(mount, name).rulings.get((version, sha256))
        is_theirs = ruling is not None and ruling.judge != self._judged_by(mount)
        if advisories and ruling is not None and is_theirs and not self._desk.is_behind:
            one = _Named(ruling, advisories[0])
            if one.is_hostile and ruling.outcome is Outcome.SERVE:
                self._take_out(one)
            self._open.append(one)

    def _compare(self, contexts: Contexts) -> None:
        """Say what is known here, if it is newer than what any gate said before."""
        store = self._desk.parts.store
        if self._labels is None:
            before = store.last_line(READ)
            self._newest = _states(before.detail) if before is not None else {}
        mine = _known(contexts)
        if any(state > self._newest.get(name, "") for name, state in mine.items()):
            self._newest |= {
                name: max(state, self._newest.get(name, "")) for name, state in mine.items()
            }
            store.tell("gate", READ, "", json.dumps(self._newest))
        self._note(json.dumps(self._newest))

    def _note(self, detail: str) -> None:
        for name, state in _states(detail).items():
            self._newest[name] = max(state, self._newest.get(name, ""))
        mine = _known(self._desk.parts.contexts(self._desk.parts.today()))
        is_behind = any(mine.get(name, "") < state for name, state in self._newest.items())
        if is_behind and not self._desk.is_behind:
            _log.warning("another gate has newer advisories: run `cratescope db update` here")
        self._desk.is_behind = is_behind

    # What is named ------------------------------------------------------------------------------

    def _look_up(self, contexts: Contexts) -> list[_Named]:
        """All that is served, was judged by what was known before, and is named now."""
        judges = {mount: self._judged_by(mount) for mount in self._desk.parts.upstreams}
        found: list[_Named] = []
        for one in self._desk.parts.store.all_served():
            if one.judge == judges.get(one.release.mount, one.judge):
                continue
            advisories = contexts.advisories(one.release.name, one.release.version)
            if advisories:
                found.append(_Named(one, advisories[0]))  # malice comes first
        return found

    def _take_out(self, one: _Named) -> None:
        """From now on whoever asks has to wait for the new judgement."""
        release = one.ruling.release
        why = f"{_said(one.advisory)}; it is read again"
        held = replace(one.ruling, outcome=Outcome.HOLD, why=why, cause=Cause.ADVISORY)
        kept = self._desk.keep(
            replace(held, until=NO_DAY, judge="", rule="", place="", at="", actor="", id=0)
        )
        _log.warning("%s: %s", release.label, why)
        self._desk.tell_late(kept, one.ruling)

    def _judge(self, one: _Named) -> None:
        release = one.ruling.release
        try:
            job = self._desk.judge_again(one.ruling, Cause.ADVISORY, Urgency.CHECK)
        except (Busy, RegistryUnreachable) as error:
            self._later(one, error)
            return
        if job is not None:
            self._jobs.append((job, one))
        elif one.is_hostile:  # registries delete malware: there is nothing left to read
            why = f"{_said(one.advisory)}; its index names it no more"
            self._desk.keep(Ruling(release, Outcome.DENY, "BLOCK", why, "", Cause.ADVISORY, ""))


def _known(contexts: Contexts) -> dict[str, str]:
    """The state of each source at hand: times that can be compared."""
    store = contexts.store
    return {one.name: one.as_of for one in store.sources} if store is not None else {}


def _states(detail: str) -> dict[str, str]:
    return {str(name): str(state) for name, state in json.loads(detail).items()}


def _said(one: Advisory) -> str:
    return f"{one.id} ({one.kind}): {one.title}"

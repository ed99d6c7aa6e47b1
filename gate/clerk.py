"""What a gate does without being asked: writes logs, hears of others' decisions, reads again.

One thread; it never serves anybody, and nothing waits for it but the end of the program.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta

from analyzer.errors import CratescopeError
from gate.advisories import READ, Watch
from gate.analysis import PAUSE_S
from gate.desk import Desk
from gate.errors import Busy, StoreUnreachable
from gate.ledger import FLUSH_S
from gate.line import Urgency
from gate.model import AuditRow, Cause, Outcome, Ruling

_AGAIN_S = 30.0
_OTHERS = timedelta(hours=1)
_AT_ONCE = 20
"""Rescans that wait in line at a time: they must not fill it."""
_log = logging.getLogger("gate.clerk")
_WAIVERS = frozenset({"waiver-approved", "waiver-withdrawn"})
_FIELDS = 4


class Clerk:
    """Started by `start`, ended by `close`, which writes what is left."""

    def __init__(
        self, desk: Desk, refresh_tokens: Callable[[], None], judged_by: Callable[[str], str]
    ) -> None:
        """`judged_by` gives the digest of the judge that is in force for a mount."""
        self._desk, self._refresh_tokens, self._judged_by = desk, refresh_tokens, judged_by
        self._watch = Watch(desk, judged_by)
        self._epoch = 0
        self._after: dict[str, int] = {}
        self._in_force: dict[str, tuple[str, str]] = {}
        self._again_at = 0.0
        self._undone: deque[Ruling] = deque()
        self._proof_at = 0.0
        self._proof = threading.Thread()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clerk", daemon=True)

    def start(self) -> None:
        """Begin. Raises StoreUnreachable."""
        self._epoch = self._desk.parts.store.epoch()
        self._refresh_tokens()
        self._thread.start()

    def close(self) -> None:
        """Stop, and write what is left if the database answers."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._desk.parts.ledger.flush()
        except StoreUnreachable as error:
            _log.error("the download log is not complete: %s", error)

    def _run(self) -> None:
        while not self._end.wait(FLUSH_S):
            try:
                self.turn()
            except StoreUnreachable as error:
                if self._desk.is_store_up:
                    _log.error(
                        "%s; what is known to be served goes on, if the settings say so", error
                    )
                self._desk.is_store_up = False
            except CratescopeError as error:
                _log.error("%s", error)
            except Exception:  # noqa: BLE001  # the outermost call of this thread
                _log.exception("the clerk stumbled")

    def turn(self) -> None:
        """One round. Raises StoreUnreachable."""
        self._desk.parts.ledger.flush()
        self._hear()
        if not self._desk.is_store_up:
            _log.warning("the database answers again")
            self._desk.parts.standings.forget_all()
            self._desk.is_store_up = True
        self._watch.turn()
        self._prove()
        if time.monotonic() >= self._again_at:
            self._again_at = time.monotonic() + _AGAIN_S
            if len(self._desk.parts.line) < _AT_ONCE:
                self._read_again()

    def _prove(self) -> None:
        """An analysis that does not work is tried again, in a thread: that may take long."""
        analysis = self._desk.parts.judge.analysis
        is_due = time.monotonic() >= self._proof_at and not self._proof.is_alive()
        if analysis.is_known and not analysis.is_up and is_due:
            self._proof_at = time.monotonic() + PAUSE_S
            self._proof = threading.Thread(target=analysis.prove, name="proof", daemon=True)
            self._proof.start()

    # Others' decisions ---------------------------------------------------------------------------

    def _hear(self) -> None:
        while rows := self._desk.parts.store.audit(self._epoch):
            for one in rows:
                self._heard(one)
                self._epoch = one.id

    def _heard(self, row: AuditRow) -> None:
        if row.action.startswith("token-"):
            self._refresh_tokens()
            return
        if row.action == READ:
            self._watch.hear(row)
            return
        parts = row.subject.split(" ")
        if len(parts) != _FIELDS:
            return
        mount, name, version, sha256 = parts
        known = self._desk.parts.standings.at_hand(mount, name)
        mine = known.rulings.get((version, sha256)) if known is not None else None
        if mine is None or mine.at != row.at or mine.outcome != row.action:
            self._desk.parts.standings.forget(mount, name)
            if row.action == Outcome.SERVE:
                self._watch.hear(row)
        if row.action in _WAIVERS:
            found = self._desk.parts.standings.of(mount, name).rulings.get((version, sha256))
            if found is not None:
                self._again(found, Cause.WAIVER, Urgency.CHECK)

    # Reading again -------------------------------------------------------------------------------

    def _read_again(self) -> None:
        """Rulings that are due, then those of other rules, engines and policies."""
        parts, day = self._desk.parts, self._desk.parts.today()
        for _ in range(len(self._undone)):
            self._again(self._undone.popleft(), Cause.WAIVER, Urgency.CHECK)
        for one in self._next("", lambda after: parts.store.due(day, after, _AT_ONCE)):
            self._again(one, Cause.DUE)
        for mount in parts.upstreams:
            if self._desk.is_behind:
                break  # whoever knows more reads again
            judge = self._judged_by(mount)
            before = self._before(mount, judge)
            rows = functools.partial(parts.store.outdated, mount, judge, before, most=_AT_ONCE)
            for one in self._next(mount, rows):
                self._again(one, Cause.RESCAN)

    def _before(self, mount: str, judge: str) -> str:
        """Rulings of another judge since this one is in force are those of another gate.

        They are left alone for an hour: gates that are updated one after the other would else
        overrule each other all the time.
        """
        known, since = self._in_force.get(mount, ("", ""))
        if known != judge:
            since = self._desk.parts.store.now()
            self._in_force[mount] = (judge, since)
        hour_ago = datetime.fromisoformat(self._desk.parts.store.now()) - _OTHERS
        return max(since, hour_ago.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def _next(self, what: str, rows: Callable[[int], tuple[Ruling, ...]]) -> tuple[Ruling, ...]:
        """The next few, from the front again after the last: some can never be read again."""
        found = rows(self._after.get(what, 0))
        self._after[what] = found[-1].id if len(found) == _AT_ONCE else 0
        return found

    def _again(self, one: Ruling, cause: Cause, urgency: Urgency = Urgency.RESCAN) -> None:
        try:
            job = self._desk.judge_again(one, cause, urgency)
        except StoreUnreachable:
            self._undone.extend([one] if cause is Cause.WAIVER else ())
            raise
        except (Busy, CratescopeError) as error:
            _log.info("%s is read again later: %s", one.release.label, error)
            self._undone.extend([one] if cause is Cause.WAIVER else ())
            return
        if job is not None and cause is Cause.WAIVER:
            job.future.add_done_callback(lambda done: self._look_at(one, done))

    def _look_at(self, one: Ruling, done: Future[Ruling]) -> None:
        """What people decided must not be lost because an upstream was down at that moment."""
        if done.exception() is not None:
            self._undone.append(one)

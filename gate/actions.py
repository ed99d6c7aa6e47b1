"""What people do: ask for a waiver, answer it, revoke, restore. For API and pages alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from gate.desk import Desk
from gate.errors import NotPermitted
from gate.model import NO_DAY, Cause, Outcome, Release, Ruling, WaiverRow, WaiverState
from gate.store.people import People
from gate.store.store import Store

WAIVER_DAYS = 90
ANSWERS = {
    "approve": WaiverState.APPROVED,
    "reject": WaiverState.REJECTED,
    "withdraw": WaiverState.WITHDRAWN,
}
"""What a person says to a request, and where it then stands."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_REASON_LEAST = 5


class Actions:
    """For a running gate: what is denied is so at once, what is let in once it was judged."""

    def __init__(self, desk: Desk, people: People) -> None:
        self._desk, self._store, self._people = desk, desk.parts.store, people

    def ask_waivers(
        self, release: Release, said: Mapping[str, object], person: str
    ) -> tuple[WaiverRow, ...]:
        """Requests for all that holds a release now, or for the rule that `said` names."""
        return ask_waivers(self._store, self._people, release, said, person)

    def answer(self, number: int, state: WaiverState, actor: str) -> WaiverRow:
        """Approve, reject or withdraw; the clerk has the release judged anew where that matters."""
        return self._people.answer(number, state, actor)

    def revoke(self, release: Release, reason: str, actor: str) -> Ruling:
        """Deny a release from now on."""
        made = revocation(release, reason, actor)
        return self._desk.keep(made)

    def restore(self, release: Release, reason: str, actor: str) -> Ruling:
        """Take a revocation back: the release is judged as if it were new, once it is asked for."""
        found = in_force(self._store, release)
        return self._desk.keep(restoration(found, release, reason, actor))


def in_force(store: Store, release: Release) -> Ruling | None:
    """The last ruling on a release."""
    rows = [one for one in store.rulings(release.mount, release.name) if one.release == release]
    return rows[-1] if rows else None


def ask_waivers(
    store: Store, people: People, release: Release, said: Mapping[str, object], person: str
) -> tuple[WaiverRow, ...]:
    """A request for each clause that holds a release. Raises NotPermitted where none can be."""
    ruling = in_force(store, release)
    if ruling is None or ruling.outcome is Outcome.SERVE:
        raise NotPermitted(f"nothing holds {release.label}")
    if ruling.cause in (Cause.REVOKED, Cause.CHECKSUM):
        raise NotPermitted(f"no waiver covers this: {ruling.why}")
    shown = store.evidence(ruling.evidence)
    rule = str(said.get("rule", ""))
    rows = [one for one in (shown.coverable if shown else ()) if rule in ("", one[0])]
    if not rows:
        raise NotPermitted(f"no waiver covers what holds {release.label}: {ruling.why}")
    expires = str(said.get("expires", "")) or _later(WAIVER_DAYS)
    if not _DAY.fullmatch(expires):
        raise NotPermitted("the last day as YYYY-MM-DD, please")
    reason = str(said.get("reason", ""))
    found: dict[tuple[str, str], WaiverRow] = {}
    for name, evidence, _ in rows:
        found[name, evidence] = WaiverRow(0, release, name, evidence, reason, person, "", expires)
    return tuple(people.ask(one) for one in found.values())


def revocation(release: Release, reason: str, actor: str) -> Ruling:
    """A denial by a person."""
    if len(reason.strip()) < _REASON_LEAST:
        raise NotPermitted("a reason, please")
    why = f"revoked by {actor}: {reason.strip()}"
    return Ruling(release, Outcome.DENY, "BLOCK", why, "", Cause.REVOKED, "", actor=actor)


def restoration(found: Ruling | None, release: Release, reason: str, actor: str) -> Ruling:
    """A revocation taken back: held until it was judged again."""
    if found is None or found.cause is not Cause.REVOKED:
        raise NotPermitted(f"{release.label} is not revoked")
    why = f"restored by {actor}, to be read again: {reason.strip()}"
    held = replace(found, outcome=Outcome.HOLD, why=why, cause=Cause.RESTORED, actor=actor)
    return replace(held, until=NO_DAY, at="", judge="", id=0)


def _later(days: int) -> str:
    return (date.today() + timedelta(days=days)).isoformat()  # noqa: DTZ011  # a day, not a moment

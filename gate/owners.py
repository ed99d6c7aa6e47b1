"""The policy of a gate: the operator's file or the built-in one, and approved waivers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from analyzer.model import Waiver
from analyzer.policy.terms import AgeException, Policy
from analyzer.project.decisions.load import Owner, load_owner
from analyzer.registry.ranges import parse_requirement
from gate.judge import MINIMUM_AGE
from gate.model import Release, WaiverRow, WaiverState
from gate.settings import CRATES_IO, GateSettings
from gate.store.people import People

BUILT_IN = "the gate's default"


class Owners:
    """Who decides, for each mount. The policy's file is read once: a change needs a restart."""

    def __init__(self, settings: GateSettings, people: People, today: date) -> None:
        """Raises UsageError or TomlError for a policy that cannot be read."""
        self._settings, self._people = settings, people
        self._file = load_owner(settings.policy, today) if settings.policy is not None else None
        self.text = settings.policy.read_text("utf-8") if settings.policy is not None else ""
        """The policy's file as it is in force; empty for the built-in one."""

    def policy(self, mount: str) -> Policy:
        """The policy for an upstream; names in registries of one's own may be young."""
        if self._file is not None:
            return self._file.policy
        days = self._settings.name_age_days if mount == CRATES_IO else 0
        return Policy(name=BUILT_IN, name_age_days=days)

    def of(self, release: Release, day: str) -> Owner:
        """Policy and waivers for one release on a day. Raises StoreUnreachable."""
        rows = self._people.waivers(
            state=WaiverState.APPROVED, mount=release.mount, name=release.name
        )
        fitting = [one for one in rows if one.release == release and day <= one.expires]
        own = self._file.waivers if self._file is not None else ()
        waivers = (*own, *map(_waiver, fitting))
        exceptions = tuple(_exception(one) for one in fitting if one.rule == MINIMUM_AGE)
        policy = self.policy(release.mount)
        policy = replace(policy, age_exceptions=(*exceptions, *policy.age_exceptions))
        return Owner(policy, waivers, date.fromisoformat(day))


def _waiver(one: WaiverRow) -> Waiver:
    return Waiver(
        rule=one.rule,
        crate=one.release.name,
        reason=one.reason,
        author=f"{one.asked_by}, {one.answered_by}",
        expires=one.expires,
        version=one.release.version,
        sha256=one.release.sha256,
        evidence=one.evidence,
        place=f"waiver {one.id}",
    )


def _exception(one: WaiverRow) -> AgeException:
    said = f"waiver {one.id} of {one.answered_by}: {one.reason}"
    wanted = parse_requirement(f"={one.release.version}")
    return AgeException(one.release.name, wanted, said)

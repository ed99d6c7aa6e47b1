"""The gate's nouns: releases, what was ruled about them, who did it. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NO_DAY = "2000-01-01"
"""Last day of a ruling that holds on none: whoever asks next has the release judged."""


class Outcome(StrEnum):
    """What the gate does with a release. A held one waits for a person; a denied one is out."""

    SERVE = "serve"
    HOLD = "hold"
    DENY = "deny"


class Cause(StrEnum):
    """Why a ruling was made."""

    JUDGED = "judged"
    RESCAN = "rescan"
    WAIVER = "waiver"
    DUE = "due"
    REVOKED = "revoked"
    RESTORED = "restored"
    CHECKSUM = "checksum"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class Release:
    """One version of a crate as an upstream's index names it; `mount` is the upstream's name here.

    The bytes belong to it: another checksum is another release, and an alarm.
    """

    mount: str
    name: str
    version: str
    sha256: str

    @property
    def label(self) -> str:
        """Name and version as people write them."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was ruled about a release; later ones replace it, none is ever changed.

    `why` is one plain sentence, `place` the first evidence as `file:line`. `judge` stands for
    rules, engine, limits and policy; `until` is its last day (`YYYY-MM-DD`), empty for good.
    `before` is the version that the change was judged against, `evidence` the id of its pages.
    """

    release: Release
    outcome: Outcome
    verdict: str
    why: str
    judge: str
    cause: Cause
    at: str
    rule: str = ""
    place: str = ""
    before: str = ""
    until: str = ""
    actor: str = ""
    evidence: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Pages and findings behind a ruling: HTML of the report, and what waivers could cover.

    `coverable` holds (rule, fingerprint, text) of each clause that a waiver could name.
    """

    html: str
    diff_html: str = ""
    coverable: tuple[tuple[str, str, str], ...] = ()


class WaiverState(StrEnum):
    """Where a waiver stands between the one who asks and the one who answers."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A waiver as it was asked for: these bytes, this rule, this evidence, until that day."""

    id: int
    release: Release
    rule: str
    evidence: str
    reason: str
    asked_by: str
    asked_at: str
    expires: str
    state: WaiverState = WaiverState.REQUESTED
    answered_by: str = ""
    answered_at: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody got an archive: when, who (address, token's name), with what."""

    at: str
    release: Release
    client: str
    agent: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the audit log; `digest` chains it to the one before."""

    id: int
    at: str
    actor: str
    action: str
    subject: str
    detail: str
    digest: str

"""What another policy would make of what was decided lately. Nothing is kept, nothing changes."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from analyzer.errors import CratescopeError
from analyzer.model import IndexEntry
from analyzer.project.decisions.load import Owner, load_owner
from gate.gate import Gate
from gate.judge import Question
from gate.model import Outcome, Ruling
from gate.paths import Asked

_RELEASES_MOST = 40


@dataclass(frozen=True, slots=True)
class Tried:
    """A release, what stands, what would, and why."""

    name: str
    version: str
    before: str
    after: str
    why: str


def dry_run(gate: Gate, text: str) -> list[Tried]:
    """The newest rulings under a policy's text. Raises TomlError or UsageError for a wrong one."""
    day = gate.desk.parts.today()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(text, encoding="utf-8")
        owner = load_owner(path, date.fromisoformat(day), name="the policy on this page")
    held = gate.store.latest(outcome=Outcome.HOLD, most=_RELEASES_MOST // 2)
    rows = dict.fromkeys((*held, *gate.store.latest(most=_RELEASES_MOST - len(held))))
    return [_tried(gate, one, owner, day) for one in rows]


def _tried(gate: Gate, one: Ruling, owner: Owner, day: str) -> Tried:
    release, desk = one.release, gate.desk
    head = (release.name, release.version, str(one.outcome))
    try:
        copy, entry = desk.entry(
            release.mount, Asked(release.name, release.version, release.sha256)
        )
        known = desk.known(release.mount, copy)

        def outcome_of(other: IndexEntry) -> Outcome | None:
            ruling = known.ruling(other.version, other.checksum, day)
            return ruling.outcome if ruling is not None else None

        asked = Question(release, entry, copy, outcome_of, owner, day)
        upstream = desk.parts.upstreams[release.mount]
        ruling, _ = gate.judge.rule(asked, upstream, lambda _: None)
    except CratescopeError as error:
        return Tried(*head, "unknown", str(error))
    return Tried(*head, str(ruling.outcome), ruling.why)

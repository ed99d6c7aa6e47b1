"""What is shared: the crates of a campaign or a report, with the traces they leave."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.errors import UsageError
from analyzer.project.incident.model import BadCrate, Campaign, Knowledge, Traces
from analyzer.project.queries.subject import Subject

_SPACE = uuid.UUID("0f5e1f0e-3a8a-5a5f-8a57-3f0b8a3f6d10")


@dataclass(frozen=True, slots=True)
class Package:
    """One bundle. `made` is the time it speaks for, `YYYY-MM-DDTHH:MM:SSZ`: the same input gives
    the same bytes.
    """

    id: str
    title: str
    crates: tuple[BadCrate, ...]
    made: str
    lookalikes: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()

    @property
    def traces(self) -> Traces:
        """The traces of all crates, each once."""
        rows = [one.traces for one in self.crates]

        def every(name: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(text for row in rows for text in getattr(row, name)))

        hosts = dict.fromkeys((*every("hosts"), *(host for host, _ in self.lookalikes)))
        found = Traces(*(every(name) for name in Traces.__slots__))
        return replace(found, hosts=tuple(hosts))

    def only(self) -> BadCrate:
        """The one crate of a draft. Raises UsageError if there are several, or none."""
        if len(self.crates) == 1:
            return self.crates[0]
        names = ", ".join(one.name for one in self.crates)
        raise UsageError(
            f"a draft speaks of one crate, and here are {len(self.crates)}",
            remedy=f"choose with --crate: {names}",
        )

    def identity(self, *parts: str) -> str:
        """A UUID that these texts always give."""
        return str(uuid.uuid5(_SPACE, "\0".join((self.id, *parts))))


def of_campaign(campaign: Campaign, knowledge: Knowledge, made: str) -> Package:
    """A campaign and its crates."""
    members = knowledge.members(campaign.id)
    return Package(campaign.id, campaign.title, members, made, campaign.lookalikes, campaign.files)


def of_report(path: Path, subject: Subject, made: str) -> Package:
    """The crates of a report, with what `subject` read of it (checked texts only)."""
    document = json.loads(path.read_text(encoding="utf-8"))
    reports = document.get("reports", [document])
    traces = Traces(hosts=subject.hosts, addresses=subject.addresses, files=subject.files)
    crates = [_crate(one, traces) for one in reports if one["crate"]["name"] in subject.names]
    if not crates:
        raise UsageError(f"{path}: no crate in it has a name that can be shared")
    return Package(subject.id, subject.title, tuple(crates), made, files=subject.files)


def _crate(report: dict[str, object], traces: Traces) -> BadCrate:
    crate, findings = report["crate"], report.get("findings")
    assert isinstance(crate, dict)
    rows = findings if isinstance(findings, list) else []
    titles = dict.fromkeys(str(one.get("title", "")) for one in rows)
    told = {t for one in rows for t in one.get("techniques", []) if isinstance(t, str)}
    digest = str(crate.get("sha256", ""))
    return BadCrate(
        name=str(crate["name"]),
        versions=(str(crate.get("version", "")),),
        kind="malware",
        techniques=tuple(sorted(told)),
        summary="; ".join(titles) or str(report.get("summary", "")),
        traces=replace(traces, sha256=(digest,) if len(digest) == 64 else ()),
        source=str(report.get("verdict", "")),
    )


def chosen(package: Package, names: Iterable[str]) -> Package:
    """Only these crates. Raises UsageError for one that is not among them."""
    wanted = {one.replace("_", "-").casefold() for one in names}
    if not wanted:
        return package
    kept = tuple(one for one in package.crates if one.name.replace("_", "-").casefold() in wanted)
    if len(kept) < len(wanted):
        known = ", ".join(one.name for one in package.crates)
        raise UsageError("no such crate here", remedy=f"crates: {known}")
    return replace(package, crates=kept)

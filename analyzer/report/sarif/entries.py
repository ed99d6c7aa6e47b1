"""What a report holds as SARIF results, rules and notifications, each still apart from the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from analyzer.model import (
    Confidence,
    Evidence,
    Field,
    Finding,
    Gap,
    Hop,
    Member,
    Report,
    Severity,
    Span,
    Verdict,
    Waiver,
    Where,
)
from analyzer.report.sarif.places import MANIFEST, Ground
from analyzer.report.text import json_text, printable, sarif_text
from analyzer.report.wording import where_text
from analyzer.rules.ruleset import load_ruleset
from analyzer.rules.schema import Rule
from analyzer.rules.versions import folded

UNREAD = "incomplete"
Json = dict[str, object]
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# Scales as code scanning services cut them: critical from 9.0, high from 7.0, medium from 4.0.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
    Severity.INFO: "0.0",
}


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A rule as the log describes it."""

    id: str
    title: str
    severity: Severity
    confidence: Confidence = Confidence.HIGH
    tags: tuple[str, ...] = ()
    why: str = ""
    help: str = ""

    def plain(self) -> Json:
        """The reporting descriptor, its tags uncut."""
        return {
            "id": self.id,
            "shortDescription": {"text": sarif_text(self.title)},
            "fullDescription": {"text": sarif_text(self.why or self.title)},
            "help": {"text": sarif_text(self.help or self.title, max_characters=4000)},
            "defaultConfiguration": {"level": _LEVELS[self.severity]},
            "properties": {
                "security-severity": _SCORES[self.severity],
                "precision": self.confidence,
                "tags": ["security", *dict.fromkeys(map(printable, self.tags))],
            },
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One result. `identity`: what stays the same while lines and versions change; `rank` orders
    results, and says which are left out first. `baseline` is `new` or `unchanged`, in a diff.
    """

    rule: Descriptor
    message: str
    location: Json
    identity: tuple[str, ...]
    level: str = ""
    related: tuple[Json, ...] = ()
    flow: tuple[Json, ...] = ()
    baseline: str = ""
    properties: Json = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    @property
    def rank(self) -> int:
        """The higher, the worse."""
        order = ("note", "warning", "error")
        return order.index(self.level or _LEVELS[self.rule.severity]) * 10 + list(Severity).index(
            self.rule.severity
        )

    @property
    def fingerprint(self) -> str:
        """Stable over lines that move, versions that follow, and releases of this tool."""
        return hashlib.sha256(json_text([self.rule.id, *self.identity]).encode()).hexdigest()[:32]

    def plain(self) -> Json:
        """The result, without its rule's number and its fingerprints."""
        found: Json = {
            "ruleId": self.rule.id,
            "level": self.level or _LEVELS[self.rule.severity],
            "message": {"text": self.message},
            "locations": [self.location],
        }
        if self.related:
            found["relatedLocations"] = [
                {"id": number, **one} for number, one in enumerate(self.related, 1)
            ]
        if self.flow:
            steps = [{"location": one} for one in self.flow]
            found["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
        if self.waivers:
            found["suppressions"] = [_suppression(one) for one in self.waivers]
        if self.baseline:
            found["baselineState"] = self.baseline
        return {**found, "properties": self.properties}


def _suppression(one: Waiver) -> Json:
    """A waiver of the owner's policy that covers a result."""
    text = f"{one.reason} ({one.author}, until {one.expires})"
    return {"kind": "external", "status": "accepted", "justification": sarif_text(text)}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification: what could not be looked at, and why."""

    level: str
    kind: str
    text: str
    location: Json | None = None

    def plain(self) -> Json:
        """The notification."""
        found: Json = {
            "descriptor": {"id": self.kind},
            "level": self.level,
            "message": {"text": sarif_text(self.text)},
        }
        return {**found, "locations": [self.location]} if self.location is not None else found


@cache
def reading() -> Mapping[str, Rule]:
    """The shipped rules by id, for their texts; a rule of the user's own has its title only."""
    return {one.id: one for one in load_ruleset().rules}


def descriptor(one: Finding, texts: Mapping[str, Rule]) -> Descriptor:
    """The rule of a finding."""
    name = printable(one.rule, max_characters=160)
    tags = tags_of(one.attack, one.techniques)
    return explained(
        Descriptor(name, one.title, one.severity, one.confidence, tags), texts.get(one.rule)
    )


def tags_of(attack: Iterable[str], techniques: Iterable[str]) -> tuple[str, ...]:
    """Tags that say whose ids they are."""
    return (*(f"mitre-attack/{one}" for one in attack), *(f"technique/{one}" for one in techniques))


def explained(found: Descriptor, rule: Rule | None) -> Descriptor:
    """A descriptor with the reasons of a shipped rule, if it is one."""
    if rule is None:
        return found
    why, benign = (" ".join(each.split()) for each in (rule.why, rule.benign))
    more = f"More: cratescope explain {rule.id}"
    return replace(found, why=why, help=f"{why} Benign: {benign} {more}")


def finding_entry(one: Finding, ground: Ground, texts: Mapping[str, Rule]) -> Entry:
    """A finding at its place in the crate: where its chain ends, or what it cites first."""
    cited = next((each for each in one.evidence if each.role == "sink"), None)
    main = cited or (one.evidence[0] if one.evidence else None)
    where: Where = main.where if main is not None else Field(MANIFEST, "package")
    said = f": {main.kind} {sarif_text(main.subject, max_characters=300)}" if main else ""
    rest = tuple(each for each in one.evidence if each is not main)
    return Entry(
        rule=descriptor(one, texts),
        message=f"{ground.label}: {sarif_text(one.title)}{said}",
        location=ground.location(where, snippet=main.snippet if main is not None else ""),
        identity=identity(one, ground),
        level=_level(one),
        related=tuple(cite(each, ground) for each in rest),
        flow=tuple(_step(hop, ground) for hop in one.path),
        properties=properties(one, ground),
    )


def identity(one: Finding, ground: Ground) -> tuple[str, ...]:
    """Crate, file and subject of what a finding cites last."""
    cited = next((each for each in one.evidence if each.role == "sink"), None)
    main = cited or (one.evidence[0] if one.evidence else None)
    if main is None:
        return (ground.crate.name,)
    return (ground.crate.name, _file(main.where, ground), main.kind, folded(main.subject))


def _file(where: Where, ground: Ground) -> str:
    if isinstance(where, Span):
        return where.file
    if isinstance(where, Member):
        return where.member.removeprefix(f"{ground.crate.name}-{ground.crate.version}/")
    return where.document if isinstance(where, Field) else where.stage


def cite(one: Evidence, ground: Ground) -> Json:
    """Evidence as a related location that says what is there."""
    role = f" ({one.role})" if one.role else ""
    said = sarif_text(f"{one.kind} {one.subject}{role}", max_characters=300)
    return ground.location(one.where, snippet=one.snippet, message=said)


def _step(hop: Hop, ground: Ground) -> Json:
    said = sarif_text(hop.snippet or where_text(hop.where), max_characters=200)
    return ground.location(hop.where, snippet=hop.snippet, message=said)


def properties(one: Finding, ground: Ground) -> Json:
    """What SARIF has no key for."""
    return {
        "crate": sarif_text(ground.crate.name),
        "version": sarif_text(ground.crate.version),
        "severity": one.severity,
        "confidence": one.confidence,
        "support": one.support,
        "blocking": one.is_blocking,
        "phase": list(one.phases),
    }


def _level(one: Finding) -> str:
    """What only tests or nobody runs is worth a look at most, whatever it does (V5)."""
    if not one.is_quiet:
        return ""
    return "warning" if one.is_blocking else "note"


def unread_entry(report: Report, ground: Ground) -> Iterator[Entry]:
    """A result for an INCOMPLETE verdict: services show results, and hide notifications."""
    if report.verdict is Verdict.INCOMPLETE:
        first = next((one for one in report.gaps if one.is_blocking), None)
        path = first.path if first is not None else ""
        where = Span(path, first.line) if first is not None and path else Field(MANIFEST, "package")
        yield incomplete(ground, ground.location(where), report.summary)


def incomplete(ground: Ground, location: Json, summary: str, *more: str) -> Entry:
    """The result that says: treat this crate as unread. `more` is part of its identity."""
    title = "something that runs at build time could not be read"
    why = "What cannot be read is not clean: a person has to look, or the gap has to be mended."
    rule = Descriptor(UNREAD, title, Severity.MEDIUM, tags=("gap",), why=why, help=why)
    message = f"{ground.label}: {sarif_text(summary)}"
    return Entry(
        rule, message, location, (ground.crate.name, *more), properties={"verdict": "INCOMPLETE"}
    )


def gap_notice(one: Gap, ground: Ground) -> Notice:
    """A gap of one crate."""
    where = Span(one.path, one.line) if one.path else Field(MANIFEST, "package")
    return Notice(
        "error" if one.is_blocking else "warning",
        f"gap/{one.kind}",
        f"{ground.crate.name} {ground.crate.version}: {gap_text(one)}",
        ground.location(where),
    )


def gap_text(one: Gap) -> str:
    """Why something was not looked at, and what would help."""
    return f"{one.reason}; {one.remedy}" if one.remedy else one.reason

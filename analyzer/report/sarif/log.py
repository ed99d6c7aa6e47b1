"""The log around results: one run, within the limits of code scanning services, cuts told.

Limits: docs.github.com, "SARIF results exceed limit" and "SARIF file too large"; others take more.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from analyzer import __version__
from analyzer.model import Report
from analyzer.report.sarif.entries import Descriptor, Entry, Json, Notice
from analyzer.report.sarif.places import BASES
from analyzer.report.text import json_text, sarif_text

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


@dataclass(frozen=True, slots=True)
class Caps:
    """What a service takes. Packed sizes are those of gzip, in bytes."""

    results: int = 25_000
    locations: int = 1_000
    steps: int = 10_000
    tags: int = 20
    notices: int = 1_000
    packed_size_bytes: int = 9_500_000


@dataclass(frozen=True, slots=True)
class Log:
    """Results and notifications of one command; `about` says what they add up to."""

    command: str
    entries: tuple[Entry, ...]
    notices: tuple[Notice, ...]
    about: Json
    caps: Caps = field(default_factory=Caps)

    def text(self) -> str:
        """The document, the worst results first. Ends with a line feed."""
        ranked = sorted(self.entries, key=lambda one: -one.rank)
        kept = ranked[: self.caps.results]
        while True:
            text = self._laid_out(kept, len(ranked) - len(kept))
            size = len(zlib.compress(text.encode("ascii"), 6))
            if size <= self.caps.packed_size_bytes or not kept:
                return text
            share = len(kept) * self.caps.packed_size_bytes * 9 // (size * 10)
            kept = kept[: min(share, len(kept) - 1)]

    def _laid_out(self, kept: list[Entry], left_out: int) -> str:
        rules = {one.rule.id: one.rule for one in reversed(kept)}
        numbers = {name: number for number, name in enumerate(sorted(rules))}
        cuts: Counter[str] = Counter({"results": left_out} if left_out else {})
        rows = [json_text(self._rule(rules[one], cuts)) for one in sorted(rules)]
        seen: Counter[str] = Counter()
        results = [json_text(self._result(one, numbers, seen, cuts)) for one in kept]
        notices = sorted(
            self.notices, key=lambda one: ("error", "warning", "note").index(one.level)
        )
        told = [*map(_cut, sorted((+cuts).items())), *notices]
        if len(told) > self.caps.notices:
            said = f"{len(told) - self.caps.notices} more of these are left out"
            told = [*told[: self.caps.notices], Notice("warning", "cut/notifications", said)]
        return _document(self._parts(rows, results, told))

    def _parts(self, rules: list[str], results: list[str], told: list[Notice]) -> Iterator[str]:
        """The keys of the run, in their order."""
        kinds = [{"id": one} for one in sorted({one.kind for one in told})]
        driver = {"name": "cratescope", "version": __version__, "semanticVersion": __version__}
        head = json_text({**driver, "notifications": kinds})[:-1]
        yield f'"tool": {{"driver": {head}, "rules": {_listed(rules)}}}}}'
        is_whole = all(one.level != "error" for one in told)
        outcome = {"executionSuccessful": is_whole, "toolExecutionNotifications": []}
        listed = _listed(json_text(one.plain()) for one in told)
        yield f'"invocations": [{json_text(outcome)[:-3]}{listed}}}]'
        yield f'"automationDetails": {json_text({"id": f"cratescope/{self.command}/"})}'
        yield '"columnKind": "unicodeCodePoints"'
        yield f'"originalUriBaseIds": {json_text(BASES)}'
        yield f'"results": {_listed(results)}'
        yield f'"properties": {json_text(self.about)}'

    def _rule(self, rule: Descriptor, cuts: Counter[str]) -> Json:
        most = self.caps.tags - 1  # one of its own: security
        cuts["tags"] += max(0, len(rule.tags) - most)
        return replace(rule, tags=rule.tags[:most]).plain()

    def _result(
        self, one: Entry, numbers: dict[str, int], seen: Counter[str], cuts: Counter[str]
    ) -> Json:
        most = self.caps.locations - 1  # one of its own: where it is
        cuts["locations"] += max(0, len(one.related) - most)
        cuts["steps"] += max(0, len(one.flow) - self.caps.steps)
        one = replace(one, related=one.related[:most], flow=one.flow[: self.caps.steps])
        mark = one.fingerprint
        seen[mark] += 1
        return {
            **one.plain(),
            "ruleIndex": numbers[one.rule.id],
            "partialFingerprints": {
                "cratescope/v1": mark,
                # The one that GitHub reads, there "hash of the line" and a number among its equals.
                "primaryLocationLineHash": f"{mark}:{seen[mark]}",
            },
        }


def _cut(one: tuple[str, int]) -> Notice:
    what, count = one
    text = f"{count} {what} are left out: code scanning services take no more; see --format json"
    return Notice("warning", f"cut/{what}", text)


def _listed(rows: Iterable[str]) -> str:
    text = ",\n   ".join(rows)
    return f"[\n   {text}\n  ]" if text else "[]"


def _document(parts: Iterable[str]) -> str:
    run = ",\n  ".join(parts)
    return (
        f'{{"$schema": {json_text(SCHEMA)},\n "version": "2.1.0",\n "runs": [{{\n  {run}\n }}]}}\n'
    )


def crate_row(report: Report) -> Json:
    """A crate that was read, and what came of it."""
    return {
        "name": sarif_text(report.crate.name),
        "version": sarif_text(report.crate.version),
        "sha256": report.crate.sha256,
        "origin": report.crate.origin,
        "verdict": report.verdict,
        "score": report.score,
        "summary": sarif_text(report.summary),
    }

"""Crates read a second time with what functions of their dependencies do (threat model F8).

A library that reads a secret and one that sends what it is given are quiet alone; whoever calls
both, or one from the other, is judged with their functions as entries of the API catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from analyzer.model import (
    Coverage,
    Evidence,
    Export,
    Exports,
    Finding,
    Lockfile,
    Report,
    Verdict,
)
from analyzer.project.audit import Key, Reason, key_of
from analyzer.project.graph.join import placed
from analyzer.rules.exported import entries
from analyzer.score import assess

READ_AGAIN = "second-reading"
ROUNDS = 4
"""How often what a second reading found is handed on to those who depend on it."""
REASONS_PER_CRATE = 3
Given = Mapping[str, tuple[Exports, ...]]
"""By checksum of a crate's bytes: exports of everything that it depends on."""
Read = Callable[[Given], Iterable[Report]]


@dataclass(slots=True)
class Second:
    """`keys` and `first` reports by checksum of the bytes; `again`: reports of second readings."""

    lockfiles: Sequence[Lockfile]
    keys: Mapping[str, Sequence[Key]]
    first: Mapping[str, Report]
    again: dict[str, Report] = field(default_factory=dict)
    given: dict[str, tuple[Exports, ...]] = field(default_factory=dict)

    def read(self, read: Read) -> None:
        """Read again whatever depends on a crate with exports, as long as that brings new ones."""
        for _ in range(ROUNDS):
            wanted = {
                sha256: exports
                for sha256, exports in self._wanted().items()
                if exports != self.given.get(sha256)
            }
            if not wanted:
                return
            self.given |= wanted
            for report in read(wanted):
                self.again[report.crate.sha256] = report

    def _wanted(self) -> dict[str, tuple[Exports, ...]]:
        bytes_of = {key: sha256 for sha256, keys in self.keys.items() for key in keys}
        found: dict[str, dict[tuple[str, str], Exports]] = {}
        for lock in self.lockfiles:
            keys = [key_of(one) for one in lock.packages]
            for key, package in zip(keys, lock.packages, strict=True):
                own = bytes_of.get(key)
                for one in package.dependencies if own is not None else ():
                    exports = self._exports(bytes_of.get(keys[one]))
                    if own is not None and exports is not None and keys[one] != key:
                        rows = found.setdefault(own, {})
                        rows[exports.crate, exports.version] = exports
        return {
            sha256: tuple(rows[name] for name in sorted(rows))
            for sha256, rows in sorted(found.items())
        }

    def _exports(self, sha256: str | None) -> Exports | None:
        report = self.again.get(sha256 or "") or self.first.get(sha256 or "")
        if report is None or not report.exports:
            return None
        name = report.crate.name.replace("-", "_")
        return Exports(name, report.crate.version, report.package.is_popular, report.exports)

    def reasons(self) -> Iterator[tuple[Key, Reason]]:
        """What only the second readings found, at every package with these bytes."""
        for sha256, report in sorted(self.again.items()):
            first = self.first[sha256]
            rows = _reasons(first, report, self.given[sha256])
            if report.verdict is Verdict.INCOMPLETE and first.verdict is not report.verdict:
                text = f"could not be read again with what its dependencies do: {report.summary}"
                rows = iter((Reason(READ_AGAIN, Verdict.INCOMPLETE, text),))
            for reason in tuple(rows)[:REASONS_PER_CRATE]:
                yield from ((key, reason) for key in self.keys[sha256])


def _reasons(first: Report, again: Report, given: tuple[Exports, ...]) -> Iterator[Reason]:
    known = {_mark(one) for one in first.findings}
    functions = _functions(given)
    apis = {(one.where, one.kind): one.api for one in again.facts}
    label = f"{again.crate.name}-{again.crate.version}"
    new = [one for one in again.findings if _mark(one) not in known]
    for finding in sorted(new, key=lambda one: (not one.is_blocking, one.rule)):
        used = {
            api: functions[api]
            for each in finding.evidence
            if (api := apis.get((each.where, each.kind), "")) in functions
        }
        verdict = assess((finding,), (), Coverage()).verdict
        if not used or verdict is Verdict.CLEAR:
            continue
        if verdict is Verdict.BLOCK and all(one.is_popular for one, _ in used.values()):
            verdict = Verdict.REVIEW  # what everybody uses is no half of a deed
        named = ", ".join(
            f"{api} ({one.crate} {one.version}, {row.where.file}:{row.where.line})"
            for api, (one, row) in sorted(used.items())
        )
        evidence = (
            *(_evidence(one, row) for _, (one, row) in sorted(used.items())),
            *(replace(each, where=placed(each.where, label)) for each in finding.evidence),
        )
        yield Reason(
            finding.rule, verdict, f"{finding.sentence}, through {named}", evidence=evidence
        )


def _mark(finding: Finding) -> tuple[object, ...]:
    return finding.rule, tuple((one.kind, one.where) for one in finding.evidence)


def _functions(given: tuple[Exports, ...]) -> dict[str, tuple[Exports, Export]]:
    """Catalogued paths to the export behind each."""
    found: dict[str, tuple[Exports, Export]] = {}
    for one in given:
        for row in (each for each in one.rows if each.kinds):
            for path in entries(Exports(one.crate, one.version, one.is_popular, (row,))):
                found.setdefault(path, (one, row))
    return found


def _evidence(one: Exports, row: Export) -> Evidence:
    where = placed(row.where, f"{one.crate}-{one.version}")
    return Evidence(row.kinds[0], row.subject, "", where, row.snippet)

"""A step between versions as one pull-request comment: the summary first, then what is new.

The first line is a mark by which a later run finds its own comment and replaces it. Every text of a
crate goes through `markdown_text`; GitHub takes 65,536 characters, so rows are cut and told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model import Decision, Evidence, Finding, Gap, Outcome, Verdict
from analyzer.project.changes import CrateDiff
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.report.decisions import WORDS, by_whom, rows_of, word_of
from analyzer.report.human import place
from analyzer.report.text import markdown_text

MARK = "<!-- cratescope diff -->"
ROWS_SHOWN = 60
TOLD = 12
EVIDENCE_SHOWN = 4
_LENGTH_MAX = 60_000
_CUT = "\n\n_Cut here: the whole is in `--format json`._\n"


def render(found: CrateDiff | LockDiff) -> str:
    """The comment. Ends with a line feed."""
    lines = [MARK, *(_step(found) if isinstance(found, CrateDiff) else _locks(found))]
    text = "\n".join(lines) + "\n"
    return text if len(text) <= _LENGTH_MAX else text[: text.rindex("\n", 0, _LENGTH_MAX)] + _CUT


def _locks(found: LockDiff) -> Iterator[str]:
    yield f"### cratescope: {found.verdict}"
    yield ""
    yield f"{len(found.packages)} packages differ."
    yield ""
    if found.decided is not None:
        word = ("would be " if found.decided.is_observed else "") + WORDS[found.decided.outcome]
        yield from _decision(word, found.decided.policy, found.decided.digest)
        for ruling in found.decided.rulings:
            if ruling.decision.outcome is not Outcome.ALLOW:
                yield from _ruling(f"{ruling.name} {ruling.version}", ruling.decision)
        yield ""
    if found.packages:
        yield "| verdict | package | before | now | why |"
        yield "| --- | --- | --- | --- | --- |"
        for one in found.packages[:ROWS_SHOWN]:
            cells = (one.name, one.old or "-", one.new or "-", one.summary)
            row = " | ".join(markdown_text(each, max_characters=160) for each in cells)
            yield f"| **{one.verdict}** | {row} |"
        if len(found.packages) > ROWS_SHOWN:
            yield ""
            yield f"and {len(found.packages) - ROWS_SHOWN} more"
        yield ""
    for one in [each for each in found.packages if each.verdict is not Verdict.CLEAR][:TOLD]:
        yield from _package(one)
    yield from _gaps(found.gaps)


def _package(one: PackageChange) -> Iterator[str]:
    if one.diff is not None:
        yield from _step(one.diff)
    elif one.report is not None:
        yield f"#### {markdown_text(one.name)} {markdown_text(one.new)}: {one.verdict}"
        yield ""
        yield from _findings(one.report.findings)


def _step(found: CrateDiff) -> Iterator[str]:
    name, old, new = (
        markdown_text(one) for one in (found.new.name, found.old.version, found.new.version)
    )
    yield f"#### {name} {old} → {new}: {found.verdict}"
    yield ""
    yield f"{markdown_text(found.summary)} Change {found.score}/100, {found.step} step."
    yield ""
    if found.decision is not None:
        known = found.decision
        yield from _decision(word_of(known), known.policy, known.digest)
        yield from _ruling(f"{found.new.name} {found.new.version}", known)
        yield ""
    yield from _findings(found.added)
    gained = [f"{one.name} ({', '.join(one.phases) or 'archive'})" for one in found.gained]
    if gained:
        yield f"It could not do before: {markdown_text(', '.join(gained))}."
        yield ""
    taken = [one for one in found.dependencies if one.change == "added" and one.kind != "dev"]
    for one in taken:
        age = "" if one.age_days is None else f", first published {one.age_days} days before"
        verdict = one.verdict or "not read"
        label = markdown_text(f"{one.package} {one.version}".strip())
        yield f"- takes up {label}: {verdict}{age}"
    yield from [""] if taken else []
    yield from _gaps(found.gaps)


def _decision(word: str, policy: str, digest: str) -> Iterator[str]:
    yield f"Policy: **{word}** {markdown_text(by_whom(policy, digest))}"
    yield ""


def _ruling(name: str, one: Decision) -> Iterator[str]:
    """A crate that is not let in, with what holds it."""
    rows = list(rows_of(one))
    for label, text in rows[:TOLD]:
        yield f"- {markdown_text(name)}: {label} {markdown_text(text)}"
    if len(rows) > TOLD:
        yield f"- {markdown_text(name)}: and {len(rows) - TOLD} more"


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    for one in list(findings)[:TOLD]:
        yield f"- **{one.severity}** {markdown_text(one.title)} (`{one.rule}`)"
        yield from (f"  - {_cited(each)}" for each in one.evidence[:EVIDENCE_SHOWN])
    yield ""


def _cited(one: Evidence) -> str:
    where, subject = (
        markdown_text(each, max_characters=160) for each in (place(one.where), one.subject)
    )
    return f"{where}: {one.kind} {subject}"


def _gaps(gaps: tuple[Gap, ...]) -> Iterator[str]:
    blocking = [one for one in gaps if one.is_blocking]
    for one in blocking[:TOLD]:
        where = f" ({markdown_text(one.path)})" if one.path else ""
        yield f"- not looked at: {markdown_text(one.reason)}{where}"
    yield from [""] if blocking else []

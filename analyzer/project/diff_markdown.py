"""A step between versions as one pull-request comment: the summary first, then what is new."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Verdict
from analyzer.project.changes import CrateDiff
from analyzer.project.decisions import markdown as policy
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.report.comment import (
    TOLD,
    Block,
    block,
    cell,
    comment,
    decision,
    findings,
    gaps,
    table,
)
from analyzer.report.text import markdown_text


def render(found: CrateDiff | LockDiff) -> str:
    """The comment. Ends with a line feed."""
    return comment("diff", _blocks(found))


def _blocks(found: CrateDiff | LockDiff) -> Iterator[Block]:
    if isinstance(found, CrateDiff):
        yield block(_step(found))
        return
    yield block(_locks(found))
    for one in [each for each in found.packages if each.verdict is not Verdict.CLEAR][:TOLD]:
        yield block(_package(one))


def _locks(found: LockDiff) -> Iterator[str]:
    yield f"### cratescope: {found.verdict}"
    yield ""
    yield f"{len(found.packages)} packages differ."
    yield ""
    if found.decided is not None:
        yield from policy.lines(found.decided)
    yield from table(
        ("verdict", "package", "before", "now", "why"),
        map(_cells, found.packages),
    )
    yield from gaps(found.gaps, is_blocking=True)


def _cells(one: PackageChange) -> tuple[str, ...]:
    texts = (one.name, one.old or "-", one.new or "-", one.summary)
    return (f"**{one.verdict}**", *map(cell, texts))


def _package(one: PackageChange) -> Iterator[str]:
    if one.diff is not None:
        yield from _step(one.diff)
    elif one.report is not None:
        yield f"#### {markdown_text(one.name)} {markdown_text(one.new)}: {one.verdict}"
        yield ""
        yield from findings(one.report.findings)


def _step(found: CrateDiff) -> Iterator[str]:
    name, old, new = (
        markdown_text(one) for one in (found.new.name, found.old.version, found.new.version)
    )
    yield f"#### {name} {old} → {new}: {found.verdict}"
    yield ""
    yield f"Change {found.score}/100, {found.step} step. {markdown_text(found.summary)}"
    yield ""
    if found.decision is not None:
        yield from decision(f"{found.new.name} {found.new.version}", found.decision)
    yield from findings(found.added)
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
    yield from gaps(found.gaps, is_blocking=True)

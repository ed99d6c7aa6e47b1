"""Reports as one pull-request comment or job summary: what needs a person first, details folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from analyzer.model import Capability, Outcome, Report, Verdict
from analyzer.report.comment import (
    TOLD,
    Block,
    advice,
    block,
    cell,
    comment,
    decision,
    findings,
    folded,
    gaps,
    rule_name,
    table,
)
from analyzer.report.observation import QUIET, events, outcome_text, payload_text
from analyzer.report.wording import RANK, by_severity, next_steps, where_text

NAME = "markdown"
_DETAILED = 20
_PAYLOADS = 5


def render(reports: tuple[Report, ...], *, failures: Sequence[str] = ()) -> str:
    """The comment; `failures` are what was asked for and gave no report. Ends with a line feed."""
    return comment("scan", _blocks(reports, failures))


def _blocks(reports: tuple[Report, ...], failures: Sequence[str]) -> Iterator[Block]:
    shown = sorted(reports, key=lambda one: RANK.index(one.verdict))
    yield block(_summary(shown, failures))
    asked = [one for one in shown if _asks(one)]
    for one in asked[:_DETAILED]:
        yield block(_report(one))
    for one in (asked or shown)[:_DETAILED]:
        yield folded(f"Details of {_name(one)}", _details(one))


def _asks(one: Report) -> bool:
    is_held = one.decision is not None and one.decision.outcome is not Outcome.ALLOW
    return is_held or one.verdict is not Verdict.CLEAR


def _summary(shown: Sequence[Report], failures: Sequence[str]) -> Iterator[str]:
    verdict = shown[0].verdict if shown else Verdict.INCOMPLETE
    yield f"### cratescope: {verdict}"
    yield ""
    counts = Counter(one.verdict for one in shown)
    said = ", ".join(f"{counts[one]} {one}" for one in RANK if counts[one])
    yield f"{len(shown)} crate{'s' * (len(shown) != 1)} read: {said or 'none'}."
    yield ""
    for one in failures[:TOLD]:
        yield f"- no report: {cell(one, max_characters=400)}"
    if len(failures) > TOLD:
        yield f"- and {len(failures) - TOLD} more"
    yield from [""] if failures else []
    if len(shown) == 1 and verdict is Verdict.CLEAR:
        yield f"Crate {_name(shown[0])}: {cell(shown[0].summary, max_characters=400)}"
        yield ""
    if len(shown) > 1:
        yield from table(
            ("verdict", "crate", "risk", "why"),
            (
                (f"**{one.verdict}**", _name(one), str(one.score), cell(one.summary))
                for one in shown
            ),
        )


def _name(report: Report) -> str:
    return cell(f"{report.crate.name} {report.crate.version}", max_characters=120)


def _report(report: Report) -> Iterator[str]:
    yield f"#### {_name(report)}: {report.verdict}"
    yield ""
    yield f"Risk {report.score}/100. {cell(report.summary, max_characters=400)}"
    yield ""
    if report.decision is not None:
        yield from decision(f"{report.crate.name} {report.crate.version}", report.decision)
    yield from findings(report.findings)
    yield from gaps(report.gaps, is_blocking=True)
    for step in next_steps(report):
        yield f"> {advice(step)}"
        yield ">"
    yield ""


def _details(report: Report) -> Iterator[str]:
    origin, sha256 = report.crate.origin, report.crate.sha256[:16]
    yield f"From {origin}, sha256 {cell(sha256)}. {_read(report)}"
    yield ""
    for point in report.points:
        yield f"- risk {point.points}: {rule_name(point.rule)} ({cell(point.reason)})"
    yield from [""] if report.points else []
    for one in by_severity(report.findings)[:TOLD]:
        if one.path:
            yield f"- the way of a value ({rule_name(one.rule)}):"
            yield from (
                f"  - {cell(where_text(hop.where))}: {cell(hop.snippet)}" for hop in one.path
            )
    yield ""
    yield from table(
        ("can", "when", "places", "for example"),
        (
            (
                cell(one.name),
                ", ".join(one.phases),
                str(one.count),
                cell(", ".join(one.subjects[:3])),
            )
            for one in report.capabilities
        ),
    )
    yield from _ran(report)
    yield from gaps(report.gaps, is_blocking=False)


def _ran(report: Report) -> Iterator[str]:
    """What the build did in the sandbox, in short."""
    one = report.observation
    if one is None:
        return
    stages = "; ".join(f"{stage.name} {outcome_text(stage)}" for stage in one.stages)
    yield f"- built in the sandbox: {cell(stages, max_characters=400)}"
    if not events(report):
        yield f"- {QUIET}"
    loaded = sorted(one.payloads, key=lambda each: not each.decoys)
    for each in loaded[:_PAYLOADS]:
        held = f", with {', '.join(each.decoys)}" if each.decoys else ""
        yield f"- sent to {cell(payload_text(each) + held, max_characters=300)}"
    if len(loaded) > _PAYLOADS:
        yield f"- and {len(loaded) - _PAYLOADS} payloads more"
    yield ""


def _examples(one: Capability) -> str:
    return cell(", ".join(one.subjects[:3]))


def _read(report: Report) -> str:
    read = report.coverage
    phases = ", ".join(f"{count} {phase}" for phase, count in read.phases)
    return (
        f"Read {read.files} files ({read.size_bytes:,} bytes), "
        f"{read.rust_files} of Rust ({phases or 'none'})."
    )

"""An audit for people: the summary first, then what needs a person, then what was not looked at.

Plain text without a rich console: checking names must cost nothing. Every text of a lock file goes
through `printable`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from analyzer.model import Field, Gap, Member, Report, Span, Verdict, Where
from analyzer.project.audit import (
    ORDER,
    AuditResult,
    NameCheck,
    Place,
    Reason,
    Row,
    Since,
    Standing,
)
from analyzer.project.decisions import show as decided
from analyzer.project.graph.carriers import CARRIES
from analyzer.project.graph.judge import RUNS_AT_BUILD, way
from analyzer.project.graph.reach import BUILD_SCRIPT, LIBRARY, MACRO, Reach
from analyzer.project.graph.second import READ_AGAIN
from analyzer.project.hygiene import show as hygiene_text
from analyzer.report.text import printable

_COLORS = {
    Verdict.BLOCK: "1;37;41",
    Verdict.INCOMPLETE: "1;37;45",
    Verdict.REVIEW: "1;30;43",
    Verdict.CLEAR: "1;30;42",
}
_ROTATE = "If it was ever built, take the secrets of that machine as read, and rotate them."
_PIN = f"Pin another version: only the ones on record are bad. {_ROTATE}"
_BY_KIND = {
    "foreign-name": "Give every dependency on it path, git or registry, or take a name you own.",
    "affiliated": "Decide whether to trust its author: no hostile code was shown in it.",
    "compromised-release": _PIN,
    "tainted-vendored-code": _PIN,
    "": "Build nothing before it is known which of the two was changed.",
}
_BY_RULE = {
    RUNS_AT_BUILD: "A person should read what its caller uses of it: cratescope scan {}",
    READ_AGAIN: "Treat it as unread; what is missing: cratescope scan {}",
    CARRIES: "Ask why it takes along what it does not use; another version of it may not.",
}
_BY_SCAN = {
    Verdict.BLOCK: "Do not build it; the evidence: cratescope scan {}",
    Verdict.REVIEW: "A person should read it: cratescope scan {}",
    Verdict.INCOMPLETE: "Treat it as unread; what is missing: cratescope scan {}",
}
_NAMES_ONLY = (
    "Contents were not read, so only names, sources and ages were asked: --scan reads them."
)
PLACES_SHOWN = 4
FINDINGS_SHOWN = 3
EVIDENCE_SHOWN = 8
_RUNS = {BUILD_SCRIPT: "its build script", MACRO: "it is a macro", LIBRARY: "its library"}
GAPS_SHOWN = 12
NAMES_SHOWN = 12
_CHAIN_SHOWN = 12


def render(result: AuditResult, *, width: int = 100, color: bool = False) -> str:
    """The audit as text of at most about `width` columns, with colour codes if asked for."""
    lines = [*_head(result, color=color), ""]
    for row in result.rows:
        lines += [*_row(row, width, color=color), ""]
    if result.gaps:
        lines.append("Not looked at")
        for gap in result.gaps[:GAPS_SHOWN]:
            lines += _gap(gap, width)
        if len(result.gaps) > GAPS_SHOWN:
            lines.append(f"  and {len(result.gaps) - GAPS_SHOWN} more (see --format json)")
    told = [one for one in result.names or () if one.standing is not Standing.OWN]
    if told:
        lines += ["", *_names(told, width)]
    if result.decided is not None:
        lines += ["", *decided.lines(result.decided, width, color=color)]
        if not result.is_scanned:
            lines.append(_NAMES_ONLY)
    if result.hygiene is not None:
        lines += ["", *hygiene_text.lines(result.hygiene, width)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(result: AuditResult, *, color: bool) -> Iterator[str]:
    found, method = summary(result)
    packages = counted(result.packages, "locked package")
    files = counted(len(result.lockfiles), "lock file")
    yield f"{_word(result.verdict, color=color)}  {packages} in {files}: {found}"
    yield method


def summary(result: AuditResult) -> tuple[str, str]:
    """What was found, and how it was looked for: a sentence each, of our words and numbers."""
    counts = {one: sum(row.verdict is one for row in result.rows) for one in ORDER}
    found = ", ".join(f"{count} {one}" for one, count in counts.items() if count)
    them = "them" if result.since is None else "what changed"
    nothing = "nothing to report" if result.is_scanned else f"none of {them} is on record"
    unread = sum(one.is_blocking for one in result.gaps)
    if unread:
        found = ", ".join(one for one in (found, f"{unread} not looked at") if one)
    if result.is_scanned:
        method = f"Names were checked, and {counted(len(result.reports), 'archive')} read."
    else:
        method = "Names and versions were checked, contents were not: --scan reads them."
    if result.names is not None:
        method += f" {_asked(result.names)}"
    if result.since is not None:
        method += f" {_left_out(result, result.since)}"
    return f"{found or nothing}.", method


def _asked(names: Sequence[NameCheck]) -> str:
    """How many names stand how."""
    counts = {one: sum(each.standing is one for each in names) for one in Standing}
    return (
        f"The default registry was asked for {counted(len(names), 'name')} from elsewhere: "
        f"{counts[Standing.FREE]} free, {counts[Standing.FOREIGN]} taken by others, "
        f"{counts[Standing.OWN]} like yours."
    )


def _names(names: Sequence[NameCheck], width: int) -> Iterator[str]:
    """Names that somebody else has or may take; the others are counted above."""
    told = sorted(names, key=lambda one: (one.standing is Standing.FREE, one.name))
    yield "Names on the default registry"
    for one in told[:NAMES_SHOWN]:
        yield from _entry(one.standing, one.text, width)
    if len(told) > NAMES_SHOWN:
        yield f"  and {len(told) - NAMES_SHOWN} more (see --format json)"
    for text in dict.fromkeys(one.remedy for one in told):
        yield from _entry("next", text, width)


def _left_out(result: AuditResult, since: Since) -> str:
    judged = result.packages - result.unchanged
    commit = since.commits[0][:12] if since.commits else "that commit"
    return (
        f"Only what changed since {commit} was judged, {counted(judged, 'package')}: "
        f"{result.unchanged} stand as they did there and were not looked at again."
    )


def counted(number: int, what: str) -> str:
    """A number with its word."""
    return f"{number} {what}{'s' * (number != 1)}"


def _word(verdict: Verdict, *, color: bool) -> str:
    return f"\x1b[{_COLORS[verdict]}m {verdict} \x1b[0m" if color else str(verdict)


def _row(row: Row, width: int, *, color: bool) -> Iterator[str]:
    name = printable(f"{row.package.name} {row.package.version}", max_characters=160)
    yield f"{_word(row.verdict, color=color)}  {name}"
    for reason in row.reasons:
        yield from _entry("why", reason.text, width)
        if reason.advisories:
            yield from _entry("ids", ", ".join(reason.advisories), width)
        if reason.campaign:
            yield from _entry("part of", reason.campaign, width)
        for line in evidence_lines(reason):
            yield from _entry("at", line, width)
    if row.report is not None:
        for text in _findings(row.report):
            yield from _entry("finding", text, width)
    for place in row.places[:PLACES_SHOWN]:
        yield from _place(place, width)
    if len(row.places) > PLACES_SHOWN:
        yield from _entry("", f"and {len(row.places) - PLACES_SHOWN} more places", width)
    for text in dict.fromkeys(next_step(row, one) for one in row.reasons):
        yield from _entry("next", text, width)


def _place(place: Place, width: int) -> Iterator[str]:
    yield from _entry("where", where(place), width)
    if len(place.chain) > 1:
        yield from _entry("path", chain_text(place.chain), width)
    if place.reach is not None:
        for label, text in reach_lines(place.reach):
            yield from _entry(label, text, width)


def _entry(label: str, text: str, width: int) -> Iterable[str]:
    return textwrap.wrap(
        printable(text, max_characters=1200),
        width=max(width, 40),
        initial_indent=f"  {label:<8}" if len(label) < 8 else f"  {label} ",
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )


def where(place: Place) -> str:
    """Where a package is locked, not escaped."""
    return f"{place.lockfile}:{place.line}" if place.line else place.lockfile


def chain_text(chain: tuple[str, ...]) -> str:
    """How the project comes to a package, not escaped; a long way is cut in its middle."""
    if len(chain) <= _CHAIN_SHOWN:
        return " → ".join(chain)
    half = _CHAIN_SHOWN // 2
    hidden = f"({len(chain) - 2 * half} more)"
    return " → ".join((*chain[:half], hidden, *chain[-half:]))


def evidence_lines(reason: Reason) -> Iterator[str]:
    """Places that a reason over several packages cites, not escaped."""
    for one in reason.evidence[:EVIDENCE_SHOWN]:
        yield f"{_spot(one.where)}  {one.snippet.strip()}".rstrip()


def reach_lines(reach: Reach) -> Iterator[tuple[str, str]]:
    """What is built and run of a package, with labels, not escaped."""
    if not reach.is_built:
        yield "built", "no, not with these features and targets"
    if reach.runs:
        words = [_RUNS[one] for one in reach.runs]
        if reach.chain:
            words[-1] += f", {way(reach)}"
        yield "runs", f"on the build machine: {'; '.join(words)}"
    by: dict[str, list[str]] = {}
    for name, who in reach.features:
        if who and name != "default":
            by.setdefault(who, []).append(name)
    told = [f"{', '.join(names)} (by {who})" for who, names in sorted(by.items())]
    if told:
        more = f" and {len(told) - PLACES_SHOWN} more" if len(told) > PLACES_SHOWN else ""
        yield "features", "; ".join(told[:PLACES_SHOWN]) + more


def _findings(report: Report) -> Iterator[str]:
    for one in report.findings[:FINDINGS_SHOWN]:
        at = f", {_spot(one.evidence[0].where)}" if one.evidence else ""
        yield f"{one.severity}: {one.title} ({one.rule}{at})"
    if len(report.findings) > FINDINGS_SHOWN:
        yield f"and {len(report.findings) - FINDINGS_SHOWN} more"


def _spot(where: Where) -> str:
    if isinstance(where, Span):
        return f"{where.file}:{where.line}"
    if isinstance(where, Member):
        return where.member
    return f"{where.document}:{where.line}" if isinstance(where, Field) else where.stage


def next_step(row: Row, reason: Reason) -> str:
    """What to do about one reason, not escaped."""
    if reason.rule == "scan":
        return _BY_SCAN[reason.verdict].format(f"{row.package.name}@{row.package.version}")
    if reason.evidence:
        return "Do not build them together before a person has read all of these lines."
    if reason.rule in _BY_RULE:
        return _BY_RULE[reason.rule].format(f"{row.package.name}@{row.package.version}")
    return _BY_KIND.get(reason.kind, f"Remove it. {_ROTATE}")


def _gap(gap: Gap, width: int) -> Iterator[str]:
    line = f":{gap.line}" if gap.line else ""
    mark = "!" if gap.is_blocking else "-"
    yield from textwrap.wrap(
        printable(f"{gap.path}{line}  {gap.reason}".strip(), max_characters=600),
        width=max(width, 40),
        initial_indent=f"{mark} ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    if gap.remedy:
        yield f"    {printable(gap.remedy)}"

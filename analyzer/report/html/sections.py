"""The parts of a report on one crate beside its findings, each with its heading or its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from analyzer.model import (
    BUILD_TIME,
    Capability,
    Coverage,
    Fact,
    Finding,
    Gap,
    Indicator,
    Phase,
    Point,
    Provenance,
    Report,
    Severity,
    Verdict,
)
from analyzer.report.html.attack import Technique, techniques
from analyzer.report.html.findings import Scope, chip
from analyzer.report.html.markup import (
    NOTHING,
    Child,
    Markup,
    cell,
    code,
    element,
    facts,
    fold,
    joined,
    left_out,
    row_head,
    table,
    text,
)
from analyzer.report.wording import by_weight, where_text

GAPS_SHOWN = 200
INDICATORS_SHOWN = 300
FACTS_SHOWN = 1000
_SUBJECTS_SHOWN = 3
_SOURCES_SHOWN = 20
_BAR_WIDTH = 120
_COMMAND = "cratescope "


def strip(verdict: Verdict, level: int, name: Child, why: str, *more: Child) -> Markup:
    """What a hurried reader takes away: the verdict, of what, and why in one sentence."""
    return element(
        "div",
        element("p", verdict, class_="verdict"),
        element("div", element(f"h{level}", name), element("p", text(why), class_="why"), *more),
        class_=f"strip {verdict.lower()}",
    )


def risk(score: int, verdict: Verdict, of: str = "") -> Markup:
    """The score as a number and a bar; BLOCK begins at 70. What was not read is in no score."""
    word = f"Risk of {of}" if of else "Risk"
    if verdict is Verdict.INCOMPLETE:
        word = f"{word}, of what was read"
    said = element("span", element("strong", str(score)), " of 100", class_="figure")
    return element("div", element("span", word, class_="label"), said, bar(score), class_="risk")


def bar(value: int, *, most: int = 100) -> Markup:
    """A value as a bar; what it says stands beside it in words."""
    filled = max(0, min(_BAR_WIDTH, value * _BAR_WIDTH // most))
    return element(
        "svg",
        element("rect", width=_BAR_WIDTH, height=6, rx=3, class_="rail"),
        element("rect", width=filled, height=6, rx=3, class_="fill"),
        viewBox=f"0 0 {_BAR_WIDTH} 6",
        width=_BAR_WIDTH,
        height=6,
        aria_hidden="true",
    )


def glance(report: Report) -> Markup:
    """The counts that say how much there is to read."""
    counts = Counter(one.severity for one in report.findings)
    tiles = [tile(counts[one], one, kind=one) for one in reversed(Severity) if counts[one]]
    tiles = tiles or [tile(0, "finding", "findings")]
    tiles.append(gap_tile(report.gaps))
    tiles.append(tile(report.coverage.files, "file read", "files read"))
    return element("ul", *tiles, class_="glance")


def tile(count: int, one: str, many: str = "", kind: str = "") -> Markup:
    """One count with its word, in the color of a kind."""
    what = one if count == 1 or not many else many
    return element("li", element("strong", f"{count:,}"), " ", what, class_=f"tile {kind}".strip())


def gap_tile(gaps: tuple[Gap, ...]) -> Markup:
    """How much was not looked at."""
    blocking = sum(one.is_blocking for one in gaps)
    more = f", {blocking} of them blocking" if blocking else ""
    return tile(len(gaps), f"gap{more}", f"gaps{more}")


def advice(steps: Iterable[str]) -> Markup:
    """What to do next; a command of ours is set as one."""
    items = [
        element(
            "li",
            code(one, max_characters=200, class_="select")
            if one.startswith(_COMMAND)
            else text(one, max_characters=2500),
        )
        for one in steps
    ]
    return element("ul", *items, class_="next") if items else NOTHING


def points_table(points: tuple[Point, ...], rules: Mapping[str, str], scope: Scope) -> Markup:
    """What the score is made of; `rules` are the ids of their findings on the page."""
    rows = [
        (
            row_head(element("strong", str(one.points)), " ", bar(one.points), class_="points"),
            cell(_rule(one.rule, rules)),
            cell(text(one.reason)),
        )
        for one in points
    ]
    caption = "Points by rule; the sum is cut at 100"
    heads = ("Points", "Rule", "Why")
    return table(scope.anchor("points"), caption, heads, rows, is_wide=False)


def _rule(rule: str, rules: Mapping[str, str]) -> Markup:
    return element("a", code(rule), href=f"#{rules[rule]}") if rule in rules else code(rule)


def capabilities_table(capabilities: tuple[Capability, ...], scope: Scope) -> Markup:
    """What the code can do, by the phase it does it in."""
    used = {phase for one in capabilities for phase in one.phases}
    phases = [one for one in Phase if one in used]
    heads: list[Child] = ["It can"]
    heads += (element("span", one, class_="build" if one in BUILD_TIME else None) for one in phases)
    rows = [
        (
            row_head(text(one.name)),
            *(cell(_dot(is_there=phase in one.phases), class_="mark") for phase in phases),
            cell(f"{one.count:,}", class_="number"),
            cell(code(where_text(one.first), max_characters=160)),
            cell(*_examples(one.subjects)),
        )
        for one in capabilities
    ]
    caption = "What the code can do, and in which phase; good code can do much"
    return table(
        scope.anchor("capabilities"), caption, (*heads, "Places", "First at", "For example"), rows
    )


def _dot(*, is_there: bool) -> Markup:
    return element("span", "yes" if is_there else "no", class_="yes" if is_there else "no")


def _examples(subjects: tuple[str, ...]) -> Iterable[Child]:
    for number, one in enumerate(subjects[:_SUBJECTS_SHOWN]):
        yield element("br") if number else NOTHING
        yield code(one, max_characters=120)


def attack_table(findings: Iterable[Finding], rules: Mapping[str, str], scope: Scope) -> Markup:
    """ATT&CK techniques with the rules that speak of them; nothing if there are none."""
    cited: dict[str, list[str]] = {}
    for finding in findings:
        for one in finding.attack:
            cited.setdefault(one, []).append(finding.rule)
    if not cited:
        return NOTHING
    known = techniques()
    rows = []
    for name in sorted(cited):
        about = known.get(name, Technique())
        by: list[Child] = []
        for number, rule in enumerate(dict.fromkeys(cited[name])):
            by += [element("br") if number else NOTHING, _rule(rule, rules)]
        rows.append(
            (
                row_head(code(name)),
                cell(about.name or "not listed"),
                cell(", ".join(about.tactics)),
                cell(*by),
            )
        )
    heads = ("Technique", "Name", "Tactics", "Rule")
    return table(scope.anchor("attack"), "MITRE ATT&CK techniques, version 17", heads, rows)


def indicators_table(indicators: tuple[Indicator, ...], scope: Scope) -> Markup:
    """Literals to search for elsewhere; a click selects the whole of one."""
    rows = [
        (
            row_head(text(one.kind)),
            cell(code(one.value, max_characters=600, class_="select")),
            cell(code(where_text(one.where), max_characters=160)),
        )
        for one in indicators[:INDICATORS_SHOWN]
    ]
    caption = "Literals of the crate to search for elsewhere; a click selects one whole"
    heads = ("Kind", "Value", "At")
    shown = table(scope.anchor("indicators"), caption, heads, rows, is_wide=False)
    return joined((shown, left_out(INDICATORS_SHOWN, len(indicators), "indicators")))


def gap_list(gaps: tuple[Gap, ...]) -> Markup:
    """What was not looked at, and what would help; what keeps a verdict open comes first."""
    items = [_gap(one) for one in by_weight(gaps)[:GAPS_SHOWN]]
    shown = element("ul", *items, class_="gaps")
    return joined((shown, left_out(GAPS_SHOWN, len(gaps), "gaps")))


def _gap(one: Gap) -> Markup:
    at = f"{one.path}:{one.line}" if one.line else one.path
    when = f"runs in {', '.join(one.phases)}" if one.phases else ""
    return element(
        "li",
        chip("blocking", "critical") if one.is_blocking else chip("note", "info"),
        element(
            "div",
            element("p", text(one.reason, max_characters=600)),
            element("p", code(at, max_characters=160), " ", when, class_="note") if at else NOTHING,
            element("p", "What helps: ", text(one.remedy), class_="remedy")
            if one.remedy
            else NOTHING,
        ),
    )


def coverage_list(coverage: Coverage) -> Markup:
    """What was looked at."""
    phases = ", ".join(f"{count:,} {phase}" for phase, count in coverage.phases)
    return facts(
        (
            ("Files", f"{coverage.files:,} ({coverage.size_bytes:,} bytes)"),
            ("Rust files", f"{coverage.rust_files:,} ({coverage.rust_size_bytes:,} bytes)"),
            ("By phase", phases),
            ("Parsed", f"{coverage.parsed_files:,}"),
            ("Nothing to look for", f"{coverage.prefiltered_files:,}"),
        )
    )


def provenance_list(report: Report) -> Markup:
    """What made the report: the same values give the same report."""
    made: Provenance = report.provenance
    sources = [code(one) for one in made.sources[:_SOURCES_SHOWN]]
    return facts(
        (
            ("Crate", code(f"{report.crate.name}@{report.crate.version}")),
            ("Origin", report.crate.origin),
            ("SHA-256", code(report.crate.sha256, class_="select")),
            ("cratescope", text(made.tool_version)),
            ("Rule set", code(made.ruleset)),
            ("Limits", code(made.limits)),
            ("Ages counted to", text(made.as_of)),
            ("Sources", joined(element("div", one) for one in sources)),
        )
    )


def fact_table(found: tuple[Fact, ...], scope: Scope) -> Markup:
    """Every fact, folded away: findings rest on them, and most are harmless."""
    rows = [
        (
            row_head(one.kind),
            cell(code(one.subject, max_characters=200)),
            cell(", ".join(one.phases)),
            cell(code(where_text(one.where), max_characters=160)),
        )
        for one in found[:FACTS_SHOWN]
    ]
    caption = "Facts in the order of files and lines"
    shown = table(scope.anchor("facts"), caption, ("Kind", "About", "Runs in", "At"), rows)
    count = f"{min(len(found), FACTS_SHOWN):,}"
    said = f"{count} facts" if len(found) <= FACTS_SHOWN else f"The first {count} facts"
    return fold(said, shown, left_out(FACTS_SHOWN, len(found), "facts"), class_="fold bulk")

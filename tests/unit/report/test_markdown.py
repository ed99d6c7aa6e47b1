from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from analyzer.model import Hop, Report, Span, Verdict
from analyzer.report import comment, markdown
from analyzer.report.comment import Block

Compare = Callable[[str, str], None]
PATH = (Hop(Span("build.rs", 41), "let key"), Hop(Span("build.rs", 44), "connect"))


def test_the_comment_is_golden(compare: Compare, blocked: Report, clear: Report) -> None:
    found = tuple(replace(one, path=PATH) for one in blocked.findings)
    report = replace(blocked, findings=found)
    text = markdown.render((clear, report), failures=("no crate `nothing`",))
    compare("markdown/several.md", text)


def test_one_clear_crate_is_a_few_lines(clear: Report) -> None:
    text = markdown.render((clear,))
    assert text.startswith("<!-- cratescope scan -->\n### cratescope: CLEAR\n")
    assert "Crate y 0.1.0: Nothing in 3 Rust files" in text


def test_the_verdict_is_the_worst(blocked: Report, clear: Report) -> None:
    assert "### cratescope: BLOCK\n" in markdown.render((clear, blocked))
    unread = replace(clear, verdict=Verdict.INCOMPLETE)
    assert "### cratescope: INCOMPLETE\n" in markdown.render((clear, unread))


def test_nothing_but_failures_is_incomplete() -> None:
    text = markdown.render((), failures=("no crate `a`",))
    assert "### cratescope: INCOMPLETE\n" in text
    assert "- no report: no crate &#96;a&#96;\n" in text


def test_what_a_reader_needs_stands_before_details(blocked: Report) -> None:
    text = markdown.render((blocked,))
    order = ["### cratescope: BLOCK", "**critical**", "not looked at: an identifier", "<details>"]
    places = [text.index(one) for one in order]
    assert places == sorted(places)
    assert text.index("a macro that cannot be read") > text.index("<details>")


def test_many_crates_are_counted(blocked: Report) -> None:
    text = markdown.render((blocked,) * 100)
    assert "100 crates read: 100 BLOCK." in text
    assert "and 40 more" in text
    assert len(text) <= 60_000


def test_a_long_comment_is_cut_in_whole_lines_and_says_so(blocked: Report) -> None:
    long = replace(blocked, summary="@" * 400)
    text = markdown.render((long,) * 100)
    assert len(text) <= 60_000 + 100
    last = text.splitlines()[-1]
    assert last.startswith("_Cut here: ")
    assert "lines more are left out" in last


def test_a_cut_never_leaves_details_open(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = (
        comment.block(["a" * 40] * 3),
        comment.folded("more", ["b" * 40] * 9),
        comment.folded("most", ["c" * 40]),
    )
    for length in range(60, 700, 7):
        monkeypatch.setattr(comment, "LENGTH_MAX", length)
        text = comment.comment("scan", blocks)
        assert text.count("<details>") == text.count("</details>")
        kept = sum(text.count(one * 40) for one in "abc")
        assert (kept == 13) is ("_Cut here" not in text)
        assert len(text) <= length + 80


def test_nothing_to_fold_is_no_block() -> None:
    assert comment.folded("title", []) == Block(())


def test_a_rule_that_is_no_rule_is_no_code() -> None:
    assert comment.rule_name("build-uses-network") == "`build-uses-network`"
    assert "`" not in comment.rule_name("` <b>")


def test_a_command_can_be_copied_and_nothing_else_becomes_code() -> None:
    assert comment.advice("Do not: cratescope scan a@1.0.0") == (
        "Do not&#58; `cratescope scan a@1.0.0`"
    )
    for hostile in ("cratescope scan a`b", "cratescope scan a b@\n", "cratescope"):
        assert "`" not in comment.advice(hostile).replace("&#96;", "")

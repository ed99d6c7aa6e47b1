"""Comments full of hostile text, read by GitHub's own parser: nothing in them is alive."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import Gap, GapKind, Lockfile, Report, Severity, Verdict
from analyzer.project import audit_markdown, diff_markdown
from analyzer.project.audit import AuditResult, Key, Place, Reason, Row
from analyzer.project.changes import compare
from analyzer.project.hygiene.model import HygieneResult, HygieneRow
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.report import markdown
from analyzer.report.text import markdown_text, printable

from .test_printable import hostile_report, is_harmless

TAGS = set(
    "h3 h4 p ul li strong code table thead tbody tr th td blockquote em details summary".split()
)
EXTENSIONS = ["table", "autolink", "tagfilter", "strikethrough", "tasklist"]
CALLS = re.compile(r"@\w|#\w|\bGH-\d|!\d|&\d", re.IGNORECASE)
"""What forges make mentions and references of, in text whose entities are read."""
PIECES = (
    *("@all", "@team/x", "#1", "a/b#2", "GH-3", "!4", "&5", "x@evil.invalid", "xmpp:a@b.invalid"),
    *("![x](https://evil.invalid)", "[x](y)", "[x]: y", "<b>", "<!-- cratescope scan -->", "-->"),
    *("```", "~~~", "`", "**", "__", "~~", "| a |", "|", "\\|", "    ", "\t", "- ", "1. ", "> "),
    *("# ", "---", "===", "</details>", "<details>", "&lt;", "&#64;all", "]]>", "<![CDATA["),
    *("\n", "\r\n", "\n\n", "\n/approve", "\n::error::", "::error::x", "##[error]", "\u2028"),
    *("https://evil.invalid", "www.evil.invalid", "\u202e", "\u200b", "\ud800", "\x1b[31m", "\x00"),
    *('"', "'", "$(x)", "$a^2$", "漢字", "x" * 200, "@" * 50, "\\", ":smile:", "[^1]", "- [ ] "),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join) | st.text(max_size=40)


class Page(HTMLParser):
    """What a parser saw: tags, texts and comments."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["code"]:  # forges look for nothing in code
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            del self.open[self.open.index(tag) :]

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def assert_dead(text: str, command: str) -> None:
    """No markup, call, command or mark but ours."""
    html = cmarkgfm.markdown_to_html_with_extensions(
        text, options=Options.CMARK_OPT_UNSAFE, extensions=EXTENSIONS
    )
    page = Page(html)
    assert set(page.tags) <= TAGS
    assert page.attributes <= {"align"}
    assert page.comments == [f" cratescope {command} "]
    assert page.tags.count("details") == html.count("</details>")
    assert not CALLS.search("".join(page.texts))
    assert is_harmless(text.replace("→", ""))
    for line in text.split("\n"):
        assert not re.match(r"\s*(/|::|```|~~~|    )", line), line
    assert text.startswith(f"<!-- cratescope {command} -->\n### cratescope: ") or command == "diff"
    assert len(text) <= 60_100


@given(TEXTS)
def test_a_text_in_a_line_is_only_text(text: str) -> None:
    html = cmarkgfm.markdown_to_html_with_extensions(
        f"a {markdown_text(text)} b", options=Options.CMARK_OPT_UNSAFE, extensions=EXTENSIONS
    )
    page = Page(html)
    assert page.tags == ["p"]
    assert not page.comments
    assert "".join(page.texts).replace("\u200b", "") == f"a {printable(text)} b\n"
    assert not CALLS.search("".join(page.texts))


@given(st.data())
def test_a_scan_is_dead(data: st.DataObject) -> None:
    text = data.draw(TEXTS)
    reports = tuple(_report(text, one) for one in (Verdict.BLOCK, Verdict.INCOMPLETE))
    assert_dead(markdown.render(reports, failures=(text,)), "scan")
    assert_dead(markdown.render(reports[:1]), "scan")


def _report(text: str, verdict: Verdict) -> Report:
    return hostile_report(text, verdict)


@given(TEXTS)
def test_an_audit_is_dead(text: str) -> None:
    key = Key(text, text, text, text)
    reasons = (Reason("scan", Verdict.REVIEW, text, text, (text,), text),)
    places = (Place(text, 1, (text, text, text)),) * 6
    rows = (Row(key, reasons, places, _report(text, Verdict.REVIEW)),)
    gaps = tuple(Gap(GapKind.UNREADABLE, text, text, 1, (), one, text) for one in (True, False))
    habit = HygieneRow(text, 3, "build-unlocked", Severity.MEDIUM, text, text)
    hygiene = HygieneResult((habit,), gaps, (text,))
    locks = (Lockfile(text, 4, ()),)
    found = AuditResult(locks, rows, gaps, "digest", is_scanned=True, hygiene=hygiene)
    assert_dead(audit_markdown.render(found), "audit")


@given(TEXTS)
def test_a_diff_is_dead(text: str) -> None:
    new, old = _report(text, Verdict.BLOCK), _report("a", Verdict.CLEAR)
    step = compare(old, new)
    assert_dead(diff_markdown.render(step), "diff")
    head = (text, "changed", text, text, 3)
    rows = (
        PackageChange(*head, Verdict.BLOCK, text, diff=step),
        PackageChange(*head, Verdict.BLOCK, text, report=new),
    )
    gaps = (Gap(GapKind.UNREADABLE, text, text, 1, (), True, text),)
    assert_dead(diff_markdown.render(LockDiff(text, text, rows, gaps)), "diff")

from __future__ import annotations

import json

import pytest

from analyzer.report.text import json_text, log_lines, one_line, printable


@pytest.mark.parametrize(
    "hidden",
    [
        *("\x00", "\x1b", "\x07", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\x9b"),
        *("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\u2029"),
        *("\u00a0", "\u3000", "\u2800", "\u3164", "\uffa0", "\u115f", "\u034f", "\u180b"),
        *("\ufe0f", "\U000e0100", "\U000e0041", "\ue000", "\U00100000", "\ud800", "\uffff"),
    ],
    ids=lambda one: f"U+{ord(one):04X}",
)
def test_what_is_not_seen_as_itself_is_shown_by_number(hidden: str) -> None:
    assert printable(f"a{hidden}b") == f"a\\u{{{ord(hidden):x}}}b"


@pytest.mark.parametrize("text", ["plain", "[/b] :smile: `", "é 漢字 🦀 ς", "e\u0301", 'r##"x"##'])
def test_what_is_seen_as_itself_stays(text: str) -> None:
    assert printable(text) == text


def test_marks_stand_on_letters_and_do_not_pile_up() -> None:
    assert printable("\u0301a") == "\\u{301}a"
    assert printable("a" + "\u0301" * 5) == "a\u0301\u0301" + "\\u{301}" * 3


def test_blanks_are_shown_as_source_has_them() -> None:
    assert printable("\tfn main()\r\n") == " fn main()\\r\\n"


def test_long_text_is_cut_and_says_so() -> None:
    assert printable("x" * 401) == "x" * 400 + "…"
    assert printable("x" * 400) == "x" * 400
    assert printable("\x1b" * 3, max_characters=2) == "\\u{1b}\\u{1b}…"


@pytest.mark.parametrize("command", ["##[error]", "##vso[task.x]", "a ##teamcity[b]", "###[x]"])
def test_log_commands_are_broken(command: str) -> None:
    for shown in (printable(command), json_text(command)):
        assert not any(f"##{word}[" in shown for word in ("", "vso", "teamcity"))


def test_one_line_folds_blanks() -> None:
    assert one_line(" a\n\tb  c\x1b") == "a b c\\u{1b}"


def test_no_line_of_a_log_begins_with_a_command() -> None:
    text = "::error::a\n  ::warning::b\n\x1b[1m ::notice::c\nstd::fs\n:d"
    assert log_lines(text) == (
        "\\u{3a}:error::a\n  \\u{3a}:warning::b\n\x1b[1m \\u{3a}:notice::c\nstd::fs\n:d"
    )


@pytest.mark.parametrize("text", ["é\u202e\x7f\x1b🦀\u2028", "##[group]", 'a"\\\n'])
def test_json_text_is_plain_and_reads_back(text: str) -> None:
    shown = json_text({"key": text})
    assert shown.isascii()
    assert shown.isprintable()
    assert json.loads(shown) == {"key": text}


def test_lone_surrogate_becomes_text_that_every_reader_takes() -> None:
    assert json.loads(json_text("a\udc80b")) == "a\\udc80b"

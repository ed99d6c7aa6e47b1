"""Shell texts split into what they run, whatever the quoting, and any bytes are survived."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.syntax.cmd_exe import cmd_commands
from analyzer.syntax.powershell import decoded_command, power_calls
from analyzer.syntax.shell import commands


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a b; c", [("a", "b"), ("c",)]),
        ("a 'b c' && d", [("a", "b c"), ("d",)]),
        ("X=1 a | b", [("a",), ("b",)]),
        ("echo $(id)", [("echo", "{}"), ("id",)]),
        ("(a; { b; }) || c", [("a",), ("b",), ("c",)]),
        ('x=1; a "$x$HOME" $y', [("a", "1{home}", "{env:y}")]),
        ("f() { a; }; if b; then c; fi", [("a",), ("b",), ("c",)]),
        ("eval 'a b'", [("sh", "-c", "a b")]),
        ("sh <<E\na\nE\n", [("sh",), ("sh", "-c", "a\n")]),
        ("printf '\\x69\\144' | bash", [("printf", "\\x69\\144"), ("bash",), ("bash", "-c", "id")]),
        ("a 'unclosed", [("a",)]),
        ("", []),
    ],
)
def test_text_splits_into_commands(text: str, found: list[tuple[str, ...]]) -> None:
    assert [one.words for one in commands(text)] == found


def test_redirections_are_kept() -> None:
    found = [one.redirects for one in commands("a < b > c 2>&1; exec 3<>/dev/tcp/192.0.2.1/80")]
    targets = [[one.target for one in row] for row in found]
    assert targets[0] == ["b", "c"]
    assert "/dev/tcp/192.0.2.1/80" in targets[1]


@pytest.mark.parametrize("text", ["æ{\U000bcd55\U0007d17bË\x8e뺁", "{\U0007d17b", "a{\U0010ffff}"])
def test_letters_beyond_every_table_of_the_c_library_are_letters(text: str) -> None:
    commands(text)
    assert commands(f"curl -d {text[:1]}ü https://x.invalid")[0].words[-2].endswith("ü")


@given(st.text(max_size=200) | st.text(alphabet="abc $(){}<>|&;'\"\\`=\n", max_size=80))
def test_any_text_is_read(text: str) -> None:
    commands(text)
    power_calls(text)
    cmd_commands(text)
    decoded_command(text)

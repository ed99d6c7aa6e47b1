"""The lexer follows rustc's token rules and unescapes every literal once."""

from __future__ import annotations

import pytest

from analyzer.syntax.lexer import TokenKind, literal_text, tokens


def _texts(data: bytes, *, with_comments: bool = False) -> list[str]:
    found = tokens(data, with_comments=with_comments)
    return [data[one.start : one.end].decode("utf-8", "replace") for one in found]


def _kinds(data: bytes) -> list[TokenKind]:
    return [one.kind for one in tokens(data)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"std/**/::fs", ["std", ":", ":", "fs"]),
        (b"a/* b /* c */ d */e", ["a", "e"]),
        (b"a // b\nc", ["a", "c"]),
        (b'r#fn r#"x"# r##"a"#b"## r', ["r#fn", 'r#"x"#', 'r##"a"#b"##', "r"]),
        (
            b'b"x\\"" c"x" br"\\" cr#"y"# b\'\\\'\'',
            ['b"x\\""', 'c"x"', 'br"\\"', 'cr#"y"#', "b'\\''"],
        ),
        (b"'a 'a' '\\'' '\\u{1F_4A9}' 'static", ["'a", "'a'", "'\\''", "'\\u{1F_4A9}'", "'static"]),
        (b"<'a,'b>('\"',\"'\")", ["<", "'a", ",", "'b", ">", "(", "'\"'", ",", '"\'"', ")"]),
        (b"1..2 1.5e-3f32 0xFF_u8 x.0.1 1.max", None),
        ("'é' é漢 'é".encode(), ["'é'", "é漢", "'é"]),
    ],
)
def test_tokens_end_where_rustc_ends_them(source: bytes, expected: list[str] | None) -> None:
    wanted = expected or [
        "1",
        ".",
        ".",
        "2",
        "1.5e-3f32",
        "0xFF_u8",
        "x",
        ".",
        "0.1",
        "1",
        ".",
        "max",
    ]
    assert _texts(source) == wanted


@pytest.mark.parametrize("blank", ["\u0085", "\u200e", "\u200f", "\u2028", "\u2029", "\v", "\f"])
def test_blanks_of_rustc_separate_words(blank: str) -> None:
    assert _texts(f"a{blank}b{blank}".encode()) == ["a", "b"]


def test_other_wide_characters_belong_to_words() -> None:
    assert _texts("a\u00a0b \u2027c".encode()) == ["a\u00a0b", "\u2027c"]


def test_comments_are_kept_on_request() -> None:
    found = _texts(b"/// doc\nfn /* x */ f", with_comments=True)
    assert found == ["/// doc", "fn", "/* x */", "f"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"#!/usr/bin/env run\nfn", ["fn"]),
        (b"\xef\xbb\xbf#!x\nfn", ["fn"]),
        (b"#![allow(x)]\nfn", ["#", "!", "[", "allow", "(", "x", ")", "]", "fn"]),
        (b"#!\n[allow]\nfn", ["#", "!", "[", "allow", "]", "fn"]),
        (b"#! // c\n [a]", ["#", "!", "[", "a", "]"]),
    ],
)
def test_a_first_line_is_a_shebang_only_when_no_attribute_follows(
    source: bytes, expected: list[str]
) -> None:
    assert _texts(source) == expected


@pytest.mark.parametrize(
    "source", [b'r##"never closed"# std::fs', b'"never \\" std::fs', b'br#" std::fs']
)
def test_what_is_never_closed_hides_nothing_behind_it(source: bytes) -> None:
    assert TokenKind.UNKNOWN in _kinds(source)
    assert {"std", "fs"} <= set(_texts(source))


@pytest.mark.parametrize("part", [b'r#"', b'\\"', b"/*", b"'", b' b"\\', b"'\\u{", b"r#", b"\xe2"])
def test_no_input_takes_more_steps_than_bytes(part: bytes) -> None:
    assert sum(1 for _ in tokens(part * 100_000)) <= len(part) * 100_000


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (rb'".ssh/id"', ".ssh/id"),
        (rb'"\x2essh/id"', ".ssh/id"),
        (rb'"\u{2e}ssh/id"', ".ssh/id"),
        (rb'"\u{0_0__2_E_______}ssh/id"', ".ssh/id"),
        (b'".ssh\\\n   \t /id"', ".ssh/id"),
        (b'".ssh\\\r\n   /id"', ".ssh/id"),
        (b'r".ssh/id"', ".ssh/id"),
        (b'r##".ssh/id"##', ".ssh/id"),
        (b'b".ssh/id"', ".ssh/id"),
        (rb'b"\x2essh/id"', ".ssh/id"),
        (b'br#".ssh/id"#', ".ssh/id"),
        (b'c".ssh/id"', ".ssh/id"),
        (b'cr#".ssh/id"#', ".ssh/id"),
        (rb'"a\n\r\t\0\\\"\'"', "a\n\r\t\0\\\"'"),
        (b'"a\r\nb"', "a\nb"),
        (rb"'\u{2e}'", "."),
        (rb"'\''", "'"),
        (b"b'x'", "x"),
        (rb'b"\xff"', "\xff"),
        (rb'r"\x2e"', r"\x2e"),
        (b'"\\\n\xc2\xa0x"', "\xa0x"),
        (rb'"\u{d800}\u{110000}"', "\ufffd\ufffd"),
        (b'"never closed', "never closed"),
        (b"12", None),
        (b"name", None),
        (b"", None),
    ],
)
def test_a_literal_of_any_kind_has_one_value(literal: bytes, value: str | None) -> None:
    assert literal_text(literal) == value

"""Every word of a file is in its tree or named as lost; nothing crashes; budgets are counted."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import tree_sitter

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Gap, GapKind, Phase, SourceFile
from analyzer.syntax.lexer import literal_text
from analyzer.syntax.parse import LANGUAGE, ParsedFile, bracket_depth, parse

_CALL = b'\nfn sink() { std::fs::read(".env"); }\n'
_CALLS = tree_sitter.Query(LANGUAGE, "(call_expression function: (_) @n)")


def _parsed(data: bytes) -> ParsedFile:
    parsed = parse(SourceFile("src/lib.rs", data), limits=DEFAULT_LIMITS)
    assert isinstance(parsed, ParsedFile)
    return parsed


def _called(parsed: ParsedFile) -> list[str]:
    nodes = tree_sitter.QueryCursor(_CALLS).captures(parsed.tree.root_node).get("n", [])
    return [re.sub(r"\s|/\*.*?\*/", "", parsed.text(one)) for one in nodes]


@pytest.mark.parametrize(
    "odd",
    [
        rb'const A: &str = "\u{6_5}";',
        rb"const A: char = '\u{6_5}';",
        rb'const A: &str = "\u{0_0_0_0_6_5__________}";',
        rb'const A: &[u8] = b"\x41\\"; const B: &str = r"\u{6_5}";',
        rb'const A: &str = "\\u{6_5}"; m!("\u{6_5}");',
        b'const A: &CStr = c"x"; const B: &CStr = cr#"x"#;',
        b"// \0\n",
        b"/* \0 */",
        b'const A: &str = "\0";',
        b"fn async_() { let try_ = 1; }",
        b'extern r"C" { fn f(); }',
        b'unsafe extern "C" { safe fn f(); }',
        b"fn f() -> impl use<'a> Sized {}",
        b"#!\n[allow(x)]",
        b"// x\n#! /* c */ [allow(x)] fn a() {}",
        b'm!(1r#" " " "#);',
        b"\xef\xbb\xbf#!/bin/x\n",
        b"const A: f64 = 1.; const B: f64 = 0x1.e5;",
    ],
)
def test_an_odd_token_hides_no_call_behind_it(odd: bytes) -> None:
    parsed = _parsed(odd + _CALL)
    assert "std::fs::read" in _called(parsed)
    assert not parsed.gaps


@pytest.mark.parametrize("blank", ["\u0085", "\u200e", "\u200f", "\u2028", "\u2029"])
def test_blanks_that_only_rustc_knows_stand_at_every_border(blank: str) -> None:
    tokens = re.findall(rb'\w+|::|"[^"]*"|[^\w\s]', _CALL.replace(b"fn ", b"fn\n"))
    for index in range(len(tokens) + 1):
        before, after = b" ".join(tokens[:index]), b" ".join(tokens[index:])
        parsed = _parsed(before + blank.encode() + after)
        assert _called(parsed) == ["std::fs::read"], index
        assert len(parsed.data) == len(before + blank.encode() + after)


def test_literals_keep_their_odd_blanks_and_their_values() -> None:
    source = 'const A: &str = "a\u2028\\u{6_5}\0";\u2028const B: u8 = 1;'.encode()
    parsed = _parsed(source)
    literal = re.search(rb'"[^"]*"', parsed.data)
    assert literal is not None
    assert literal_text(literal[0]) == "a\u2028e\0"


@pytest.mark.parametrize(
    "source",
    [
        b"#! [allow(x)] fn sink() { std::fs::read(x); }",
        b"//\n#!/*\n*/[allow(x)] fn sink() { std::fs::read(x); }",
        b"#!// c\n\n[allow(x)] fn sink() { std::fs::read(x); }",
        b"#!\n[allow(x)] fn sink() { std::fs::read(x); }",
    ],
)
def test_an_attribute_that_looks_like_a_first_line_hides_no_code(source: bytes) -> None:
    parsed = _parsed(source)
    assert _called(parsed) == ["std::fs::read"]
    assert not parsed.tree.root_node.has_error
    assert parsed.data.count(b"\n") == source.count(b"\n")
    assert parsed.data.index(b"fn sink") == source.index(b"fn sink")


def test_a_number_that_ends_like_a_raw_prefix_hides_no_code() -> None:
    parsed = _parsed(b'm!(1r#" " std::fs::read(x) " "#, 0x1br##" " std::net::f() "#"##);')
    shown = tree_sitter.QueryCursor(tree_sitter.Query(LANGUAGE, "(identifier) @n"))
    names = {parsed.text(one) for one in shown.captures(parsed.tree.root_node)["n"]}
    assert {"fs", "read", "net", "f"} <= names


@pytest.mark.parametrize(
    "macro",
    [
        b'm!(cr#" " std::fs::read(x) " "#);',
        b'm!(cr"\\" " std::fs::read(x) " ");',
    ],
)
def test_old_editions_have_no_c_texts_that_hide_code(macro: bytes) -> None:
    shown = tree_sitter.QueryCursor(tree_sitter.Query(LANGUAGE, "(identifier) @n"))
    file = SourceFile("src/lib.rs", macro)
    for edition, is_seen in (("2015", True), ("2018", True), ("2021", False)):
        parsed = parse(file, limits=DEFAULT_LIMITS, edition=edition)
        assert isinstance(parsed, ParsedFile)
        names = {parsed.text(one) for one in shown.captures(parsed.tree.root_node)["n"]}
        assert ("read" in names) is is_seen


def test_comments_between_segments_do_not_split_a_path() -> None:
    assert _called(_parsed(b"fn f() { std/**/::/* a */fs::read(x); }")) == ["std::fs::read"]


def test_words_the_grammar_swallows_are_lost_and_a_gap() -> None:
    source = b'fn a() {}\nconst A: &str = "\\u{zz\nb" ;' + b"'\\u{q}" + _CALL * 2
    parsed = _parsed(source)
    in_tree = set()
    cursor = tree_sitter.QueryCursor(tree_sitter.Query(LANGUAGE, "(identifier) @n"))
    for node in cursor.captures(parsed.tree.root_node).get("n", []):
        in_tree.add(node.start_byte)
    lost = {one.start for one in parsed.lost}
    for match in re.finditer(rb"\bread\b", source):
        assert match.start() in in_tree | lost


def test_an_error_elsewhere_loses_no_words() -> None:
    parsed = _parsed(b"fn f( { } ] ) ;" + _CALL)
    assert parsed.tree.root_node.has_error
    assert not [one for one in parsed.gaps if one.kind is GapKind.SYNTAX_LOST]


def test_words_bare_inside_an_error_are_named() -> None:
    parsed = _parsed(b"fn f() { let = std::fs::read @ }")
    names = [parsed.data[one.start : one.end] for one in parsed.lost]
    assert names == [b"fn", b"f", b"let"]


def test_what_is_not_utf8_is_read_and_a_gap() -> None:
    data = b"// \xff\xfe\n" + _CALL + b'const A: &str = "\xc3";'
    parsed = _parsed(data)
    assert _called(parsed) == ["std::fs::read"]
    assert [(one.kind, one.line) for one in parsed.gaps] == [(GapKind.NOT_UTF8, 1)]
    assert len(parsed.data) == len(data)


def test_lines_end_at_line_feeds_only_and_columns_count_characters() -> None:
    data = '/* \r \v \f \x1c \u0085 \u2028 */ fn f() { "ü\r\n漢"; /* é */ a(); }\n'.encode()
    parsed = _parsed(data)
    start = data.index(b"a()")
    node = parsed.tree.root_node.descendant_for_byte_range(start, start + 3)
    assert node is not None
    span = parsed.span(node)
    assert (span.line, span.column, span.end_line) == (2, len('漢"; /* é */ a'), 2)
    assert span == parsed.span_of(start, start + 3)
    assert parsed.line_text(2).startswith('漢"; ')
    assert parsed.line_text(0) == parsed.line_text(99) == ""


def test_a_file_over_its_size_is_a_gap() -> None:
    limits = replace(DEFAULT_LIMITS, rust_file_size_bytes=10, build_file_size_bytes=1000)
    file = SourceFile("build.rs", _CALL)
    gap = parse(file, limits=limits)
    assert isinstance(gap, Gap)
    assert gap.kind is GapKind.TOO_LARGE
    build = parse(file, limits=limits, phases=(Phase.BUILD_SCRIPT,))
    assert isinstance(build, ParsedFile)


_DEEP = 200_000


@pytest.mark.parametrize("pair", [b"()", b"{}"])
def test_brackets_nested_beyond_the_limit_are_a_gap(pair: bytes) -> None:
    opening, closing = pair[:1] * _DEEP, pair[1:] * _DEEP
    for data in (opening, b"m!(" + opening + closing + b");", closing + opening):
        gap = parse(SourceFile("a.rs", b"fn f() {" + data), limits=DEFAULT_LIMITS)
        assert isinstance(gap, Gap)
        assert gap.kind is GapKind.BUDGET


@pytest.mark.parametrize(
    "source",
    [
        b"fn f(){x=" + b"!" * _DEEP + b"1;}",
        b"fn f(){x=1" + b"+1" * _DEEP + b";}",
        b"fn f(){x" + b".a()" * _DEEP + b";}",
        b"use a" + b"::a" * _DEEP + b";",
        b"type T=" + b"V<" * _DEEP + b"u8" + b">" * _DEEP + b";",
        b"}" * _DEEP,
        b"'" * _DEEP,
    ],
)
def test_other_depth_neither_crashes_nor_takes_long(source: bytes) -> None:
    assert isinstance(parse(SourceFile("a.rs", source), limits=DEFAULT_LIMITS), ParsedFile | Gap)


@pytest.mark.parametrize("source", [b'r#"' * 100_000, b"/ : !\n" * 10_000])
def test_a_file_that_takes_too_many_parser_steps_is_a_gap(source: bytes) -> None:
    gap = parse(SourceFile("a.rs", source), limits=DEFAULT_LIMITS)
    assert isinstance(gap, Gap)
    assert gap.kind is GapKind.BUDGET


def test_brackets_in_texts_and_comments_do_not_count_as_depth() -> None:
    data = b'const A: &str = "' + b"(" * 20_000 + b'"; // ' + b"[" * 20_000
    assert bracket_depth(data, exact_from=300) == 0
    assert bracket_depth(b")" * 500 + b"((()))(", exact_from=300) == 3
    assert bracket_depth(b"(([{}]))", exact_from=300) == 4

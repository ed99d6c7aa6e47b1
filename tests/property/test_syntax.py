"""Tokens, flat code and tree agree on any soup, and none of them loses a word in silence."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Gap, SourceFile
from analyzer.syntax.declarations import declarations
from analyzer.syntax.flat import flatten
from analyzer.syntax.lexer import TokenKind, literal_text, tokens
from analyzer.syntax.parse import parse

_PARTS = st.sampled_from(
    [
        *"( ) { } [ ] < > ; , . :: # ! & | = + - * / ? @ $ _ ' \" \\".split(" "),
        *"fn mod use std fs read include as path let match r b c br cr r# b' e1 1 1.0 0x1f 1r x".split(),
        *[
            '"s"',
            '"a\\"b"',
            'r"\\"',
            'r#"a"b"#',
            'b"x"',
            'c"y"',
            "'a",
            "'a'",
            "'\\''",
            "'\"'",
            "b'x'",
        ],
        *['r#"', '"#', "//", "/*", "*/", "/* /* */ */", "// '\n", "\n", " ", "\t", "\r\n", "\0"],
        *[
            "é",
            "\u0085",
            "\u200e",
            "\u2028",
            "\ufeff",
            "#!",
            "#![a]",
            "r#fn",
            "'r#a",
            "\\u{6_5}",
            "$x",
        ],
    ]
)
_SOUP = st.lists(_PARTS, max_size=60).map("".join)
_TEXTS = (TokenKind.STRING, TokenKind.RAW_STRING)


@given(st.binary(max_size=200) | _SOUP.map(str.encode))
def test_tokens_cover_any_bytes_in_order(data: bytes) -> None:
    end = 0
    for token in tokens(data, with_comments=True):
        assert end <= token.start < token.end <= len(data)
        end = token.end


@given(st.binary(max_size=200) | _SOUP.map(str.encode))
def test_any_bytes_are_read_for_literals_and_declarations(data: bytes) -> None:
    literal_text(data)
    declarations(data, limit=100)
    flatten(data)


@settings(max_examples=1500)
@given(_SOUP)
@example("'a'r#\"x\"#")
@example('\'br#"x"#')
@example('1br#" std "#')
@example('\u2028br"\\" std')
@example("#!/* \n std")
def test_flat_code_holds_the_words_and_texts_of_the_tokens(soup: str) -> None:
    data = soup.encode()
    found = flatten(data)
    if not found.is_exact or any(one.kind is TokenKind.UNKNOWN for one in tokens(data)):
        return  # the first is not trusted, the second no compiler takes
    texts = [(one.end, data[one.start : one.end].lstrip(b"bc")) for one in tokens(data)]
    wanted = [text for one, text in zip(tokens(data), texts, strict=True) if one.kind in _TEXTS]
    assert wanted == [(end, data[start:end]) for start, end in found.texts]
    assert _words(data) == _words(b"\n" + found.code)
    assert len(found.code) == len(data)


def _words(data: bytes) -> list[bytes]:
    words = (one for one in tokens(data) if one.kind is TokenKind.IDENTIFIER)
    return [data[one.start : one.end] for one in words]


@settings(max_examples=300)
@given(_SOUP)
def test_words_are_in_the_tree_or_lost(soup: str) -> None:
    parsed = parse(SourceFile("a.rs", soup.encode()), limits=DEFAULT_LIMITS)
    if isinstance(parsed, Gap):
        return
    lost = {one.start for one in parsed.lost}
    leaves: list[tuple[int, int, str]] = []
    pending = [parsed.tree.root_node]
    while pending:
        node = pending.pop()
        pending += node.children
        if not node.children:
            leaves.append((node.start_byte, node.end_byte, node.type))
    if not parsed.tree.root_node.has_error:
        return
    for token in tokens(parsed.data):
        if token.kind is TokenKind.IDENTIFIER and token.start not in lost:
            around = [one for one in leaves if one[0] <= token.start and token.end <= one[1]]
            assert any("comment" not in one[2] and "content" not in one[2] for one in around)

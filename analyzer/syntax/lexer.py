"""Rust's tokens by rustc's own rules, in one linear pattern: the second witness beside the grammar.

Works on any bytes, never raises and never backtracks; what is no token is `UNKNOWN`. Literals are
unescaped here, once, so that everything later compares values and not spellings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class TokenKind(StrEnum):
    """What a token is. A literal's prefix (`b`, `c`, `r`) is told by its first bytes."""

    IDENTIFIER = "identifier"
    LIFETIME = "lifetime"
    CHARACTER = "character"
    STRING = "string"
    RAW_STRING = "raw-string"
    NUMBER = "number"
    PUNCTUATION = "punctuation"
    COMMENT = "comment"
    UNKNOWN = "unknown"


class Token(NamedTuple):
    """One token: its kind and byte range. Punctuation is one byte each; `r#` belongs to a word."""

    kind: TokenKind
    start: int
    end: int


# U+0085, U+200E, U+200F, U+2028, U+2029: blanks to rustc, not to the grammar, glue to a byte scan.
ODD_BLANK = rb"\xe2\x80[\x8e\x8f\xa8\xa9]|\xc2\x85"
_WIDE = rb"(?!" + ODD_BLANK + rb")[\x80-\xff]"
# Groups are never possessive: Python before 3.11.5 matches those wrongly (single characters work).
WORD = rb"(?:[A-Za-z_]|" + _WIDE + rb")[A-Za-z0-9_]*+(?:" + _WIDE + rb"[A-Za-z0-9_]*+)*"
_GRAMMAR = (
    rb"[\x09-\x0d\x20]*+(?:"
    rb"(?P<identifier>(?!(?:[bc]?r#*+|[bc])\"|b')(?:r#)?" + WORD + rb")"
    rb"|(?P<punctuation>(?!/[/*])[!#-&(-/:-@\[-`{-~])"
    rb"|(?P<comment>//[^\n]*+)"
    rb"|(?P<number>[0-9](?:[eE][+-][0-9]|[0-9A-Za-z_]|\.[0-9])*)"
    rb"|(?P<string>[bc]?\"%s)"
    rb"|(?P<character>b?'(?:\\(?:u\{[^'}]*+\}|x[^']{2}|[^ux])|[^\\\x80-\xff]"
    rb"|[\xc0-\xff][\x80-\xbf]*+)')"
    rb"|(?P<lifetime>'(?:r#)?" + WORD + rb")"
    rb"|(?P<blank>" + ODD_BLANK + rb")"
    rb"|(?P<block>/\*)|(?P<raw>[bc]?r#*+\")|(?P<open>[bc]?\")|(?P<end>\Z)|(?P<unknown>(?s:.)))"
)
_TOKEN = re.compile(_GRAMMAR % rb"[^\"\\]*+(?:\\(?s:.)[^\"\\]*+)*\"")
# Behind a text that is never closed every other quote is an escaped one, so none closes either:
# without the second pattern a file of escaped quotes would be searched to its end at each of them.
_TOKEN_UNCLOSED = re.compile(_GRAMMAR % rb"(?!)")
_KINDS = {one.value: one for one in TokenKind}
_COMMENT_BORDER = re.compile(rb"/\*|\*/")
_SHEBANG = re.compile(rb"#![^\n]*+")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ESCAPE = re.compile(
    r"\\(?:u\{(?P<unicode>[0-9a-fA-F_]+)\}|x(?P<hex>[0-9a-fA-F]{2})|(?P<skip>\n[\t\n\r ]*+)"
    r"|(?P<plain>.))",
    re.DOTALL,
)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_LITERAL = re.compile(r"[bc]?(?:(?P<raw>r)(?P<hashes>#*))?(?P<quote>[\"'])")


def tokens(data: bytes, *, start: int = 0, with_comments: bool = False) -> Iterator[Token]:
    """All tokens from `start` on, which must be a token's border; blanks are left out.

    A literal that is never closed is `UNKNOWN`, its opening alone, and the rest is lexed on.
    """
    position = start or _prologue(data)
    pattern = _TOKEN
    unclosed: set[int] = set()
    while True:
        for match in pattern.finditer(data, position):
            name = match.lastgroup or "end"
            begin, position = match.span(name)
            kind = _KINDS.get(name)
            if kind is None:
                break
            if kind is not TokenKind.COMMENT or with_comments:
                yield Token(kind, begin, position)
        if name == "end":
            return
        if name == "blank":
            continue
        if name == "open":
            pattern, kind = _TOKEN_UNCLOSED, TokenKind.UNKNOWN
        elif name == "block":
            kind, position = TokenKind.COMMENT, _block_end(data, position)
        else:
            kind, position = _raw(data, begin, position, unclosed)
        if kind is not TokenKind.COMMENT or with_comments:
            yield Token(kind, begin, position)


def _prologue(data: bytes) -> int:
    """Where code begins, behind a byte order mark and a `#!` line that opens no attribute."""
    begin = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
    shebang = _SHEBANG.match(data, begin)
    if shebang is None:
        return begin
    following = next(tokens(data, start=begin + 2), None)
    is_attribute = following is not None and data[following.start] == ord("[")
    return begin if is_attribute else shebang.end()


def _block_end(data: bytes, position: int) -> int:
    """End of a block comment, which may hold others; the file's end if it is never closed."""
    depth = 1
    for match in _COMMENT_BORDER.finditer(data, position):
        depth += 1 if match[0] == b"/*" else -1
        if depth == 0:
            return match.end()
    return len(data)


def _raw(data: bytes, begin: int, opened: int, unclosed: set[int]) -> tuple[TokenKind, int]:
    """Kind and end of a raw text; `unclosed` holds the numbers of `#` that nothing closes."""
    hashes = data.count(b"#", begin, opened)
    if hashes not in unclosed:
        closing = data.find(b'"' + b"#" * hashes, opened)
        if closing >= 0:
            return TokenKind.RAW_STRING, closing + 1 + hashes
        unclosed.add(hashes)
    return TokenKind.UNKNOWN, opened


def literal_text(data: bytes) -> str | None:
    r"""The value of a text, byte text, C text, character or byte literal; None for anything else.

    `\xNN` is the character of that number, in byte texts too: `b"\xff"` gives U+00FF.
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")  # as rustc does before it lexes
    match = _LITERAL.match(text)
    if match is None:
        return None
    closing = match["quote"] + (match["hashes"] or "")
    end = text.rfind(closing, match.end())
    body = text[match.end() : end if end >= 0 else len(text)]
    if match["raw"]:
        return body if match["quote"] == '"' else None
    return _ESCAPE.sub(_unescaped, body)


def _unescaped(match: re.Match[str]) -> str:
    if match["unicode"] is not None:
        # Any number of underscores and leading zeros is legal, so the length says nothing.
        point = int(match["unicode"].replace("_", "").lstrip("0")[:7] or "0", 16)
        return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"
    if match["hex"] is not None:
        return chr(int(match["hex"], 16))
    if match["skip"] is not None:
        return ""
    return _PLAIN.get(match["plain"], match["plain"])

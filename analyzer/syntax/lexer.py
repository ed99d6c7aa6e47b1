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
ODD_BLANKS = tuple(one.encode() for one in "\u0085\u200e\u200f\u2028\u2029")
_WIDE = rb"(?!" + ODD_BLANK + rb")[\x80-\xff]"
# No group is ever repeated here: a repeated group costs memory for each turn, and possessive ones,
# which do not, match wrongly before Python 3.11.5. What repeats is followed in `Special`.
_TOKEN = re.compile(
    rb"[\x09-\x0d\x20]*+(?:"
    rb"(?P<identifier>(?!(?:[bc]?r#*+|[bc])\"|b')(?:r#)?[A-Za-z_][A-Za-z0-9_]*+(?!" + _WIDE + rb"))"
    rb"|(?P<punctuation>(?!/[/*])[!#-&(-/:-@\[-`{-~])"
    rb"|(?P<comment>//[^\n]*+)"
    rb"|(?P<number>[0-9][0-9A-Za-z_]*+(?:\.[0-9][0-9A-Za-z_]*+)?(?:(?<=[eE])[+-][0-9][0-9A-Za-z_]*+)?)"
    rb"|(?P<string>[bc]?\"[^\"\\]*+\")"
    rb"|(?P<character>b?'(?:\\(?:u\{[^'}]*+\}|x[^']{2}|[^ux])|[^\\\x80-\xff]"
    rb"|[\xc0-\xff][\x80-\xbf]*+)')"
    rb"|(?P<lifetime>'(?:r#)?[A-Za-z_][A-Za-z0-9_]*+(?!" + _WIDE + rb"))"
    rb"|(?P<blank>" + ODD_BLANK + rb")"
    rb"|(?P<wide>'?(?:r#)?(?:[A-Za-z_][A-Za-z0-9_]*+)?(?=" + _WIDE + rb"))"
    rb"|(?P<escaped>[bc]?\")|(?P<raw>[bc]?r#*+\")|(?P<block>/\*)|(?P<end>\Z)|(?P<unknown>(?s:.)))"
)
_WIDE_PART = re.compile(_WIDE + rb"[A-Za-z0-9_]*+")
_TEXT_PART = re.compile(rb"\\(?s:.)|\"")
_NAMED = {one.value: one for one in TokenKind}
_KINDS = (None, *(_NAMED.get(one) for one in _TOKEN.groupindex))
"""What each group of the pattern is, by its number; None where more has to be looked at."""
_COMMENT_BORDER = re.compile(rb"/\*|\*/")
_C_RAW = re.compile(rb"\bcr(?=#*+\")")
_EDITIONS_WITHOUT_C_TEXTS = frozenset({"2015", "2018"})
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
    position = start or code_start(data)
    special = Special(data)
    while True:
        for match in _TOKEN.finditer(data, position):
            group = match.lastindex or 0
            begin, position = match.span(group)
            kind = _KINDS[group]
            if kind is None:
                break
            if kind is not TokenKind.COMMENT or with_comments:
                yield Token(kind, begin, position)
        name = match.lastgroup
        if name is None or name == "end":
            return
        if name == "blank":
            continue
        kind, position = special.read(name, begin, position)
        if kind is not TokenKind.COMMENT or with_comments:
            yield Token(kind, begin, position)


class Special:
    """The tokens that one pattern cannot hold: `read` gives kind and end of one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._is_text_closed = True
        self._unclosed: set[int] = set()  # numbers of `#` that close no raw text any more

    def read(self, name: str, begin: int, opened: int) -> tuple[TokenKind, int]:
        """`opened` is where the matched beginning ends."""
        if name == "wide":
            return self._word(begin, opened)
        if name == "block":
            return TokenKind.COMMENT, self._block_end(opened)
        return self._raw(begin, opened) if name == "raw" else self._text(opened)

    def _word(self, begin: int, position: int) -> tuple[TokenKind, int]:
        while (match := _WIDE_PART.match(self._data, position)) is not None:
            position = match.end()
        is_lifetime = self._data[begin] == ord("'")
        return TokenKind.LIFETIME if is_lifetime else TokenKind.IDENTIFIER, position

    def _text(self, opened: int) -> tuple[TokenKind, int]:
        # Behind a text that is never closed every other quote is an escaped one, so none closes
        # either: a file of escaped quotes is searched to its end once, not at each of them.
        if self._is_text_closed:
            for match in _TEXT_PART.finditer(self._data, opened):
                if match[0] == b'"':
                    return TokenKind.STRING, match.end()
            self._is_text_closed = False
        return TokenKind.UNKNOWN, opened

    def _raw(self, begin: int, opened: int) -> tuple[TokenKind, int]:
        hashes = self._data.count(b"#", begin, opened)
        if hashes not in self._unclosed:
            closing = self._data.find(b'"' + b"#" * hashes, opened)
            if closing >= 0:
                return TokenKind.RAW_STRING, closing + 1 + hashes
            self._unclosed.add(hashes)
        return TokenKind.UNKNOWN, opened

    def _block_end(self, position: int) -> int:
        """End of a block comment, which may hold others; the file's end if it is never closed."""
        depth = 1
        for match in _COMMENT_BORDER.finditer(self._data, position):
            depth += 1 if match[0] == b"/*" else -1
            if depth == 0:
                return match.end()
        return len(self._data)


def code_start(data: bytes) -> int:
    """Where code begins, behind a byte order mark and a `#!` line that opens no attribute."""
    begin = len(_BYTE_ORDER_MARK) if data.startswith(_BYTE_ORDER_MARK) else 0
    shebang = _SHEBANG.match(data, begin)
    if shebang is None:
        return begin
    following = next(tokens(data, start=begin + 2), None)
    is_attribute = following is not None and data[following.start] == ord("[")
    return begin if is_attribute else shebang.end()


def as_edition_reads(data: bytes, edition: str) -> bytes:
    """The file with `cr` before a text blanked where an edition has no C texts, as long as before.

    There `cr#" " code " "#` in a macro is a word, a sign and two texts with code between them.
    """
    may_differ = edition in _EDITIONS_WITHOUT_C_TEXTS and (b'cr"' in data or b"cr#" in data)
    return _C_RAW.sub(b"  ", data) if may_differ else data


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

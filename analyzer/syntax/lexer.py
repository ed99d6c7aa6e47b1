"""Rust's tokens by rustc's own rules, in one linear pattern: the second witness beside the grammar.

Works on any bytes and never raises: what is no token is `unknown`. Literals are unescaped here,
once, so that everything later compares values and not spellings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Token(NamedTuple):
    """One token: its kind and byte range. Kinds: see `_PATTERN`."""

    kind: str
    start: int
    end: int


_WORD = rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*"
_PATTERN = re.compile(
    rb"(?P<space>[\x09-\x0d\x20]+)"
    rb"|(?P<line_comment>//[^\n]*)"
    rb"|(?P<block_comment>/\*)"
    rb'|(?P<raw_string>(?:b|c)?r(?P<hashes>#*)"(?s:.)*?"(?P=hashes))'
    rb'|(?P<string>(?:b|c)?"(?:[^"\\]|\\(?s:.))*")'
    rb"|(?P<char>b?'(?:[^'\\\n]|\\(?:u\{[0-9a-fA-F_]*\}|x[0-9a-fA-F]{2}|[^ux]))'"
    rb"|'[\x80-\xff]{2,4}')"
    rb"|(?P<lifetime>'(?:r#)?" + _WORD + rb")"
    rb"|(?P<identifier>(?:r#)?" + _WORD + rb")"
    rb"|(?P<number>[0-9](?:[0-9A-Za-z_]|\.[0-9])*)"
    rb"|(?P<punctuation>[!-/:-@\[-`{-~])"
    rb"|(?P<unknown>(?s:.))"
)
_BLOCK = re.compile(rb"/\*|\*/")
_ESCAPE = re.compile(
    r"\\(?:u\{(?P<unicode>[0-9a-fA-F_]{1,8})\}|x(?P<hex>[0-9a-fA-F]{2})|(?P<skip>\r?\n\s*)"
    r"|(?P<plain>.))",
    re.DOTALL,
)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_LITERAL = re.compile(r"(?P<prefix>[bc]?)(?P<raw>r?)(?P<hashes>#*)(?P<quote>[\"'])", re.DOTALL)


def tokens(data: bytes, *, limit: int = 1 << 62) -> Iterator[Token]:
    """All tokens but blanks and comments, at most `limit`; covers every byte of any input."""
    position = count = 0
    while position < len(data) and count < limit:
        match = _PATTERN.match(data, position)
        if match is None:
            return
        kind = match.lastgroup or "unknown"
        kind = "raw_string" if kind == "hashes" else kind
        end = match.end() if kind != "block_comment" else _block_end(data, match.end())
        if kind not in ("space", "line_comment", "block_comment"):
            count += 1
            yield Token(kind, position, end)
        position = end


def _block_end(data: bytes, position: int) -> int:
    """End of a block comment, which may hold others; the file's end if it is never closed."""
    depth = 1
    for match in _BLOCK.finditer(data, position):
        depth += 1 if match[0] == b"/*" else -1
        if depth == 0:
            return match.end()
    return len(data)


def literal_text(data: bytes) -> str | None:
    """The value of a text, byte or character literal of any kind; None for anything else.

    Byte strings come back one character a byte where they escape, else as the text they spell.
    """
    text = data.decode("utf-8", "replace")
    match = _LITERAL.match(text)
    if match is None:
        return None
    closing = match["quote"] + match["hashes"]
    body = text[match.end() :].removesuffix(closing)
    if match["raw"]:
        return body
    if match["hashes"]:
        return None
    return _ESCAPE.sub(_unescaped, body)


def _unescaped(match: re.Match[str]) -> str:
    if match["unicode"] is not None:
        point = int(match["unicode"].replace("_", "") or "0", 16)
        return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"
    if match["hex"] is not None:
        return chr(int(match["hex"], 16))
    if match["skip"] is not None:
        return ""
    return _PLAIN.get(match["plain"], match["plain"])

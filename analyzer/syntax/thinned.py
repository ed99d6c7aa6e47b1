"""A file without what declares no module, so that its tokens are read in a fraction of the time,
and all its words and texts.
"""

from __future__ import annotations

import re

from analyzer.syntax.flat import flatten, merged
from analyzer.syntax.lexer import TokenKind, literal_text, tokens
from analyzer.syntax.regions import CONTAINERS, regions

_NAMING = re.compile(rb"\bmod\b|include|macro")
_BLANKS = bytes(one if one in b"\n" else 32 for one in range(256))


def without_bodies(data: bytes) -> bytes:
    """The file with comments, and bodies that name no module and no macro, blanked in place."""
    flat = flatten(data)
    found = regions(flat.code) if flat.is_exact else None
    if found is None:
        return data
    ranges = [
        (one.start, one.end)
        for one in found.all
        if one.kind not in CONTAINERS and not _NAMING.search(flat.code, one.start, one.end)
    ]
    parts: list[bytes] = []
    position = 0
    for start, end in merged(ranges, flat.comments):
        parts += (data[position:start], data[start:end].translate(_BLANKS))
        position = end
    return b"".join([*parts, data[position:]])


def words_and_texts(data: bytes) -> tuple[frozenset[str], frozenset[str]]:
    """All identifiers and all texts of a file: what a macro in it could make a path from."""
    words: set[bytes] = set()
    texts: set[bytes] = set()
    for token in tokens(data):
        if token.kind is TokenKind.IDENTIFIER:
            words.add(data[token.start : token.end])
        elif token.kind in (TokenKind.STRING, TokenKind.RAW_STRING):
            texts.add(data[token.start : token.end])
    plain = (one.removeprefix(b"r#").decode("utf-8", "replace") for one in words)
    return frozenset(plain), frozenset(literal_text(one) or "" for one in texts)

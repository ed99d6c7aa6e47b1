"""A file without what declares no module, so that its tokens are read in a fraction of the time,
and all its words and texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.syntax.flat import Range, flatten, merged
from analyzer.syntax.lexer import TokenKind, literal_text, tokens

_BRACES = re.compile(rb"[{}]")
_OPENING = ord("{")
_NAMING = re.compile(rb"\bmod\b|include|macro")
_BLANKS = bytes(one if one in b"\n" else 32 for one in range(256))


def without_bodies(data: bytes) -> bytes:
    """The file with comments, and all items and bodies that name no module and no macro, blanked in
    place.
    """
    flat = flatten(data)
    ranges = list(_idle(flat.code)) if flat.is_exact else []
    parts: list[bytes] = []
    position = 0
    for start, end in merged(ranges, flat.comments):
        parts += (data[position:start], data[start:end].translate(_BLANKS))
        position = end
    return b"".join([*parts, data[position:]])


def _idle(code: bytes) -> Iterator[Range]:
    """Items, and what stands between braces, that name nothing; none where braces do not pair.

    What stands before a brace goes with it, unless it opens or closes another bracket.
    """
    found: list[Range] = []
    opened: list[int] = []
    borders = [0]  # where what stands before the next brace of this depth begins
    for match in _BRACES.finditer(code):
        position = match.start()
        if code[position] == _OPENING:
            opened.append(position)
            borders.append(position + 1)
            continue
        if not opened:
            return
        start = opened.pop()
        borders.pop()
        border, borders[-1] = borders[-1], position + 1
        if _NAMING.search(code, start, position):
            continue
        while found and found[-1][0] > start:
            found.pop()
        head = code[border:start]
        is_apart = not _NAMING.search(head) and all(
            head.count(one) == head.count(other) for one, other in ((b"(", b")"), (b"[", b"]"))
        )
        found.append((border, position + 1) if is_apart else (start + 1, position))
    if not opened:
        yield from found


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

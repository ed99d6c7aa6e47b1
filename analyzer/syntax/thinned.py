"""A file without what declares no module, so that its tokens are read in a fraction of the time,
and all its words and texts.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from analyzer.syntax.flat import Range, flatten, merged
from analyzer.syntax.lexer import TokenKind, literal_text, tokens
from analyzer.syntax.vocabulary import compiled

_BRACES = re.compile(rb"[{}]")
_OPENING = ord("{")
_NAMING = compiled(rb"\bmod\b|include|\bmacro(?:_rules)?\b")
_PAIRS = ((b"(", b")"), (b"[", b"]"))


def without_bodies(data: bytes) -> bytes:
    """The file without comments, and without all items and bodies that name no module and no macro;
    every line stays where it is.
    """
    flat = flatten(data)
    ranges = list(_idle(flat.code)) if flat.is_exact else []
    parts: list[bytes] = []
    position = 0
    for start, end in merged(ranges, flat.comments):
        parts += (data[position:start], b" ", b"\n" * data.count(b"\n", start, end))
        position = end
    return b"".join([*parts, data[position:]])


def _idle(code: bytes) -> Iterator[Range]:
    """Items, and what stands between braces, that name nothing; none where braces do not pair.

    What stands before a brace goes with it, unless it opens or closes another bracket.
    """
    braces = [match.start() for match in _BRACES.finditer(code)]
    closing = _closing(code, braces)
    naming = [match.start() for match in _NAMING.finditer(code)]
    naming.append(len(code))
    number = border = 0  # `border`: where what stands before the brace begins
    while number < len(closing):
        start, end = braces[number], braces[closing[number]]
        if naming[bisect_left(naming, start)] < end or start == end:
            number, border = number + 1, start + 1
            continue
        is_apart = naming[bisect_left(naming, border)] >= start and all(
            code.count(one, border, start) == code.count(other, border, start)
            for one, other in _PAIRS
        )
        yield (border, end + 1) if is_apart else (start + 1, end)
        number, border = closing[number] + 1, end + 1


def _closing(code: bytes, braces: list[int]) -> list[int]:
    """For each opening brace the number of the one that closes it, for that one its own; empty
    where they do not pair.
    """
    closing = list(range(len(braces)))
    opened: list[int] = []
    for number, position in enumerate(braces):
        if code[position] == _OPENING:
            opened.append(number)
        elif opened:
            closing[opened.pop()] = number
        else:
            return []
    return [] if opened else closing


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

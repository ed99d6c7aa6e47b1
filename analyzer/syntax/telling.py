"""Texts that are facts by themselves: URLs, addresses, secret places, encoded runs."""

from __future__ import annotations

import functools
import itertools
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

import re2

from analyzer.signatures import IndicatorList
from analyzer.syntax.flat import Range
from analyzer.syntax.lexer import literal_text
from analyzer.syntax.machine.decoders import from_base64
from analyzer.syntax.vocabulary import compiled

BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
HEX = re.compile(r"(?:[0-9a-fA-F]{2}){8,}")
_TELLING = re.compile(r"://|//:|\d\.\d{1,3}\.\d{1,3}\.\d|^cargo:")
_NAME = re.compile(r"[A-Za-z]+\d{0,3}(?:[_-][A-Za-z]+\d{0,3})*")
_KEY_SHAPE = (
    r"\[[^\]\n]*(?:0-9a-f|a-f0-9|0-9A-F|A-F0-9)[^\]\n]*\]\{64\}|1-9A-HJ-NP-Za-km-z\]|A[KS]IA\["
    r"|gh[pousr]_\[|github_pat_|xox\[|\bsk-\[|\beyJ\[|npm_\[|PRIVATE KEY"
)
_WALLET = (
    r"^(?:0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{38,58}|[13][1-9A-HJ-NP-Za-km-z]{25,34}"
    r"|T[1-9A-HJ-NP-Za-km-z]{33}|4[0-9AB][1-9A-HJ-NP-Za-km-z]{93})$"
)
_WALLET_FORM = (
    r"0x\[[0-9a-fA-F-]{6,12}\]\{40\}|bc1[\[(]|\[13\]\[|\[1-9A-HJ-NP-Za-km-z\]\{3"
    r"|T\[[A-Za-z1-9-]+\]\{33\}"
)
_SHAPES = (
    (re.compile(_WALLET_FORM), "form of wallet addresses"),
    (re.compile(_KEY_SHAPE), "shape of a key"),
    (re.compile(_WALLET), "wallet address"),
)
_QUICK = (
    rb"(?m:^cargo:)|://|//:|\d\.\d{1,3}\.\d{1,3}\.\d|\\[xu\n]"
    rb"|(?m:^(?:\\[nrt]|\s)*[A-Za-z0-9+/_-]{16,}={0,2}(?:\\[nrt]|\s)*$)|%b|%b"
    % (_KEY_SHAPE.encode(), _WALLET_FORM.encode())
)
_NUMBERS = re.compile(rb"\d[\s0-9a-fA-Fxu_,]{24,}+")
_QUICK_NUMBERS = compiled(rb"[0-9][\s\x0b0-9a-fA-Fxu_,]{24}")
_BYTE = re.compile(rb"\b(?:0x[0-9a-fA-F]{1,2}|\d{1,3})(?=\b|u8)")
_BETWEEN_LINES = {ord(one): None for one in "\n\r\t"}
_DOCUMENTATION = re.compile(rb"\bdoc\s*=\s*r?#*\Z")
_SHORTEST = 6
_LARGEST_BYTE = 255
_LONG = 40
_SHORT = 100
_SECRET_LENGTH = 300

Telling = tuple[re2._Regexp, Callable[[bytes], bool]]


@functools.lru_cache(maxsize=4)
def telling(secrets: IndicatorList, words: IndicatorList) -> Telling:
    """A quick pattern over many texts joined by line feeds, and the question about one literal."""
    values = [one.value for one in secrets.entries]
    places = "|".join(_place(one) for one in (*values, *(one[::-1] for one in values)))
    spoken = "|".join(re.escape(one.value) for one in words.entries)
    quick = rb"(?i:(?m:(?:^|[/\\])(?:%b)(?:[/\\]|$))|%b)" % (places.encode(), spoken.encode())

    def is_telling(literal: bytes) -> bool:
        text = literal_text(literal) or ""
        if _TELLING.search(text):
            return True
        compact = text.strip()
        if key_shape(text) or words.match(text):
            return True
        if len(text) < _SECRET_LENGTH and (secrets.match(text) or secrets.match(compact[::-1])):
            return True
        return is_encoded(compact) or bool(HEX.fullmatch(compact)) or _decodes(compact)

    known = functools.lru_cache(maxsize=4096)(is_telling)  # names of features stand everywhere
    return (
        compiled(_QUICK + b"|" + quick),
        lambda literal: (known if len(literal) < _SHORT else is_telling)(literal),
    )


def told(telling: Telling, data: bytes, texts: list[Range]) -> list[int]:
    """Starts of the texts of a file that are facts by themselves."""
    quick, is_telling = telling
    inner = [data[start + 1 : end - 1] for start, end in texts]
    distinct = list(dict.fromkeys(inner))
    held = {distinct[one] for one in holding(quick, distinct)}
    return [
        start
        for (start, end), text in zip(texts, inner, strict=True)
        if text in held and not is_documentation(data, start) and is_telling(data[start:end])
    ]


def holding(pattern: re2._Regexp, texts: Sequence[bytes]) -> Iterator[int]:
    """The numbers of the texts in which a pattern finds something, in order.

    All texts are searched as one: the pattern must not care for where a text begins and ends
    otherwise than for lines. What it finds across several is asked of each of them.
    """
    ends = list(itertools.accumulate(len(one) + 1 for one in texts))
    together = b"\n".join(texts)
    match = pattern.search(together)
    while match is not None:
        first = bisect_right(ends, match.start())
        last = bisect_right(ends, max(match.start(), match.end() - 1))
        for number in range(first, min(last + 1, len(texts))):
            if pattern.search(texts[number]):
                yield number
        if last + 1 >= len(texts):
            return
        match = pattern.search(together, ends[last])


def key_shape(text: str) -> str:
    """Whether a text is a pattern to search secrets by, or a wallet's address; empty if neither."""
    return next((name for shape, name in _SHAPES if shape.search(text)), "")


def is_documentation(data: bytes, start: int) -> bool:
    """Whether the text that starts there is the value of a `doc` attribute."""
    return _DOCUMENTATION.search(data[max(0, start - 16) : start]) is not None


def spelled(telling: Telling, code: bytes) -> list[int]:
    """Starts of the lists of numbers that spell such a text."""
    found: list[int] = []
    for run in _NUMBERS.finditer(code) if _QUICK_NUMBERS.search(code) else ():
        numbers = _BYTE.findall(run[0]) if run[0].count(b",") >= _SHORTEST else ()
        text = _spelled_by(numbers)
        if text and telling[1](b'"' + text.replace(b'"', b" ") + b'"'):
            found.append(run.start())
    return found


def _spelled_by(numbers: Sequence[bytes]) -> bytes:
    """The text that these bytes are; empty for any other bytes."""
    if len(numbers) < _SHORTEST:
        return b""
    values = [int(one, 16 if one[:2] == b"0x" else 10) for one in numbers]
    text = bytes(values) if max(values) <= _LARGEST_BYTE else b""
    return text if text.isascii() and text.decode().isprintable() else b""


def is_encoded(text: str) -> bool:
    """Whether a text is long base64 or hex; words joined by `_` and `-` are a name."""
    return (
        len(text) >= _LONG
        and bool(BASE64.fullmatch(text) or HEX.fullmatch(text))
        and not _NAME.fullmatch(text)
    )


def _place(glob: str) -> str:
    """A path of an indicator list as part of a pattern, with either slash, doubled or not."""
    known = {"*": r"[^/\\\n]*", "?": r"[^/\\\n]", "/": r"[/\\]+"}
    return "".join(known.get(one, re.escape(one)) for one in glob.strip("/"))


def _decodes(text: str) -> bool:
    """Whether a text is base64 of readable text."""
    if not BASE64.fullmatch(text):
        return False
    try:
        return is_readable(from_base64(text.encode()).decode())
    except ValueError:
        return False


def is_readable(text: str) -> bool:
    """Whether a text has no control characters but those between lines and columns."""
    return text.translate(_BETWEEN_LINES).isprintable()

"""Code in documentation that `cargo test` runs: every fence that is no text, in line and block
comments, in `doc` attributes, and in Markdown files that such an attribute includes.

The rest of the file is blanked, so lines stay; bytes move by the length of what opens a function. A
fence becomes a function around its code.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

_LINE = re.compile(rb"(?m)^[ \t]*//[/!](?P<text>[^\n]*)$")
_BLOCK = re.compile(rb"(?s)/\*[*!](?![*/])(?P<text>.*?)\*/")
_ATTRIBUTE = re.compile(
    rb"doc(?<![A-Za-z0-9_]doc)\s*=\s*(?:r(?P<marks>#*)\"(?P<raw>(?s:.*?))\"(?P=marks)|\"(?P<text>(?:[^\"\\]|\\(?s:.))*)\")"
)
_INCLUDED = re.compile(
    rb"\b(?:include_str|doctest|doctest_file)!\s*[({\[]\s*(?P<base>concat!\s*\(\s*env!\s*\(\s*"
    rb"\"CARGO_MANIFEST_DIR\"\s*,?\s*\)\s*,\s*)?\"(?P<path>[^\"]+)\""
)
_FENCE = re.compile(rb"[ \t*>]*(?:```+|~~~+)[ \t]*\{?(?P<words>[\w ,.=-]*)")
_HIDDEN = re.compile(rb"^(\s*(?:\*\s)?\s*)#(?=\s|$)")
_MARGIN = re.compile(rb"^\s*\*(?=\s|$)")
_RUN = frozenset(
    {b"rust", b"should_panic", b"standalone_crate"}
    | {b"edition2015", b"edition2018", b"edition2021", b"edition2024"}
)
_OPENED, _CLOSED = b"fn d(){", b"}"
_BLANK, _LINE_FEED = b" \n", 10
_BLANKS = bytes(one if one in b"\n" else 32 for one in range(256))
_MARKDOWN = (".md", ".markdown", ".txt", ".mkd")

Span = tuple[int, int]


def doctests(data: bytes, *, is_markdown: bool = False) -> bytes:
    """The file with nothing but the code of its documentation tests; empty if it has none."""
    if data.find(b"```") < 0 and data.find(b"~~~") < 0:
        return b""
    data = b" " * len(_OPENED) + data  # room for a fence in the first line
    code = bytearray(data.translate(_BLANKS))
    texts = [list(_lines(data, 0, len(data)))] if is_markdown else list(_texts(data))
    has_any = False
    for lines in texts:
        has_any = _read(data, code, lines) or has_any
    return bytes(code) if has_any else b""


def documents(path: str, data: bytes) -> Iterator[str]:
    """The Markdown files that a Rust file includes as its documentation, from the crate's root."""
    has_any = any(one in data for one in (b"include_str!", b"doctest!", b"doctest_file!"))
    for match in _INCLUDED.finditer(data) if has_any else ():
        text = match["path"].decode("utf-8", "replace")
        base = "" if match["base"] else posixpath.dirname(path)
        if text.lower().endswith(_MARKDOWN):
            yield posixpath.normpath(posixpath.join(base, text.lstrip("/") if not base else text))


def _texts(data: bytes) -> Iterator[list[Span]]:
    """The lines of each documentation text."""
    lines: list[Span] = []
    expected = 0
    for line in _LINE.finditer(data):
        if lines and line.start() != expected:
            yield lines
            lines = []
        lines.append(line.span("text"))
        expected = line.end() + 1
    if lines:
        yield lines
    for block in _BLOCK.finditer(data):
        yield list(_lines(data, *block.span("text")))
    for one in _ATTRIBUTE.finditer(data):
        yield list(_lines(data, *one.span("text" if one["text"] is not None else "raw")))


def _lines(data: bytes, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = data.find(b"\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _read(data: bytes, code: bytearray, lines: list[Span]) -> bool:
    """Copy the code of the fences of one text; whether there was any that runs."""
    is_inside = is_run = has_any = False
    for start, end in lines:
        fence = _FENCE.match(data, start, end)
        if fence is None:
            if is_inside and is_run:
                text = _HIDDEN.sub(rb"\1 ", data[start:end])
                code[start:end] = _MARGIN.sub(lambda one: b" " * len(one[0]), text)
        elif is_inside:
            is_inside = _closed(code, end, is_run=is_run)
        else:
            words = {one for one in re.split(rb"[ ,.]+", fence["words"]) if one}
            is_inside = True
            is_run = words <= _RUN and _opened(code, end)
            has_any = has_any or is_run
    if is_inside and lines:
        _closed(code, lines[-1][1], is_run=is_run)
    return has_any


def _opened(code: bytearray, end: int) -> bool:
    """Begin a function in the blanks before a position: its signs may stand on several lines."""
    places: list[int] = []
    at = end - 1
    while at >= 0 and len(places) < len(_OPENED) and code[at] in _BLANK:
        is_word = len(places) == len(_OPENED) - 1 and places[-1] != at + 1
        if code[at] != _LINE_FEED:
            places = [*places[:-1], at] if is_word else [*places, at]  # `fn` stands together
        at -= 1
    if len(places) < len(_OPENED):
        return False
    for place, sign in zip(places, reversed(_OPENED), strict=True):
        code[place] = sign
    return True


def _closed(code: bytearray, end: int, *, is_run: bool) -> bool:
    """Close the function whose fence ends before `end`; always False: nothing is open now."""
    if is_run:
        code[end - 1 : end] = _CLOSED
    return False

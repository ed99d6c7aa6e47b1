"""Code in documentation that `cargo test` runs: every fence of a line comment that is no text.

The rest of the file is blanked, so lines stay. A fence becomes a function around its code.
"""

from __future__ import annotations

import re

_LINE = re.compile(rb"(?m)^[ \t]*//[/!](?P<text>[^\n]*)$")
_FENCE = re.compile(rb"[ \t]*```[ \t]*(?P<words>[\w ,=-]*)")
_RUN = frozenset(
    {b"rust", b"should_panic", b"standalone_crate"}
    | {b"edition2015", b"edition2018", b"edition2021", b"edition2024"}
)
_OPENED, _CLOSED = b"fn d(){", b"}"
_BLANKS = bytes(one if one in b"\n" else 32 for one in range(256))


def doctests(data: bytes) -> bytes:
    """The file with nothing but the code of its documentation tests; empty if it has none."""
    if data.find(b"```") < 0:
        return b""
    code = bytearray(data.translate(_BLANKS))
    is_inside = is_run = has_any = False
    expected = 0
    for line in _LINE.finditer(data):
        start, end = line.span("text")
        if is_inside and line.start() != expected:
            is_inside = _closed(code, expected - 1, is_run=is_run)  # a fence ends with its comment
        expected = line.end() + 1
        fence = _FENCE.match(line["text"])
        if fence is None:
            if is_inside and is_run:
                code[start:end] = re.sub(rb"^(\s*)#(?=\s|$)", rb"\1 ", line["text"])
        elif is_inside:
            is_inside = _closed(code, end, is_run=is_run)
        else:
            words = {one for one in re.split(rb"[ ,]+", fence["words"]) if one}
            is_inside = True
            is_run = words <= _RUN and end - line.start() >= len(_OPENED)
            if is_run:
                code[end - len(_OPENED) : end] = _OPENED
                has_any = True
    if is_inside:
        _closed(code, len(data), is_run=is_run)
    return bytes(code) if has_any else b""


def _closed(code: bytearray, end: int, *, is_run: bool) -> bool:
    """Close the function whose fence ends before `end`; always False: nothing is open now."""
    if is_run:
        code[end - 1 : end] = _CLOSED
    return False

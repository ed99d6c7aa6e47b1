"""One escaping function per output channel: crate text never reaches a reader raw.

Everything a crate's author chose (names, paths, source lines) is hostile: it may hold terminal
commands, text that reads backwards, or markup.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def printable(text: str, *, max_characters: int = 400) -> str:
    """Text for a terminal: controls, direction marks, invisible and unassigned characters show as
    `\\u{..}`; a long text is cut with `…`. Tabs become a blank. Idempotent but for the cut.
    """
    cut = text[:max_characters]
    if cut.isascii() and cut.isprintable():
        shown = cut
    else:
        shown = "".join(_character(one) for one in cut)
    return shown + "…" if len(text) > max_characters else shown


def _character(one: str) -> str:
    if one == "\t":
        return " "
    if unicodedata.category(one) in _HIDDEN or (one.isspace() and one != " "):
        return f"\\u{{{ord(one):x}}}"
    return one


def one_line(text: str) -> str:
    """Text for a log or error line: as on a terminal, blanks folded."""
    return printable(" ".join(text.split()), max_characters=500)

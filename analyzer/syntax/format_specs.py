"""What a format specification makes of a known text or number: `{:>8}`, `{:02x}`, `{:#b}`."""

from __future__ import annotations

import re

MAX_WIDTH = 999
_SPEC = re.compile(
    r"(?:(.)?([<^>]))?([+-])?(#)?(0)?(\d{1,6})?(?:\.(\d{1,6}))?([xXob?]?)", re.DOTALL
)
_PREFIX = {"x": "0x", "X": "0x", "o": "0o", "b": "0b"}


def styled(value: int | str, spec: str) -> str | None:
    """The text that a value is shown as; None where the specification is not understood."""
    match = _SPEC.fullmatch(spec.strip())
    if match is None or int(match[6] or 0) > MAX_WIDTH:
        return None
    width, radix = int(match[6] or 0), match[8] if match[8] != "?" else ""
    if isinstance(value, int):
        prefix = _PREFIX.get(radix, "") if match[4] else ""
        sign = "-" if value < 0 and not radix else "+" if match[3] == "+" else ""
        shown = format(abs(value) if not radix else value, radix or "d")
        if match[5]:
            return sign + prefix + shown.rjust(width - len(sign + prefix), "0")
        shown, align = sign + prefix + shown, ">"
    else:
        shown, align = value[: int(match[7])] if match[7] else value, "<"
    return _placed(shown, match[1] or " ", match[2] or align, width)


def _placed(shown: str, fill: str, align: str, width: int) -> str:
    left = max(width - len(shown), 0)
    before = {"<": 0, ">": left, "^": left // 2}[align]
    return fill * before + shown + fill * (left - before)

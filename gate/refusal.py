"""What cargo prints when the gate says no: plain ASCII, most important first, 511 characters.

Cargo shows the body of an answer that is not 200 up to that length and cuts the rest.
"""

from __future__ import annotations

import re

from analyzer.report.text import printable
from gate.model import Outcome, Ruling

MOST = 511
_WHY_MOST = 190
_WHY_LEAST = 40
_NOT_PLAIN = re.compile(r"[^ -~]")
_WORD = {Outcome.HOLD: "HELD", Outcome.DENY: "DENIED", Outcome.SERVE: "served"}


def plain(text: str, most: int = 400) -> str:
    """Text of a crate for terminals and logs: printable ASCII only, in one line."""
    shown = printable(" ".join(text[: 4 * most].split()), max_characters=most)
    shown = _NOT_PLAIN.sub(lambda one: f"\\u{{{ord(one[0]):x}}}", shown.replace("…", "..."))
    return shown if len(shown) <= most else f"{shown[: max(0, most - 3)]}..."


def refusal(ruling: Ruling, allowed: str, page: str) -> str:
    """The text for a held or denied release; `allowed`: the last version that is served, if any.

    Only the reason is ever shortened: what to do and where to read on stay whole.
    """
    one = ruling.release
    head = f"cratescope gate: {_WORD[ruling.outcome]} {one.name} {one.version}: "
    at = f" ({plain(ruling.place, 80)})" if ruling.place else ""
    spec = f"{one.name}@{one.version}"
    step = f". Last allowed: {allowed}: cargo update {spec} --precise {allowed}"
    steps = (step, f". Last allowed: {allowed}.", ".") if allowed else (". No version is allowed.",)
    read = f" Evidence, waiver: {page}"
    room = MOST - len(head) - len(read)
    tail = next((one for one in steps if len(one) + _WHY_LEAST <= room), ".")
    room -= len(tail)
    if len(at) + _WHY_LEAST > room:
        at = ""
    why = plain(ruling.why, max(1, min(_WHY_MOST, room - len(at) - 3))).rstrip(".")
    return f"{head}{why}{at}{tail}{read}"[:MOST]


def waiting(label: str, state: str, seconds: float) -> str:
    """The text while a release is being read: cargo prints it at each of its retries."""
    text = f"cratescope gate: reading {label} ({state}, {seconds:.0f} s so far); cargo asks again"
    return plain(text, MOST - 3)


def trouble(what: str) -> str:
    """The text of an outage."""
    return plain(f"cratescope gate: {what}", MOST - 3)

"""Secrets that leave in pieces: in labels of names asked for, or over several payloads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sandbox.bait.model import Decoy
from sandbox.leaks.layers import body_of
from sandbox.leaks.model import LeakBudget, LeakSearch
from sandbox.leaks.search import find_leaks

_SEQUENCE = re.compile(r"(?:[a-z]{0,3}[-_]?)?\d{1,4}")
_NUMBERED = re.compile(r"(?:[a-z]{0,2}\d{1,4})[-_.](?=.{4})")
_PARTS = re.compile(rb"[/=?&.;:]")
_TARGET = re.compile(rb"[A-Z]{3,7} (\S+) HTTP/1\.")


def dns_leaks(names: Iterable[str], decoys: tuple[Decoy, ...], *, budget: LeakBudget) -> LeakSearch:
    """Decoys in the labels of names, joined zone by zone in the order they were asked for.

    Labels or parts of labels that only count are left out; a name asked for again counts once.
    Offsets are those in the joined text, and mean little.
    """
    zones: dict[str, dict[tuple[str, ...], None]] = {}
    for name in names:
        labels = tuple(name.rstrip(".").split("."))
        zones.setdefault(".".join(labels[-2:]).casefold(), {})[labels] = None
    texts = [text for rows in zones.values() for text in _joined(list(rows))]
    return _merged(texts, decoys, budget)


def split_leaks(
    payloads: Iterable[bytes], decoys: tuple[Decoy, ...], *, budget: LeakBudget
) -> LeakSearch:
    """Decoys that stand in no one payload to a host but in the run of them."""
    whole = list(payloads)
    if len(whole) < 2:
        return LeakSearch()
    bodies = [body_of(one) for one in whole]
    asked = dict.fromkeys(match[1] for one in whole if (match := _TARGET.match(one)))
    targets = [_PARTS.split(one) for one in asked]
    texts = [b"".join(whole), b"".join(bodies), b"".join(_middles(bodies))]
    texts += [b"".join(one[-1] for one in targets), b"".join(_changing(targets))]
    return _merged(texts, decoys, budget)


def _changing(targets: list[list[bytes]]) -> Iterator[bytes]:
    """The parts of targets of equal shape that are not the same in all of them."""
    shape = max((len(one) for one in targets), default=0)
    rows = [one for one in targets if len(one) == shape]
    kept = [at for at, column in enumerate(zip(*rows, strict=True)) if len(set(column)) > 1]
    for row in rows:
        yield from (row[at] for at in kept if not _SEQUENCE.fullmatch(row[at].decode("latin-1")))


def _joined(rows: list[tuple[str, ...]]) -> Iterator[bytes]:
    """The changing labels of one zone's names, joined; then without what counts."""
    shared = 0
    if len(rows) > 1:
        while all(len(row) > shared + 1 for row in rows) and (
            len({row[-1 - shared].casefold() for row in rows}) == 1
        ):
            shared += 1
    kept = [row[: len(row) - max(shared, 2)] for row in rows]
    yield "".join("".join(row) for row in kept).encode("utf-8", "replace")
    numbers = [_number(row) for row in kept]
    if len(set(numbers)) == len(rows) and "" not in numbers:
        kept = [row for _, row in sorted(zip(map(int, numbers), kept, strict=True))]
    plain = [
        "".join(_NUMBERED.sub("", label) for label in row if not _SEQUENCE.fullmatch(label))
        for row in kept
    ]
    yield "".join(plain).encode("utf-8", "replace")


def _number(row: tuple[str, ...]) -> str:
    """The digits of the first label, or start of one, that counts."""
    for label in row:
        match = _SEQUENCE.fullmatch(label) or _NUMBERED.match(label)
        if match:
            return "".join(one for one in match[0] if one in "0123456789")
    return ""


def _middles(bodies: list[bytes]) -> Iterator[bytes]:
    """Each body without what all bodies begin and end with: the frame of a message."""
    low, high = min(bodies), max(bodies)
    start = next((at for at in range(len(low)) if low[at : at + 1] != high[at : at + 1]), len(low))
    low, high = min(one[::-1] for one in bodies), max(one[::-1] for one in bodies)
    end = next((at for at in range(len(low)) if low[at : at + 1] != high[at : at + 1]), len(low))
    yield from (one[start : max(start, len(one) - end)] for one in bodies)


def _merged(texts: list[bytes], decoys: tuple[Decoy, ...], budget: LeakBudget) -> LeakSearch:
    """One answer of several searches, each decoy once."""
    searches = [find_leaks(text, decoys, budget=budget) for text in dict.fromkeys(texts)]
    leaks = {leak.decoy: leak for one in reversed(searches) for leak in one.leaks}
    cut = dict.fromkeys(name for one in searches for name in one.cut)
    return LeakSearch(tuple(leaks.values()), tuple(cut))

"""Names that a hurried person takes for a much-used crate's: slips, separators, order, affixes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from analyzer.signatures import Signatures, fold_name

_AFFIXES = ("rs", "rust", "rst", "main", "lib", "crate", "win", "new", "official", "dev")
_MIN_LENGTH = 4
_MIN_EDIT_LENGTH = 5
_LONG = 10
"""From this length on any single slip counts: two honest names hardly ever come so close."""

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LOOKALIKES = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s", "i": "l", "j": "l"})
_VOWELS = frozenset("aeiou")


def near_name(name: str, signatures: Signatures) -> tuple[str, str] | None:
    """(popular name, how) when `name` imitates one; None for popular names themselves.

    How: `separator`, `order`, `homoglyph`, `plural`, `affix` or `edit`.
    """
    return near_of(name, _index(signatures))


def near_of(name: str, index: NameIndex) -> tuple[str, str] | None:
    """The same for names of one's own choice."""
    folded = fold_name(name)
    if folded in index.names or len(folded) < _MIN_LENGTH:
        return None
    joined = folded.replace("-", "")
    for how, found in (
        ("separator", index.joined.get(joined)),
        ("order", index.ordered.get(_in_order(folded)) if "-" in folded else None),
        ("homoglyph", index.skeletons.get(_skeleton(joined))),
        ("plural", _first(_singulars(folded), index)),
        ("affix", _first(_without_affix(folded), index)),
    ):
        if found is not None:
            return found, how
    found = _slip(joined, index)
    return (found, "edit") if found is not None else None


def is_popular(name: str, signatures: Signatures) -> bool:
    """Whether the name itself is one of the much-used ones."""
    return fold_name(name) in _index(signatures).names


class NameIndex:
    """Popular names in the forms that comparisons need, each form to a name."""

    def __init__(self, names: Iterable[str]) -> None:
        ordered = sorted({fold_name(one) for one in names}, reverse=True)
        self.names = frozenset(ordered)
        self.joined = {one.replace("-", ""): one for one in ordered}
        self.ordered = {_in_order(one): one for one in ordered if "-" in one}
        long = {key: one for key, one in self.joined.items() if len(key) >= _MIN_EDIT_LENGTH}
        self.skeletons = {_skeleton(joined): one for joined, one in long.items()}
        self.holes: dict[str, list[str]] = {}
        """Each name with one letter left out: two names are one slip apart only if these meet."""
        for joined in long:
            for hole in {joined, *_holes(joined)}:
                self.holes.setdefault(hole, []).append(joined)


@functools.lru_cache(maxsize=4)
def _index(signatures: Signatures) -> NameIndex:
    popular = signatures.indicators.get("popular-crates")
    return NameIndex(one.value for one in popular.entries) if popular else NameIndex(())


def _first(candidates: Iterable[str], index: NameIndex) -> str | None:
    return next((one for one in candidates if one in index.names), None)


def _in_order(folded: str) -> str:
    return "-".join(sorted(folded.split("-")))


def _skeleton(joined: str) -> str:
    """What a name looks like at a glance."""
    return joined.replace("rn", "m").replace("vv", "w").translate(_LOOKALIKES)


def _singulars(folded: str) -> Iterator[str]:
    """Names that this one is the plural or the singular of, in any of its words."""
    words = folded.split("-")
    for place, word in enumerate(words):
        for other in (f"{word}s", word.removesuffix("s")):
            if other != word and len(other) >= _MIN_LENGTH - 1:
                found = "-".join((*words[:place], other, *words[place + 1 :]))
                if len(found) >= _MIN_LENGTH:
                    yield found


def _without_affix(folded: str) -> Iterator[str]:
    """The name without what says nothing: `-rs`, `win-`, or a digit as of a successor."""
    for one in _AFFIXES:
        for base in (folded.removesuffix(f"-{one}"), folded.removeprefix(f"{one}-")):
            if base != folded and len(base) >= _MIN_LENGTH:
                yield base
    base = folded.rstrip("0123456789").rstrip("-")
    if base != folded and len(base) >= _MIN_LENGTH:
        yield base


# Slips of the finger -----------------------------------------------------------------------------


def _holes(text: str) -> Iterator[str]:
    return (text[:at] + text[at + 1 :] for at in range(len(text)))


def _slip(joined: str, index: NameIndex) -> str | None:
    """The popular name that one slip of the finger makes this one of."""
    candidates = {one for hole in {joined, *_holes(joined)} for one in index.holes.get(hole, ())}
    for one in sorted(candidates):
        if _is_slip(one, joined):
            return index.joined[one]
    return None


def _is_slip(meant: str, typed: str) -> bool:
    """One letter dropped, two swapped, one doubled, or one taken for its neighbour on the keys."""
    start = 0
    while start < min(len(meant), len(typed)) and meant[start] == typed[start]:
        start += 1
    is_long, before = len(meant) >= _LONG, typed[max(0, start - 1) : start]
    meant, typed = meant[start:], typed[start:]
    if len(meant) == len(typed) + 1:
        return meant[1:] == typed and (is_long or not meant[0].isdigit())
    if len(meant) + 1 == len(typed):
        around = before + typed[1:2]
        is_touch = is_long or any(_are_near(typed[0], one) for one in around)
        return start > 0 and meant == typed[1:] and is_touch
    if len(meant) != len(typed) or not meant:
        return False
    if meant[2:] == typed[2:] and meant[:2] == typed[1::-1]:
        return True
    near = is_long or (start > 0 and _are_near(meant[0], typed[0]))
    return near and meant[1:] == typed[1:]


@functools.lru_cache(maxsize=2048)
def _are_near(one: str, other: str) -> bool:
    """The same key, neighbours on the keyboard, or two vowels; digits mean what they say."""
    if one.isdigit() or other.isdigit():
        return False
    if one == other or {one, other} <= _VOWELS:
        return True
    places = [
        (row, line.index(letter))
        for letter in (one, other)
        for row, line in enumerate(_ROWS)
        if letter in line
    ]
    if len(places) < 2:
        return False
    (row, column), (other_row, other_column) = places
    return abs(row - other_row) <= 1 and abs(column - other_column) <= 1

"""Names that a hurried person takes for a much-used crate's: edits, separators, order, affixes."""

from __future__ import annotations

import functools

from rapidfuzz.distance import OSA

from analyzer.signatures import Signatures, fold_name

_AFFIXES = ("rs", "rust", "rst", "main", "lib", "crate", "win", "new", "official", "dev")
_HOMOGLYPHS = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s"})
_MIN_EDIT_LENGTH = 5


def near_name(name: str, signatures: Signatures) -> tuple[str, str] | None:
    """(popular name, how) when `name` imitates one; None for popular names themselves."""
    index = _index(signatures)
    folded = fold_name(name)
    if folded in index.names or not index.names:
        return None
    joined = folded.replace("-", "")
    if joined in index.joined:
        return index.joined[joined], "separator"
    swapped = "-".join(sorted(folded.split("-")))
    if "-" in folded and swapped in index.ordered:
        return index.ordered[swapped], "order"
    plain = folded.translate(_HOMOGLYPHS)
    if plain != folded and plain in index.names:
        return plain, "homoglyph"
    found = _affixed(folded, index.names) or _plural(folded, index.names)
    return found or _edited(joined, index)


class _Index:
    """Popular names in the forms that comparisons need."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.joined = {one.replace("-", ""): one for one in sorted(names)}
        self.ordered = {
            "-".join(sorted(one.split("-"))): one for one in sorted(names) if "-" in one
        }
        self.by_length: dict[int, list[str]] = {}
        for one in sorted(self.joined):
            self.by_length.setdefault(len(one), []).append(one)


@functools.lru_cache(maxsize=4)
def _index(signatures: Signatures) -> _Index:
    popular = signatures.indicators.get("popular-crates")
    names = frozenset(fold_name(one.value) for one in popular.entries) if popular else frozenset()
    return _Index(names)


def _affixed(folded: str, names: frozenset[str]) -> tuple[str, str] | None:
    """An affix that says nothing (`serde-rs`), on a name long enough to be meant."""
    for one in _AFFIXES:
        for base in (folded.removesuffix(f"-{one}"), folded.removeprefix(f"{one}-")):
            if base != folded and base in names and len(base) >= 4:
                return base, "affix"
    return None


def _plural(folded: str, names: frozenset[str]) -> tuple[str, str] | None:
    for base in (f"{folded}s", folded.removesuffix("s")):
        if base != folded and base in names and len(base) >= 4:
            return base, "plural"
    return None


def _edited(joined: str, index: _Index) -> tuple[str, str] | None:
    """One letter dropped, added, changed or two swapped, in a name of at least five letters."""
    if len(joined) < _MIN_EDIT_LENGTH - 1:
        return None
    for length in (len(joined), len(joined) + 1, len(joined) - 1):
        for one in index.by_length.get(length, ()):
            if len(one) < _MIN_EDIT_LENGTH or one[0] != joined[0] != one[1]:
                continue
            if OSA.distance(joined, one, score_cutoff=1) == 1:
                return index.joined[one], "edit"
    return None

"""What can be reached in a table of who leads to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet


def reached(table: Mapping[str, AbstractSet[str]], starts: Iterable[str]) -> set[str]:
    """The starts, and all that the table leads to from them, at any remove."""
    found = set(starts)
    pending = list(found)
    while pending:
        new = table.get(pending.pop(), frozenset()) - found
        found |= new
        pending += new
    return found

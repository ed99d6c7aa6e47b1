"""When what two runs showed is the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.addresses import host_of
from analyzer.model import Fact, FactKind


def essence(fact: Fact) -> tuple[FactKind, str]:
    """What two runs are compared by: the host that is reached, not how far one came there."""
    return fact.kind, host_of(fact.subject) if fact.kind is FactKind.NET_CONNECT else fact.subject


def once(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Each thing in each phase the first time it was seen: later runs tell what is new in them."""
    seen: set[tuple[object, ...]] = set()
    for one in facts:
        data = one.data if one.kind in (FactKind.DECOY_SENT, FactKind.DECOY_LEFT) else ()
        key = (one.kind, one.subject, one.phases, data)
        if key not in seen:
            seen.add(key)
            yield one

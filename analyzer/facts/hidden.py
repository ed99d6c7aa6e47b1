"""What the compiler saw a crate do and its sources did not show: powers of a kind that no fact has.

Made only where a sandboxed build listed what was compiled (`Trace.compiled`). By kind and time of
running, not call by call: what another name of the same thing would explain is no finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model import BUILD_TIME, Fact, FactKind

_POWERS = {
    FactKind.NET_CONNECT: "network",
    FactKind.NET_SEND: "network",
    FactKind.NET_RESOLVE: "network",
    FactKind.NET_LISTEN: "network",
    FactKind.NET_RECEIVE: "network",
    FactKind.PROCESS_SPAWN: "programs",
    FactKind.PROCESS_SHELL: "programs",
    FactKind.CODE_LOAD: "loaded code",
    FactKind.CODE_EXECUTE_MEMORY: "loaded code",
    FactKind.ENV_READ_ALL: "the whole environment",
}


def hidden(shown: Iterable[Fact], compiled: Iterable[Fact]) -> Iterator[Fact]:
    """A fact for each power and time that only the compiler knows of."""
    known = {one for fact in shown for one in _keys(fact)}
    for fact in compiled:
        new = [one for one in _keys(fact) if one not in known]
        if new:
            known.update(new)
            word = new[0][0]
            subject = f"{word}: {fact.api}"
            yield Fact(FactKind.CODE_HIDDEN, subject, fact.where, fact.phases, fact.owner, fact.api)


def _keys(fact: Fact) -> Iterator[tuple[str, bool]]:
    """A power, and whether it is had while building."""
    word = _POWERS.get(fact.kind)
    if word is None:
        return
    phases = fact.phases or (None,)
    for is_early in {one in BUILD_TIME for one in phases}:
        yield word, is_early

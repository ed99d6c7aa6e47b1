"""Keys and seed phrases that callers hand to a library, by the names of its parameters."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind
from analyzer.syntax.texts import parameters


def facts(view: CrateView) -> Iterator[Fact]:
    """A mention of `private-key` where a function takes one."""
    names = view.signatures.indicators["secret-parameters"]
    words = tuple(one.value for one in names.entries)
    for site in parameters(view.code, words):
        if names.match(site.value.text) is not None:
            yield view.fact(FactKind.MENTION, "private-key", site, api="parameter")

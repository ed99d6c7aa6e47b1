"""What a registry's index says of a crate and of what it newly depends on, as a context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import CratescopeError
from analyzer.model import Context, CrateRef, IndexEntry
from analyzer.registry.context import Contexts, worth_asking

if TYPE_CHECKING:
    from analyzer.registry.fetch import Registry


def around(registry: Registry, contexts: Contexts, ref: CrateRef) -> Context:
    """The context of a release that the registry has. Raises as `Registry.entries` does."""
    entries = registry.entries(ref.name)
    others: dict[str, tuple[IndexEntry, ...]] = {}
    for name in worth_asking(entries, ref.version, contexts.as_of):
        try:
            others[name] = registry.entries(name)
        except CratescopeError:
            others[name] = ()  # the age is `unknown`, and said so
    return contexts.of(ref, entries, others)

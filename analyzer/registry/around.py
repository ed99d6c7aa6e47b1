"""What a registry's index says of a crate and of what it newly depends on, as a context."""

from __future__ import annotations

from typing import Protocol

from analyzer.errors import CratescopeError
from analyzer.model import Context, CrateRef, CrateSource, IndexEntry
from analyzer.registry.context import Contexts, worth_asking


class Releases(Protocol):
    """What a registry has: `Registry`, or the gate's view of an upstream."""

    def entries(self, name: str) -> tuple[IndexEntry, ...]:
        """All versions of a crate in index order. Raises UnknownCrate or RegistryUnreachable."""

    def fetch(self, entry: IndexEntry) -> CrateSource:
        """The archive of an index entry. Raises ChecksumMismatch before anybody reads the bytes."""


def around(registry: Releases, contexts: Contexts, ref: CrateRef) -> Context:
    """The context of a release that the registry has. Raises as `Registry.entries` does."""
    entries = registry.entries(ref.name)
    others: dict[str, tuple[IndexEntry, ...]] = {}
    for name in worth_asking(entries, ref.version, contexts.as_of):
        try:
            others[name] = registry.entries(name)
        except CratescopeError:
            others[name] = ()  # the age is `unknown`, and said so
    return contexts.of(ref, entries, others)

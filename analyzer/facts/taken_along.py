"""Dependencies under another name, pinned to one version, that no code uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.facts.named import Sources
from analyzer.facts.view import CrateView
from analyzer.model import DependencyKind, Fact, FactKind

TAKEN = "taken-along"
"""The `api` of what such a dependency is told by."""


def facts(view: CrateView) -> Iterator[Fact]:
    """Renamed dependencies that are built for nothing but their own sake."""
    pinned = {
        f"{one.key} -> {one.package}": one
        for one in view.manifest.dependencies
        if one.requirement.startswith("=")
        and one.kind is not DependencyKind.DEV
        and not one.is_optional
    }
    renames = [one for one in view.manifest.facts if one.kind is FactKind.MANIFEST_RENAME]
    if not pinned or not renames:
        return
    sources = Sources(view.tree, view.phases)
    for one in renames:
        known = pinned.get(one.subject)
        if known is not None and not sources.names(known.key):
            yield replace(one, api=TAKEN, data=(known.requirement,))

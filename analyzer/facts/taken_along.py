"""Dependencies under another name, pinned to one version, that no code uses."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.facts.named import Sources
from analyzer.facts.view import CrateView
from analyzer.model import DependencyKind, Fact, FactKind, Field

TAKEN = "taken-along"
"""The `api` of what such a dependency is told by."""


def facts(view: CrateView) -> Iterator[Fact]:
    """Renamed dependencies that are built for nothing but their own sake."""
    renamed = [
        one
        for one in view.manifest.dependencies
        if one.key != one.package
        and one.requirement.startswith("=")
        and one.kind is not DependencyKind.DEV
        and not one.is_optional
    ]
    sources = Sources(view.tree, view.phases) if renamed else None
    for one in renamed:
        if sources is not None and not sources.names(one.key):
            where = Field("Cargo.toml", f"dependencies.{one.key}", one.line)
            subject, data = f"{one.key} -> {one.package}", (one.requirement,)
            yield Fact(FactKind.MANIFEST_RENAME, subject, where, api=TAKEN, data=data)

"""Held releases that people wait for: a hold must not keep everybody on a weak version (G9)."""

from __future__ import annotations

from analyzer.registry.advisories import AdvisoryKind
from analyzer.registry.semver import precedence
from gate.desk import Desk
from gate.model import Outcome, Release

_MENDABLE = (AdvisoryKind.MALICIOUS, AdvisoryKind.VULNERABILITY, AdvisoryKind.UNSOUND)


def mended(desk: Desk, release: Release) -> tuple[str, ...]:
    """Advisories against earlier releases that are served here, which do not name this one.

    Raises StoreUnreachable.
    """
    contexts = desk.parts.contexts(desk.parts.today())
    if contexts.store is None or not contexts.store.records(release.name):
        return ()
    known = desk.parts.standings.of(release.mount, release.name)
    mine = {one.id for one in contexts.advisories(release.name, release.version)}
    own = precedence(release.version) or ()
    earlier = [
        version
        for (version, _), ruling in known.rulings.items()
        if ruling.outcome is Outcome.SERVE and (precedence(version) or ()) < own
    ]
    against = (one for each in earlier for one in contexts.advisories(release.name, each))
    ids = {one.id for one in against if one.kind in _MENDABLE} - mine
    return tuple(sorted(ids))

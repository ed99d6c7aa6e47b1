"""When a crate could have run here: the time it was locked against its life on the registry."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.project.hunt.model import BUILT, HISTORY, LOCKED, Exposure, Place, Sighting
from analyzer.project.incident.model import BadCrate

_TIMES_KEPT = 20


def exposure_of(crate: BadCrate, sightings: Sequence[Sighting]) -> Exposure:
    """The times that sightings of one crate in one place add up to.

    A history tells from when to when it was asked for. Without one, a file of today is all there
    is: since when it says so is not known.
    """
    past = [one for one in sightings if one.place in HISTORY]
    asked = [one for one in sightings if one.place in LOCKED]
    is_locked = any(one.place not in HISTORY or not one.last for one in asked)
    from_ = min((one.first for one in past if one.first), default="")
    to = "" if is_locked else max((one.last for one in past), default="")
    built = sorted({one.seen_at for one in sightings if one.place in BUILT and one.seen_at} - {""})
    start = from_ or (built[0] if built else "")
    start = max(start, crate.published) if start else crate.published
    return Exposure(
        locked_from=from_,
        locked_to=to,
        is_locked=is_locked,
        is_built=any(one.place in BUILT for one in sightings),
        built_at=tuple(built[:_TIMES_KEPT]),
        alive_from=crate.published,
        alive_to=crate.removed,
        from_=start,
        to=_end(to, is_locked=is_locked, sightings=sightings),
        overlaps=_overlaps(crate, from_, to) if from_ or to else None,
    )


def _end(to: str, *, is_locked: bool, sightings: Sequence[Sighting]) -> str:
    """When it may have run for the last time; empty: it may run still.

    What lies in a cache or is installed can run again, whatever the registry did.
    """
    stays = {Place.INSTALLED, Place.BINARY, Place.SOURCE_CACHE, Place.ARCHIVE_CACHE}
    if is_locked or any(one.place in stays for one in sightings):
        return ""
    return max((to, *(one.seen_at for one in sightings if one.place in BUILT)))


def _overlaps(crate: BadCrate, from_: str, to: str) -> bool | None:
    """Whether the project asked for it while the registry had it; None if its life is unknown.

    Months cover all their days.
    """
    if not crate.published and not crate.removed:
        return None
    ends_before = (
        bool(to) and bool(crate.published) and to[: len(crate.published)] < crate.published
    )
    begins_after = bool(crate.removed) and from_[: len(crate.removed)] > crate.removed
    return not ends_before and not begins_after

"""Findings to an ordered list: stop, preserve, rotate, look, tell. With names, places and dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from analyzer.project.hunt.model import Finding, HuntResult, Place, SecretPlace, Sighting
from analyzer.project.incident.model import Knowledge, Match
from analyzer.project.incident.secrets import classes, response_table

_SHOWN = 24
_MARGIN = timedelta(days=1)


class Stage(StrEnum):
    """In this order: what is stopped late goes on while one rotates."""

    STOP = "stop"
    PRESERVE = "preserve"
    ROTATE = "rotate"
    LOOK = "look"
    TELL = "tell"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `for_`: what it is about; `from_` and `to`: days it speaks of."""

    stage: Stage
    title: str
    details: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    from_: str = ""
    to: str = ""


def plan(result: HuntResult, knowledge: Knowledge) -> tuple[Step, ...]:
    """The list for everything that was found; empty if nothing was."""
    found = [one for one in result.findings if one.match is not Match.VARIANT]
    unsure = [one for one in result.findings if one.match is Match.VARIANT]
    steps = [*_verify(unsure)]
    if found:
        from_, to = window(found)
        steps += _stop(found)
        steps += _preserve(found)
        steps += _rotate(found)
        steps += (replace(one, from_=from_, to=to) for one in _look(found, knowledge))
        steps += _tell(found)
    return tuple(steps)


def window(found: Sequence[Finding]) -> tuple[str, str]:
    """First and last day on which any of it may have run, a day wider; `to` empty: still."""
    starts = [one.exposure.from_ for one in found]
    ends = [one.exposure.to for one in found]
    from_ = min(starts) if all(starts) else ""
    to = max(ends) if all(ends) else ""
    return _moved(from_, -_MARGIN), _moved(to, _MARGIN)


def _moved(text: str, by: timedelta) -> str:
    try:
        return (date.fromisoformat(text[:10]) + by).isoformat()
    except ValueError:
        return text[:10]


def _verify(found: Sequence[Finding]) -> Iterator[Step]:
    if found:
        yield Step(
            Stage.STOP,
            "Look at names that are only like those on record, before anything else builds",
            tuple(f"{one.name}: {one.crate.summary}; cratescope scan {one.name}" for one in found),
            _places(one for each in found for one in each.sightings),
        )


def _stop(found: Sequence[Finding]) -> Iterator[Step]:
    rows = [one for each in found for one in each.sightings]
    asked = [one for one in rows if one.place in (Place.LOCKFILE, Place.MANIFEST, Place.VENDORED)]
    branches = [one for one in rows if one.place.startswith("history-") and not one.last]
    names = ", ".join(dict.fromkeys(one.name for one in found))
    yield Step(
        Stage.STOP,
        f"Stop builds and tests, and close editors, that would take {names}",
        (
            "Cut machines that built it off the network; leave them on: memory is evidence.",
            "Pause the pipelines of these projects, and their scheduled runs.",
            "An editor builds on opening a project: close it.",
        ),
        tuple(dict.fromkeys(one.root for one in rows)),
    )
    if asked or branches:
        yield Step(
            Stage.STOP,
            "Take it out of manifests and lock files, on every branch that still has it",
            ("Remove the dependency or pin a good version; let cargo write the lock file again.",),
            _places([*asked, *branches]),
        )
    kept = (Place.ARCHIVE_CACHE, Place.SOURCE_CACHE, Place.INSTALLED, Place.BINARY)
    stays = [one for one in rows if one.place in kept]
    if stays:
        yield Step(
            Stage.STOP,
            "After the copies below are made: uninstall it, and delete it from caches",
            ("cargo uninstall NAME; delete the cached archive and source; delete CI caches.",),
            _places(stays),
        )


def _preserve(found: Sequence[Finding]) -> Iterator[Step]:
    rows = [one for each in found for one in each.sightings]
    kept = [one for one in rows if not one.place.startswith("history-")]
    yield Step(
        Stage.PRESERVE,
        "Copy what proves it before it is cleaned: crate archives, sources, target folders, logs",
        (
            "Archive and source of the crate: the registry no longer serves them.",
            "target folders with their times, shell histories, CI logs and caches (they expire).",
            "Memory and disk of machines on which a second stage may run.",
        ),
        _places(kept),
    )


def _rotate(found: Sequence[Finding]) -> Iterator[Step]:
    """The secrets that are known to be here come first, each class once."""
    here: dict[str, dict[SecretPlace, None]] = {}
    for finding in found:
        for one in finding.exposure.secrets:
            here.setdefault(one.id, {}).update(dict.fromkeys(one.present))
    built = any(one.exposure.is_built for one in found)
    order = {one: place for place, one in enumerate(classes())}
    for identity in sorted(here, key=lambda one: (not here[one], order.get(one, 0))):
        known = classes().get(identity)
        if known is None:
            continue
        places = tuple(_secret(one) for one in here[identity])
        when = (
            "it was built here" if built else "no trace of a build was seen, which proves nothing"
        )
        yield Step(Stage.ROTATE, f"Rotate {known.title} ({when})", known.rotate, places[:_SHOWN])


def _secret(one: SecretPlace) -> str:
    return f"{one.what} {one.name}" + (
        f" in {one.where}" if one.where and one.what != "file" else ""
    )


def _look(found: Sequence[Finding], knowledge: Knowledge) -> Iterator[Step]:
    wanted = {one.id for each in found for one in each.exposure.secrets}
    hosts = _hosts(found, knowledge)
    for row in _rows("look"):
        ids = {str(one) for one in _list(row, "classes")}
        if "*" in ids or ids & wanted:
            places = hosts if row.get("id") == "egress" else ()
            yield Step(
                Stage.LOOK, str(row.get("title")), tuple(map(str, _list(row, "steps"))), places
            )


def _hosts(found: Sequence[Finding], knowledge: Knowledge) -> tuple[str, ...]:
    """Hosts and addresses of what was found and of its campaigns."""
    names: dict[str, None] = {}
    for finding in found:
        campaign = knowledge.campaign(finding.crate.campaign) if finding.crate.campaign else None
        members = knowledge.members(campaign.id) if campaign else (finding.crate,)
        for one in (finding.crate, *members):
            names.update(dict.fromkeys((*one.traces.hosts, *one.traces.addresses)))
        names.update(dict.fromkeys(host for host, _ in (campaign.lookalikes if campaign else ())))
    return tuple(names)


def _tell(found: Sequence[Finding]) -> Iterator[Step]:
    roots = tuple(dict.fromkeys(one.root for one in found))
    for number, row in enumerate(_rows("tell")):
        what = (str(row.get("what", "")),)
        yield Step(Stage.TELL, f"Tell {row.get('who', '')}", what, roots if not number else ())


def _rows(key: str) -> list[Mapping[str, object]]:
    rows = response_table().get(key)
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _list(row: Mapping[str, object], key: str) -> list[object]:
    value = row.get(key)
    return value if isinstance(value, list) else []


def _places(rows: Sequence[Sighting] | Iterator[Sighting]) -> tuple[str, ...]:
    found = dict.fromkeys(f"{one.path}:{one.line}" if one.line else one.path for one in rows)
    return tuple(found)

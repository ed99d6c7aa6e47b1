"""From sightings to findings: one for each crate in each project, home or archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from analyzer.model import Gap
from analyzer.project.hunt.exposure import exposure_of
from analyzer.project.hunt.matching import Matcher, honest_names
from analyzer.project.hunt.model import (
    BUILT,
    HISTORY,
    Batch,
    Finding,
    HuntResult,
    SecretClass,
    Sighting,
)
from analyzer.project.hunt.search import OnDone, search
from analyzer.project.hunt.walk import Walk
from analyzer.project.incident.model import Knowledge, Match
from analyzer.project.incident.secrets import in_project, present, taken_by
from analyzer.signatures import Signatures, fold_name

_ORDER = (Match.LISTED, Match.NAMESAKE, Match.VARIANT)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a hunt looks for, and where secrets would lie. `since`: a day; what was gone before it
    and was not built since is left out.
    """

    knowledge: Knowledge
    signatures: Signatures
    now: datetime
    campaign: str = ""
    since: str = ""
    home: Path | None = None
    environ: Mapping[str, str] | None = None
    has_history: bool = True
    has_archives: bool = True
    jobs: int = 2


def hunt(
    paths: Sequence[Path],
    wanted: Wanted,
    on_plan: Callable[[int], OnDone] = lambda _: lambda _: None,
) -> HuntResult:
    """Search everything below the paths. Raises UsageError for one that is not there."""
    popular = wanted.signatures.indicators.get("popular-crates")
    names = (one.value for one in popular.entries) if popular else ()
    matcher = Matcher(wanted.knowledge, honest_names(names, wanted.knowledge), wanted.campaign)
    walk = Walk(matcher, wanted.has_history, wanted.has_archives)
    batch = search(paths, walk, jobs=wanted.jobs, on_plan=on_plan)
    return HuntResult(
        findings=tuple(findings(batch, wanted)),
        gaps=tuple(sorted(dict.fromkeys(batch.gaps), key=_gap_order)),
        counts=batch.counts,
        names=matcher.size,
        origins=wanted.knowledge.origins,
        stale=stale(wanted.knowledge, wanted.now),
        campaign=wanted.campaign,
        as_of=wanted.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _gap_order(one: Gap) -> tuple[bool, str, str]:
    return not one.is_blocking, one.path, one.reason


def stale(knowledge: Knowledge, now: datetime) -> tuple[str, ...]:
    """What is too old to speak of today, in words; a machine without advisories is told, too."""
    told = []
    fetched = [one for one in knowledge.origins if one.fetched]
    if not fetched:
        told.append("no advisories on this machine: only names that came with cratescope are known")
    told += [
        f"{one.name} was fetched {one.age_days(now)} days ago"
        for one in fetched
        if one.is_stale(now)
    ]
    shipped = [one for one in knowledge.origins if not one.fetched and one.as_of]
    if not fetched and any(one.is_stale(now) for one in shipped):
        told += [f"{one.name} is of {one.as_of}" for one in shipped if one.is_stale(now)]
    return tuple(told)


def findings(batch: Batch, wanted: Wanted) -> Iterable[Finding]:
    """Sightings by crate and root, with what they expose."""
    groups: dict[tuple[str, str, Match], list[Sighting]] = {}
    for one in dict.fromkeys(batch.sightings):
        groups.setdefault((one.root, fold_name(one.crate.name), one.match), []).append(one)
    found = []
    for (root, _, match), rows in groups.items():
        rows.sort(key=lambda one: (one.is_gone, one.place, one.path, one.line))
        exposure = exposure_of(rows[0].crate, rows)
        if wanted.since and _is_before(rows, exposure.locked_to, wanted.since):
            continue
        crate = rows[0].crate
        campaign = wanted.knowledge.campaign(crate.campaign) if crate.campaign else None
        secrets = _secrets(taken_by(crate, campaign), root, wanted)
        versions = sorted({one.version for one in rows if one.version})
        found.append(
            Finding(
                rows[0].name,
                tuple(versions),
                match,
                crate,
                root,
                tuple(rows),
                replace(exposure, secrets=secrets),
            )
        )
    return sorted(found, key=lambda one: (_ORDER.index(one.match), one.name, one.root))


def _is_before(rows: Sequence[Sighting], locked_to: str, since: str) -> bool:
    """Whether all of it was over before a day."""
    is_past = all(one.place in HISTORY and one.last for one in rows)
    is_old_build = all(one.place in BUILT or one.place in HISTORY for one in rows)
    newest = max((locked_to, *(one.seen_at for one in rows)))
    return (is_past or (is_old_build and bool(newest))) and newest[:10] < since


def _secrets(ids: Sequence[str], root: str, wanted: Wanted) -> tuple[SecretClass, ...]:
    found = present(ids, wanted.signatures, wanted.home, wanted.environ or {})
    own = in_project(Path(root)) if Path(root).is_dir() else ()
    if not own:
        return found
    rows = []
    for one in found:
        mine = tuple(
            each
            for each in own
            if one.id == "everything"
            or (each.group == "dotenv" and one.id == "dotenv")
            or (
                each.what == "pipeline" and one.id in ("environment", "dotenv", "cloud", "registry")
            )
        )
        rows.append(replace(one, present=(*mine, *one.present)))
    return tuple(rows)

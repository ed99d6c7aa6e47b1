"""A step between versions as SARIF: what is new, and what blocks although it is not.

Of lock files and commits each result stands on the line that brings a package in; of two versions
it stands in the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from analyzer.model import CrateInfo, Field, Finding, Gap, Origin, Span, Verdict, Where
from analyzer.project.changes import CrateDiff
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.project.repository_sarif import Spot, found_at, named_rule, repository_notices
from analyzer.report.sarif.entries import (
    Entry,
    Json,
    Notice,
    finding_entry,
    gap_notice,
    incomplete,
    reading,
)
from analyzer.report.sarif.log import Log
from analyzer.report.sarif.places import MANIFEST, Ground, base_uri, quoted
from analyzer.report.text import sarif_text

_TITLES = {
    "checksum-changed": "a locked version has another checksum than before",
    "package-change": "a locked package changed in a way that asks for a person",
}


def render(
    found: CrateDiff | LockDiff, *, folder: Path | None = None, here: Path | None = None
) -> str:
    """The log. `folder`: where the new version's files lie, None for an archive; `here`: the folder
    that the command ran in. Ends with a line feed.
    """
    if isinstance(found, CrateDiff):
        base = base_uri(folder, here) if folder is not None and here is not None else None
        ground = Ground(found.new, base)
        entries = list(_step(found, ground))
        notices = [gap_notice(one, ground) for one in found.gaps]
        return Log("diff", tuple(entries), tuple(notices), _about(found)).text()
    entries = [one for package in found.packages for one in _package(package, here)]
    notices = [*repository_notices(found.gaps, here)]
    notices += [one for package in found.packages for one in _missed(package)]
    return Log("diff", tuple(entries), tuple(notices), _about(found)).text()


def _about(found: CrateDiff | LockDiff) -> Json:
    if isinstance(found, LockDiff):
        counts = {one: found.count(one) for one in ("added", "removed", "changed")}
        return {"verdict": found.verdict, "packages": counts}
    sides = {"old": _crate(found.old), "new": _crate(found.new)}
    return {"verdict": found.verdict, "score": found.score, "alone": found.alone, **sides}


def _crate(one: CrateInfo) -> Json:
    name, version = sarif_text(one.name), sarif_text(one.version)
    return {"name": name, "version": version, "sha256": one.sha256, "origin": one.origin}


def _counted(found: CrateDiff) -> Iterator[tuple[Finding, str]]:
    """What the verdict on the change rests on (`changes.compare`), and whether it is new."""
    yield from ((one, "new") for one in found.added)
    stays = (one for one in found.same if one.is_blocking and not one.is_quiet)
    yield from ((one, "unchanged") for one in stays)


def _step(found: CrateDiff, ground: Ground) -> Iterator[Entry]:
    for one, state in _counted(found):
        yield replace(finding_entry(one, ground, reading()), baseline=state)
    if found.verdict is Verdict.INCOMPLETE:
        location = ground.location(_where(found.gaps))
        yield incomplete(ground, location, found.summary)


def _where(gaps: Iterable[Gap]) -> Where:
    first = next((one for one in gaps if one.is_blocking and one.path), None)
    return Field(MANIFEST, "package") if first is None else Span(first.path, first.line)


def _package(one: PackageChange, here: Path | None) -> Iterator[Entry]:
    if one.verdict is Verdict.CLEAR:
        return
    ground = _ground(one)
    spot = Spot(one.file, one.line)
    entries = [*_contents(one, ground, spot, here)]
    yield from entries
    if one.verdict is Verdict.INCOMPLETE:
        place = spot.location(here, ground.package)
        yield incomplete(ground, place, one.summary, spot.file)
    elif not entries:
        rule = "checksum-changed" if one.change == "checksum" else "package-change"
        yield Entry(
            rule=named_rule(rule, one.verdict, reading(), _TITLES[rule]),
            message=f"{ground.label}: {sarif_text(one.summary)}",
            location=spot.location(here, ground.package),
            identity=(one.name, spot.file),
            properties={"verdict": one.verdict, "change": one.change},
        )


def _contents(one: PackageChange, ground: Ground, spot: Spot, here: Path | None) -> Iterator[Entry]:
    if one.diff is not None:
        rows = list(_counted(one.diff))
    else:
        rows = [(each, "new") for each in one.report.findings] if one.report is not None else []
    for finding, state in rows:
        if ground.base is not None:
            entry = finding_entry(finding, ground, reading())
        else:
            entry = found_at(spot, finding, ground, reading(), here)
        yield replace(entry, baseline=state)


def _ground(one: PackageChange) -> Ground:
    """Where a package's files are: in the repository for its own ones, else only in an archive."""
    info = CrateInfo(one.name, one.new or one.old, "", Origin.CRATES_IO)
    if one.diff is not None:
        info = one.diff.new
    elif one.report is not None:
        info = one.report.crate
    path = PurePosixPath(one.file)
    if path.name != MANIFEST:
        return Ground(info)
    folder = path.parent.as_posix()
    return Ground(info, "" if folder == "." else f"{quoted(folder)}/")


def _missed(one: PackageChange) -> Iterator[Notice]:
    gaps = one.diff.gaps if one.diff is not None else one.report.gaps if one.report else ()
    yield from (gap_notice(each, _ground(one)) for each in gaps)

"""An audit as SARIF: each result on the line of the lock file that brings a package in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from analyzer.model import CrateInfo, Origin, Verdict
from analyzer.project.audit import AuditResult, Reason, Row
from analyzer.project.hygiene.model import HygieneResult
from analyzer.project.hygiene.table import read_checks
from analyzer.project.repository_sarif import Spot, found_at, named_rule, repository_notices
from analyzer.report.sarif.entries import (
    Descriptor,
    Entry,
    finding_entry,
    gap_notice,
    incomplete,
    reading,
)
from analyzer.report.sarif.log import Log, crate_row
from analyzer.report.sarif.places import Ground, base_uri
from analyzer.report.text import sarif_text

_SCAN = "scan"
_TITLES = {
    "two-checksums": "lock files name different checksums for one version",
    "checksum-mismatch": "the bytes are not the ones that were promised",
    "foreign-name": "a name of this project is somebody else's on the default registry",
    "copy-differs": "a vendored copy is not what its original holds",
    _SCAN: "the contents of a locked crate ask for a person",
}


def render(result: AuditResult, *, here: Path | None = None) -> str:
    """The log; `here` is the folder that the command ran in. Ends with a line feed."""
    notices = [*repository_notices(result.gaps, here)]
    entries: list[Entry] = []
    folders = dict(result.folders)
    for row in result.rows:
        ground = _ground(row, folders, here)
        entries += _row(row, ground, here)
        if row.report is not None:
            notices += [gap_notice(one, ground) for one in row.report.gaps]
    if result.hygiene is not None:
        entries += _habits(result.hygiene, here)
        notices += repository_notices(
            (replace(one, path=result.hygiene.path(one.path)) for one in result.hygiene.gaps), here
        )
    is_read = result.is_scanned
    about = {
        "verdict": result.verdict,
        **({"score": max((one.score for one in result.reports), default=0)} if is_read else {}),
        "packages": result.packages,
        **({"unchanged": result.unchanged} if result.since is not None else {}),
        "scanned": is_read,
        "known_bad": result.known_bad,
        "crates": [crate_row(one) for one in result.reports],
    }
    return Log("audit", tuple(entries), tuple(notices), about).text()


def _ground(row: Row, folders: Mapping[str, Path], here: Path | None) -> Ground:
    """Where a package's files are: those of members and vendored copies are in the repository."""
    if row.report is None:
        package = row.package
        checksum, origin = package.checksum, Origin.CRATES_IO
        return Ground(CrateInfo(package.name, package.version, checksum, origin))
    folder = folders.get(row.report.crate.sha256)
    if folder is None or here is None or not folder.resolve().is_relative_to(here.resolve()):
        return Ground(row.report.crate)
    return Ground(row.report.crate, base_uri(folder, here))


def _row(row: Row, ground: Ground, here: Path | None) -> Iterator[Entry]:
    said = {one.rule for one in row.reasons}
    is_told = False
    for place in row.places:
        spot = Spot(place.lockfile, place.line, place.chain)
        for reason in row.reasons:
            if reason.rule != _SCAN or row.report is None:
                yield _reason(row, reason, spot, here)
                continue
            found = [one for one in row.report.findings if one.rule not in said]
            if ground.base is None:
                yield from (found_at(spot, one, ground, reading(), here) for one in found)
            elif not is_told:  # in their own files, however many lock files name them
                yield from (finding_entry(one, ground, reading()) for one in found)
            if reason.verdict is Verdict.INCOMPLETE:
                location = spot.location(here, ground.package)
                yield incomplete(ground, location, reason.text, spot.file)
            elif not found:
                yield _reason(row, reason, spot, here)
        is_told = True


def _reason(row: Row, reason: Reason, spot: Spot, here: Path | None) -> Entry:
    package = row.package
    ground = Ground(CrateInfo(package.name, package.version, "", Origin.CRATES_IO))
    ids = f" ({', '.join(reason.advisories)})" if reason.advisories else ""
    return Entry(
        rule=named_rule(
            reason.rule, reason.verdict, reading(), _TITLES.get(reason.rule, reason.rule)
        ),
        message=f"{ground.label}: {sarif_text(reason.text + ids)}{spot.way}",
        location=spot.location(here, ground.package),
        identity=(package.name, spot.file),
        properties={"verdict": reason.verdict, "kind": reason.kind},
    )


def _habits(hygiene: HygieneResult, here: Path | None) -> Iterator[Entry]:
    checks = read_checks()
    for one in hygiene.rows:
        check = checks[one.check]
        yield Entry(
            rule=Descriptor(
                check.id,
                check.title,
                one.severity,
                tags=("hygiene",),
                why=check.why,
                help=f"{check.why} {check.remedy}",
            ),
            message=sarif_text(one.text),
            location=Spot(hygiene.path(one.file), one.line).location(here),
            identity=(one.file, one.job, one.text),
            properties={"job": sarif_text(one.job)},
        )

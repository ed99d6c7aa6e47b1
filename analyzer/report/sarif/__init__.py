"""SARIF 2.1.0, for code scanning services and editors: reports as one run of one log.

The format: docs.oasis-open.org/sarif/sarif/v2.1.0. What a service refuses counts as much as what
the standard allows, so no location has a scheme of its own, and limits are kept and told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from analyzer.model import Origin, Report, Verdict
from analyzer.report.sarif.entries import (
    Entry,
    Notice,
    finding_entry,
    gap_notice,
    reading,
    unread_entry,
)
from analyzer.report.sarif.log import Log, crate_row
from analyzer.report.sarif.places import Ground, base_uri
from analyzer.report.wording import RANK

NAME = "sarif"


def render(
    reports: tuple[Report, ...],
    *,
    folders: Sequence[Path | None] = (),
    here: Path | None = None,
    failures: Sequence[str] = (),
) -> str:
    """The log. `folders`: where on this machine each report's files lie, None for an archive;
    `here`: the folder that the command ran in; `failures`: what was asked for and gave no report.
    Ends with a line feed.
    """
    texts = reading()
    entries: list[Entry] = []
    notices = [Notice("error", "failure", one) for one in failures]
    for number, report in enumerate(reports):
        folder = folders[number] if number < len(folders) else None
        ground = Ground(report.crate, _base(report, folder, here))
        used = report.decision.used if report.decision is not None else ()
        for one in report.findings:
            waivers = tuple(each for each in used if each.rule == one.rule)
            entries.append(replace(finding_entry(one, ground, texts), waivers=waivers))
        entries += unread_entry(report, ground)
        notices += [gap_notice(one, ground) for one in report.gaps]
    return Log("scan", tuple(entries), tuple(notices), _about(reports)).text()


def _base(report: Report, folder: Path | None, here: Path | None) -> str | None:
    if report.crate.origin is not Origin.FOLDER:
        return None
    return base_uri(folder, here) if folder is not None and here is not None else ""


def _about(reports: Iterable[Report]) -> dict[str, object]:
    rows = list(reports)
    return {
        "verdict": min((one.verdict for one in rows), key=RANK.index, default=Verdict.CLEAR),
        "score": max((one.score for one in rows), default=0),
        "ruleset": rows[0].provenance.ruleset if rows else "",
        "limits": rows[0].provenance.limits if rows else "",
        "as_of": rows[0].provenance.as_of if rows else "",
        "crates": [crate_row(one) for one in rows],
    }

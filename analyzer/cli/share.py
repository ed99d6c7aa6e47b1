"""`cratescope share`: indicators as list, STIX or MISP, and drafts for OSV and RustSec."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.options import AsOf, Campaign, FromReport, Output, formats_option
from analyzer.cli.output import deliver, plan
from analyzer.cli.ownership import day_of
from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.project.share import kinds, render

if TYPE_CHECKING:
    from analyzer.project.share.package import Package

_FIRST = "plain"


def share(
    format_: Annotated[list[str] | None, formats_option(kinds(), _FIRST)] = None,
    output: Output = None,
    *,
    campaign: Campaign = "",
    from_report: FromReport = None,
    crate: Annotated[
        list[str] | None,
        typer.Option("--crate", metavar="NAME", help="Only this one of several; may repeat."),
    ] = None,
    as_of: AsOf = "",
) -> None:
    """Write what others can search by, or a draft that reports a crate."""
    from analyzer.project.share.package import chosen

    pairs = plan(format_ or [_FIRST], output or [], kinds())
    made = f"{day_of(as_of)}T00:00:00Z" if as_of else _now()
    package = chosen(_package(campaign, from_report, made), crate or ())

    def text(name: str, *, width: int, color: bool) -> str:  # noqa: ARG001  # as formats are asked
        return render(name, package)

    deliver(text, pairs)


def _package(campaign: str, report: Path | None, made: str) -> Package:
    """What is shared. Raises UsageError unless exactly one source is named."""
    from analyzer.project.share.package import of_campaign, of_report

    if bool(campaign) == (report is not None):
        raise UsageError("name a campaign or a report", remedy="--campaign NAME or --from REPORT")
    if report is not None:
        from analyzer.project.queries.subject import of_report as subject_of
        from analyzer.signatures import load_signatures

        return of_report(report, subject_of(report, load_signatures()), made)
    from analyzer.project.incident.load import chosen, load_knowledge

    own = [Path(campaign)] if campaign.endswith(".toml") else []
    knowledge = load_knowledge(load_settings(os.environ).data_dir, own=own)
    found = knowledge.campaign(chosen(knowledge, campaign))
    assert found is not None
    return of_campaign(found, knowledge, made)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

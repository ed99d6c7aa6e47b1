"""`cratescope queries`: hunting queries for log stores and machines, from a campaign or report."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.options import Campaign, FromReport, Output, Quiet, formats_option
from analyzer.cli.output import deliver, plan, warn
from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.project.queries import languages, render

if TYPE_CHECKING:
    from analyzer.project.queries.subject import Subject

_FIRST = "kql"


def queries(
    format_: Annotated[list[str] | None, formats_option(languages(), _FIRST)] = None,
    output: Output = None,
    *,
    campaign: Campaign = "",
    from_report: FromReport = None,
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="First day; the campaign's if left out.")
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="Last day; today if left out.")
    ] = "",
    min_sent: Annotated[
        int, typer.Option("--min-sent", metavar="BYTES", help="Told from this volume on.")
    ] = 1000,
    quiet: Quiet = False,
) -> None:
    """Write queries that find a campaign, or what a report names, in logs."""
    pairs = plan(format_ or [_FIRST], output or [], languages())
    more: dict[str, object] = {"from_": _day(since), "to": _day(until), "min_sent_bytes": min_sent}
    subject = _subject(campaign, from_report, more)
    if subject.dropped and not quiet:
        warn((f"{subject.dropped} texts hold signs that no query may hold: they were left out",))

    def text(name: str, *, width: int, color: bool) -> str:  # noqa: ARG001  # as formats are asked
        return render(name, subject)

    deliver(text, pairs)


def _subject(campaign: str, report: Path | None, more: dict[str, object]) -> Subject:
    """What is searched for. Raises UsageError unless exactly one source is named."""
    from analyzer.project.queries.subject import of_campaign, of_report
    from analyzer.signatures import load_signatures

    if bool(campaign) == (report is not None):
        raise UsageError("name a campaign or a report", remedy="--campaign NAME or --from REPORT")
    signatures = load_signatures()
    if report is not None:
        return of_report(report, signatures, **more)
    from analyzer.project.incident.load import chosen, load_knowledge

    own = [Path(campaign)] if campaign.endswith(".toml") else []
    knowledge = load_knowledge(load_settings(os.environ).data_dir, own=own)
    found = knowledge.campaign(chosen(knowledge, campaign))
    assert found is not None
    return of_campaign(found, knowledge, signatures, **more)


def _day(text: str) -> str:
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"{text!r}: no day", remedy="write YYYY-MM-DD") from None

"""A hunt as one page of Markdown: findings, then the response list with boxes to tick."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.project.hunt.model import Finding, HuntResult
from analyzer.project.hunt_text import (
    exposure_texts,
    gap_text,
    looked_at,
    sighting_text,
    summary,
)
from analyzer.project.response.plan import Step
from analyzer.report.text import markdown_text

_GAPS_SHOWN = 100


def render(result: HuntResult, steps: tuple[Step, ...]) -> str:
    """The page. Ends with a line feed."""
    return "\n".join(_lines(result, steps)).rstrip("\n") + "\n"


def _lines(result: HuntResult, steps: tuple[Step, ...]) -> Iterator[str]:
    yield f"# cratescope hunt, {_text(result.as_of)}"
    yield from ("", f"**{_text(summary(result))}** {_text(looked_at(result))}", "")
    for one in result.stale:
        yield from (f"> Stale: {_text(one)}", "")
    for finding in result.findings:
        yield from _finding(finding)
    if steps:
        yield from ("## Response", "")
        for step in steps:
            yield from _step(step)
    if result.gaps:
        yield from ("## Not looked at", "")
        yield from (f"- {_text(gap_text(one))}" for one in result.gaps[:_GAPS_SHOWN])
        if len(result.gaps) > _GAPS_SHOWN:
            yield f"- and {len(result.gaps) - _GAPS_SHOWN} more"
        yield ""
    yield from ("## Known as of", "")
    for origin in result.origins:
        stamp = f", fetched {origin.fetched}" if origin.fetched else ""
        yield f"- {_text(f'{origin.name}: {origin.entries} entries of {origin.as_of}{stamp}')}"


def _finding(one: Finding) -> Iterator[str]:
    yield f"## {_text(one.name)} {_text(', '.join(one.versions))}: {one.match}"
    yield from ("", _text(one.crate.summary), "")
    yield f"Campaign {_text(one.crate.campaign or 'not known')}; in {_text(one.root)}"
    yield ""
    yield from (f"- {_text(sighting_text(each))}" for each in one.sightings)
    yield ""
    yield from (f"- {_text(each)}" for each in exposure_texts(one.exposure))
    yield ""


def _step(one: Step) -> Iterator[str]:
    days = f" ({one.from_ or '?'} to {one.to or 'today'})" if one.from_ or one.to else ""
    yield f"- [ ] **{one.stage}** {_text(one.title + days)}"
    yield from (f"    - {_text(each)}" for each in one.details)
    yield from (f"    - where: {_text(each)}" for each in one.places)


def _text(text: str) -> str:
    return markdown_text(text, max_characters=1200)

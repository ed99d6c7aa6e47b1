"""A hunt for people: what was found, when it could have run, what to do, what was not read.

Plain text; everything that a project or archive chose goes through `printable`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from analyzer.model import Gap
from analyzer.project.audit_text import counted
from analyzer.project.hunt.model import HISTORY, Exposure, Finding, HuntResult, Place, Sighting
from analyzer.project.incident.model import Match
from analyzer.project.response.plan import Step
from analyzer.report.text import printable

SIGHTINGS_SHOWN = 6
GAPS_SHOWN = 12
PLACES_SHOWN = 6
WORDS = {
    Place.LOCKFILE: "locked",
    Place.MANIFEST: "asked for",
    Place.HISTORY_LOCKFILE: "locked in history",
    Place.HISTORY_MANIFEST: "asked for in history",
    Place.VENDORED: "a copy of its source",
    Place.HISTORY_VENDORED: "a copy of its source in history",
    Place.ARCHIVE_CACHE: "its archive in cargo's cache",
    Place.SOURCE_CACHE: "its source in cargo's cache",
    Place.INDEX_CACHE: "cargo asked the index for it",
    Place.INSTALLED: "installed",
    Place.BINARY: "an installed binary",
    Place.FINGERPRINT: "built (fingerprint)",
    Place.BUILD_OUTPUT: "its build script's folder",
    Place.DEP_INFO: "built (dep-info)",
    Place.ARTIFACT: "built (library)",
}
_MATCHES = {
    Match.LISTED: "on record",
    Match.NAMESAKE: "the name of one on record, from elsewhere",
    Match.VARIANT: "a name like one on record",
}


def render(
    result: HuntResult, *, steps: tuple[Step, ...], width: int = 100, color: bool = False
) -> str:
    """The hunt as text of about `width` columns."""
    lines = [*_head(result, color=color), ""]
    for one in result.findings:
        lines += [*_finding(one, width), ""]
    if steps:
        lines.append("What to do")
        for number, step in enumerate(steps, 1):
            lines += _step(number, step, width)
        lines.append("")
    if result.gaps:
        lines.append("Not looked at")
        for gap in result.gaps[:GAPS_SHOWN]:
            lines += _wrapped(gap_text(gap), width, "  ")
        if len(result.gaps) > GAPS_SHOWN:
            lines.append(f"  and {len(result.gaps) - GAPS_SHOWN} more (see --format json)")
    return "\n".join(lines).rstrip("\n") + "\n"


def summary(result: HuntResult) -> str:
    """What was found, in one sentence of our words and numbers."""
    count = {one: sum(each.match is one for each in result.findings) for one in Match}
    found = [f"{number} {_MATCHES[one]}" for one, number in count.items() if number]
    unread = sum(one.is_blocking for one in result.gaps)
    found += [f"{unread} not looked at"] if unread else []
    return f"{'; '.join(found) or 'nothing found'}."


def looked_at(result: HuntResult) -> str:
    """How much was read."""
    counts = result.counts
    whose = f" of {result.campaign}" if result.campaign else ""
    return (
        f"Looked for {counted(result.names, 'name')}"
        f"{whose} in {counted(counts.files, 'file')}, "
        f"{counted(counts.lockfiles, 'lock file')}, {counted(counts.manifests, 'manifest')}, "
        f"{counted(counts.history_files, 'version')} of them in "
        f"{counted(counts.commits, 'commit')} of "
        f"{counts.repositories} git {'history' if counts.repositories == 1 else 'histories'}, "
        f"{counted(counts.archive_members, 'member')} of {counted(counts.archives, 'archive')}."
    )


def _head(result: HuntResult, *, color: bool) -> Iterator[str]:
    word = "FOUND" if result.findings else "NOTHING"
    paint = "1;37;41" if result.findings else "1;30;42"
    shown = f"\x1b[{paint}m {word} \x1b[0m" if color else word
    yield f"{shown}  {summary(result)}"
    yield looked_at(result)
    for one in result.stale:
        yield f"STALE: {printable(one)}; run `cratescope db update`"


def _finding(one: Finding, width: int) -> Iterator[str]:
    versions = ", ".join(one.versions) or "version not told"
    ids = ", ".join(one.crate.advisories)
    campaign = f", campaign {one.crate.campaign}" if one.crate.campaign else ""
    yield printable(f"{one.name} ({versions}): {_MATCHES[one.match]}{campaign}")
    if one.crate.summary:
        yield from _wrapped(f"{one.crate.summary}{f' ({ids})' if ids else ''}", width, "  ")
    for each in one.sightings[:SIGHTINGS_SHOWN]:
        yield from _wrapped(sighting_text(each), width, "  - ")
    if len(one.sightings) > SIGHTINGS_SHOWN:
        yield f"    and {len(one.sightings) - SIGHTINGS_SHOWN} more (see --format json)"
    for text in exposure_texts(one.exposure):
        yield from _wrapped(text, width, "  ")


def sighting_text(one: Sighting) -> str:
    """One trace in words."""
    where = f"{one.path}:{one.line}" if one.line else one.path
    text = f"{WORDS[one.place]}: {where}"
    if one.version:
        text += f" ({one.name} {one.version})"
    if one.place in HISTORY:
        end = f"to {one.last[:10]} ({one.last_commit[:12]})" if one.last else "and still"
        text += f", from {one.first[:10]} ({one.first_commit[:12]}) {end}"
    elif one.seen_at and one.place not in (Place.LOCKFILE, Place.MANIFEST, Place.VENDORED):
        text += f", {one.seen_at}"
    return f"{text}; {one.detail}" if one.detail else text


def exposure_texts(one: Exposure) -> Iterator[str]:
    """When it could have run, and what it takes."""
    life = f"{one.alive_from or '?'} to {one.alive_to or 'now'}"
    told = "" if one.alive_from or one.alive_to else " (not known)"
    yield f"On the registry: {life}{told}."
    if one.locked_from or one.locked_to or one.is_locked:
        until = "still" if one.is_locked else f"to {one.locked_to[:10]}"
        since = one.locked_from[:10] or "an unknown day"
        fits = {
            True: "that meets its life there",
            False: "its life there was at another time",
            None: "whether that meets its life is not known",
        }[one.overlaps]
        yield f"Asked for here: from {since}, {until}; {fits}."
    built = f"yes ({', '.join(one.built_at[:3])})" if one.built_at else "yes"
    yield f"Built here: {built if one.is_built else 'no trace of it, which proves nothing'}."
    if one.secrets:
        yield f"It takes: {', '.join(each.title for each in one.secrets)}."
    places = [place for each in one.secrets for place in each.present]
    if places:
        names = ", ".join(f"{place.name}" for place in places[:PLACES_SHOWN])
        more = f" and {len(places) - PLACES_SHOWN} more" if len(places) > PLACES_SHOWN else ""
        yield f"Of that, here are: {names}{more}."


def _step(number: int, one: Step, width: int) -> Iterator[str]:
    days = f" ({one.from_ or '?'} to {one.to or 'today'})" if one.from_ or one.to else ""
    yield from _wrapped(f"{number}. {one.stage.upper()}: {one.title}{days}", width, "  ")
    for text in one.details:
        yield from _wrapped(text, width, "     ")
    for text in one.places[:PLACES_SHOWN]:
        yield from _wrapped(text, width, "     - ")
    if len(one.places) > PLACES_SHOWN:
        yield f"     and {len(one.places) - PLACES_SHOWN} more"


def gap_text(one: Gap) -> str:
    """What was not read, and why."""
    return f"{one.path or 'a part'}: {one.reason}{'' if one.is_blocking else ' (not counted)'}"


def _wrapped(text: str, width: int, start: str) -> list[str]:
    shown = printable(text, max_characters=1200)
    return textwrap.wrap(
        shown,
        width,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [start]

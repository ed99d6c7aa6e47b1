"""`cratescope.hunt/v1`: the public JSON form of a hunt. Keys are only added.

Fixed key order, ASCII only. No value of a secret stands in it, names and places alone.
"""

from __future__ import annotations

from analyzer import __version__
from analyzer.codec import to_plain
from analyzer.model import Gap
from analyzer.project.hunt.model import Exposure, Finding, HuntResult, Sighting
from analyzer.project.incident.model import Origin
from analyzer.project.response.plan import Step
from analyzer.report.text import json_text

SCHEMA = "cratescope.hunt/v1"
Json = dict[str, object]


def render(result: HuntResult, steps: tuple[Step, ...]) -> str:
    """The whole hunt as one object. Ends with a line feed."""
    return json_text(plain(result, steps)) + "\n"


def render_lines(result: HuntResult, steps: tuple[Step, ...]) -> str:
    """One line for each finding, gap and step, told apart by `type`; the last line sums up."""
    document = plain(result, steps)
    rows = [{"type": "finding", **_finding(one)} for one in result.findings]
    gaps = [{"type": "gap", **_gap(one)} for one in result.gaps]
    todo = [{"type": "step", **_step(one)} for one in steps]
    lists = ("findings", "gaps", "response")
    total = {"type": "hunt", **{k: v for k, v in document.items() if k not in lists}}
    return "".join(f"{json_text(one)}\n" for one in (*rows, *gaps, *todo, total))


def plain(result: HuntResult, steps: tuple[Step, ...]) -> Json:
    """A hunt as JSON data in its public shape."""
    return {
        "schema": SCHEMA,
        "as_of": result.as_of,
        "campaign": result.campaign,
        "names": result.names,
        "counts": to_plain(result.counts),
        "findings": [_finding(one) for one in result.findings],
        "gaps": [_gap(one) for one in result.gaps],
        "response": [_step(one) for one in steps],
        "stale": list(result.stale),
        "sources": [_origin(one) for one in result.origins],
        "tool_version": __version__,
    }


def _finding(one: Finding) -> Json:
    return {
        "name": one.name,
        "versions": list(one.versions),
        "match": one.match,
        "root": one.root,
        "record": {
            "name": one.crate.name,
            "kind": one.crate.kind,
            "campaign": one.crate.campaign,
            "advisories": list(one.crate.advisories),
            "summary": one.crate.summary,
            "source": one.crate.source,
        },
        "sightings": [_sighting(each) for each in one.sightings],
        "exposure": _exposure(one.exposure),
    }


def _sighting(one: Sighting) -> Json:
    return {
        "place": one.place,
        "path": one.path,
        "line": one.line,
        "name": one.name,
        "version": one.version,
        "source": one.source,
        "detail": one.detail,
        "first": one.first,
        "first_commit": one.first_commit,
        "last": one.last,
        "last_commit": one.last_commit,
        "seen_at": one.seen_at,
    }


def _exposure(one: Exposure) -> Json:
    return {
        "locked_from": one.locked_from,
        "locked_to": one.locked_to,
        "locked": one.is_locked,
        "built": one.is_built,
        "built_at": list(one.built_at),
        "alive_from": one.alive_from,
        "alive_to": one.alive_to,
        "from": one.from_,
        "to": one.to,
        "overlaps": one.overlaps,
        "secrets": [
            {
                "class": each.id,
                "title": each.title,
                "present": [to_plain(place) for place in each.present],
            }
            for each in one.secrets
        ],
    }


def _step(one: Step) -> Json:
    return {
        "stage": one.stage,
        "title": one.title,
        "details": list(one.details),
        "places": list(one.places),
        "from": one.from_,
        "to": one.to,
    }


def _origin(one: Origin) -> Json:
    return {
        "name": one.name,
        "as_of": one.as_of,
        "fetched": one.fetched,
        "entries": one.entries,
        "digest": one.digest,
    }


def _gap(one: Gap) -> Json:
    return {"kind": one.kind, "reason": one.reason, "path": one.path, "blocking": one.is_blocking}

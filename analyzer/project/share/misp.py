"""A MISP event: one attribute an indicator, of the types that MISP has for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime

from pymisp import MISPEvent

from analyzer.project.share.package import Package

_TYPES = (
    ("hosts", "hostname", True),
    ("related", "hostname", False),
    ("addresses", "ip-dst", True),
    ("urls", "url", True),
    ("sha256", "sha256", True),
    ("files", "filename", False),
    ("mails", "email", False),
    ("accounts", "github-username", False),
    ("texts", "pattern-in-file", False),
)
"""Trace, type, and whether it alone may raise an alarm (`to_ids`)."""
_OPEN, _DONE, _THIS_ORGANIZATION = 0, 2, 0


def render(package: Package) -> str:
    """The event as JSON, with the same ids each time. Ends with a line feed."""
    event = MISPEvent()
    event.uuid = package.identity("event")
    event.info = f"Malicious Rust crates: {package.title}"
    event.date = date.fromisoformat(package.made[:10])
    event.analysis = _DONE
    event.threat_level_id = 2
    event.distribution = _THIS_ORGANIZATION
    seconds = int(datetime.fromisoformat(package.made).timestamp())
    event.timestamp = seconds
    event.add_tag("tlp:clear")
    for kind, value, is_alarm, comment in _attributes(package):
        event.add_attribute(
            kind,
            value,
            to_ids=is_alarm,
            comment=comment,
            uuid=package.identity(kind, value),
            timestamp=seconds,
        )
    document = {"Event": json.loads(event.to_json())}
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _attributes(package: Package) -> Iterator[tuple[str, str, bool, str]]:
    for one in package.crates:
        comment = f"{one.kind}; {', '.join(one.advisories)}".rstrip("; ")
        for version in ("",) if one.is_any_version else one.versions:
            purl = f"pkg:cargo/{one.name}{f'@{version}' if version else ''}"
            yield "text", purl, False, comment
    traces = package.traces
    for name, kind, is_alarm in _TYPES:
        for value in getattr(traces, name):
            yield kind, value, is_alarm, "also of the same people" if name == "related" else ""

"""A draft of an OSV record for one crate, as OSSF's malicious-packages takes reports."""

from __future__ import annotations

import json

from analyzer.config import WEB_API
from analyzer.project.incident.model import BadCrate
from analyzer.project.share.package import Package

_SCHEMA = "1.7.0"
_ECOSYSTEM = "crates.io"
_SITE = WEB_API.removesuffix("api/v1/")
Json = dict[str, object]


def render(package: Package) -> str:
    """The record; its id says that nobody gave it one yet. Raises UsageError for several crates."""
    return json.dumps(_record(package.only(), package.made), indent=2) + "\n"


def _record(crate: BadCrate, made: str) -> Json:
    traces = crate.traces
    values = {"domains": traces.hosts, "ips": traces.addresses, "urls": traces.urls}
    known = {key: list(rows) for key, rows in values.items() if rows}
    affected: Json = {
        "package": {
            "ecosystem": _ECOSYSTEM,
            "name": crate.name,
            "purl": f"pkg:cargo/{crate.name}",
        },
    }
    if crate.is_any_version:
        affected["ranges"] = [{"type": "SEMVER", "events": [{"introduced": "0"}]}]
    else:
        affected["versions"] = list(crate.versions)
    return {
        "schema_version": _SCHEMA,
        "id": f"MAL-0000-{crate.name}",
        "modified": made,
        "published": made,
        "aliases": list(crate.advisories),
        "summary": f"Malicious code in {crate.name} ({_ECOSYSTEM})",
        "details": crate.summary or f"The crate {crate.name} holds malicious code.",
        "affected": [affected],
        "references": [{"type": "PACKAGE", "url": f"{_SITE}crates/{crate.name}"}],
        "database_specific": {"iocs": known} if known else {},
    }

"""What queries search for: names, hosts, addresses, files and days of a campaign or a report."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from analyzer.addresses import host_of
from analyzer.errors import UsageError
from analyzer.project.incident.model import Campaign, Knowledge
from analyzer.signatures import Signatures

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_HOST = re.compile(r"(?=.{4,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9_./~ -]{2,200}", re.ASCII)
_NOISE = re.compile(r"[^\w .,:()/-]|[\r\n]", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REPORTS = ("cratescope.report/v1", "cratescope.reports/v1")
_MAX_REPORT_BYTES = 256 << 20
_SECRET_KINDS = ("file.read", "path.secret", "file.walk")
BUILDERS = ("cargo", "rustc", "rustdoc", "rust-analyzer", "build-script-build", "build-script-main")
"""Cargo's own programs, and the names it gives to build scripts."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One hunt in a log. `names` come in every spelling; `lookalikes`: (stem, the honest host);
    `from_` and `to`: days, `to` empty for today; `dropped` counts texts that no query may hold.
    """

    id: str
    title: str
    names: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    lookalikes: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    builders: tuple[str, ...] = BUILDERS
    shells: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    from_: str = ""
    to: str = ""
    min_sent_bytes: int = 1000
    dropped: int = 0


def of_campaign(
    campaign: Campaign, knowledge: Knowledge, signatures: Signatures, **more: object
) -> Subject:
    """Everything that a campaign and its crates leave in logs."""
    members = knowledge.members(campaign.id)
    picked = _Picked()
    names = picked.keep(_NAME, [one.name for one in members])
    hosts = [host for one in members for host in (*one.traces.hosts, *one.traces.related)]
    urls = [host_of(url) for one in members for url in one.traces.urls]
    lookalikes = tuple((one.partition(".")[0], one) for _, one in campaign.lookalikes)
    hosts += [host for host, _ in campaign.lookalikes]
    dropped = [file for one in members for file in one.traces.files]
    days = sorted(one.published for one in members if one.published)
    found = Subject(
        id=campaign.id,
        title=_NOISE.sub("", campaign.title),
        names=_spellings(names),
        hosts=picked.keep(_HOST, [*hosts, *(one for one in urls if not _is_address(one))]),
        addresses=picked.addresses([a for one in members for a in one.traces.addresses]),
        lookalikes=tuple(one for one in lookalikes if _HOST.fullmatch(one[1])),
        files=picked.keep(_FILE, [*campaign.files, *dropped]),
        digests=picked.keep(_DIGEST, [one for each in members for one in each.traces.sha256]),
        techniques=tuple(sorted({t for one in members for t in one.techniques})),
        from_=_before(days[0]) if days else "",
        dropped=picked.dropped,
    )
    return _filled(found, signatures, more)


def of_report(path: Path, signatures: Signatures, **more: object) -> Subject:
    """What a report of `scan --format json` says that code names. Raises UsageError."""
    reports = _reports(path)
    picked = _Picked()
    crates = [one.get("crate") for one in reports]
    names = [str(one.get("name", "")) for one in crates if isinstance(one, dict)]
    rows = [row for one in reports for row in _rows(one, "indicators")]
    known = signatures.indicators
    hosts: list[str] = []
    addresses: list[str] = []
    for row in rows:
        kind, value = str(row.get("kind")), str(row.get("value", ""))
        host = host_of(value) if kind in ("url", "address", "host") else ""
        if _is_address(host):
            addresses.append(host)
        elif host and not any(known[one].match(host) for one in ("plain-services", "forges")):
            hosts.append(host)
    evidence = [
        each for one in reports for row in _rows(one, "findings") for each in _rows(row, "evidence")
    ]
    files = [str(e.get("subject", "")) for e in evidence if e.get("kind") in _SECRET_KINDS]
    kept = picked.keep(_NAME, names)
    found = Subject(
        id="-".join(kept[:3]) or "report",
        title=f"what the report on {', '.join(kept[:3])} names",
        names=_spellings(kept),
        hosts=picked.keep(_HOST, hosts),
        addresses=picked.addresses(addresses),
        files=picked.keep(_FILE, [one.replace("{home}/", "~/") for one in files]),
        dropped=picked.dropped,
    )
    return _filled(found, signatures, more)


def _filled(one: Subject, signatures: Signatures, more: Mapping[str, object]) -> Subject:
    from dataclasses import replace

    def programs(name: str) -> tuple[str, ...]:
        entries = signatures.indicators[name].entries
        return tuple(e.value for e in entries if e.value.islower())

    given = {key: value for key, value in more.items() if value}
    filled = replace(one, shells=programs("shells"), senders=programs("transfer-programs"))
    return replace(filled, **given)  # type: ignore[arg-type]  # fields by name


class _Picked:
    """Keeps what a query may hold, and counts the rest."""

    def __init__(self) -> None:
        self.dropped = 0

    def keep(self, pattern: re.Pattern[str], texts: Iterable[str]) -> tuple[str, ...]:
        """Texts of this form, each once, in order."""
        given = dict.fromkeys(texts)
        kept = tuple(one for one in given if pattern.fullmatch(one))
        self.dropped += len(given) - len(kept)
        return kept

    def addresses(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Addresses of machines outside."""
        given = dict.fromkeys(texts)
        kept = tuple(one for one in given if _is_address(one))
        self.dropped += len(given) - len(kept)
        return kept


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _spellings(names: Iterable[str]) -> tuple[str, ...]:
    """Cargo writes `-` as `_` in file names and code; logs hold either."""
    found = ((one, one.replace("-", "_"), one.replace("_", "-")) for one in names)
    return tuple(dict.fromkeys(each for row in found for each in row))


def _before(day: str) -> str:
    """A day, or the first of a month, a week earlier: what was published was tried out before."""
    try:
        first = date.fromisoformat(day if len(day) > 7 else f"{day}-01")
    except ValueError:
        return ""
    return (first - timedelta(days=7)).isoformat()


def _reports(path: Path) -> list[Mapping[str, object]]:
    try:
        if path.stat().st_size > _MAX_REPORT_BYTES:
            raise UsageError(f"{path}: larger than any report should be")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        document = None
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(document, dict) or schema not in _REPORTS:
        raise UsageError(f"{path}: no report", remedy="make one: cratescope scan --format json")
    return _rows(document, "reports") if schema == _REPORTS[1] else [document]


def _rows(table: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    rows = table.get(key)
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []

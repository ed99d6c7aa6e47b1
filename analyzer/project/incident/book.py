"""Reads the list of known-bad crates and the campaigns: one folder, or the same files of a feed.

A file of a campaign may bring its crates with it (`[[crate]]`, as in the list of known ones).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace

from analyzer.errors import SignatureError, TomlError
from analyzer.project.incident.model import BadCrate, Campaign, Knowledge, Origin, Traces
from analyzer.signatures import KNOWN_BAD_FILE
from analyzer.toml import TomlTable, read_toml

FOLDER = "campaigns"
_SLUG = re.compile(r"[^a-z0-9]+")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_KEYS = frozenset(
    "id title label also near secrets programs files lookalikes crate meta published".split()
)


def read_book(files: Mapping[str, bytes], source: str, fetched: str = "") -> Knowledge:
    """The list (`KNOWN_BAD_FILE`, needed) and the campaigns (`campaigns/ID.toml`) of one state.

    `source` is whose state it is; `fetched` when it came here. Raises SignatureError.
    """
    digest = hashlib.sha256()
    if KNOWN_BAD_FILE not in files:
        raise SignatureError(f"{source}: no {KNOWN_BAD_FILE}")
    digest.update(files[KNOWN_BAD_FILE])
    table = _table(KNOWN_BAD_FILE, files[KNOWN_BAD_FILE])
    campaigns: list[Campaign] = []
    extra: list[BadCrate] = []
    for path in sorted(files):
        folder, _, name = path.partition("/")
        if folder != FOLDER:
            continue
        digest.update(files[path])
        campaign, crates = read_campaign(files[path], name, source)
        if f"{campaign.id}.toml" != name:
            raise SignatureError(f"{path}: `id` must equal the file name")
        campaigns.append(campaign)
        extra += crates
    labels = {one.label: one.id for one in campaigns if one.label}
    crates = (*_crates(table, KNOWN_BAD_FILE, labels, source), *extra)
    meta = table.get("meta")
    as_of = str(meta.get("compiled", "")) if isinstance(meta, dict) else ""
    name = f"known-bad crates and campaigns ({source})"
    origin = Origin(name, as_of, len(crates), digest.hexdigest(), fetched)
    return Knowledge(crates, tuple(campaigns), (origin,))


def read_campaign(data: bytes, name: str, source: str) -> tuple[Campaign, tuple[BadCrate, ...]]:
    """A campaign's file and the crates it brings. Raises SignatureError."""
    table = _table(name, data)
    unknown = sorted(set(table) - _KEYS)
    identity = table.get("id")
    if unknown or not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise SignatureError(
            f"{name}: {f'unknown key {unknown[0]}' if unknown else 'no good `id`'}"
        )
    pairs = table.get("lookalikes", [])
    if not isinstance(pairs, list) or not all(
        isinstance(one, dict) and set(one) == {"host", "of"} for one in pairs
    ):
        raise SignatureError(f"{name}: lookalikes are tables of `host` and `of`")
    campaign = Campaign(
        id=identity,
        title=_text(table, "title", name) or identity,
        label=_text(table, "label", name),
        also=_texts(table, "also", name),
        near=_texts(table, "near", name),
        secrets=_texts(table, "secrets", name),
        programs=_texts(table, "programs", name),
        files=_texts(table, "files", name),
        lookalikes=tuple((str(one["host"]), str(one["of"])) for one in pairs),
        source=source,
    )
    crates = _crates(table, name, {}, source)
    return campaign, tuple(replace(one, campaign=identity) for one in crates)


def _crates(
    table: TomlTable, name: str, labels: dict[str, str], source: str
) -> tuple[BadCrate, ...]:
    rows = table.get("crate", [])
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise SignatureError(f"{name}: `crate` must be a list of tables")
    return tuple(_crate(one, name, labels, source) for one in rows)


def _crate(row: TomlTable, name: str, labels: dict[str, str], source: str) -> BadCrate:
    label = _text(row, "campaign", name)
    traces = row.get("iocs", {})
    if not isinstance(row.get("name"), str) or not isinstance(traces, dict):
        raise SignatureError(f"{name}: a [[crate]] lacks its name, or `iocs` is no table")
    return BadCrate(
        name=_text(row, "name", name),
        versions=_texts(row, "versions", name) or ("*",),
        kind=_text(row, "kind", name) or "malware",
        campaign=labels.get(label) or slug(label),
        advisories=_texts(row, "advisories", name),
        published=_text(row, "published", name),
        removed=_text(row, "removed", name),
        triggers=_texts(row, "trigger", name),
        techniques=_texts(row, "techniques", name),
        summary=_text(row, "summary", name),
        impersonates=_text(row, "impersonates", name),
        traces=_traces(traces, name),
        source=source,
    )


def _traces(row: TomlTable, name: str) -> Traces:
    files = (one.partition(" (")[0] for one in _texts(row, "files", name))
    return Traces(
        hosts=_texts(row, "domains", name),
        related=_texts(row, "related_domains", name),
        addresses=_texts(row, "ips", name),
        urls=_texts(row, "urls", name),
        sha256=_texts(row, "sha256", name),
        files=tuple(files),
        texts=_texts(row, "strings", name),
        mails=_texts(row, "emails", name),
        accounts=_texts(row, "accounts", name),
        keys=_texts(row, "ssh_key_fingerprints", name),
    )


def slug(text: str) -> str:
    """A label as an id."""
    return _SLUG.sub("-", text.casefold()).strip("-")


def _table(name: str, data: bytes) -> TomlTable:
    try:
        return read_toml(data, name=name)
    except TomlError as error:
        raise SignatureError(str(error)) from None


def _text(table: TomlTable, key: str, name: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise SignatureError(f"{name}: `{key}` must be a text")
    return value


def _texts(table: TomlTable, key: str, name: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SignatureError(f"{name}: `{key}` must be a list of texts")
    return tuple(value)

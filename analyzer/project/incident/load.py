"""Reads what is known: the shipped lists, what `db update` brought, advisories, one's own names.

A file of a campaign may bring its crates with it (`[[crate]]`, as in the list of known ones).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from analyzer.errors import SignatureError, TomlError, UsageError
from analyzer.project.incident.model import BadCrate, Campaign, Knowledge, Origin, Traces
from analyzer.registry.advisories import AdvisoryKind, AdvisoryRecord
from analyzer.registry.advisory_store import open_store
from analyzer.registry.ranges import ALL
from analyzer.signatures import KNOWN_BAD_FILE, default_folder, fold_name
from analyzer.toml import TomlTable, read_toml

FOLDER = "campaigns"
DATA = "incidents-v1"
"""Folder of the data folder that `db update` fills, of the same shape as `signatures/`."""
_SLUG = re.compile(r"[^a-z0-9]+")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_LINE = re.compile(r"([A-Za-z0-9_-]{1,64})(?:[@ =]+([0-9][0-9A-Za-z.+-]{0,100}))?", re.ASCII)
_KEYS = frozenset(
    "id title label also near secrets programs files lookalikes crate meta published".split()
)
_MAX_BYTES = 16 << 20


def load_knowledge(
    data_dir: Path | None, *, folder: Path | None = None, own: Sequence[Path] = ()
) -> Knowledge:
    """Everything on this machine. `own`: files of campaigns, or of names (one a line, `name` or
    `name@version`). Raises SignatureError, UsageError.
    """
    books = [_shipped(folder or default_folder())]
    if data_dir is not None and (data_dir / DATA / KNOWN_BAD_FILE).is_file():
        books.append(read_book(data_dir / DATA, "db update"))
    books += [_own(one) for one in own]
    advisories = _advisories(data_dir)
    if advisories is not None:
        books.append(advisories)
    return _joined(books)


def _joined(books: Iterable[Knowledge]) -> Knowledge:
    """The first to name a crate and version describes it; later ones add what is new."""
    crates: dict[str, list[BadCrate]] = {}
    campaigns: dict[str, Campaign] = {}
    origins: list[Origin] = []
    for book in books:
        origins += book.origins
        for campaign in book.campaigns:
            campaigns[campaign.id] = campaign
        for one in book.crates:
            known = crates.setdefault(fold_name(one.name), [])
            if not known:
                known.append(one)
            elif not any(each.is_any_version for each in known):
                fresh = tuple(v for v in one.versions if not any(e.covers(v) for e in known))
                known += [replace(one, versions=fresh)] if fresh or one.affected else []
    everything = tuple(one for name in sorted(crates) for one in crates[name])
    found = (*campaigns.values(), *_implied(everything, campaigns))
    return Knowledge(everything, tuple(sorted(found, key=lambda one: one.id)), tuple(origins))


def _implied(crates: Iterable[BadCrate], known: Iterable[str]) -> Iterator[Campaign]:
    """Campaigns that are named by crates alone."""
    missing = dict.fromkeys(one.campaign for one in crates if one.campaign)
    yield from (Campaign(one, one.replace("-", " ")) for one in missing if one not in set(known))


# Files --------------------------------------------------------------------------------------------


def _shipped(folder: Path) -> Knowledge:
    return read_book(folder, "shipped")


def read_book(folder: Path, source: str) -> Knowledge:
    """The list and the campaigns of one folder. Raises SignatureError."""
    digest = hashlib.sha256()
    data = _read(folder / KNOWN_BAD_FILE)
    digest.update(data)
    table = _table(KNOWN_BAD_FILE, data)
    campaigns: list[Campaign] = []
    extra: list[BadCrate] = []
    for path in sorted((folder / FOLDER).glob("*.toml")):
        text = _read(path)
        digest.update(text)
        campaign, crates = read_campaign(text, path.name, source)
        if campaign.id != path.stem:
            raise SignatureError(f"{path}: `id` must equal the file name")
        campaigns.append(campaign)
        extra += crates
    labels = {one.label: one.id for one in campaigns if one.label}
    crates = (*_crates(table, KNOWN_BAD_FILE, labels, source), *extra)
    meta = table.get("meta")
    as_of = str(meta.get("compiled", "")) if isinstance(meta, dict) else ""
    stamp = folder / "fetched"
    fetched = stamp.read_text("utf-8", "replace").strip()[:40] if stamp.is_file() else ""
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


def _own(path: Path) -> Knowledge:
    """A campaign's file, or names one a line. Raises UsageError."""
    if path.suffix == ".toml":
        campaign, crates = read_campaign(_read(path), path.name, path.name)
        return Knowledge(crates, (campaign,), (Origin(path.name, "", len(crates)),))
    try:
        lines = _read(path).decode().splitlines()
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text", remedy="write one name a line") from None
    found: list[BadCrate] = []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        row = _LINE.fullmatch(text)
        if row is not None:
            versions = (row[2],) if row[2] else ("*",)
            found.append(BadCrate(row[1], versions, "named", "own-names", source=path.name))
        elif text:
            raise UsageError(f"{path}:{number}: no crate name", remedy="write NAME or NAME@VERSION")
    return Knowledge(tuple(found), (), (Origin(path.name, "", len(found)),))


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


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path}: larger than any such list should be")
    return data


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


# Advisories ---------------------------------------------------------------------------------------


def _advisories(data_dir: Path | None) -> Knowledge | None:
    """Malicious crates of RustSec and OSV, as `db update` brought them."""
    store = open_store(data_dir)
    if store is None:
        return None
    crates: list[BadCrate] = []
    origins: list[Origin] = []
    with store:
        for info in store.sources:
            origins.append(Origin(info.name, info.as_of, info.malicious, info.sha256, info.fetched))
            records = store.part(info)[1]
            crates += [crate for one in records for crate in _of_advisory(one)]
    return Knowledge(tuple(crates), (), tuple(origins))


def _of_advisory(one: AdvisoryRecord) -> Iterator[BadCrate]:
    if one.kind is not AdvisoryKind.MALICIOUS or one.withdrawn:
        return
    is_whole = not one.safe and ALL in one.affected
    yield BadCrate(
        name=one.package,
        versions=("*",) if is_whole else one.versions,
        kind="malware" if is_whole else "compromised-release",
        advisories=(one.id, *one.aliases),
        removed=one.date[:10],
        summary=one.title,
        source="advisories",
        affected=() if is_whole else one.affected,
        safe=one.safe,
    )


def chosen(knowledge: Knowledge, name: str) -> str:
    """The id of the campaign that a person named, or whose file they gave. Raises UsageError."""
    if name.endswith(".toml"):
        name = read_campaign(_read(Path(name)), Path(name).name, name)[0].id
    campaign = knowledge.campaign(name)
    if campaign is None:
        known = ", ".join(one.id for one in knowledge.campaigns)
        raise UsageError(f"no campaign `{name}`", remedy=f"campaigns: {known}")
    return campaign.id

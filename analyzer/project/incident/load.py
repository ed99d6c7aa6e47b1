"""Brings together what is known: shipped lists, what `db update` brought, advisories, own names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from analyzer.errors import UsageError
from analyzer.project.incident.book import FOLDER, read_book, read_campaign
from analyzer.project.incident.feed import CAMPAIGNS
from analyzer.project.incident.model import BadCrate, Campaign, Knowledge, Origin
from analyzer.registry.advisories import AdvisoryKind, AdvisoryRecord
from analyzer.registry.advisory_store import open_store
from analyzer.registry.ranges import ALL
from analyzer.signatures import KNOWN_BAD_FILE, default_folder, fold_name

_LINE = re.compile(r"([A-Za-z0-9_-]{1,64})(?:[@ =]+([0-9][0-9A-Za-z.+-]{0,100}))?", re.ASCII)
_MAX_BYTES = 16 << 20


def load_knowledge(
    data_dir: Path | None, *, folder: Path | None = None, own: Sequence[Path] = ()
) -> Knowledge:
    """Everything on this machine. `own`: files of campaigns, or of names (one a line, `name` or
    `name@version`). Raises SignatureError, UsageError.
    """
    fetched, advisories = _stored(data_dir)
    books = sorted([shipped(folder), *fetched], key=lambda one: one.origins[0].as_of)
    return _joined([*books, *(_own(one) for one in own), *advisories])


def shipped(folder: Path | None = None) -> Knowledge:
    """What came with this version of the program. Raises SignatureError."""
    root = folder or default_folder()
    paths = [root / KNOWN_BAD_FILE, *(root / FOLDER).glob("*.toml")]
    return read_book({one.relative_to(root).as_posix(): _read(one) for one in paths}, "shipped")


def _joined(books: Iterable[Knowledge]) -> Knowledge:
    """The first to name a crate and version describes it; later ones add what is new. Of a campaign
    the latest description counts.
    """
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


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path}: larger than any such list should be")
    return data


# Advisories ---------------------------------------------------------------------------------------


def _stored(data_dir: Path | None) -> tuple[list[Knowledge], list[Knowledge]]:
    """What `db update` brought: campaigns with their crates, and what advisories call malicious."""
    store = open_store(data_dir)
    if store is None:
        return [], []
    books: list[Knowledge] = []
    crates: list[BadCrate] = []
    origins: list[Origin] = []
    with store:
        for info in store.sources:
            part = store.part(info)
            if info.name == CAMPAIGNS:
                files = {name: text.encode() for name, text in part.documents}
                books.append(read_book(files, "db update", info.fetched))
                continue
            origins.append(Origin(info.name, info.as_of, info.malicious, info.sha256, info.fetched))
            crates += [crate for one in part.records for crate in _of_advisory(one)]
    return books, [Knowledge(tuple(crates), (), tuple(origins))]


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

"""The feed of campaigns and known-bad names: a gzipped tar with the files of `signatures/`.

An archive of a whole repository is taken, too: of it only these files are read. The feed stands in
the same database as the advisories, whose rules it follows: nothing goes backwards.
"""

from __future__ import annotations

import re

from analyzer.errors import RegistryUnreachable, SignatureError
from analyzer.project.incident.book import FOLDER, read_book
from analyzer.project.incident.model import BadCrate, Knowledge
from analyzer.registry.advisories import AdvisoryKind, AdvisoryRecord, Feed, tar_files
from analyzer.registry.ranges import ALL
from analyzer.registry.update import READERS, Readers
from analyzer.signatures import KNOWN_BAD_FILE

CAMPAIGNS = "campaigns"
"""The feed's name in the database."""
_FILE = re.compile(rf"(?:.*/)?({re.escape(KNOWN_BAD_FILE)}|{FOLDER}/[a-z0-9-]+\.toml)", re.DOTALL)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def read_campaigns(data: bytes) -> Feed:
    """The list and every campaign, all of them or none. Raises RegistryUnreachable."""
    files: dict[str, bytes] = {}
    for path, content, _ in tar_files(data):
        found = _FILE.fullmatch(path)
        if found is not None and files.setdefault(found[1], content) != content:
            raise RegistryUnreachable(f"the feed has two files {found[1]}")
    try:
        documents = tuple((name, files[name].decode()) for name in sorted(files))
        book = read_book(files, "the feed")
    except (SignatureError, UnicodeDecodeError) as error:
        raise RegistryUnreachable(f"the feed cannot be read: {error}") from None
    day = book.origins[0].as_of
    if not _DAY.fullmatch(day):
        raise RegistryUnreachable("the feed does not say of which day it is (`[meta] compiled`)")
    records = tuple(sorted(_records(book), key=lambda one: (one.package, one.id)))
    return Feed(records, len(files), f"{day}T00:00:00Z", documents=documents)


ALL_READERS: Readers = {**READERS, CAMPAIGNS: read_campaigns}
"""Of every feed that the database may hold."""


def _records(book: Knowledge) -> list[AdvisoryRecord]:
    titles = {one.id: one.title for one in book.campaigns}
    return [_record(one, titles.get(one.campaign, "")) for one in book.crates]


def _record(one: BadCrate, campaign: str) -> AdvisoryRecord:
    """A listed crate as an entry that `scan`, `audit` and the gate look up beside advisories."""
    is_harmless = one.kind == "affiliated"
    return AdvisoryRecord(
        id=f"known-bad:{one.name}",
        package=one.name,
        kind=AdvisoryKind.AFFILIATED if is_harmless else AdvisoryKind.MALICIOUS,
        title=one.summary or campaign or f"`{one.name}` is on record as {one.kind}",
        date=one.removed or one.published,
        aliases=one.advisories,
        affected=(ALL,) if one.is_any_version else (),
        versions=() if one.is_any_version else one.versions,
    )

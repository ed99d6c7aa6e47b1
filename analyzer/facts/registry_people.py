"""Owners, publishers and downloads of a name, where the site or its dump was asked.

Never needed for a verdict, and much use never lowers one (threat model V4): what is looked for is
a change of hands or of the way of publishing.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Field, NameRecord, Publication
from analyzer.registry.context import days_between
from analyzer.registry.history import age_class

_NEW_OWNER_DAYS = 30
_USUAL = 3
"""Releases by one person from which another publisher is a change."""
_DOWNLOADS = (100, 10_000, 1_000_000)


def facts(view: CrateView) -> Iterator[Fact]:
    """Facts of the kinds `registry.owner` and `registry.downloads`."""
    record = view.context.record
    if record is None:
        return
    if not record.owners and record.downloads < 0:
        yield _fact(record, "owners", "", "not-told")
    for count, api in ((record.downloads, "all"), (record.recent_downloads, "recent")):
        if count >= 0:
            most = next((one for one in _DOWNLOADS if count < one), None)
            subject = f"under {most}" if most else f"from {_DOWNLOADS[-1]}"
            where = Field(record.source, "downloads")
            yield Fact(FactKind.REGISTRY_DOWNLOADS, subject, where, api=api, data=(str(count),))
    published = next(
        (one.published for one in view.context.index_entries if one.version == view.ref.version), ""
    )
    yield from _owners(record, published)
    yield from _publisher(record, view.ref.version)


def _owners(record: NameRecord, published: str) -> Iterator[Fact]:
    for one in record.owners:
        yield _fact(record, "owners", one.login, one.kind, one.since)
        days = days_between(_plain(one.since), published) if one.since and published else -1
        is_first = one.since and record.created and _plain(one.since)[:10] <= record.created[:10]
        if 0 <= days <= _NEW_OWNER_DAYS and not is_first:
            yield _fact(record, "owners", one.login, "new-owner", age_class(days))
    if len(record.owners) == 1 and record.owners[0].kind == "user":
        is_newcomer = record.owners[0].crates == 1
        api = "single-newcomer" if is_newcomer else "single"
        yield _fact(record, "owners", record.owners[0].login, api)


def _publisher(record: NameRecord, version: str) -> Iterator[Fact]:
    """Who published this version, and whether that is another way or person than before."""
    numbers = [one.version for one in record.publications]
    if version not in numbers:
        return
    place = numbers.index(version)
    own, before = record.publications[place], record.publications[:place]
    if own.is_trusted:
        yield _fact(record, "published_by", own.by, "trusted-publishing")
        return
    if not own.by:
        return
    yield _fact(record, "published_by", own.by, "publisher")
    if before and before[-1].is_trusted:
        yield _fact(record, "published_by", own.by, "trusted-publishing-left", before[-1].by)
    usual = _usual(before)
    if usual and own.by not in {one.by for one in before}:
        yield _fact(record, "published_by", own.by, "publisher-changed", usual)
    owners = {one.login for one in record.owners}
    if owners and own.by not in owners:
        yield _fact(record, "published_by", own.by, "publisher-no-owner")


def _usual(before: tuple[Publication, ...]) -> str:
    """Who published the last releases, if that was always the same person."""
    last = {one.by for one in before[-_USUAL:]}
    return last.pop() if len(before) >= _USUAL and len(last) == 1 else ""


def _plain(text: str) -> str:
    """A time of the site or dump as `datetime` reads it: dumps write `2024-01-01 00:00:00.1+00`."""
    return text[:19].replace(" ", "T")


def _fact(record: NameRecord, key: str, subject: str, api: str, *data: str) -> Fact:
    kept = tuple(one for one in data if one)
    where = Field(record.source, key)
    return Fact(FactKind.REGISTRY_OWNER, subject or "unknown", where, api=api, data=kept)

"""What index lines and local databases say around a crate: the frozen `Context` of an analysis.

No network here: callers hand in index lines that they have. A context costs microseconds beside
one query for advisories, so that a lock file of a thousand packages is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from analyzer.errors import CratescopeError
from analyzer.model import Advisory, Context, CrateRef, Gap, GapKind, IndexEntry, NameRecord
from analyzer.registry.advisory_store import AdvisoryStore

if TYPE_CHECKING:
    from analyzer.registry.dump import NameStore
    from analyzer.registry.web_api import WebApi

MAX_ENTRIES = 2000
"""Lines of one name that a context carries: the newest; nobody honest has more."""
MAX_ASKED = 8
"""Index files of new dependencies that one crate may cost."""
_RECENT_DAYS = 90
NO_ADVISORIES = Gap(
    GapKind.REGISTRY,
    "no database of advisories on this machine: known weaknesses were not looked up",
    remedy="run `cratescope db update`",
)


@dataclass(frozen=True, slots=True)
class Contexts:
    """Makes contexts. `store` may be None (see `gaps`); `as_of` is the day of the report, UTC.

    `names` is the registry's dump, if there is one; `site` its web API, only if it was asked for:
    then a context costs two requests, a second each.
    """

    store: AdvisoryStore | None
    as_of: str
    names: NameStore | None = None
    site: WebApi | None = None

    def of(
        self,
        ref: CrateRef,
        entries: tuple[IndexEntry, ...] = (),
        others: Mapping[str, tuple[IndexEntry, ...]] | None = None,
    ) -> Context:
        """What is known of a crate. `entries`: all index lines of its name, in index order;
        `others`: those of the dependencies named by `new_dependencies`, as far as known.
        """
        labels = self.labels
        if not entries and not labels:
            return Context()
        return Context(
            as_of=self.as_of,
            index_entries=_trimmed(entries, ref.version),
            advisories=self.advisories(ref.name, ref.version),
            first_published=_first_published(others or {}),
            sources=labels,
            record=self._record(ref) if entries else None,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """Name, state and digest of each database of advisories."""
        return tuple(one.label() for one in self.store.sources) if self.store else ()

    @property
    def knows_people(self) -> bool:
        """Whether contexts tell owners and downloads."""
        return self.names is not None or self.site is not None

    def advisories(self, name: str, version: str) -> tuple[Advisory, ...]:
        """What the databases say of one version."""
        return self.store.lookup(name, version) if self.store else ()

    def _record(self, ref: CrateRef) -> NameRecord | None:
        """Owners and downloads; a site out of reach is no reason to stop."""
        record = self.names.record(ref.name) if self.names is not None else None
        if self.site is not None:
            try:
                return _joined(self.site.record(ref.name), record)
            except CratescopeError:
                return record or NameRecord(ref.name, "web API: out of reach")
        return record

    def gaps(self, now: datetime) -> tuple[Gap, ...]:
        """What a run should say once: that there are no advisories, or only old ones."""
        if self.store is None or not self.store.sources:
            return (NO_ADVISORIES,)
        return tuple(
            replace(
                NO_ADVISORIES,
                reason=f"advisories of {one.name} were fetched {one.age(now).days} days ago",
            )
            for one in self.store.sources
            if one.is_stale(now)
        )


def _joined(site: NameRecord, dump: NameRecord | None) -> NameRecord:
    """What the site says, with the times of owners that only the dump knows."""
    known = {(one.login, one.kind): one for one in dump.owners} if dump is not None else {}
    return replace(site, owners=tuple(known.get((one.login, one.kind), one) for one in site.owners))


def contexts(
    packages: Iterable[tuple[CrateRef, tuple[IndexEntry, ...]]],
    store: AdvisoryStore | None,
    as_of: str,
) -> tuple[Context, ...]:
    """The contexts of many packages with their index lines (empty if unknown), in order."""
    make = Contexts(store, as_of)
    return tuple(make.of(ref, entries) for ref, entries in packages)


def published(entries: tuple[IndexEntry, ...], version: str) -> tuple[str, str]:
    """When this version, and the first one of the name, were published; empty where unknown.

    A name is as old as its oldest line only if every line is dated: one without a time may be
    younger or older than all others.
    """
    own = next((one.published for one in entries if one.version == version), "")
    times = [one.published for one in entries]
    return own, min(times) if times and all(times) else ""


def previous_entry(entries: tuple[IndexEntry, ...], version: str) -> IndexEntry | None:
    """The release before this one in time; without times, the line before it."""
    place = next((at for at, one in enumerate(entries) if one.version == version), None)
    if place is None:
        return None
    own = entries[place]
    if not own.published:
        return entries[place - 1] if place else None
    earlier = [one for one in entries if one.published and one.published < own.published]
    return max(earlier, key=lambda one: one.published, default=None)


def new_dependencies(entries: tuple[IndexEntry, ...], version: str) -> tuple[str, ...]:
    """Packages of the same registry that this release takes up and the one before did not have."""
    own = next((one for one in entries if one.version == version), None)
    if own is None:
        return ()
    before = previous_entry(entries, version)
    had = {one.package for one in before.dependencies} if before else set()
    found = (one.package for one in own.dependencies if not one.registry and one.kind != "dev")
    return tuple(dict.fromkeys(one for one in found if one not in had))


def worth_asking(entries: tuple[IndexEntry, ...], version: str, as_of: str) -> tuple[str, ...]:
    """New dependencies whose age matters: of a later release, or of a first one of these months."""
    if previous_entry(entries, version) is None:
        own = next((one for one in entries if one.version == version), None)
        if own is None or not own.published or days_between(own.published, as_of) > _RECENT_DAYS:
            return ()
    return new_dependencies(entries, version)[:MAX_ASKED]


def days_between(earlier: str, later: str) -> float:
    """Days from one time of an index line, or day, to another; below 0 if it is the other way."""
    first, last = (_instant(one) for one in (earlier, later))
    return (last - first).total_seconds() / 86_400


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def parse_day(text: str) -> str:
    """A day as `YYYY-MM-DD`. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).strftime("%Y-%m-%d")


def _first_published(
    others: Mapping[str, tuple[IndexEntry, ...]],
) -> tuple[tuple[str, str], ...]:
    """(name, time of the first release) of each crate; empty where index lines do not tell it."""
    found = []
    for name, entries in sorted(others.items()):
        times = [one.published for one in entries if one.published]
        found.append((name, min(times, default="")))
    return tuple(found)


def _trimmed(entries: tuple[IndexEntry, ...], version: str) -> tuple[IndexEntry, ...]:
    """All lines, but dependencies and features of the version and the one before it only."""
    before = previous_entry(entries, version)
    whole = {version, before.version if before else version}
    return tuple(
        one
        if one.version in whole
        else IndexEntry(one.name, one.version, one.checksum, one.is_yanked, one.published)
        for one in entries[-MAX_ENTRIES:]
    )

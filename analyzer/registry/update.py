"""Brings the local database of advisories up to date: from feeds, from files, from a bundle.

Each feed stands alone: one that cannot be reached or must not be believed leaves its last state in
place. Nothing goes backwards unless a person says so.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from analyzer.config import FEED_HOSTS, Settings
from analyzer.errors import CratescopeError, RegistryUnreachable, UsageError
from analyzer.registry import dump
from analyzer.registry.advisories import AdvisoryKind, Feed, read_osv, read_rustsec
from analyzer.registry.advisory_store import (
    FILE,
    AdvisoryStore,
    Part,
    SourceInfo,
    note_fetched,
    open_store,
    set_back,
    write_store,
)
from analyzer.registry.file_lock import lock
from analyzer.registry.remote import OpenClient, open_client

RUSTSEC, OSV = "rustsec", "osv"
Readers = Mapping[str, Callable[[bytes], Feed]]
"""What turns a feed's bytes into records, by the feed's name."""
READERS: Readers = {RUSTSEC: read_rustsec, OSV: read_osv}
_FEED_SIZE_BYTES = 256 << 20
_DUMP_SIZE_BYTES = 16 << 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one feed: its state now (None if there is none), and why it is not newer."""

    name: str
    now: SourceInfo | None
    before: SourceInfo | None = None
    error: CratescopeError | None = None
    is_new: bool = False


@dataclass(slots=True)
class Update:
    """One run. `places`: URL or file by feed name; `allows_older`: a person said so."""

    settings: Settings
    now: datetime
    allows_older: bool = False
    opener: OpenClient = open_client
    readers: Readers = field(default_factory=lambda: READERS)
    _parts: dict[str, Part] = field(default_factory=dict)

    def run(self, places: Mapping[str, str]) -> tuple[Outcome, ...]:
        """Fetch and store; an outcome for each place, in order. Raises UsageError, InternalError.

        A second process waits until the first is done.
        """
        path = self._path()
        with locked(path):
            self._load()
            outcomes = tuple(self._one(name, place) for name, place in places.items())
            if any(one.error is None for one in outcomes):
                write_store(path, self._parts.values())
        return outcomes

    def take_in(self, bundle: Path) -> tuple[Outcome, ...]:
        """What another machine exported, each feed under the same conditions as a fetched one."""
        path = self._path()
        if not bundle.is_file():
            raise UsageError(f"{bundle}: no such file")
        with locked(path), AdvisoryStore(bundle) as store:
            self._load()
            outcomes = tuple(self._take(store.part(one)) for one in store.sources)
            if any(one.is_new for one in outcomes):
                write_store(path, self._parts.values())
        return outcomes

    def _path(self) -> Path:
        assert self.settings.data_dir is not None
        return self.settings.data_dir / FILE

    def _load(self) -> None:
        store = open_store(self.settings.data_dir)
        if store is not None:
            with store:
                self._parts = {one.name: store.part(one) for one in store.sources}

    def _one(self, name: str, place: str) -> Outcome:
        old = self._parts.get(name)
        before = old.info if old else None
        try:
            data, etag = self._read(place, before)
            if data is None:
                assert old is not None  # only a known state is asked for changes
                info = note_fetched(old.info, self.now)
                self._parts[name] = replace(old, info=info)
                return Outcome(name, info, before)
            return self._take(self._part(name, place, data, etag))
        except RegistryUnreachable as error:
            return Outcome(name, before, before, error)

    def _take(self, part: Part) -> Outcome:
        info = part.info
        old = self._parts.get(info.name)
        before = old.info if old else None
        reason = set_back(old, part, self.now) if old and not self.allows_older else ""
        if reason:
            error = RegistryUnreachable(
                f"{info.name}: {reason}; the state at hand stays",
                remedy="--allow-older takes it all the same",
            )
            return Outcome(info.name, before, before, error)
        self._parts[info.name] = part
        return Outcome(info.name, info, before, is_new=True)

    def _part(self, name: str, place: str, data: bytes, etag: str) -> Part:
        feed = self.readers[name](data)
        info = SourceInfo(
            name=name,
            url=place if "://" in place else Path(place).name,
            fetched=self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            as_of=feed.as_of,
            sha256=hashlib.sha256(data).hexdigest(),
            files=feed.files,
            advisories=len(feed.records),
            withdrawn=sum(bool(one.withdrawn) for one in feed.records),
            malicious=sum(one.kind is AdvisoryKind.MALICIOUS for one in feed.records),
            etag=etag if etag.isascii() and etag.isprintable() else "",
            problems=feed.problems,
            documents=len(feed.documents),
        )
        return Part(info, feed.records, feed.documents)

    def _read(self, place: str, before: SourceInfo | None) -> tuple[bytes | None, str]:
        """The bytes behind a URL or path and their ETag; None if they are those at hand."""
        if "://" not in place:
            return _file(Path(place)), ""
        if self.settings.is_offline:
            raise RegistryUnreachable(
                f"offline, and {place} is not a file", remedy="name a file, or leave out --offline"
            )
        from analyzer.registry.client import Request, first_words

        has_etag = before is not None and before.url == place and before.etag
        headers = (("if-none-match", before.etag),) if before and has_etag else ()
        hosts = FEED_HOSTS.get(place) or frozenset({urlsplit(place).hostname or ""})
        request = Request(place, _FEED_SIZE_BYTES, headers, is_raw=True, hosts=hosts)
        with self.opener(self.settings) as client:
            answer = client.get(request)
        if answer.status == 304 and has_etag:
            return None, ""
        if answer.status != 200:
            raise RegistryUnreachable(
                f"{place} answered {answer.status}{first_words(answer.body)}",
                remedy="check the feed's URL",
            )
        return answer.body, answer.headers.get("etag", "")


@dataclass(frozen=True, slots=True)
class DumpUpdate:
    """Brings the dump of names, owners and downloads up to date."""

    settings: Settings
    allows_older: bool = False
    opener: OpenClient = open_client

    def run(self, place: str) -> str:
        """Read the dump at a URL or path; returns its time.

        Raises UsageError, RegistryUnreachable (also for one older than the one at hand).
        """
        assert self.settings.data_dir is not None
        path = self.settings.data_dir / dump.FILE
        with locked(path), tempfile.TemporaryFile(dir=path.parent) as whole:
            before = dump.open_names(self.settings.data_dir)
            if "://" in place:
                self._fetch(place, whole)
                return self._store(whole, path, before)
            try:
                with Path(place).open("rb") as file:
                    return self._store(file, path, before)
            except OSError as error:
                raise UsageError(f"{place}: {error.strerror}") from None

    def _store(self, stream: BinaryIO, path: Path, before: dump.NameStore | None) -> str:
        fresh = path.with_suffix(".new")
        as_of = dump.read_dump(stream, fresh)
        if before is not None:
            before.close()
            if as_of < before.as_of and not self.allows_older:
                fresh.unlink()
                raise RegistryUnreachable(
                    f"the dump is of {as_of}, older than the {before.as_of} at hand",
                    remedy="--allow-older takes it all the same",
                )
        fresh.replace(path)
        return as_of

    def _fetch(self, url: str, into: BinaryIO) -> None:
        if self.settings.is_offline:
            raise RegistryUnreachable(f"offline: {url} is not asked", remedy="name a file")
        from analyzer.registry.client import Request, first_words

        hosts = frozenset({urlsplit(url).hostname or ""})
        request = Request(url, _DUMP_SIZE_BYTES, is_raw=True, hosts=hosts)
        with self.opener(self.settings) as client:
            answer = client.get(request, into)
        if answer.status != 200:
            raise RegistryUnreachable(f"{url} answered {answer.status}{first_words(answer.body)}")
        into.seek(0)


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_FEED_SIZE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(data) > _FEED_SIZE_BYTES:
        raise UsageError(f"{path}: larger than any such feed should be")
    return data


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process changes a database. Raises UsageError if its folder cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UsageError(
            f"{path.parent}: {error.strerror}", remedy="set CRATESCOPE_DATA_DIR"
        ) from None
    try:
        with lock(handle):
            yield
    finally:
        os.close(handle)

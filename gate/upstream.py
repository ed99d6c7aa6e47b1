"""An upstream registry as the gate sees it: index files with their age, archives by checksum.

Only the hosts that the operator named are ever asked, redirects included, and only where their
names lead to public addresses, unless the operator said otherwise (threat model G12).
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from typing import BinaryIO
from urllib.parse import urlsplit

from analyzer.config import Settings
from analyzer.errors import ChecksumMismatch, RegistryUnreachable
from analyzer.limits import Limits
from analyzer.model import IndexEntry
from analyzer.registry.cache import Cache
from analyzer.registry.client import Answer, Client, Request
from analyzer.registry.index import IndexFile, parse_index
from analyzer.registry.remote import Remote
from gate.addresses import permits
from gate.breaker import Breaker
from gate.settings import GateSettings, Mount

_ARCHIVES_AT_ONCE = 12
_RETRIES = 1


class GuardedClient(Client):
    """Asks only the hosts of one upstream, and not at all while it does not answer."""

    def __init__(self, settings: Settings, mount: Mount, breaker: Breaker) -> None:
        super().__init__(settings, may_connect=permits(mount.hosts, mount.networks))
        self._hosts, self._breaker = mount.hosts, breaker

    def get(self, request: Request, into: BinaryIO | None = None) -> Answer:
        """As Client does; raises RegistryUnreachable for a foreign host and while it is open."""
        host = urlsplit(request.url).hostname or ""
        if host not in self._hosts:
            raise RegistryUnreachable(
                f"{host}: not a host of this upstream", remedy="name it in `hosts` if it is"
            )
        if self._breaker.left_s:
            raise RegistryUnreachable(
                f"{host}: did not answer, asked again in {self._breaker.left_s:.0f} s"
            )
        try:
            answer = super().get(replace(request, hosts=self._hosts), into)
        except RegistryUnreachable:
            self._breaker.failed(request.url)
            raise
        self._breaker.worked()
        return answer


@dataclass(frozen=True, slots=True)
class IndexCopy:
    """A crate's index file as it came; `is_stale`: the upstream could not be asked."""

    data: bytes
    file: IndexFile
    digest: str
    is_stale: bool = False


class Upstream:
    """One mount. Safe to share between threads."""

    def __init__(self, mount: Mount, settings: GateSettings, limits: Limits) -> None:
        self.mount, self._limits = mount, limits
        self._is_stale_served = settings.outages.is_stale_served
        self.breaker = Breaker()
        self._settings = Settings(
            cache_dir=settings.data_dir / "store",
            registry=mount.access,
            timeout_s=settings.upstream_timeout_s,
            retries=_RETRIES,
            ca_bundle=settings.ca_bundle,
            index_max_age_s=settings.index_age_s,
        )
        self._cache = Cache(self._settings.cache_dir)
        self._remote = Remote(self._settings, limits, self._cache, self._open)
        self._slots = threading.Semaphore(_ARCHIVES_AT_ONCE)
        self.downloads = 0

    def _open(self, settings: Settings) -> Client:
        return GuardedClient(settings, self.mount, self.breaker)

    def close(self) -> None:
        """End what is under way."""
        self._remote.close()

    def index(self, name: str, *, is_checked: bool = False) -> IndexCopy:
        """A crate's index file; `is_checked`: however young the copy is.

        Raises UnknownCrate, RegistryUnreachable.
        """
        is_stale = False
        try:
            data = self._remote.index(name, is_checked=is_checked)
        except RegistryUnreachable:
            place = (self.mount.access.index_url, name)
            limit = self._limits.index_size_bytes
            cached = self._cache.index(*place, max_size_bytes=limit)
            if cached is None or not self._is_stale_served:
                raise
            data, is_stale = cached.data, True
        return IndexCopy(data, parse_index(data, name), hashlib.sha256(data).hexdigest(), is_stale)

    def kept(self, sha256: str) -> bytes | None:
        """An archive that is on this disk, its checksum verified."""
        return self._cache.archive(sha256, max_size_bytes=self._limits.archive_size_bytes)

    def archive(self, entry: IndexEntry) -> bytes:
        """The archive of an index line. Raises ChecksumMismatch, RegistryUnreachable."""
        data = self.kept(entry.checksum)
        if data is not None:
            return data
        with self._slots:
            data = self._remote.archive(entry)
            self.downloads += 1
        actual = hashlib.sha256(data).hexdigest()
        if actual != entry.checksum:
            raise ChecksumMismatch(
                f"{entry.name}@{entry.version}: the upstream's bytes are not those of its index",
                expected=entry.checksum,
                actual=actual,
                remedy="do not use them; tell the registry's owner",
            )
        self._cache.keep_archive(entry.checksum, data)
        return data

    @property
    def trouble(self) -> str:
        """Why something could not be stored; empty as long as all could."""
        return self._cache.trouble

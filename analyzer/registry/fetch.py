"""`Registry`: from a name to bytes whose checksum was verified before anything else read them."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from analyzer.config import Settings
from analyzer.errors import (
    ChecksumMismatch,
    CratescopeError,
    RegistryUnreachable,
    UnknownCrate,
)
from analyzer.limits import Limits
from analyzer.model import CrateRef, CrateSource, IndexEntry, Origin
from analyzer.registry.cache import Cache, CachedIndex
from analyzer.registry.client import Answer, Client
from analyzer.registry.index import (
    RegistryConfig,
    download_url,
    index_path,
    parse_config,
    parse_index,
)
from analyzer.registry.semver import is_prerelease, precedence
from analyzer.registry.targets import CrateTarget

_STREAMS = 32
Fetched = tuple[CrateTarget, IndexEntry | None, CrateSource | CratescopeError]


class Registry:
    """One registry behind cache and client; safe to share between threads. A context manager."""

    def __init__(self, settings: Settings, limits: Limits, *, client: Client | None = None) -> None:
        self._settings, self._limits = settings, limits
        self._access = settings.registry
        self._cache = Cache(settings.cache_dir)
        self._client = client or Client(settings)
        self._config: RegistryConfig | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.__exit__(kind, error, trace)

    # Index -----------------------------------------------------------------------------------

    def entries(self, name: str) -> tuple[IndexEntry, ...]:
        """All versions of a crate in index order. Raises UnknownCrate or RegistryUnreachable."""
        entries, odd = parse_index(self._index_file(name), name)
        if not entries:
            detail = f" ({odd} unreadable index lines)" if odd else ""
            raise UnknownCrate(f"{name}: the index lists no version{detail}")
        return entries

    def resolve(self, name: str, version: str = "") -> IndexEntry:
        """The entry a target means: the exact version, the newest that begins so, or the newest.

        Yanked versions are found only by their exact number. Raises UnknownCrate.
        """
        entries = self.entries(name)
        exact = [one for one in entries if one.version == version]
        exact = exact or [one for one in entries if one.version.partition("+")[0] == version]
        if exact:
            return exact[-1]
        open_ones = [one for one in entries if not one.is_yanked]
        if version:
            open_ones = [one for one in open_ones if one.version.startswith(f"{version}.")]
        stable = [one for one in open_ones if not is_prerelease(one.version)] or open_ones
        if stable:
            return max(stable, key=lambda one: precedence(one.version) or ())
        if version:
            known = sorted(entries, key=lambda one: precedence(one.version) or ())
            shown = ", ".join(one.version for one in known[-3:])
            raise UnknownCrate(f"{name} has no version {version}", remedy=f"newest: {shown}")
        raise UnknownCrate(
            f"every version of {name} is yanked",
            remedy=f"name one exactly: {name}@{entries[-1].version}",
        )

    def _index_file(self, name: str) -> bytes:
        path = index_path(name)
        cached = self._cache.index(self._access.index_url, name)
        if self._settings.is_offline:
            if cached is None:
                raise RegistryUnreachable(
                    f"{name} is not in the cache", remedy="run without --offline"
                )
            return cached.data
        headers = {"accept": "text/plain", "cargo-protocol": "version=1"}
        if cached is not None and cached.etag:
            headers["if-none-match"] = cached.etag
        elif cached is not None and cached.modified:
            headers["if-modified-since"] = cached.modified
        answer = self._get(self._access.index_url + path, self._limits.index_size_bytes, headers)
        if answer.status == 304 and cached is not None:
            return cached.data
        if answer.status in (404, 410, 451):
            raise UnknownCrate(f"no crate `{name}` in {self._access.index_url}")
        self._check(answer, "the index")
        validators = (answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))
        entry = CachedIndex(answer.body, *validators)
        self._cache.keep_index(self._access.index_url, name, entry)
        return answer.body

    def _get(self, url: str, limit: int, headers: dict[str, str]) -> Answer:
        token = self._access.token if url.startswith(_origin(self._access.index_url)) else ""
        return self._client.get(url, max_size_bytes=limit, headers=headers, token=token)

    @staticmethod
    def _check(answer: Answer, what: str) -> None:
        if answer.status == 200:
            return
        text = " ".join(answer.body[:300].decode("utf-8", "replace").split())
        remedy = "a token may be missing or wrong" if answer.status in (401, 403) else ""
        raise RegistryUnreachable(f"{what} answered {answer.status} {text}".strip(), remedy=remedy)

    # Archives ----------------------------------------------------------------------------------

    def fetch(self, entry: IndexEntry) -> CrateSource:
        """The archive of an index entry. Raises ChecksumMismatch before anybody reads the bytes."""
        data = self._cache.archive(entry.checksum)
        if data is None:
            data = self._download(entry)
        origin = Origin.CRATES_IO if self._access.is_default else Origin.REGISTRY
        registry = "" if self._access.is_default else self._access.index_url
        ref = CrateRef(entry.name, entry.version, registry)
        return CrateSource(ref, entry.checksum, data, origin)

    def _download(self, entry: IndexEntry) -> bytes:
        label = f"{entry.name}@{entry.version}"
        if self._settings.is_offline:
            raise RegistryUnreachable(
                f"{label} is not in the cache", remedy="run without --offline"
            )
        url = download_url(self._read_config(), entry)
        answer = self._get(url, self._limits.archive_size_bytes, {})
        self._check(answer, f"the download of {label}")
        actual = hashlib.sha256(answer.body).hexdigest()
        if actual != entry.checksum:
            raise ChecksumMismatch(
                f"{label}: the bytes are not the ones the index names",
                expected=entry.checksum,
                actual=actual,
                remedy="do not use them; tell the registry's owner",
            )
        self._cache.keep_archive(entry.checksum, answer.body)
        return answer.body

    def _read_config(self) -> RegistryConfig:
        with self._lock:
            if self._config is None:
                url = f"{self._access.index_url}config.json"
                answer = self._get(url, 1 << 20, {})
                config = parse_config(answer.body) if answer.status == 200 else None
                if config is None and not self._access.download_url:
                    self._check(answer, "config.json")
                    raise RegistryUnreachable(f"{url} is not a registry's config.json")
                self._config = config or RegistryConfig(
                    f"{self._access.download_url}/{{crate}}/{{crate}}-{{version}}.crate"
                )
            return self._config

    def fetch_all(
        self,
        targets: Iterable[CrateTarget],
        *,
        on_done: Callable[[CrateTarget], None] | None = None,
    ) -> Iterator[Fetched]:
        """Targets with their entries and archives, in order, some of them fetched ahead.

        Trouble with one target stands in its place and does not stop the others.
        """
        with ThreadPoolExecutor(_STREAMS) as threads:
            waiting: deque[Future[Fetched]] = deque()
            for target in targets:
                waiting.append(threads.submit(self._one, target, on_done))
                if len(waiting) >= _STREAMS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _one(self, target: CrateTarget, on_done: Callable[[CrateTarget], None] | None) -> Fetched:
        entry = None
        try:
            entry = self.resolve(target.name, target.version)
            return target, entry, self.fetch(entry)
        except CratescopeError as error:
            return target, entry, error
        finally:
            if on_done is not None:
                on_done(target)


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/"

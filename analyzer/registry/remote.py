"""One registry as seen through client and cache: its config, its index files, its archives' bytes.

Knows nothing of versions and checksums: `fetch.Registry` judges what comes from here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.config import Settings
from analyzer.errors import RegistryUnreachable, UnknownCrate
from analyzer.limits import Limits
from analyzer.model import IndexEntry
from analyzer.registry.cache import Cache, CachedIndex
from analyzer.registry.index import RegistryConfig, download_url, index_path, parse_config

if TYPE_CHECKING:
    from analyzer.registry.client import Answer, Client, Request

OpenClient = Callable[[Settings], "Client"]

_CONFIG_SIZE_BYTES = 1 << 20
_HEADERS = (("accept", "text/plain"), ("cargo-protocol", "version=1"))
_NO_SUCH_CRATE = (404, 410, 451)


def open_client(settings: Settings) -> Client:
    """The real client. A folder or a cached archive is read without ever importing it."""
    from analyzer.registry.client import Client

    return Client(settings)


class Remote:
    """Safe to share between threads. `trouble` says what did not go by the registry's own word."""

    def __init__(
        self, settings: Settings, limits: Limits, cache: Cache, opener: OpenClient = open_client
    ) -> None:
        self._settings, self._limits, self._cache = settings, limits, cache
        self._access = settings.registry
        self._opener = opener
        self._client: Client | None = None
        self._config: RegistryConfig | None = None
        self._client_lock, self._config_lock = threading.Lock(), threading.Lock()
        self._is_closed = False
        self.trouble = ""

    def close(self) -> None:
        """End what is under way; later requests raise RegistryUnreachable."""
        with self._client_lock:
            self._is_closed = True
            if self._client is not None:
                self._client.close()

    def index(self, name: str, *, is_checked: bool = False) -> bytes:
        """The index file of a crate, checked with the registry unless offline or young enough;
        `is_checked`: whatever its age.

        Raises UnknownCrate, RegistryUnreachable or (odd name) UsageError.
        """
        path, place = index_path(name), (self._access.index_url, name)
        cached = self._cache.index(*place, max_size_bytes=self._limits.index_size_bytes)
        if self._settings.is_offline:
            if cached is None:
                raise _not_cached(f"the index of `{name}`")
            return cached.data
        is_young = cached is not None and cached.age_s < self._settings.index_max_age_s
        if cached is not None and is_young and not is_checked:
            return cached.data
        limit, headers = self._limits.index_size_bytes, _validators(cached)
        answer = self._get(self._access.index_url + path, limit, headers)
        if answer.status == 304 and cached is not None:
            self._cache.touch_index(*place)
            return cached.data
        if answer.status in _NO_SUCH_CRATE:
            self._cache.forget_index(*place)
            raise UnknownCrate(f"no crate `{name}` in {self._shown()}", remedy="check the spelling")
        _check(answer, f"the index of `{name}`")
        headers_ = answer.headers
        validators = headers_.get("etag", ""), headers_.get("last-modified", "")
        fresh = CachedIndex(answer.body, *validators)
        if fresh != cached:
            self._cache.keep_index(*place, fresh)
        else:
            self._cache.touch_index(*place)
        return fresh.data

    def archive(self, entry: IndexEntry) -> bytes:
        """What the registry sends for an entry: unchecked bytes. Raises RegistryUnreachable."""
        label = f"{entry.name}@{entry.version}"
        if self._settings.is_offline:
            raise _not_cached(f"the archive of {label}")
        url = download_url(self._read_config(), entry)
        answer = self._get(url, self._limits.archive_size_bytes, is_raw=True)
        _check(answer, f"the download of {label}")
        return answer.body

    def _get(
        self,
        url: str,
        limit: int,
        headers: tuple[tuple[str, str], ...] = (),
        *,
        is_raw: bool = False,
    ) -> Answer:
        from analyzer.registry.client import Request, origin

        request = Request(url, limit, headers, is_raw=is_raw)
        if self._access.token and self._read_config().needs_token:
            home = self._access.index_url
            origins = {origin(home)}
            if url.startswith("https://") or home.startswith("http://"):
                origins.add(origin(url))  # where config.json sends us, but never into the clear
            request = replace(request, token=self._access.token, token_origins=frozenset(origins))
        return self._ask(request)

    def _ask(self, request: Request) -> Answer:
        with self._client_lock:
            # Thirty threads ask at once for the first answer: one client, closed at the end.
            if self._is_closed:
                raise RegistryUnreachable("the connection to the registry was closed")
            self._client = self._client or self._opener(self._settings)
        return self._client.get(request)

    # Config --------------------------------------------------------------------------------------

    def _read_config(self) -> RegistryConfig:
        with self._config_lock:
            if self._config is None:
                self._config = self._load_config()
            return self._config

    def _load_config(self) -> RegistryConfig:
        """What the index says of itself; of the default registry we know it without asking."""
        try:
            return self._ask_config()
        except RegistryUnreachable as error:
            if not self._access.download_url:
                raise
            self.trouble = f"{error}; archives are taken from their usual place"
            return RegistryConfig(self._access.download_url)

    def _ask_config(self) -> RegistryConfig:
        """As cargo does: without a token first, with it if that is refused."""
        from analyzer.registry.client import Request, origin

        home = self._access.index_url
        request = Request(f"{home}config.json", _CONFIG_SIZE_BYTES, _HEADERS)
        answer, is_closed = self._ask(request), False
        if answer.status == 401 and self._access.token:
            own = frozenset({origin(home)})
            answer = self._ask(replace(request, token=self._access.token, token_origins=own))
            is_closed = True
        _check(answer, "config.json")
        config = parse_config(answer.body)
        if config is None:
            raise RegistryUnreachable(
                f"{home}config.json is not what a registry says of itself",
                remedy="check the index URL: it is the folder that holds config.json",
            )
        return replace(config, needs_token=True) if is_closed else config

    def _shown(self) -> str:
        return "crates.io" if self._access.is_default else self._access.index_url


def _not_cached(what: str) -> RegistryUnreachable:
    return RegistryUnreachable(
        f"offline, and {what} is not in the cache", remedy="run once without --offline"
    )


def _validators(cached: CachedIndex | None) -> tuple[tuple[str, str], ...]:
    """As cargo asks: by ETag if there is one, else by date."""
    if cached is not None and cached.etag:
        return (*_HEADERS, ("if-none-match", cached.etag))
    if cached is not None and cached.modified:
        return (*_HEADERS, ("if-modified-since", cached.modified))
    return _HEADERS


def _check(answer: Answer, what: str) -> None:
    """Raises RegistryUnreachable, with the registry's own words, unless the answer is 200."""
    from analyzer.registry.client import first_words

    if answer.status == 200:
        return
    remedy = ""
    if answer.status in (401, 403):
        remedy = "if it needs a token: CARGO_REGISTRIES_<NAME>_TOKEN and --registry <NAME>"
    said = first_words(answer.body)
    raise RegistryUnreachable(f"{what}: the registry answered {answer.status}{said}", remedy=remedy)

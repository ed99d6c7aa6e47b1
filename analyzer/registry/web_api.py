"""The registry's web API: downloads, owners, who published what. Never needed for a verdict.

Its operators ask for at most one request a second and for a way to reach whoever sends them
(crates.io/data-access): a stamp in the cache folder paces all processes of this machine, and
without a contact nothing is sent.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from analyzer.config import Settings
from analyzer.errors import RegistryUnreachable, UnknownCrate, UsageError
from analyzer.model import NameRecord, Owner, Publication
from analyzer.registry.cache import Cache, CachedIndex
from analyzer.registry.file_lock import lock
from analyzer.registry.index import check_name
from analyzer.registry.remote import OpenClient

if TYPE_CHECKING:
    from analyzer.registry.client import Client

SOURCE = "web API"
PAUSE_S = 1.0
_ANSWER_SIZE_BYTES = 16 << 20
_STAMP = "web-api.stamp"


def open_patient_client(settings: Settings) -> Client:
    """A client that also waits a second or more before it asks again."""
    from analyzer.registry.client import Client

    return Client(settings, sleep=lambda pause_s: time.sleep(max(PAUSE_S, pause_s)))


class WebApi:
    """Asks for one name at a time; close it. Raises UsageError without a contact."""

    def __init__(
        self,
        settings: Settings,
        *,
        opener: OpenClient = open_patient_client,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        contact = settings.contact
        if not settings.is_offline and not (contact.isascii() and contact.strip()):
            raise UsageError(
                "the web API wants to know whom to reach",
                remedy="set CRATESCOPE_CONTACT to a mail address or URL of yours",
            )
        self._settings = replace(settings, user_agent=f"{settings.user_agent} ({contact})")
        self._cache, self._opener = Cache(settings.cache_dir), opener
        self._clock, self._sleep = clock, sleep
        self._client: Client | None = None

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._client.close()

    def record(self, name: str) -> NameRecord:
        """What the site says of a crate. Raises UnknownCrate or RegistryUnreachable."""
        crate = self._ask(check_name(name), "")
        owners = self._ask(name, "/owners")
        return parse_record(name, crate, owners)

    def _ask(self, name: str, what: str) -> bytes:
        home = self._settings.web_api.rstrip("/")
        place = f"{home}/crates{what}"
        cached = self._cache.index(place, name, max_size_bytes=_ANSWER_SIZE_BYTES)
        if self._settings.is_offline:
            if cached is None:
                raise RegistryUnreachable(
                    f"offline, and nothing of `{name}` from the web API is in the cache",
                    remedy="run once without --offline",
                )
            return cached.data
        from analyzer.registry.client import Request, first_words

        etag = (("if-none-match", cached.etag),) if cached is not None and cached.etag else ()
        headers = (("accept", "application/json"), *etag)
        request = Request(f"{home}/crates/{name}{what}", _ANSWER_SIZE_BYTES, headers)
        with self._paced():
            self._client = self._client or self._opener(self._settings)
            answer = self._client.get(request)
        if answer.status == 304 and cached is not None:
            return cached.data
        if answer.status == 404:
            raise UnknownCrate(f"the web API knows no crate `{name}`")
        if answer.status != 200:
            raise RegistryUnreachable(
                f"the web API answered {answer.status}{first_words(answer.body)}"
            )
        fresh = CachedIndex(answer.body, answer.headers.get("etag", ""))
        self._cache.keep_index(place, name, fresh)
        return fresh.data

    @contextmanager
    def _paced(self) -> Iterator[None]:
        """Only one process asks at a time, a second or more after the last one began."""
        folder = self._settings.cache_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder / _STAMP, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise RegistryUnreachable(
                f"{folder} cannot be written, so the web API cannot be asked politely: "
                f"{error.strerror}",
                remedy="set CRATESCOPE_CACHE_DIR",
            ) from None
        with os.fdopen(handle, "rb+") as file, lock(file.fileno()):
            wait = _last(file.read(64)) + PAUSE_S - self._clock()
            if 0 < wait <= PAUSE_S:  # a stamp of the future is a clock that was set back
                self._sleep(wait)
            file.seek(0)
            file.write(f"{self._clock():020.6f}".encode())
            file.flush()
            yield


def _last(stamp: bytes) -> float:
    try:
        return float(stamp)
    except ValueError:
        return 0.0


# Answers ------------------------------------------------------------------------------------------


def parse_record(name: str, crate: bytes, owners: bytes) -> NameRecord:
    """Both answers put together. Raises RegistryUnreachable for what is no such answer."""
    try:
        head, people = json.loads(crate), json.loads(owners)
        info, versions, users = head["crate"], head.get("versions") or [], people["users"]
        found = [_publication(one) for one in versions]
        return NameRecord(
            name=str(info["name"]),
            source=SOURCE,
            downloads=_count(info.get("downloads")),
            recent_downloads=_count(info.get("recent_downloads")),
            created=str(info.get("created_at") or ""),
            updated=str(info.get("updated_at") or ""),
            repository=str(info.get("repository") or ""),
            owners=tuple(Owner(str(one["login"]), str(one.get("kind") or "user")) for one in users),
            publications=tuple(one for _, one in sorted(found, key=lambda pair: pair[0])),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RegistryUnreachable(f"what the web API says of `{name}` cannot be read") from None


def _publication(row: dict[str, object]) -> tuple[str, Publication]:
    """Its time, and who published a version."""
    workflow = row.get("trustpub_data")
    if isinstance(workflow, dict):
        by = str(workflow.get("repository") or workflow.get("project_path") or "unknown")
        publication = Publication(str(row["num"]), by, is_trusted=True)
    else:
        person = row.get("published_by")
        login = person.get("login") if isinstance(person, dict) else None
        publication = Publication(str(row["num"]), str(login or ""))
    return str(row.get("created_at") or ""), publication


def _count(value: object) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62
    return value if is_count and isinstance(value, int) else -1

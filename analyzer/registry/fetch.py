"""`Registry`: from a name to bytes whose checksum was verified before anything else read them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from analyzer.config import Settings
from analyzer.errors import (
    ChecksumMismatch,
    CratescopeError,
    RegistryUnreachable,
    UnknownCrate,
)
from analyzer.limits import Limits
from analyzer.model import CrateRef, CrateSource, Gap, GapKind, IndexEntry, Origin
from analyzer.registry.cache import Cache
from analyzer.registry.index import IndexFile, parse_index
from analyzer.registry.remote import OpenClient, Remote, open_client
from analyzer.registry.semver import Key, is_partial, is_prerelease, precedence, without_build
from analyzer.registry.targets import CrateTarget

STREAMS = 32
"""Archives under way at once: with HTTP/2 the fastest and steadiest number."""
_HELD_SIZE_BYTES = 128 << 20
"""Archives waiting for their turn may hold this much before no further one is asked for."""
_REMEMBERED_SIZE_BYTES = 16 << 20
"""Index files kept parsed, by their size as text."""

if TYPE_CHECKING:
    from concurrent.futures import Future

Fetched = tuple[CrateTarget, IndexEntry | None, CrateSource | CratescopeError]


class Registry:
    """One registry behind cache and client; safe to share between threads. A context manager."""

    def __init__(
        self, settings: Settings, limits: Limits, *, opener: OpenClient = open_client
    ) -> None:
        self._access, self._limits = settings.registry, limits
        self._cache = Cache(settings.cache_dir)
        self._remote = Remote(settings, limits, self._cache, opener)
        self._remembered = _Remembered()
        self._gaps: dict[str, tuple[Gap, ...]] = {}

    def __enter__(self) -> Registry:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._remote.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went otherwise than meant but stopped nothing, such as a cache on a full disk."""
        return tuple(one for one in (self._cache.trouble, self._remote.trouble) if one)

    @property
    def limits(self) -> Limits:
        """The limits that archives are held to."""
        return self._limits

    # Index -----------------------------------------------------------------------------------

    def entries(self, name: str) -> tuple[IndexEntry, ...]:
        """All versions of a crate in index order. Raises UnknownCrate or RegistryUnreachable."""
        return self._index(name).entries

    def index_gaps(self, name: str) -> tuple[Gap, ...]:
        """Lines of a crate's index file that could not be believed; raises as `entries` does."""
        self._index(name)
        return self._gaps.get(name.lower(), ())

    def resolve(self, name: str, version: str = "") -> IndexEntry:
        """The entry a target means: the exact version, the newest that begins so, or the newest.

        The newest is a release rather than a pre-release, and never yanked: those are found only by
        their exact number. Raises UnknownCrate, RegistryUnreachable, UsageError.
        """
        file = self._index(name)
        if not version or is_partial(version):
            return _newest(file.entries, name, version)
        exact = [one for one in file.entries if one.version == version]
        if "+" not in version:
            exact = exact or [one for one in file.entries if without_build(one.version) == version]
        if exact:
            return max(exact, key=_age)
        for problem in file.problems:
            if version in (problem.version, without_build(problem.version)):
                raise RegistryUnreachable(
                    f"{name}@{version}: line {problem.line} of the index: {problem.reason}",
                    remedy="tell the registry's owner",
                )
        raise _unknown(file.entries, name, version)

    def _index(self, name: str) -> IndexFile:
        key = name.lower()
        file = self._remembered.get(key)
        if file is None:
            data = self._remote.index(name)
            file = parse_index(data, name)
            if not file.entries and not any(one.version for one in file.problems):
                raise UnknownCrate(f"{name}: the index lists no version that can be read")
            if file.problems:
                self._gaps[key] = _gaps(file, key)
            self._remembered.put(key, file, len(data))
        return file

    # Archives ----------------------------------------------------------------------------------

    def fetch(self, entry: IndexEntry) -> CrateSource:
        """The archive of an index entry. Raises ChecksumMismatch before anybody reads the bytes."""
        limit = self._limits.archive_size_bytes
        data = self._cache.archive(entry.checksum, max_size_bytes=limit)
        if data is None:
            data = self._download(entry)
        origin = Origin.CRATES_IO if self._access.is_default else Origin.REGISTRY
        registry = "" if self._access.is_default else self._access.index_url
        ref = CrateRef(entry.name, entry.version, registry)
        return CrateSource(
            ref, entry.checksum, data, origin, self._gaps.get(entry.name.lower(), ())
        )

    def _download(self, entry: IndexEntry) -> bytes:
        data = self._remote.archive(entry)
        actual = hashlib.sha256(data).hexdigest()
        if actual != entry.checksum:
            raise ChecksumMismatch(
                f"{entry.name}@{entry.version}: the bytes are not the ones the index names",
                expected=entry.checksum,
                actual=actual,
                remedy="do not use them; tell the registry's owner",
            )
        self._cache.keep_archive(entry.checksum, data)
        return data

    def fetch_all(
        self,
        targets: Iterable[CrateTarget],
        *,
        jobs: int = STREAMS,
        on_done: Callable[[CrateTarget], None] | None = None,
    ) -> Iterator[Fetched]:
        """Targets with their entries and archives, in order, some of them fetched ahead.

        Trouble with one target stands in its place and does not stop the others. `on_done` is
        called from other threads, as targets end. At most about 128 MiB, and `jobs` archives
        under way, are held.
        """
        from concurrent.futures import ThreadPoolExecutor

        threads = ThreadPoolExecutor(jobs)
        waiting: deque[Future[Fetched]] = deque()
        try:
            for target in targets:
                while waiting and (len(waiting) >= 2 * jobs or _held(waiting) > _HELD_SIZE_BYTES):
                    yield waiting.popleft().result()
                waiting.append(threads.submit(self._one, target, on_done))
            while waiting:
                yield waiting.popleft().result()
        finally:
            # Whoever stops early, or presses Ctrl-C, waits for nothing: __exit__ ends the rest.
            threads.shutdown(wait=False, cancel_futures=True)

    def _one(self, target: CrateTarget, on_done: Callable[[CrateTarget], None] | None) -> Fetched:
        entry = None
        try:
            entry = self.resolve(target.name, target.version)
            _agree(target, entry)
            return target, entry, self.fetch(entry)
        except CratescopeError as error:
            return target, entry, error
        finally:
            if on_done is not None:
                on_done(target)


class _Remembered:
    """Parsed index files, least recently used first to go; one run asks for each only once."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, tuple[IndexFile, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._size_bytes = 0

    def get(self, name: str) -> IndexFile | None:
        with self._lock:
            if name not in self._files:
                return None
            self._files.move_to_end(name)
            return self._files[name][0]

    def put(self, name: str, file: IndexFile, size_bytes: int) -> None:
        with self._lock:
            _, before = self._files.pop(name, (None, 0))
            self._files[name] = file, size_bytes
            self._size_bytes += size_bytes - before
            while self._size_bytes > _REMEMBERED_SIZE_BYTES and len(self._files) > 1:
                _, (_, size) = self._files.popitem(last=False)
                self._size_bytes -= size


def _held(waiting: Iterable[Future[Fetched]]) -> int:
    got = (one.result()[2] for one in waiting if one.done())
    return sum(len(one.data) for one in got if isinstance(one, CrateSource))


def _gaps(file: IndexFile, name: str) -> tuple[Gap, ...]:
    gaps = []
    for one in file.problems:
        what = f"{one.version}: {one.reason}" if one.version else one.reason
        gaps.append(Gap(GapKind.REGISTRY, f"index line: {what}", f"index of {name}", one.line))
    return tuple(gaps)


def _newest(entries: Sequence[IndexEntry], name: str, start: str) -> IndexEntry:
    """The newest open version, of those that begin with the numbers in `start`."""
    found = [one for one in entries if not start or one.version.startswith(f"{start}.")]
    newest = _best(found)
    if newest is None:
        raise _unknown(entries, name, start)
    if newest.is_yanked:
        raise UnknownCrate(
            f"every version {f'{start} ' if start else ''}of {name} is yanked",
            remedy=f"name one exactly: {name}@{newest.version}",
        )
    return newest


def _best(entries: Sequence[IndexEntry]) -> IndexEntry | None:
    """Releases before pre-releases before yanked versions, then the newest."""
    ranks = ((not one.is_yanked, not is_prerelease(one.version), _age(one)) for one in entries)
    return max(zip(ranks, entries, strict=True), key=lambda pair: pair[0], default=(None, None))[1]


def _age(entry: IndexEntry) -> Key:
    key = precedence(entry.version)
    assert key is not None  # the index reader lets nothing else pass
    return key


def _unknown(entries: Sequence[IndexEntry], name: str, version: str) -> UnknownCrate:
    """No such version; with the newest and those that look alike."""
    from difflib import get_close_matches

    newest = _best(entries)
    if newest is None:
        return UnknownCrate(f"{name} has no version that can be read from the index")
    order = [one.version for one in sorted(entries, key=_age, reverse=True)]
    near = ", ".join(get_close_matches(version[:40], order, n=3))
    return UnknownCrate(
        f"{name} has no version {version[:40]!r}",
        remedy=f"newest: {newest.version}" + (f"; near: {near}" if near else ""),
    )


def _agree(target: CrateTarget, entry: IndexEntry) -> None:
    """What a lock file or a package URL pins is what the index must name."""
    if target.checksum and target.checksum != entry.checksum:
        raise ChecksumMismatch(
            f"{entry.name}@{entry.version}: the index names another checksum than the one pinned",
            expected=target.checksum,
            actual=entry.checksum,
            remedy="find out which of the two was changed before you build",
        )

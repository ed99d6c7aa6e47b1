"""`Registry`: from a name to bytes whose checksum was verified before anything else read them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

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

T = TypeVar("T")
S = TypeVar("S")
Fetched = tuple[CrateTarget, IndexEntry | None, CrateSource | CratescopeError]


class Registry:
    """One registry behind cache and client; safe to share between threads. A context manager."""

    def __init__(
        self, settings: Settings, limits: Limits, *, opener: OpenClient = open_client
    ) -> None:
        self._access, self._limits = settings.registry, limits
        self._cache = Cache(settings.cache_dir)
        self._is_trusting = settings.index_max_age_s > 0 and not settings.is_offline
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
        if not version or is_partial(version):
            return _newest(self._index(name, is_checked=True).entries, name, version)
        try:
            return self._exact(self._index(name), name, version)
        except CratescopeError:
            if not self._is_trusting:
                raise
        return self._exact(self._index(name, is_checked=True), name, version)

    def _exact(self, file: IndexFile, name: str, version: str) -> IndexEntry:
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

    def index_digest(self, name: str) -> str:
        """sha256 of a crate's index file, without reading its lines; raises as `entries` does."""
        return self._held(name).digest

    def _index(self, name: str, *, is_checked: bool = False) -> IndexFile:
        key = name.lower()
        held = self._held(name, is_checked=is_checked and self._is_trusting)
        if held.file is None:
            file = parse_index(held.data, name)
            if not file.entries and not any(one.version for one in file.problems):
                raise UnknownCrate(f"{name}: the index lists no version that can be read")
            if file.problems:
                self._gaps[key] = _gaps(file, key)
            held.file, held.data = file, b""
        return held.file

    def _held(self, name: str, *, is_checked: bool = False) -> _Held:
        """The index file; `is_checked`: not one that is believed because it is young."""
        held = self._remembered.get(name.lower())
        if held is None or (is_checked and not held.is_checked):
            held = _Held(self._remote.index(name, is_checked=is_checked))
            held.is_checked = is_checked or not self._is_trusting
            self._remembered.put(name.lower(), held)
        return held

    # Archives ----------------------------------------------------------------------------------

    def fetch(self, entry: IndexEntry) -> CrateSource:
        """The archive of an index entry. Raises ChecksumMismatch before anybody reads the bytes."""
        limit = self._limits.archive_size_bytes
        data = self._cache.archive(entry.checksum, max_size_bytes=limit)
        if data is None:
            data = self._download(entry)
        ref, sha256, origin, gaps = self.identity(entry)
        return CrateSource(ref, sha256, data, origin, gaps)

    def identity(self, entry: IndexEntry) -> tuple[CrateRef, str, Origin, tuple[Gap, ...]]:
        """What `fetch` says of an archive besides its bytes: reference, sha256, origin, gaps."""
        origin = Origin.CRATES_IO if self._access.is_default else Origin.REGISTRY
        registry = "" if self._access.is_default else self._access.index_url
        ref = CrateRef(entry.name, entry.version, registry)
        return ref, entry.checksum, origin, self._gaps.get(entry.name.lower(), ())

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

        def one(target: CrateTarget) -> Fetched:
            entry = None
            try:
                entry = self.locked(target)
                agree(target, entry)
                return target, entry, self.fetch(entry)
            except CratescopeError as error:
                return target, entry, error
            finally:
                if on_done is not None:
                    on_done(target)

        def size(fetched: Fetched) -> int:
            return len(fetched[2].data) if isinstance(fetched[2], CrateSource) else 0

        return ahead(targets, one, size, jobs=jobs)

    def locked(self, target: CrateTarget) -> IndexEntry:
        """The entry a target means; where it denies the pinned checksum, the registry was asked.

        Raises as `resolve` does; whether the checksums agree is for `agree` to say.
        """
        entry = self.resolve(target.name, target.version)
        if self._is_trusting and target.checksum not in ("", entry.checksum):
            self._index(target.name, is_checked=True)
            entry = self.resolve(target.name, target.version)
        return entry


def ahead(
    targets: Iterable[S], get: Callable[[S], T], size: Callable[[T], int], *, jobs: int = STREAMS
) -> Iterator[T]:
    """What `get` gives for each target, in order, from `jobs` threads that work ahead.

    `size` tells the bytes that an answer holds: at most about 128 MiB wait for their turn.
    """
    from concurrent.futures import ThreadPoolExecutor

    threads = ThreadPoolExecutor(jobs)
    waiting: deque[Future[T]] = deque()

    def held() -> int:
        return sum(size(one.result()) for one in waiting if one.done())

    try:
        for target in targets:
            while waiting and (len(waiting) >= 2 * jobs or held() > _HELD_SIZE_BYTES):
                yield waiting.popleft().result()
            waiting.append(threads.submit(get, target))
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Whoever stops early, or presses Ctrl-C, waits for nothing: __exit__ ends the rest.
        threads.shutdown(wait=False, cancel_futures=True)


class _Held:
    """One index file: its bytes until somebody reads the lines, then these."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.digest = hashlib.sha256(data).hexdigest()
        self.size_bytes = len(data)
        self.is_checked = False
        self.file: IndexFile | None = None


class _Remembered:
    """Index files, least recently used first to go; one run asks for each only once."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, _Held] = OrderedDict()
        self._lock = threading.Lock()
        self._size_bytes = 0

    def get(self, name: str) -> _Held | None:
        with self._lock:
            if name not in self._files:
                return None
            self._files.move_to_end(name)
            return self._files[name]

    def put(self, name: str, file: _Held) -> None:
        with self._lock:
            before = self._files.pop(name, None)
            self._files[name] = file
            self._size_bytes += file.size_bytes - (before.size_bytes if before else 0)
            while self._size_bytes > _REMEMBERED_SIZE_BYTES and len(self._files) > 1:
                _, gone = self._files.popitem(last=False)
                self._size_bytes -= gone.size_bytes


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


def agree(target: CrateTarget, entry: IndexEntry) -> None:
    """What a lock file or a package URL pins is what the index must name.

    Raises ChecksumMismatch.
    """
    if target.checksum and target.checksum != entry.checksum:
        raise ChecksumMismatch(
            f"{entry.name}@{entry.version}: the index names another checksum than the one pinned",
            expected=target.checksum,
            actual=entry.checksum,
            remedy="find out which of the two was changed before you build",
        )

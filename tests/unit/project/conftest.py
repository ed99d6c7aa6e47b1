"""Lock files and a filled cache, written by the tests themselves."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from analyzer.config import DEFAULT_INDEX, RegistryAccess, Settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Report
from analyzer.pipeline import analyze
from analyzer.project.audit import AuditResult, audit_names
from analyzer.project.graph.reach import Choice
from analyzer.project.locks import read_locks
from analyzer.project.scan_lock import Means, scan_locked
from analyzer.registry.cache import Cache, CachedIndex
from analyzer.registry.context import Contexts
from analyzer.rules.ruleset import load_ruleset
from analyzer.worker.pool import Ask, Pool

REGISTRY = f"sparse+{DEFAULT_INDEX}"
LockText = Callable[..., str]


@pytest.fixture
def lock_text() -> LockText:
    """A Cargo.lock: `app 0.1.0` and packages given as `name version[ source[ checksum]]`, with
    `needs` from a name to the references in its `dependencies`.
    """

    def make(*packages: str, needs: dict[str, list[str]] | None = None) -> str:
        wanted = needs if needs is not None else {"app": [one.split()[0] for one in packages]}
        lines = ["version = 4", ""]
        for one in ("app 0.1.0 -", *packages):
            name, version, source, checksum, *_ = [*one.split(), "", ""]
            lines += ["[[package]]", f'name = "{name}"', f'version = "{version}"']
            if source != "-":
                lines.append(f'source = "{source or REGISTRY}"')
                lines += [] if checksum == "-" else [f'checksum = "{checksum or "ab" * 32}"']
            if name in wanted:
                lines.append(f"dependencies = {json.dumps(wanted[name])}")
            lines.append("")
        return "\n".join(lines)

    return make


@dataclass(frozen=True)
class Shelf:
    """A cache that holds crates, for runs without a network."""

    settings: Settings

    def put(self, name: str, version: str, build: str = "") -> str:
        """Add a crate with this build script; gives its checksum."""
        data = _archive(name, version, build)
        checksum = hashlib.sha256(data).hexdigest()
        self.put_line(name, version, checksum)
        Cache(self.settings.cache_dir).keep_archive(checksum, data)
        return checksum

    def put_line(self, name: str, version: str, checksum: str) -> None:
        """Add an index line only."""
        cache, url = Cache(self.settings.cache_dir), self.settings.registry.index_url
        line = {"name": name, "vers": version, "deps": [], "features": {}, "cksum": checksum}
        before = cache.index(url, name, max_size_bytes=1 << 20)
        data = (before.data if before else b"") + json.dumps(line | {"yanked": False}).encode()
        cache.keep_index(url, name, CachedIndex(data + b"\n", "", ""))


def _archive(name: str, version: str, build: str) -> bytes:
    manifest = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n'
    files = {"Cargo.toml": manifest, "src/lib.rs": "pub fn one() {}\n"}
    files |= {"build.rs": build} if build else {}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(Settings(tmp_path / "cache", RegistryAccess(DEFAULT_INDEX), is_offline=True))


class Reader:
    """Reads in this process what a worker would; `seen` are the names, in order. `age`: of all;
    `popular`: names that are much used.
    """

    cache = None

    def __init__(
        self, *, is_reversed: bool = False, age: str = "", popular: tuple[str, ...] = ()
    ) -> None:
        self._age, self._popular = age, popular
        self.seen: list[str] = []
        self._is_reversed = is_reversed

    def briefs(self, asked: Iterable[Ask]) -> Iterator[Report]:
        rows = list(asked)
        for one in reversed(rows) if self._is_reversed else rows:
            self.seen.append(one.crate.ref.name)
            report = analyze(one.crate, ruleset=load_ruleset(), context=one.context)
            is_popular = one.crate.ref.name in self._popular
            package = replace(report.package, age=self._age, is_popular=is_popular)
            yield replace(report, package=package)


@dataclass
class Project:
    """A workspace of packages by path, with its lock file."""

    folder: Path
    settings: Settings
    packages: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, files: dict[str, str], manifest: str = "", **needs: str) -> None:
        """A package with files; `manifest` follows its head. `needs`: a table to lines in it."""
        home = self.folder / name
        tables = "".join(
            f"[{table.replace('_', '-')}]\n"
            + "".join(f'{one} = {{ path = "../{one}" }}\n' for one in lines.split())
            for table, lines in needs.items()
        )
        head = f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n'
        for path, text in {"Cargo.toml": head + manifest + tables, **files}.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text)
        self.packages[name] = sorted({one for lines in needs.values() for one in lines.split()})

    def audit(self, choice: Choice | None = None, reader: Reader | None = None) -> AuditResult:
        """The audit of the workspace, with contents."""
        blocks = [
            f'[[package]]\nname = "{name}"\nversion = "1.0.0"\n'
            + (f"dependencies = {json.dumps(needs)}\n" if needs else "")
            for name, needs in sorted(self.packages.items())
        ]
        (self.folder / "Cargo.lock").write_text("version = 4\n\n" + "\n".join(blocks))
        members = ", ".join(f'"{one}"' for one in sorted(self.packages))
        (self.folder / "Cargo.toml").write_text(f"[workspace]\nmembers = [{members}]\n")
        locks = read_locks([self.folder], limits=DEFAULT_LIMITS)
        pool = cast("Pool", reader or Reader())
        contexts = Contexts(None, "2026-11-26")
        means = Means(
            self.settings, contexts, pool, DEFAULT_LIMITS, lambda _: None, choice or Choice()
        )
        return scan_locked(audit_names(locks, {}, "digest", is_scanned=True), means)


@pytest.fixture
def project(tmp_path: Path, shelf: Shelf) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder, shelf.settings)

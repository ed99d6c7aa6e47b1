"""Lock files and a filled cache, written by the tests themselves."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from analyzer.config import DEFAULT_INDEX, RegistryAccess, Settings
from analyzer.registry.cache import Cache, CachedIndex

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

"""Everything a build needs, fetched by the real cargo, with nothing of the crate ever run.

Cargo sees only manifests that we wrote, in folders that we made, with a home of its own. What it
brings is packed for the container; the crate itself goes in as the bytes that are judged.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from analyzer.config import DEFAULT_INDEX
from analyzer.errors import TomlError
from analyzer.lockfile import read_lockfile
from analyzer.model import (
    CrateSource,
    Dependency,
    DependencyKind,
    Lockfile,
    Manifest,
    Origin,
    SourceTree,
)
from analyzer.registry.index import index_path
from sandbox.consumer import acts_at_build_time
from sandbox.errors import SandboxError
from sandbox.neutral import neutral
from sandbox.scratch import Scratch
from sandbox.toolchain import Toolchain, clean_environment

_TIME_S = 900
_SHOWN = 400
_MORE_PACKAGES = 60
"""As many more may every feature bring; beyond, their build would take too long."""
_INDEX_FORMAT = b"\x03\x02\x00\x00\x00"
"""Cargo's index cache: its own format 3, index format 2."""


class NotFetched(Exception):
    """Why a crate cannot be built here, in one line."""


@dataclass(frozen=True, slots=True)
class Supplies:
    """A cargo home (index and archives, by path below it) and the lock files of two projects:
    one that depends on the crate, and the crate itself as a member with all that its tests need.

    An empty `member_lock` was not to be had; `notes` say why, and what was left out. `full_lock` is
    that of a project that takes every feature; empty if there are no more, if that is too much, or
    if nothing of the crate acts when it is built.
    """

    home: tuple[tuple[str, Path], ...]
    folder: Scratch
    registry: str
    consumer_lock: bytes
    member_lock: bytes
    member_manifest: str
    notes: tuple[str, ...]
    full_lock: bytes = b""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where fetched archives are kept between runs, whether the network may be asked, and with
    which features the crate is to be used.
    """

    home: Path
    toolchain: Toolchain
    is_offline: bool
    features: tuple[str, ...] = ()


def fetch(crate: CrateSource, tree: SourceTree, manifest: Manifest, shelf: Shelf) -> Supplies:
    """Fetch for one crate. Raises NotFetched, or SandboxError where the machine is at fault."""
    shelf.home.mkdir(parents=True, exist_ok=True)
    folder = Scratch()
    try:
        return _Fetch(crate, tree, manifest, shelf, folder).all()
    except BaseException:
        folder.cleanup()
        raise


def consumer_manifest(
    manifest: Manifest, features: tuple[str, ...], *, name: str = "consumer", path: str = ""
) -> str:
    """A project that has this crate, with these features, as its one dependency."""
    edge: dict[str, object] = {"version": f"={manifest.version}"}
    edge |= {"features": list(features)} if features else {}
    edge |= {"path": path} if path else {}
    package = {"name": name, "version": "0.1.0", "edition": "2021", "publish": False}
    return tomli_w.dumps({"package": package, "dependencies": {manifest.name: edge}})


def every_feature(manifest: Manifest) -> tuple[str, ...]:
    """All features that a project can ask for, those of optional dependencies too."""
    named = [name for name, _ in manifest.features]
    needs = {one for _, what in manifest.features for one in what}
    optional = [
        one.key
        for one in manifest.dependencies
        if one.is_optional and f"dep:{one.key}" not in needs and one.key not in named
    ]
    return tuple(dict.fromkeys((*named, *optional)))


class _Fetch:
    def __init__(
        self,
        crate: CrateSource,
        tree: SourceTree,
        manifest: Manifest,
        shelf: Shelf,
        folder: Scratch,
    ) -> None:
        self._crate, self._tree, self._manifest, self._shelf = crate, tree, manifest, shelf
        self._folder = folder
        self._work = folder.path
        self._home = self._work / "home"
        self._notes: list[str] = []

    def all(self) -> Supplies:
        _no_settings_above(self._work)
        member_lock, member_text = self._member()
        is_public = self._crate.origin is Origin.CRATES_IO and not self._crate.ref.registry
        consumer = self._work / "consumer"
        _write(consumer, {"src/main.rs": b"fn main() {}\n"})
        if is_public:
            _write(consumer, {"Cargo.toml": self._consumer()})
            self._cargo(consumer, self._shelf.home)
            lock = (consumer / "Cargo.lock").read_bytes()
            full = self._full(consumer)
            self._take(lock, member_lock, full)
            self._same_bytes()
        else:
            self._stub(self._work / "stub", has_dev=False)
            _write(consumer, {"Cargo.toml": self._consumer("../stub")})
            self._cargo(consumer, self._shelf.home)
            lock = (consumer / "Cargo.lock").read_bytes()
            full = self._full(consumer, "../stub")
            self._take(lock, member_lock, full)
            self._enter()
            lock = self._entered(consumer, self._shelf.features)
            full = self._entered(consumer, every_feature(self._manifest)) if full else b""
        return Supplies(
            tuple(self._packed()),
            self._folder,
            self._registry.name,
            lock,
            member_lock,
            member_text,
            tuple(self._notes),
            full,
        )

    def _entered(self, consumer: Path, features: tuple[str, ...]) -> bytes:
        """The lock file where the crate comes from the index that it was entered into."""
        _write(consumer, {"Cargo.toml": consumer_manifest(self._manifest, features).encode()})
        (consumer / "Cargo.lock").unlink()
        self._cargo(consumer, self._home, is_offline=True)
        return (consumer / "Cargo.lock").read_bytes()

    def _full(self, consumer: Path, path: str = "") -> bytes:
        """The lock file of a project that takes every feature, over the one that is there."""
        every = every_feature(self._manifest)
        has_more = set(every) - {"default", *self._shelf.features}
        if not has_more or not acts_at_build_time(self._manifest):
            return b""
        before = len(_locked((consumer / "Cargo.lock").read_bytes()).packages)
        text = consumer_manifest(self._manifest, every, path=path)
        _write(consumer, {"Cargo.toml": text.encode()})
        try:
            self._cargo(consumer, self._shelf.home)
        except NotFetched as error:
            self._notes.append(f"with every feature: {error}")
            return b""
        lock = (consumer / "Cargo.lock").read_bytes()
        return lock if len(_locked(lock).packages) <= before + _MORE_PACKAGES else b""

    # Projects -------------------------------------------------------------------------------------

    def _member(self) -> tuple[bytes, str]:
        """The lock file and manifest of the crate as a member; empty when it cannot be one."""
        stub = self._work / "member"
        for has_dev in (True, False):
            try:
                text = self._stub(stub, has_dev=has_dev)
                self._cargo(stub, self._shelf.home)
            except NotFetched as error:
                self._notes.append(f"with dev-dependencies: {error}" if has_dev else str(error))
                continue
            return (stub / "Cargo.lock").read_bytes(), text
        return b"", ""

    def _stub(self, folder: Path, *, has_dev: bool) -> str:
        """The crate's manifest, and empty files where its targets are."""
        file = self._tree.file("Cargo.toml")
        try:
            made = neutral(file.data if file is not None else b"", has_dev=has_dev)
        except TomlError as error:
            raise NotFetched(str(error)) from None
        shutil.rmtree(folder, ignore_errors=True)
        rows = {one.path: b"" for one in self._manifest.targets if _is_plain(one.path)}
        _write(folder, {**rows, "Cargo.toml": f"{made.text}\n[workspace]\n".encode()})
        if made.dropped:
            self._notes.append(f"left out of Cargo.toml: {', '.join(made.dropped[:10])}")
        return made.text

    def _consumer(self, path: str = "") -> bytes:
        return consumer_manifest(self._manifest, self._shelf.features, path=path).encode()

    def _cargo(self, folder: Path, home: Path, *, is_offline: bool = False) -> None:
        """`cargo fetch` there. Raises NotFetched with cargo's own words."""
        toolchain = self._shelf.toolchain
        argv = [toolchain.cargo, "fetch", "--quiet"]
        if is_offline or self._shelf.is_offline:
            argv.append("--offline")
        try:
            done = subprocess.run(
                argv,
                cwd=folder,
                env=dict(clean_environment(toolchain, home)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIME_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotFetched(f"cargo fetch did not end within {_TIME_S} s") from None
        except OSError as error:
            raise SandboxError(f"cargo cannot be run: {error}") from None
        if done.returncode:
            text = " ".join(done.stderr.decode("utf-8", "replace").split())
            raise NotFetched(f"cargo fetch: {text[-_SHOWN:]}")

    # The home of the container --------------------------------------------------------------------

    @property
    def _registry(self) -> Path:
        """The public registry's folder in the shelf's index; its name holds cargo's own hash."""
        host = DEFAULT_INDEX.removeprefix("https://").rstrip("/")
        found = sorted((self._shelf.home / "registry/index").glob(f"{host}-*"))
        if not found:
            # A crate without dependencies: cargo has asked for nothing yet.
            return self._shelf.home / f"registry/index/{host}-1949cf8c6b5b557f"
        return found[0]

    def _take(self, *locks: bytes) -> None:
        """Copy what these lock files name from the shelf."""
        name = self._registry.name
        settings = self._registry / "config.json"
        if settings.exists():
            self._copy(settings, f"registry/index/{name}/config.json")
        rows = {
            (one.name, one.version, one.checksum)
            for lock in locks
            for one in _locked(lock).packages
            if one.source
        }
        for crate, version, checksum in sorted(rows):
            cached = self._registry / ".cache" / index_path(crate)
            self._copy(cached, f"registry/index/{name}/.cache/{index_path(crate)}")
            archive = self._shelf.home / f"registry/cache/{name}/{crate}-{version}.crate"
            if _sha256(archive) != checksum:
                raise NotFetched(f"{crate} {version}: not the bytes that the index names")
            self._copy(archive, f"registry/cache/{name}/{archive.name}")

    def _copy(self, source: Path, target: str) -> None:
        path = self._home / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)

    def _same_bytes(self) -> None:
        """What cargo fetched under the crate's name is what is judged."""
        ref = self._crate.ref
        path = self._home / f"registry/cache/{self._registry.name}/{ref.name}-{ref.version}.crate"
        if _sha256(path) != self._crate.sha256:
            raise NotFetched("cargo fetched other bytes than those that are judged")

    def _enter(self) -> None:
        """Put the crate into the home as if it had come from the public registry."""
        name, version = self._manifest.name, self._manifest.version
        data = self._crate.data
        if data[:2] != b"\x1f\x8b":
            data = gzip.compress(data, 6, mtime=0)
        line = json.dumps(_index_line(self._manifest, hashlib.sha256(data).hexdigest()))
        entry = _INDEX_FORMAT + b"\0" + f"{version}\0{line}\0".encode()
        registry = self._registry.name
        index = self._home / f"registry/index/{registry}"
        cached = index / ".cache" / index_path(name)
        cached.parent.mkdir(parents=True, exist_ok=True)
        cached.write_bytes(entry)
        if not (index / "config.json").exists():
            (index / "config.json").write_text(_settings(), "utf-8")
        archive = self._home / f"registry/cache/{registry}/{name}-{version}.crate"
        archive.parent.mkdir(parents=True, exist_ok=True)
        archive.write_bytes(data)

    def _packed(self) -> Iterator[tuple[str, Path]]:
        for kind in ("index", "cache"):
            root = self._home / "registry" / kind
            for path in sorted(root.rglob("*")):
                if path.is_file():
                    yield str(path.relative_to(self._home)), path


def _settings() -> str:
    from analyzer.config import DEFAULT_DOWNLOAD, DEFAULT_SOURCES

    api = next(one for one in sorted(DEFAULT_SOURCES) if one != DEFAULT_INDEX.rstrip("/"))
    return json.dumps({"dl": DEFAULT_DOWNLOAD.partition("/{crate}")[0], "api": api})


def _no_settings_above(folder: Path) -> None:
    """Cargo obeys `.cargo/config*` of every folder above it. Raises SandboxError for one."""
    for parent in folder.resolve().parents:
        for name in ("config", "config.toml"):
            if (parent / ".cargo" / name).exists():
                raise SandboxError(
                    f"cargo would obey {parent}/.cargo/{name}",
                    remedy="set TMPDIR to another folder",
                )


def _write(folder: Path, rows: dict[str, bytes]) -> None:
    for name, data in rows.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _is_plain(path: str) -> bool:
    parts = path.split("/")
    return bool(path) and not path.startswith("/") and ".." not in parts and "" not in parts


def _locked(data: bytes) -> Lockfile:
    return read_lockfile(data, path="Cargo.lock") if data else _NO_LOCK


_NO_LOCK = Lockfile("Cargo.lock", 4, ())


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _index_line(manifest: Manifest, checksum: str) -> dict[str, object]:
    return {
        "name": manifest.name,
        "vers": manifest.version,
        "deps": [_edge(one) for one in _published(manifest.dependencies)],
        "cksum": checksum,
        "features": {},
        "features2": {name: list(what) for name, what in manifest.features},
        "yanked": False,
        "links": manifest.links or None,
        "v": 2,
    }


def _published(edges: Iterable[Dependency]) -> Iterator[Dependency]:
    """Edges that a registry would take: with a version, other than those for tests alone."""
    return (one for one in edges if one.requirement and one.kind is not DependencyKind.DEV)


def _edge(one: Dependency) -> dict[str, object]:
    return {
        "name": one.key,
        "req": one.requirement,
        "features": list(one.features),
        "optional": one.is_optional,
        "default_features": one.has_defaults,
        "target": one.target or None,
        "kind": one.kind.value,
        "package": one.package if one.package != one.key else None,
    }

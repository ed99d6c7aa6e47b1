"""What the name of a file or folder says: which reader it wants, or what cargo left there.

Paths are `/`-separated texts, of a disk, a commit or an archive alike.
"""

from __future__ import annotations

import re
from enum import StrEnum

from analyzer.project.hunt.matching import Matcher
from analyzer.project.hunt.model import Place, Sighting


class Reader(StrEnum):
    """Who reads a file."""

    LOCK = "lock"
    MANIFEST = "manifest"
    INSTALLED = "installed"
    DEP_INFO = "dep-info"


_LOCK = re.compile(r"cargo[\w.-]*\.lock(?:[.~][\w.~-]*)?|cargo\.lock~?", re.IGNORECASE)
_MANIFESTS = frozenset({"cargo.toml", "cargo.toml.orig"})
_INSTALLED = frozenset({".crates.toml", ".crates2.json"})
_ARCHIVES = (
    *(".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz"),
    *(".tar.zst", ".tzst", ".tar.lz4", ".tar.zstd", ".zip"),
)
_BLOB = re.compile(r"(?:.*/)?(?:blobs/)?sha256/[0-9a-f]{64}|(?:.*/)?[0-9a-f]{64}/layer\.tar")
_VERSIONED = re.compile(r"([A-Za-z0-9_-]{1,64}?)-(\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,100})", re.ASCII)
_HASHED = re.compile(r"([A-Za-z0-9_-]{1,64})-[0-9a-f]{16}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{16}", re.ASCII)
_BUILT = re.compile(r"lib([A-Za-z0-9_-]{1,64})-[0-9a-f]{16}\.(?:rlib|rmeta|so|dylib|a)", re.ASCII)
_REGISTRY = re.compile(r"(?:^|/)registry/(src|cache|index)/[^/]+/")
_INDEX = re.compile(r"(?:^|/)registry/index/[^/]+/(?:\.cache/)?(?:[123]|..)/(?:[^/]{1,2}/)?[^/]+$")


def reader_of(name: str) -> Reader | None:
    """Who reads a file of this name."""
    low = name.lower()
    if _LOCK.fullmatch(low):
        return Reader.LOCK
    if low in _MANIFESTS:
        return Reader.MANIFEST
    if low in _INSTALLED:
        return Reader.INSTALLED
    return Reader.DEP_INFO if low.endswith(".d") else None


def is_archive(path: str) -> bool:
    """Whether a file is to be looked into: by its ending, or as a layer of an image."""
    low = path.lower()
    return low.endswith(_ARCHIVES) or _BLOB.fullmatch(low) is not None


def split_version(text: str) -> tuple[str, str] | None:
    """`some-name-1.2.3` as name and version."""
    found = _VERSIONED.fullmatch(text)
    return (found[1], found[2]) if found else None


def file_sighting(path: str, matcher: Matcher) -> Sighting | None:
    """What a file's name alone says."""
    name = path.rpartition("/")[2]
    if name.endswith(".crate"):
        parts = split_version(name.removesuffix(".crate"))
        return _named(Place.ARCHIVE_CACHE, path, *parts, matcher) if parts else None
    built = _BUILT.fullmatch(name)
    if built is not None:
        return _named(Place.ARTIFACT, path, built[1], "", matcher)
    if _INDEX.search(path):
        return _named(Place.INDEX_CACHE, path, name, "", matcher)
    if "/.cargo/bin/" in f"/{path}":
        return _named(Place.BINARY, path, name.removesuffix(".exe"), "", matcher)
    return None


def folder_sighting(path: str, matcher: Matcher) -> Sighting | None:
    """What a folder's name says: a build's marks, or a crate unpacked in cargo's cache."""
    above, _, name = path.rpartition("/")
    parent = above.rpartition("/")[2]
    registry = _REGISTRY.search(f"{above}/")
    if registry is not None and registry[1] == "src" and f"{above}/".endswith(registry[0]):
        parts = split_version(name)
        return _named(Place.SOURCE_CACHE, path, *parts, matcher) if parts else None
    hashed = _HASHED.fullmatch(name)
    if hashed is not None and parent == ".fingerprint":
        return _named(Place.FINGERPRINT, path, hashed[1], "", matcher)
    if hashed is not None and parent == "build":
        return _named(Place.BUILD_OUTPUT, path, hashed[1], "", matcher)
    if _HASH.fullmatch(name) and above.endswith(f"/build/{parent}"):  # cargo's newer build folder
        return _named(Place.BUILD_OUTPUT, path, parent, "", matcher)
    return None


def unversioned_build(path: str, matcher: Matcher) -> str:
    """The name of a crate bad in some versions only, if a folder is the fingerprint of one of its
    builds: which version it was does not stand there. Empty for others.
    """
    above, _, name = path.rpartition("/")
    hashed = _HASHED.fullmatch(name) if above.endswith("/.fingerprint") else None
    if hashed is None or matcher.match(hashed[1], "", None) is not None:
        return ""
    return hashed[1] if matcher.wanted(hashed[1]) else ""


def in_source_cache(path: str) -> str:
    """The folder of the crate, of a file in cargo's cache of sources; empty for others."""
    found = _REGISTRY.search(path)
    if found is None or found[1] != "src":
        return ""
    return path[: found.end()] + path[found.end() :].partition("/")[0]


def _named(place: Place, path: str, name: str, version: str, matcher: Matcher) -> Sighting | None:
    found = matcher.match(name, version, None)
    return Sighting(place, path, found[1].name, version, *found) if found is not None else None

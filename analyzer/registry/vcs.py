"""The files of one commit, for comparison with an archive that says it was made from it.

Git objects are read, nothing else: a repository may be hostile, and its own configuration, hooks,
attributes, filters and submodules name programs (threat model H8). A local clone is read by a
library that runs no git; a remote one is fetched into a folder of our own, without any settings
but ours, over HTTP(S) only.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dulwich.errors import NotCommitError, NotTreeError
from dulwich.object_store import DiskObjectStore
from dulwich.objects import Blob, Commit, ObjectID, Tree

from analyzer.config import Settings
from analyzer.errors import RegistryUnreachable, UsageError
from analyzer.model import VcsTree

_COMMIT = re.compile(r"[0-9a-f]{40}")
_MAX_FILES = 200_000
_MAX_DEPTH = 64
_LINK, _MODULE, _FOLDER = 0o120000, 0o160000, 0o040000
_KIND = 0o170000
_FETCH_S = 600
_OPTIONS = (
    *("core.hooksPath=/dev/null", "core.fsmonitor=false", "credential.helper="),
    *("protocol.allow=never", "protocol.https.allow=always", "protocol.http.allow=always"),
    *("transfer.fsckObjects=true", "transfer.bundleURI=false", "submodule.recurse=false"),
    *("fetch.recurseSubmodules=false", "gc.auto=0", "maintenance.auto=false"),
)
_PASSED_ON = ("PATH", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY")


def read_commit(place: str, commit: str, folder: str, settings: Settings) -> VcsTree:
    """The files below `folder` of a commit, in a local clone or behind an http(s) URL.

    A commit that is not there is an answer, too. Raises UsageError for a place that is no
    repository, RegistryUnreachable when a remote one cannot be read.
    """
    if not _COMMIT.fullmatch(commit):
        return VcsTree(commit, problem="no commit is named")
    if "://" not in place:
        return _tree(objects_of(Path(place)), commit, folder)
    if settings.is_offline:
        raise RegistryUnreachable(f"offline: {place} is not asked", remedy="name a local clone")
    with tempfile.TemporaryDirectory(prefix="cratescope-vcs-") as home:
        reason = _fetch(place, commit, Path(home), settings)
        if reason:
            return VcsTree(commit, problem=reason)
        return _tree(Path(home) / "repository/objects", commit, folder)


def objects_of(path: Path) -> Path:
    """The object folder of a clone, a bare repository or a linked work tree."""
    git = path / ".git"
    if git.is_file():
        pointer = git.read_text(errors="replace")[:4096].removeprefix("gitdir:").strip()
        git = path / pointer
        common = git / "commondir"
        if common.is_file():
            git = git / common.read_text(errors="replace")[:4096].strip()
    for one in (git / "objects", path / "objects"):
        if one.is_dir():
            return one
    raise UsageError(f"{path}: no git repository", remedy="name a clone's folder or an https URL")


# Trees --------------------------------------------------------------------------------------------


def _tree(objects: Path, commit: str, folder: str) -> VcsTree:
    store = DiskObjectStore(str(objects))
    try:
        found = store[ObjectID(commit.encode())]
    except KeyError:
        return VcsTree(commit, problem="the repository has no such commit")
    finally:
        store.close()
    if not isinstance(found, Commit):
        return VcsTree(commit, problem="what bears this name is no commit")
    walk = _Walk(DiskObjectStore(str(objects)))
    try:
        walk.enter(found.tree, "", 0)
    except (KeyError, NotTreeError, NotCommitError):
        return VcsTree(commit, problem="the clone lacks parts of this commit; fetch it whole")
    finally:
        walk.store.close()
    return VcsTree(commit, True, tuple(walk.below(folder)), tuple(walk.modules(folder)))


@dataclass(slots=True)
class _Walk:
    store: DiskObjectStore
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    submodules: list[str] = field(default_factory=list)

    def enter(self, tree: ObjectID, at: str, depth: int) -> None:
        """Note everything below a tree. Raises KeyError for an object that is not there."""
        found = self.store[tree]
        if not isinstance(found, Tree) or depth > _MAX_DEPTH or len(self.files) > _MAX_FILES:
            raise KeyError(tree)
        for entry in found.iteritems():
            assert entry.path is not None
            assert entry.mode is not None
            assert entry.sha is not None
            path = posixpath.join(at, entry.path.decode("utf-8", "backslashreplace"))
            kind = entry.mode & _KIND
            if kind == _FOLDER:
                self.enter(entry.sha, path, depth + 1)
            elif kind == _MODULE:
                self.submodules.append(path)
            elif kind == _LINK:
                self.links[path] = self._target(entry.sha, at)
            else:
                self.files[path] = entry.sha.decode()

    def below(self, folder: str) -> Iterator[tuple[str, str]]:
        """(path below `folder`, blob) of files, and of links to files as cargo packs them."""
        start = _prefix(folder)
        files = dict(self.files)
        for path, target in self.links.items():
            files.update(self._linked(path, target))
        for path, blob in sorted(files.items()):
            if path.startswith(start):
                yield path[len(start) :], blob

    def modules(self, folder: str) -> Iterator[str]:
        """Folders below `folder` that are other repositories."""
        start = _prefix(folder)
        yield from (one[len(start) :] for one in sorted(self.submodules) if one.startswith(start))

    def _linked(self, path: str, target: str) -> Mapping[str, str]:
        if target in self.files:
            return {path: self.files[target]}
        start = f"{target}/"
        return {
            f"{path}/{one[len(start) :]}": blob
            for one, blob in self.files.items()
            if one.startswith(start)
        }

    def _target(self, blob: ObjectID, at: str) -> str:
        found = self.store[blob]
        text = found.data[:4096].decode("utf-8", "replace") if isinstance(found, Blob) else ""
        return posixpath.normpath(posixpath.join(at, text))


def _prefix(folder: str) -> str:
    plain = posixpath.normpath(folder) if folder else "."
    return "" if plain == "." else f"{plain}/"


# Fetching -----------------------------------------------------------------------------------------


def _fetch(url: str, commit: str, home: Path, settings: Settings) -> str:
    """Fetch one commit; the reason if the repository is there and has no such commit."""
    if not url.startswith(("https://", "http://")) or not url.isprintable():
        raise UsageError(f"{url[:80]!r}: only http(s) repositories are asked")
    git = shutil.which("git")
    if git is None:
        raise RegistryUnreachable("git is not installed", remedy="install it, or name a clone")
    repository = home / "repository"
    environment = {
        **{one: os.environ[one] for one in _PASSED_ON if one in os.environ},
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        **({"GIT_SSL_CAINFO": settings.ca_bundle} if settings.ca_bundle else {}),
    }
    options = [part for one in _OPTIONS for part in ("-c", one)]
    start = [git, *options]
    init = [*start, "init", "--quiet", "--bare", "--template=", str(repository)]
    fetch = [*start, f"--git-dir={repository}", "fetch", "--quiet", "--depth=1", "--no-tags"]
    fetch += ["--no-recurse-submodules", "--no-write-fetch-head", "--", url, commit]
    try:
        subprocess.run(init, env=environment, check=True, capture_output=True, timeout=60)
        done = subprocess.run(
            fetch, env=environment, capture_output=True, timeout=_FETCH_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RegistryUnreachable(f"git could not fetch from {url}: {error}") from None
    if done.returncode == 0:
        return ""
    said = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
    if "not our ref" in said or "couldn't find remote ref" in said:
        return "the repository has no such commit"
    raise RegistryUnreachable(f"{url}: {said}", remedy="check the URL, or name a local clone")

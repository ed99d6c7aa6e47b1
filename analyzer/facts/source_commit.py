"""The commit an archive says it was made from, and how its files differ from that commit's.

cargo writes `.cargo_vcs_info.json`, so an author can write anything into it: a commit is evidence
only once a repository was asked for it (`Context.vcs`), and agreement lowers nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Field, Phase, SourceFile, Span

VCS_INFO = ".cargo_vcs_info.json"
_OWN = frozenset({VCS_INFO, "Cargo.toml", "Cargo.toml.orig", "Cargo.lock"})
"""What cargo writes into an archive by itself; the author's manifest is `Cargo.toml.orig`."""
_SHA1 = re.compile(r"[0-9a-f]{40}")
_WHERE = Field(VCS_INFO, "git.sha1")


def facts(view: CrateView) -> Iterator[Fact]:
    """`source.commit` (the commit, `none` or `missing`), `source.differs` for each odd file."""
    named = vcs_info(view.tree.file(VCS_INFO))
    asked = view.context.vcs
    if named is not None:
        commit, folder, is_dirty = named
        api = "dirty" if is_dirty else "named"
        yield Fact(FactKind.SOURCE_COMMIT, commit, _WHERE, api=api, data=(folder,))
    elif asked is not None:
        yield Fact(FactKind.SOURCE_COMMIT, "none", Field("Cargo.toml", "package"), api="none")
    if asked is None or named is None:
        return
    if asked.commit != named[0] or not asked.is_found:
        reason = asked.problem or "another commit was asked for"
        yield Fact(FactKind.SOURCE_COMMIT, named[0], _WHERE, api="missing", data=(reason,))
        return
    yield from _differences(view, dict(asked.files), asked.submodules)


def vcs_info(file: SourceFile | None) -> tuple[str, str, bool] | None:
    """(commit, folder of the package in the repository, work tree had changes); None if none."""
    try:
        document = json.loads(file.data) if file is not None and len(file.data) < 65_536 else {}
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    git = document.get("git")
    commit = git.get("sha1") if isinstance(git, dict) else None
    if not isinstance(git, dict) or not isinstance(commit, str) or not _SHA1.fullmatch(commit):
        return None
    folder = document.get("path_in_vcs", "")
    return commit, folder if isinstance(folder, str) else "", git.get("dirty") is True


def _differences(
    view: CrateView, committed: dict[str, str], submodules: tuple[str, ...]
) -> Iterator[Fact]:
    """Files that the commit has not, or has otherwise; the manifest by its original."""
    for file in view.tree.files:
        path = "Cargo.toml" if file.path == "Cargo.toml.orig" else file.path
        if file.path in _OWN and file.path != "Cargo.toml.orig":
            continue
        if file.path.startswith(tuple(f"{one}/" for one in submodules)):
            yield _differs(view, file, "elsewhere")
        elif path not in committed:
            yield _differs(view, file, "added")
        elif committed[path] not in _blobs(file.data):
            yield _differs(view, file, "changed")


def _differs(view: CrateView, file: SourceFile, api: str) -> Fact:
    phases = view.phases.get(file.path, ())
    if not phases and file.path.endswith(".rs"):
        phases = (Phase.UNREACHED,)
    return Fact(FactKind.SOURCE_DIFFERS, file.path, Span(file.path, 1), tuple(phases), api=api)


def _blobs(data: bytes) -> Iterator[str]:
    """The git blob ids a file may have: checked out on another system, its line ends differ."""
    yield _blob(data)
    if b"\0" not in data[:8000]:
        plain = data.replace(b"\r\n", b"\n")
        yield _blob(plain)
        yield _blob(plain.replace(b"\n", b"\r\n"))


def _blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

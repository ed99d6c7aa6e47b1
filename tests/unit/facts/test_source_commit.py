"""The commit an archive names, and what differs from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from analyzer.facts.source_commit import facts, vcs_info
from analyzer.facts.view import CrateView
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Context, CrateRef, Manifest, Phase, SourceFile, SourceTree, VcsTree
from analyzer.signatures import load_signatures
from analyzer.syntax.catalogue import Catalogue
from analyzer.syntax.code import CrateCode, Package

COMMIT = "a" * 40
INFO = json.dumps({"git": {"sha1": COMMIT}, "path_in_vcs": "one"}).encode()
FILES = {
    ".cargo_vcs_info.json": INFO,
    "Cargo.lock": b"l",
    "Cargo.toml": b"normalized",
    "Cargo.toml.orig": b"original",
    "build.rs": b"fn main() {}\n",
    "src/lib.rs": b"a\r\nb\r\n",
    "vendor/x.c": b"c",
}


def blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


SAME = VcsTree(
    COMMIT,
    True,
    (
        ("Cargo.toml", blob(b"original")),
        ("build.rs", blob(b"fn main() {}\n")),
        ("src/lib.rs", blob(b"a\nb\n")),
        ("vendor/x.c", blob(b"c")),
    ),
)


def told(vcs: VcsTree | None, files: dict[str, bytes] | None = None) -> list[str]:
    held = FILES if files is None else files
    ref = CrateRef("quokka", "0.1.0")
    tree = SourceTree(ref, tuple(SourceFile(path, data) for path, data in held.items()))
    view = CrateView(
        ref,
        tree,
        Manifest("quokka", "0.1.0"),
        CrateCode({}, Package({}, {}, {}, {}), Catalogue(), limits=DEFAULT_LIMITS),
        {"build.rs": (Phase.BUILD_SCRIPT,), "src/lib.rs": (Phase.LIBRARY,)},
        load_signatures(),
        Context(vcs=vcs),
        DEFAULT_LIMITS,
    )
    return [f"{one.subject} {one.api} {' '.join(one.phases)}".strip() for one in facts(view)]


def test_a_commit_is_named_whether_anybody_asks_or_not() -> None:
    assert told(None) == [f"{COMMIT} named"]
    assert told(SAME) == [f"{COMMIT} named"]


def test_without_a_commit_only_who_asks_is_told() -> None:
    files = {"src/lib.rs": b""}
    assert told(None, files) == []
    assert told(SAME, files) == ["none none"]


def test_added_and_changed_files_are_told_with_their_phases() -> None:
    files = FILES | {"build.rs": b"other", "src/more.rs": b"", "README.md": b""}
    assert told(SAME, files)[1:] == [
        "build.rs changed build-script",
        "src/more.rs added unreached",
        "README.md added",
    ]


def test_the_manifest_is_compared_by_its_original() -> None:
    assert told(SAME, FILES | {"Cargo.toml.orig": b"x"})[1:] == ["Cargo.toml.orig changed"]
    assert told(SAME, FILES | {"Cargo.toml": b"x", "Cargo.lock": b"x"})[1:] == []


def test_files_of_submodules_lie_elsewhere() -> None:
    files = tuple(one for one in SAME.files if one[0] != "vendor/x.c")
    known = replace(SAME, files=files, submodules=("vendor",))
    assert told(known)[1:] == ["vendor/x.c elsewhere"]


@pytest.mark.parametrize("tree", [VcsTree(COMMIT, problem="gone"), replace(SAME, commit="b" * 40)])
def test_a_commit_that_is_not_there_is_missing(tree: VcsTree) -> None:
    assert told(tree)[1:] == [f"{COMMIT} missing"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"git": 1}',
        b'{"git": {"sha1": 3}}',
        b'{"git": {"sha1": "ABC"}}',
        b"[" * 60_000,
    ],
)
def test_odd_notes_of_cargo_name_no_commit(data: bytes) -> None:
    assert vcs_info(SourceFile(".cargo_vcs_info.json", data)) is None


def test_changes_that_were_not_committed_are_told() -> None:
    data = json.dumps({"git": {"sha1": COMMIT, "dirty": True}}).encode()
    assert vcs_info(SourceFile("x", data)) == (COMMIT, "", True)

"""Two commits to what they change, from objects alone: nothing a repository says is obeyed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.repo import Repo

from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.project.git_range import GitRange, read_range

Commits = Callable[..., str]
MANIFEST = '[package]\nname = "app"\nversion = "0.1.0"\n'
LOCK = 'version = 4\n[[package]]\nname = "app"\nversion = "0.1.0"\n'


class Made:
    """A repository written object by object, without git."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.repo = Repo.init(str(path))
        self.last: list[ObjectID] = []

    def commit(self, files: Mapping[str, str], modes: Mapping[str, int] | None = None) -> str:
        root = self._tree({one: text.encode() for one, text in files.items()}, modes or {}, "")
        made = Commit()
        made.tree = root
        made.author = made.committer = b"a <a@example.invalid>"
        made.author_time = made.commit_time = made.author_timezone = made.commit_timezone = 0
        made.message = b"m"
        made.parents = self.last[-1:]
        self.repo.object_store.add_object(made)
        self.repo.refs[b"refs/heads/main"] = made.id  # type: ignore[index]  # bytes
        (self.path / ".git/HEAD").write_text("ref: refs/heads/main\n")
        self.last.append(made.id)
        return made.id.decode()

    def _tree(self, files: Mapping[str, bytes], modes: Mapping[str, int], at: str) -> ObjectID:
        tree = Tree()
        folders: dict[str, dict[str, bytes]] = {}
        for path, data in files.items():
            head, _, rest = path.partition("/")
            if rest:
                folders.setdefault(head, {})[rest] = data
                continue
            blob = Blob.from_string(data)
            self.repo.object_store.add_object(blob)
            tree.add(head.encode(), modes.get(at + head, 0o100644), blob.id)
        for name, below in folders.items():
            tree.add(name.encode(), 0o040000, self._tree(below, modes, f"{at}{name}/"))
        self.repo.object_store.add_object(tree)
        return tree.id


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "repository")


def between(made: Made, text: str = "HEAD~1..HEAD") -> GitRange:
    return read_range(made.path, text, DEFAULT_LIMITS)


def folders(found: GitRange) -> list[tuple[str, bool]]:
    return [(one.folder, one.old is not None) for one in found.packages]


BASE = {"Cargo.toml": MANIFEST, "Cargo.lock": LOCK, "src/lib.rs": ""}


def test_only_packages_and_locks_that_differ_are_read(made: Made) -> None:
    inner = {"a/Cargo.toml": MANIFEST.replace("app", "a"), "a/src/lib.rs": ""}
    made.commit({**BASE, **inner})
    made.commit({**BASE, **inner, "a/src/lib.rs": "pub fn one() {}\n"})

    found = between(made)

    assert folders(found) == [("a", True)]
    assert found.locks == ()


def test_a_package_that_came_has_nothing_before(made: Made) -> None:
    made.commit(BASE)
    made.commit({**BASE, "b/Cargo.toml": MANIFEST.replace("app", "b"), "b/src/lib.rs": ""})

    assert ("b", False) in folders(between(made))


def test_a_package_that_moved_is_compared_with_itself(made: Made) -> None:
    made.commit({"x/Cargo.toml": MANIFEST, "x/src/lib.rs": ""})
    made.commit({"y/Cargo.toml": MANIFEST, "y/src/lib.rs": ""})

    assert folders(between(made)) == [("y", True)]


def test_a_lock_file_that_came_is_compared_with_nothing(made: Made) -> None:
    made.commit({"Cargo.toml": MANIFEST})
    made.commit(BASE)

    ((old, new),) = between(made).locks

    assert (len(old.packages), len(new.packages)) == (0, 1)


def test_a_broken_lock_file_before_makes_everything_new_and_after_is_unread(made: Made) -> None:
    made.commit({**BASE, "Cargo.lock": "<<<<<<< a\n"})
    made.commit(BASE)
    made.commit({**BASE, "Cargo.lock": "broken"})

    first, second = between(made, "HEAD~2..HEAD~1"), between(made)

    assert [len(old.packages) for old, _ in first.locks] == [0]
    assert not [one for one in first.gaps if one.is_blocking]
    assert [one.path for one in second.gaps if one.is_blocking] == ["Cargo.lock"]


@pytest.mark.parametrize("path", [".cargo/config.toml", "rust-toolchain.toml", "a/.cargo/config"])
def test_a_file_that_steers_cargo_is_a_blocking_gap(made: Made, path: str) -> None:
    inner = {"a/Cargo.toml": MANIFEST.replace("app", "a"), "a/src/lib.rs": ""}
    made.commit({**BASE, **inner})
    made.commit({**BASE, **inner, path: "[build]\nrustc-wrapper = 'x'\n"})

    assert [one.path for one in between(made).gaps if one.is_blocking] == [path]


def test_links_and_submodules_are_gaps(made: Made) -> None:
    made.commit(BASE)
    made.commit(
        {**BASE, "src/link.rs": "/etc/passwd", "vendored": "x"},
        {"src/link.rs": 0o120000, "vendored": 0o160000},
    )

    (change,) = between(made).packages

    assert [(one.path, one.is_blocking) for one in change.new.gaps] == [
        ("src/link.rs", True),
        ("vendored", False),
    ]
    assert b"root:" not in change.new.data


@pytest.mark.parametrize(
    "text", ["HEAD", "..", "HEAD...HEAD", "none..HEAD", "HEAD~9..HEAD", "../..x"]
)
def test_ranges_that_are_not_there_are_told(made: Made, text: str) -> None:
    made.commit(BASE)

    with pytest.raises(UsageError):
        between(made, text)


def test_a_ref_never_leads_out_of_the_repository(made: Made, tmp_path: Path) -> None:
    sha = made.commit(BASE)
    (tmp_path / "outside").write_text(sha)

    with pytest.raises(UsageError):
        between(made, "refs/../../../outside..HEAD")
    (made.path / ".git/HEAD").write_text("ref: ../../outside\n")
    with pytest.raises(UsageError):
        between(made, f"{sha}..HEAD")


def test_short_shas_and_packed_refs_are_understood(made: Made) -> None:
    first, second = made.commit(BASE), made.commit({**BASE, "src/lib.rs": "// x\n"})
    (made.path / ".git/refs/heads/main").unlink()
    (made.path / ".git/packed-refs").write_text(
        f"# pack-refs with: sorted\n{second} refs/heads/main\n"
    )

    found = between(made, f"{first[:12]}..main")

    assert (found.old, found.new) == (first, second)


def test_an_object_over_the_limit_is_not_taken(made: Made) -> None:
    made.commit(BASE)
    made.commit({**BASE, "src/big.rs": "x" * 100_000})
    small = replace(DEFAULT_LIMITS, member_size_bytes=10_000)

    (change,) = read_range(made.path, "HEAD~1..HEAD", small).packages

    assert [one.path for one in change.new.gaps if one.is_blocking] == ["src/big.rs"]


@pytest.mark.skipif(shutil.which("git") is None, reason="shows that the trap works at all")
def test_nothing_that_a_repository_names_is_run(made: Made, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    trap.chmod(0o755)
    attributes = "*.rs filter=trap diff=trap\n"
    made.commit({**BASE, ".gitattributes": attributes})
    made.commit({**BASE, ".gitattributes": attributes, "src/lib.rs": "pub fn one() {}\n"})
    (made.path / ".git/config").write_text(
        f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {trap}\n\thooksPath = {tmp_path}\n"
        f"\tpager = {trap}\n\tsshCommand = {trap}\n\taskPass = {trap}\n\tgitProxy = {trap}\n"
        f'[filter "trap"]\n\tclean = {trap}\n\tsmudge = {trap}\n\tprocess = {trap}\n'
        f'[diff "trap"]\n\ttextconv = {trap}\n\tcommand = {trap}\n[diff]\n\texternal = {trap}\n'
    )
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        shutil.copy(trap, made.path / ".git/hooks" / hook) if (
            made.path / ".git/hooks"
        ).is_dir() else None

    assert folders(between(made)) == [("", True)]
    assert not mark.exists()

    command = ["git", "-C", str(made.path), "diff", "HEAD~1", "HEAD"]
    subprocess.run(command, check=False, capture_output=True, env={"PATH": os.environ["PATH"]})
    assert mark.exists()  # porcelain falls into it


def test_settings_of_a_sample_that_nobody_builds_are_no_gap(made: Made) -> None:
    made.commit(BASE)
    made.commit({**BASE, "docs/sample/.cargo/config.toml": "[build]\n"})

    assert not [one for one in between(made).gaps if one.is_blocking]

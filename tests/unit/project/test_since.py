"""What `--changed-only` leaves out, and above all what it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from dulwich.objects import Blob, Commit, ObjectID, Tree
from dulwich.repo import Repo

from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Gap, KnownBad
from analyzer.project.audit import Since, audit_names
from analyzer.project.audit_text import summary
from analyzer.project.locks import Locks, read_locks
from analyzer.project.since import changed_since

LockText = Callable[..., str]
MANIFEST = '[package]\nname = "{}"\nversion = "0.1.0"\n'
VENDORED = '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"\n'
GIT = f"git+https://example.invalid/one#{'a' * 40}"
BAD = KnownBad("bad-name", ("*",), "carrier")


@pytest.fixture
def files(lock_text: LockText) -> dict[str, str]:
    """A project with a member, packages of each kind, and a vendored copy."""
    packages = ("log 0.4.0", "own 0.1.0 -", f"one 1.0.0 {GIT} -", "loose 1.0.0 registry+x -")
    return {
        "Cargo.toml": MANIFEST.format("app") + '[dependencies]\nown = { path = "own" }\n',
        "Cargo.lock": lock_text(*packages),
        "src/lib.rs": "",
        "own/Cargo.toml": MANIFEST.format("own"),
        "own/src/lib.rs": "pub fn one() {}\n",
    }


class Project:
    """A folder whose files were committed once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, files: Mapping[str, str]) -> str:
        self.root.mkdir(exist_ok=True)
        self.write(files)
        is_new = not (self.root / ".git").exists()
        repo = Repo.init(str(self.root)) if is_new else Repo(str(self.root))
        made = Commit()
        made.tree = _tree(repo, {one: text.encode() for one, text in files.items()})
        made.author = made.committer = b"a <a@example.invalid>"
        made.author_time = made.commit_time = made.author_timezone = made.commit_timezone = 0
        made.message = b"m"
        repo.object_store.add_object(made)
        repo.refs[b"refs/heads/main"] = made.id  # type: ignore[index]  # bytes
        (self.root / ".git/HEAD").write_text("ref: refs/heads/main\n")
        repo.close()
        return made.id.decode()

    def since(self, base: str = "main", *, is_scanned: bool = True) -> tuple[Locks, Since]:
        locks = read_locks((self.root,), limits=DEFAULT_LIMITS)
        home = self.root.parent / "cargo"
        return changed_since(locks, base, DEFAULT_LIMITS, home, is_scanned=is_scanned)

    def unchanged(self, *, is_scanned: bool = True) -> set[str]:
        return {one.name for one in self.since(is_scanned=is_scanned)[1].unchanged}


def _tree(repo: Repo, files: Mapping[str, bytes]) -> ObjectID:
    tree, folders = Tree(), dict[str, dict[str, bytes]]()
    for path, data in files.items():
        head, _, rest = path.partition("/")
        if rest:
            folders.setdefault(head, {})[rest] = data
            continue
        blob = Blob.from_string(data)
        repo.object_store.add_object(blob)
        tree.add(head.encode(), 0o100644, blob.id)
    for name, below in folders.items():
        tree.add(name.encode(), 0o040000, _tree(repo, below))
    repo.object_store.add_object(tree)
    return tree.id


@pytest.fixture
def project(tmp_path: Path, files: Mapping[str, str]) -> Project:
    made = Project(tmp_path / "project")
    made.commit(files)
    return made


def test_what_stands_as_it_did_is_left_out_but_for_what_nothing_pins(project: Project) -> None:
    assert project.unchanged() == {"app", "own", "log", "one"}


def test_the_commit_is_named(project: Project, files: Mapping[str, str]) -> None:
    commit = project.commit(files)
    assert project.since("main")[1].commits == (commit,)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"own/src/lib.rs": "pub fn two() {}\n"}, {"own"}),
        ({"own/build.rs": "fn main() {}\n"}, {"own"}),
        ({"src/lib.rs": "// a word\n"}, {"app"}),
        ({"target/debug/x": "built\n"}, set()),
        ({"own/.git/x": ""}, set()),
    ],
)
def test_files_of_a_package_say_whether_it_changed(
    project: Project, change: Mapping[str, str], changed: set[str]
) -> None:
    project.write(change)
    assert project.unchanged() == {"app", "own", "log", "one"} - changed


def test_file_that_went_is_a_change(project: Project) -> None:
    (project.root / "own/src/lib.rs").unlink()
    assert "own" not in project.unchanged()


def test_file_that_may_be_run_now_is_a_change(project: Project) -> None:
    (project.root / "own/src/lib.rs").chmod(0o755)
    assert "own" not in project.unchanged()


def test_file_that_became_a_link_to_the_same_text_is_a_change(project: Project) -> None:
    (project.root / "lib.rs").write_text("pub fn one() {}\n")
    (project.root / "own/src/lib.rs").unlink()
    (project.root / "own/src/lib.rs").symlink_to("../../lib.rs")
    assert "own" not in project.unchanged()


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        ("log 0.4.1", "log"),
        ("log 0.4.0 sparse+https://registry.invalid/", "log"),
        (f"log 0.4.0 registry+https://github.com/rust-lang/crates.io-index {'cd' * 32}", "log"),
        (f"one 1.0.0 {GIT[:-1]}b -", "one"),
    ],
)
def test_another_entry_is_a_change(
    project: Project, lock_text: LockText, now: str, changed: str
) -> None:
    rest = [f"one 1.0.0 {GIT} -", "log 0.4.0", "own 0.1.0 -"]
    kept = [one for one in rest if not one.startswith(changed)]
    project.write({"Cargo.lock": lock_text(now, *kept)})
    assert changed not in project.unchanged(is_scanned=False)


def test_entry_that_another_lock_file_held_is_no_change(
    project: Project, lock_text: LockText
) -> None:
    project.write({"own/Cargo.lock": lock_text("log 0.4.0")})
    assert "log" in project.unchanged()


@pytest.mark.parametrize("path", [".cargo/config.toml", "rust-toolchain.toml", "own/.cargo/config"])
def test_file_that_steers_every_build_makes_all_of_it_judged(project: Project, path: str) -> None:
    project.write({path: "[build]\n"})
    locks, since = project.since()
    assert since.unchanged == ()
    (gap,) = [one for one in locks.gaps if one.path.endswith(path)]
    assert "all of them are judged" in gap.reason


def test_vendored_copy_is_compared_file_by_file(tmp_path: Path, files: dict[str, str]) -> None:
    files |= {
        ".cargo/config.toml": VENDORED,
        "vendor/log/Cargo.toml": '[package]\nname = "log"\nversion = "0.4.0"\n',
        "vendor/log/.cargo-checksum.json": "{}",
        "vendor/log/src/lib.rs": "",
    }
    project = Project(tmp_path / "project")
    project.commit(files)
    assert "log" in project.unchanged()
    project.write({"vendor/log/src/lib.rs": "pub fn added() {}\n"})
    assert "log" not in project.unchanged()


def test_package_outside_of_the_repository_is_judged(tmp_path: Path, files: dict[str, str]) -> None:
    files["Cargo.toml"] = files["Cargo.toml"].replace('"own" }', '"../outside" }')
    for name in ("Cargo.toml", "src/lib.rs"):
        Project(tmp_path / "outside").write({name: files.pop(f"own/{name}")})
    project = Project(tmp_path / "project")
    project.commit(files)
    assert project.unchanged() == {"app", "log", "one"}


def test_lock_file_that_is_broken_as_it_was_blocks_nothing(
    project: Project, files: dict[str, str]
) -> None:
    files |= {"old/Cargo.lock": "[[", "old/src/lib.rs": ""}
    project.commit(files)

    def gap() -> Gap:
        return next(one for one in project.since()[0].gaps if "old" in one.path)

    assert not gap().is_blocking
    assert "as it was in" in gap().reason
    project.write({"old/src/lib.rs": "// changed\n"})
    assert gap().is_blocking


def test_unknown_commit_and_folder_without_one_are_errors(
    project: Project, tmp_path: Path, lock_text: LockText
) -> None:
    with pytest.raises(UsageError, match="no such commit"):
        project.since("nowhere")
    alone = Project(tmp_path / "alone")
    alone.write({"Cargo.lock": lock_text("log 0.4.0")})
    with pytest.raises(UsageError, match="in no git repository"):
        alone.since()


def test_names_are_judged_of_what_changed_alone(project: Project, lock_text: LockText) -> None:
    project.commit({"Cargo.lock": lock_text("bad-name 1.0.0")})
    project.write({"Cargo.lock": lock_text("bad-name 1.0.0", "other 1.0.0 git+https://e.invalid")})
    locks, since = project.since(is_scanned=False)
    found = audit_names(locks, {"bad-name": BAD}, "", is_scanned=False, since=since)
    assert found.rows == ()
    assert [one.reason.split()[0] for one in found.gaps] == ["other"]
    assert summary(found)[0] == "none of what changed is on record."
    assert "was judged, 1 package: 2 stand as they did there" in summary(found)[1]
    project.write({"Cargo.lock": lock_text("bad-name 1.0.1")})
    locks, since = project.since(is_scanned=False)
    found = audit_names(locks, {"bad-name": BAD}, "", is_scanned=False, since=since)
    assert [one.package.version for one in found.rows] == ["1.0.1"]

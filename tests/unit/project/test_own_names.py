"""Names from elsewhere, as the default registry has them: whose they seem, and what would ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Verdict
from analyzer.project import audit_json
from analyzer.project.audit import AuditResult, NameCheck, Since, Standing, audit_names, key_of
from analyzer.project.audit_text import render
from analyzer.project.locks import read_locks
from analyzer.project.own_names import check_names
from analyzer.registry.cache import Cache, CachedIndex

from .conftest import Shelf

LockText = Callable[..., str]
OTHER = "sparse+https://registry.invalid/"
APP = '[package]\nname = "app"\nversion = "0.1.0"\n'


class Project:
    """A project by a lock file and manifests, beside a cache that stands for the registry."""

    def __init__(self, root: Path, shelf: Shelf, lock_text: LockText) -> None:
        self.root, self.shelf, self.lock_text = root, shelf, lock_text
        self.has("app")

    def has(
        self, name: str, *versions: str, deps: tuple[str, ...] = (), checksum: str = ""
    ) -> None:
        """The registry lists these versions of a name; without any it says that there is none."""
        settings = self.shelf.settings
        row = {"features": {}, "yanked": False, "cksum": checksum or "cd" * 32, "name": name}
        needs: list[dict[str, object]] = [
            {
                "name": one,
                "req": "^1",
                "features": [],
                "optional": False,
                "target": None,
                "default_features": True,
                "kind": "normal",
            }
            for one in deps
        ]
        lines = [json.dumps({**row, "vers": one, "deps": needs}) + "\n" for one in versions]
        data = "".join(lines).encode()
        for one in {name, name.replace("-", "_"), name.replace("_", "-")}:
            kept = CachedIndex(data if one == name else b"", "", "")
            Cache(settings.cache_dir).keep_index(settings.registry.index_url, one, kept)

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def checked(self, *packages: str, since: Since | None = None) -> AuditResult:
        self.write({"Cargo.lock": self.lock_text(*packages)})
        locks = read_locks((self.root,), limits=DEFAULT_LIMITS)
        found = audit_names(locks, {}, "", is_scanned=False, since=since)
        return check_names(found, self.shelf.settings, DEFAULT_LIMITS, self.root / "home")

    def check(self, *packages: str) -> NameCheck:
        """What is said of the first of the packages."""
        found = self.checked(*packages)
        return next(one for one in found.names or () if one.name == packages[0].split()[0])


@pytest.fixture
def project(tmp_path: Path, shelf: Shelf, lock_text: LockText) -> Project:
    made = Project(tmp_path / "project", shelf, lock_text)
    made.write({"Cargo.toml": APP})
    return made


@pytest.mark.parametrize("source", ["-", OTHER, "git+https://example.invalid/own#" + "a" * 40])
def test_name_that_nobody_has_is_free_and_no_review(project: Project, source: str) -> None:
    project.has("own-part")
    found = project.checked(f"own-part 0.1.0 {source}")
    (check,) = [one for one in found.names or () if one.name == "own-part"]
    assert (check.standing, found.verdict) == (Standing.FREE, Verdict.CLEAR)
    assert "anybody may take it" in check.text
    assert "reserve the name" in check.remedy


def test_name_in_another_spelling_is_taken(project: Project) -> None:
    project.has("own_part", "99.0.0")
    assert project.check(f"own-part 0.1.0 {OTHER}").standing is Standing.FOREIGN


@pytest.mark.parametrize(
    ("versions", "deps", "standing"),
    [
        (("99.0.0",), (), Standing.FOREIGN),  # another line of versions
        (("0.1.0",), (), Standing.FOREIGN),  # a lone release that anybody makes first
        (("0.1.0", "0.1.1"), ("other", "stranger"), Standing.FOREIGN),
        (("0.1.0",), ("log", "serde"), Standing.OWN),
        (("0.1.5", "0.1.9"), ("log",), Standing.OWN),
    ],
)
def test_line_of_versions_and_dependencies_tell_whose_a_name_is(
    project: Project, versions: tuple[str, ...], deps: tuple[str, ...], standing: Standing
) -> None:
    project.has("own", *versions, deps=deps)
    needs = {"app": ["own"], "own": ["log", "serde"] if deps else []}
    text = project.lock_text(f"own 0.1.0 {OTHER}", "log 0.4.0", "serde 1.0.0", needs=needs)
    project.lock_text = lambda *_: text
    assert project.check("own 0.1.0").standing is standing


def test_same_bytes_are_the_same_crate(project: Project) -> None:
    project.has("own", "1.0.0", checksum="ab" * 32)
    assert project.check(f"own 1.0.0 {OTHER}").standing is Standing.OWN


@pytest.mark.parametrize("publish", ["false", "[]", '["inside"]'])
def test_package_that_is_not_published_there_has_no_release_there(
    project: Project, publish: str
) -> None:
    project.has("own", "0.1.0", "0.1.1")
    manifest = f'[package]\nname = "own"\nversion = "0.1.0"\npublish = {publish}\n'
    project.write({"own/Cargo.toml": manifest})
    assert project.check("own 0.1.0 -").standing is Standing.FOREIGN


@pytest.mark.parametrize(
    ("dependency", "is_open"),
    [
        ('own = "0.1"', True),
        ('own = { version = "0.1" }', True),
        ('other = { package = "own", version = "0.1" }', True),
        ('own = { path = "own", version = "*" }', True),
        ('own = { path = "own" }', False),
        ('own = { version = "0.1", registry = "inside" }', False),
        ('own = { git = "https://example.invalid/own" }', False),
    ],
)
def test_foreign_name_asks_for_a_review_if_cargo_could_take_it(
    project: Project, dependency: str, *, is_open: bool
) -> None:
    project.has("own", "99.0.0")
    project.write({"Cargo.toml": f"{APP}[dependencies]\n{dependency}\n"})
    found = project.checked(f"own 0.1.0 {OTHER}")
    assert found.verdict is (Verdict.REVIEW if is_open else Verdict.CLEAR)
    assert [one.reasons[0].rule for one in found.rows] == ["foreign-name"] * is_open


def test_dependency_of_a_platform_or_a_workspace_counts(project: Project) -> None:
    project.has("own", "99.0.0")
    project.write({"Cargo.toml": f'{APP}[target."cfg(unix)".dev-dependencies]\nown = "*"\n'})
    assert project.checked(f"own 0.1.0 {OTHER}").verdict is Verdict.REVIEW
    project.write({"Cargo.toml": f'{APP}[workspace.dependencies]\nown = "*"\n'})
    assert project.checked(f"own 0.1.0 {OTHER}").verdict is Verdict.REVIEW


def test_names_from_the_registry_are_not_asked_for(project: Project) -> None:
    assert [one.name for one in project.checked("log 0.4.0").names or ()] == ["app"]


def test_what_is_not_learnt_is_a_gap_that_does_not_block(project: Project) -> None:
    found = project.checked(f"secret-part 0.1.0 {OTHER}")
    gap = next(one for one in found.gaps if one.reason.startswith("secret-part: whether"))
    assert not gap.is_blocking
    assert [one.name for one in found.names or ()] == ["app"]


def test_unchanged_names_are_not_asked_for(project: Project) -> None:
    lock = project.checked("log 0.4.0").lockfiles[0]
    since = Since("main", ("a" * 40,), tuple(map(key_of, lock.packages)))
    assert project.checked("log 0.4.0", since=since).names == ()


def test_report_tells_names_and_what_to_do(project: Project) -> None:
    project.has("own", "99.0.0")
    project.write({"Cargo.toml": f'{APP}[dependencies]\nown = "*"\n'})
    found = project.checked(f"own 0.1.0 {OTHER}")
    text = " ".join(render(found).split())
    assert "2 names from elsewhere: 1 free, 1 taken by others, 0 like yours." in text
    assert "own is taken on the default registry (99.0.0)" in text
    rows = audit_json.plain(found)["names"]
    assert isinstance(rows, list)
    assert {one["name"]: one["standing"] for one in rows} == {"app": "free", "own": "foreign"}


def test_report_does_not_name_what_is_like_ones_own(project: Project) -> None:
    project.has("app", "0.1.0", "0.1.1")
    text = render(project.checked())
    assert "0 free, 0 taken by others, 1 like yours." in " ".join(text.split())
    assert "Names on the default registry" not in text


def test_index_file_that_cannot_be_read_is_no_free_name(project: Project) -> None:
    settings = project.shelf.settings
    line = b'{"name":"own","vers":"1.0.0","odd":'
    kept = CachedIndex(line, "", "")
    Cache(settings.cache_dir).keep_index(settings.registry.index_url, "own", kept)
    found = project.checked(f"own 0.1.0 {OTHER}")
    assert "own" not in {one.name for one in found.names or ()}

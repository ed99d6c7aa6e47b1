"""Locks, manifests, version control; and what a hostile project can try."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from dulwich import porcelain

from analyzer.model import Severity
from analyzer.project.hygiene import HygieneResult, check

Made = Callable[..., HygieneResult]
MANIFEST = '[package]\nname = "own"\nversion = "0.1.0"\n'


def checks(result: HygieneResult) -> list[tuple[str, str, Severity]]:
    return [(one.file, one.check, one.severity) for one in result.rows]


def bare(folder: Path, files: dict[str, str]) -> HygieneResult:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    porcelain.init(str(folder)).close()
    return check([folder])


def test_a_missing_lock_is_told_once_for_the_outermost_manifest(tmp_path: Path) -> None:
    files = {"Cargo.toml": MANIFEST, "src/main.rs": "", "inner/Cargo.toml": MANIFEST}
    assert checks(bare(tmp_path, files)) == [("Cargo.toml", "lock-missing", Severity.MEDIUM)]


def test_a_library_without_a_lock_weighs_less(tmp_path: Path) -> None:
    files = {"Cargo.toml": MANIFEST, "src/lib.rs": ""}
    assert checks(bare(tmp_path, files)) == [("Cargo.toml", "lock-missing", Severity.LOW)]


@pytest.mark.parametrize("pattern", ["Cargo.lock", "*.lock", "/Cargo.*", "**/Cargo.lock"])
def test_an_ignored_lock_is_told(tmp_path: Path, pattern: str) -> None:
    files = {"Cargo.toml": MANIFEST, "src/main.rs": "", "Cargo.lock": "", ".gitignore": pattern}
    assert checks(bare(tmp_path, files)) == [("Cargo.lock", "lock-ignored", Severity.MEDIUM)]


def test_a_lock_that_is_in_no_index_is_told(tmp_path: Path) -> None:
    files = {"Cargo.toml": MANIFEST, "src/main.rs": "", "Cargo.lock": "", ".gitignore": "!*.lock"}
    assert checks(bare(tmp_path, files)) == [("Cargo.lock", "lock-untracked", Severity.LOW)]


def test_a_committed_lock_is_well_even_if_ignored(project: Made) -> None:
    assert project({".gitignore": "nothing\n"}).rows == ()


def test_without_version_control_it_is_said_that_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text(MANIFEST)
    (tmp_path / "Cargo.lock").write_text("")
    result = check([tmp_path])
    assert result.rows == ()
    assert [one.path for one in result.gaps] == [".git"]


def test_git_dependencies_are_told_unless_they_name_a_commit(project: Made) -> None:
    manifest = MANIFEST + (
        "[dependencies]\n"
        'a = { git = "https://git.invalid/a" }\n'
        'b = { git = "https://git.invalid/b", rev = "0123456" }\n'
        'c = "1"\n'
        "[target.'cfg(unix)'.build-dependencies.d]\n"
        'git = "https://git.invalid/d"\ntag = "v1"\n'
        '[patch.crates-io]\ne = { git = "https://git.invalid/e", branch = "main" }\n'
    )
    rows = project({"Cargo.toml": manifest}).rows
    assert [(one.check, one.line) for one in rows] == [
        ("git-unpinned", 5), ("git-unpinned", 9), ("git-unpinned", 12)
    ]  # fmt: skip
    assert [one.text.split()[0] for one in rows] == ["a", "d", "e"]


def test_an_env_file_in_the_index_is_told_and_its_values_are_not(project: Made) -> None:
    files = {".env": "API_TOKEN=value-of-a-secret\n", "x/.env.example": "API_TOKEN=\n"}
    result = project(files, tracked=(".env", "x/.env.example"))
    assert checks(result) == [(".env", "env-file-committed", Severity.MEDIUM)]
    assert "value-of-a-secret" not in repr(result)


# Hostile ------------------------------------------------------------------------------------------


def test_no_program_that_the_settings_of_git_name_is_started(tmp_path: Path, project: Made) -> None:
    project()
    mark = tmp_path / "mark"
    config = f"[core]\n\tfsmonitor = touch {mark}\n\tpager = touch {mark}\n"
    (tmp_path / ".git/config").write_text(config)
    check([tmp_path])
    assert not mark.exists()


@pytest.mark.parametrize(
    "data", [b"", b"DIRC", b"DIRC\0\0\0\2\xff\xff\xff\xff" + bytes(40), bytes(99)]
)
def test_a_broken_index_is_a_gap(tmp_path: Path, project: Made, data: bytes) -> None:
    project()
    (tmp_path / ".git/index").write_bytes(data)
    result = check([tmp_path])
    assert [one.path for one in result.gaps] == [".git/index"]


def test_links_out_of_the_project_are_not_followed(tmp_path: Path, project: Made) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "ci.yml").write_text("on: push\njobs: {a: {steps: [{run: cargo update}]}}\n")
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/workflows").symlink_to(outside)
    (tmp_path / ".gitlab-ci.yml").symlink_to(outside / "ci.yml")
    assert project().rows == ()


def test_a_link_on_the_way_to_a_called_script_is_a_gap_or_nothing(
    tmp_path: Path, project: Made
) -> None:
    (tmp_path / "ci").symlink_to("/etc")
    workflow = (
        "on: push\njobs: {a: {steps: [{run: ./ci/x.sh}, {run: ../x.sh}, {run: /etc/x.sh}]}}\n"
    )
    assert project({".github/workflows/a.yml": workflow}).rows == ()


def test_a_pipe_in_place_of_a_file_does_not_hang(tmp_path: Path, project: Made) -> None:
    os.mkfifo(tmp_path / ".gitlab-ci.yml")
    assert [one.path for one in project().gaps] == [".gitlab-ci.yml"]


def test_broken_yaml_is_a_gap_with_its_line(project: Made) -> None:
    gaps = project({".gitlab-ci.yml": "a:\n  - [\n"}).gaps
    assert [(one.path, one.line > 0) for one in gaps] == [(".gitlab-ci.yml", True)]


def test_scripts_that_call_themselves_end(project: Made) -> None:
    workflow = "on: push\njobs: {a: {steps: [{run: ./a.sh}, {run: make}]}}\n"
    files = {
        ".github/workflows/a.yml": workflow,
        "a.sh": "./b.sh\ncargo update\n",
        "b.sh": "./a.sh\n",
        "Makefile": "all: all\n\tmake all\n",
    }
    assert [(one.file, one.check) for one in project(files).rows] == [
        ("a.sh", "update-in-pipeline")
    ]


def test_lists_of_lists_of_aliases_are_bounded(project: Made) -> None:
    bomb = "a0: &a0 [cargo update, x]\n" + "".join(
        f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 50)
    )
    project({".gitlab-ci.yml": bomb + "job:\n  script: *a49\n"})


def test_ignore_patterns_that_cost_too_much_are_a_gap(tmp_path: Path) -> None:
    files = {"Cargo.toml": MANIFEST, "Cargo.lock": "", ".gitignore": "*a" * 40 + "\n"}
    assert [one.path for one in bare(tmp_path, files).gaps] == [".gitignore"]

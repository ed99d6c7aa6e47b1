from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS, Limits
from analyzer.model import Gap
from analyzer.project.locks import Locks, read_locks

HEAD = '[package]\nname = "{}"\nversion = "0.1.0"\n'
LOCK = 'version = 4\n[[package]]\nname = "app"\nversion = "0.1.0"\n'


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def look(*paths: Path, limits: Limits = DEFAULT_LIMITS) -> Locks:
    return read_locks(paths, limits=limits)


def found(locks: Locks, root: Path) -> list[str]:
    return [os.path.relpath(one.path, root) for one in locks.lockfiles]


def blocking(locks: Locks) -> list[Gap]:
    return [one for one in locks.gaps if one.is_blocking]


def test_every_lock_file_below_a_folder_is_read_in_order(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(("Cargo.lock", "b/Cargo.lock", "a/x/Cargo.lock"), LOCK))
    locks = look(tmp_path)
    assert found(locks, tmp_path) == ["Cargo.lock", "a/x/Cargo.lock", "b/Cargo.lock"]
    assert locks.gaps == ()


def test_build_output_and_version_control_are_passed_over(tmp_path: Path) -> None:
    names = (".git/Cargo.lock", "node_modules/x/Cargo.lock", "target/package/Cargo.lock")
    write(tmp_path, {"Cargo.lock": LOCK, "Cargo.toml": HEAD.format("app")})
    write(tmp_path, dict.fromkeys(names, LOCK))
    assert found(look(tmp_path), tmp_path) == ["Cargo.lock"]


def test_folder_of_sources_named_target_is_looked_into(tmp_path: Path) -> None:
    write(tmp_path, {"tools/target/Cargo.lock": LOCK})
    assert found(look(tmp_path), tmp_path) == ["tools/target/Cargo.lock"]
    (tmp_path / "tools/target/CACHEDIR.TAG").touch()
    with pytest.raises(UsageError):
        look(tmp_path)


def test_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path, {"old.lock": LOCK})
    assert found(look(tmp_path / "old.lock"), tmp_path) == ["old.lock"]


def test_same_file_named_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.lock": LOCK})
    assert len(look(tmp_path, tmp_path / "Cargo.lock", tmp_path / ".").lockfiles) == 1


def test_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: No such file"):
        look(tmp_path / "nowhere")


def test_no_lock_file_at_all_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no Cargo\.lock at or below") as error:
        look(tmp_path)
    assert "cargo generate-lockfile" in error.value.remedy


def test_one_path_without_a_lock_file_among_others_is_a_blocking_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a/Cargo.lock": LOCK, "b/readme": ""})
    locks = look(tmp_path / "a", tmp_path / "b")
    assert [one.path for one in blocking(locks)] == [str(tmp_path / "b")]


# Links -------------------------------------------------------------------------------------------


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path, {"a/Cargo.lock": LOCK})
    (tmp_path / "a/loop").symlink_to(tmp_path)
    (tmp_path / "a/self").symlink_to("self")
    locks = look(tmp_path)
    assert found(locks, tmp_path) == ["a/Cargo.lock"]
    assert locks.gaps == ()


def test_link_that_leads_elsewhere_is_not_followed_and_told(tmp_path: Path) -> None:
    write(tmp_path, {"in/Cargo.lock": LOCK, "out/Cargo.lock": LOCK})
    (tmp_path / "in/link").symlink_to(tmp_path / "out")
    locks = look(tmp_path / "in")
    assert found(locks, tmp_path) == ["in/Cargo.lock"]
    assert [(one.path, one.is_blocking) for one in locks.gaps] == [
        (str(tmp_path / "in/link"), False)
    ]


def test_lock_file_that_is_a_link_is_read_as_cargo_does(tmp_path: Path) -> None:
    write(tmp_path, {"out/real.lock": LOCK, "in/x": ""})
    (tmp_path / "in/Cargo.lock").symlink_to(tmp_path / "out/real.lock")
    assert found(look(tmp_path / "in"), tmp_path) == ["in/Cargo.lock"]


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_lock_file_that_cannot_be_one_is_a_blocking_gap(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "Cargo.lock"
    path.symlink_to("nowhere") if kind == "link" else os.mkfifo(path)
    assert [one.path for one in blocking(look(tmp_path))][:1] == [str(path)]


# What cannot be read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        (LOCK + "[[pack", "not a Cargo.lock: ", 5),
        (LOCK + "<<<<<<< HEAD\n", "not a Cargo.lock: unresolved merge conflict", 5),
        ("[[package]]\nname = 'a'\n", "lacks its name or version", 1),
        ("[dependencies]\n", "not a Cargo.lock: no [[package]]", 0),
        ("", "holds no package", 0),
        (LOCK + "#" * 2000, "over 1000 bytes", 0),
    ],
)
def test_broken_lock_file_is_a_blocking_gap_at_its_line(
    tmp_path: Path, text: str, reason: str, line: int
) -> None:
    write(tmp_path, {"a/Cargo.lock": text, "b/Cargo.lock": LOCK})
    locks = look(tmp_path, limits=Limits(lockfile_size_bytes=1000))

    assert found(locks, tmp_path)[-1] == "b/Cargo.lock"
    (gap,) = locks.gaps
    assert (gap.is_blocking, gap.path, gap.line) == (True, str(tmp_path / "a/Cargo.lock"), line)
    assert reason in gap.reason


@pytest.mark.parametrize("cut", ["[[package]]\nname = 'b'\nversi", "[[package]]\nname = 'b"])
def test_what_is_left_of_a_lock_file_is_looked_at(tmp_path: Path, cut: str) -> None:
    first = "[[package]]\nname = 'first'\nversion = '1.0.0'\n\n"
    second = "[[package]]\nname = 'second'\nversion = '2.0.0'\n\n"
    write(tmp_path, {"Cargo.lock": f"version = 4\n\n{first}{second}{cut}"})

    locks = look(tmp_path)

    (lock,) = locks.lockfiles
    assert [(one.name, one.line) for one in lock.packages] == [("first", 3), ("second", 7)]
    assert [one.is_blocking for one in locks.gaps] == [True]


def test_both_sides_of_a_conflict_are_looked_at(tmp_path: Path) -> None:
    ours = "[[package]]\nname = 'a'\nversion = '1.0.0'\n"
    theirs = "[[package]]\nname = 'a'\nversion = '2.0.0'\n"
    text = f"version = 4\n\n<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> other\n"
    write(tmp_path, {"Cargo.lock": text})
    (lock,) = look(tmp_path).lockfiles
    assert [one.version for one in lock.packages] == ["1.0.0", "2.0.0"]


def test_folder_that_vanishes_or_refuses_is_a_blocking_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"Cargo.lock": LOCK, "shut/x": ""})
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    locks = look(tmp_path)
    assert found(locks, tmp_path) == ["Cargo.lock"]
    assert [(one.path, one.is_blocking) for one in locks.gaps] == [(str(tmp_path / "shut"), True)]


def test_folders_nested_without_end_are_a_blocking_gap(tmp_path: Path) -> None:
    write(tmp_path, {"Cargo.lock": LOCK})
    deep = tmp_path.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    assert ["nested more than 64" in one.reason for one in blocking(look(tmp_path))] == [True]


def test_names_that_are_no_text_are_shown(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/x\xff"))
    write(folder, {"Cargo.lock": "[["})
    assert look(tmp_path, folder).gaps[0].path.endswith("x\\xff/Cargo.lock")


# Manifests without a lock file -------------------------------------------------------------------


def test_manifest_with_dependencies_and_no_lock_file_is_a_blocking_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a/Cargo.lock": LOCK, "a/Cargo.toml": HEAD.format("app")})
    write(tmp_path, {"b/Cargo.toml": HEAD.format("b") + '[dependencies]\nlog = "0.4"\n'})
    assert [one.path for one in blocking(look(tmp_path))] == [str(tmp_path / "b/Cargo.toml")]


def test_manifest_that_nothing_is_locked_for_is_no_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a/Cargo.lock": LOCK, "b/Cargo.toml": HEAD.format("b")})
    write(tmp_path, {"c/Cargo.toml": HEAD.format("c") + "[dependencies]\nb = { path = '../b' }\n"})
    assert look(tmp_path).gaps == ()


def test_member_of_a_workspace_is_covered_by_its_lock_file(tmp_path: Path) -> None:
    member = HEAD.format("app") + '[dependencies]\nlog = "0.4"\n'
    write(tmp_path, {"Cargo.lock": LOCK, "Cargo.toml": "[workspace]\nmembers = ['m']\n"})
    write(tmp_path, {"m/Cargo.toml": member, "stray/Cargo.toml": member.replace("app", "stray")})
    assert [one.path for one in blocking(look(tmp_path))] == [str(tmp_path / "stray/Cargo.toml")]


def test_unreadable_manifest_without_a_lock_file_is_a_blocking_gap(tmp_path: Path) -> None:
    write(tmp_path, {"a/Cargo.lock": LOCK, "b/Cargo.toml": "[[["})
    assert [one.path for one in blocking(look(tmp_path))] == [str(tmp_path / "b/Cargo.toml")]


@pytest.mark.parametrize("name", ["m", "m/Cargo.toml", "Cargo.toml"])
def test_member_or_manifest_means_the_lock_file_cargo_would_use(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"Cargo.lock": LOCK, "Cargo.toml": "[workspace]\nmembers = ['m']\n"})
    write(tmp_path, {"m/Cargo.toml": HEAD.format("app") + '[dependencies]\nlog = "0.4"\n'})
    locks = look(tmp_path / name)
    assert found(locks, tmp_path) == ["Cargo.lock"]
    assert locks.gaps == ()

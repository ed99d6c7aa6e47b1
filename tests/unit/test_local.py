"""Folders and archive files of this machine: what is packed, what is not opened, what it is called."""

from __future__ import annotations

import dataclasses
import errno
import gzip
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import archive_source, folder_source
from analyzer.model import CrateRef, CrateSource, GapKind, Origin
from analyzer.tar import END, member
from analyzer.unpack import unpack

MANIFEST = '[package]\nname = "demo"\nversion = "1.2.3"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small package, in a folder of another name."""
    root = tmp_path / "checkout"
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text(MANIFEST)
    (root / "src/lib.rs").write_text("pub fn f() {}\n")
    return root


def pack(folder: Path) -> CrateSource:
    return folder_source(folder, limits=DEFAULT_LIMITS)


def files(crate: CrateSource) -> dict[str, bytes]:
    return {one.path: one.data for one in unpack(crate, limits=DEFAULT_LIMITS).files}


def gaps(crate: CrateSource) -> list[tuple[str, bool]]:
    return [(one.path, one.is_blocking) for one in crate.gaps]


def anomalies(crate: CrateSource) -> list[str]:
    return [one.subject for one in unpack(crate, limits=DEFAULT_LIMITS).facts]


# Folders ----------------------------------------------------------------------------------------


def test_folder_comes_back_whole(folder: Path) -> None:
    (folder / "run.sh").write_text("true\n")
    (folder / "run.sh").chmod(0o755)
    (folder / ("deep/" * 40)).mkdir(parents=True)
    (folder / ("deep/" * 40) / "x.rs").write_bytes(b"// deep")
    crate = pack(folder)
    assert crate.origin is Origin.FOLDER
    assert crate.gaps == ()
    tree = unpack(crate, limits=DEFAULT_LIMITS)
    assert tree.facts == ()
    assert tree.gaps == ()
    assert {one.path for one in tree.files} == {
        "Cargo.toml",
        "deep/" * 40 + "x.rs",
        "run.sh",
        "src/lib.rs",
    }
    assert [one.path for one in tree.files if one.is_executable] == ["run.sh"]


def test_same_files_give_the_same_bytes_wherever_and_whenever(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere/again"
    (other / "src").mkdir(parents=True)
    for name in ("src/z.rs", "src/lib.rs", "Cargo.toml"):
        content = (folder / name).read_bytes() if name != "src/z.rs" else b"//"
        (other / name).write_bytes(content)
        os.utime(other / name, (1, 1))
    (folder / "src/z.rs").write_bytes(b"//")
    assert pack(folder) == pack(other)


def test_build_output_and_version_control_are_left_out(folder: Path) -> None:
    for name in ("target/x", ".git/x", "sub/.git/x", "src/target/kept.rs"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    assert sorted(files(pack(folder))) == ["Cargo.toml", "src/lib.rs", "src/target/kept.rs"]


def test_file_named_target_is_packed(folder: Path) -> None:
    (folder / "target").write_text("x")
    assert "target" in files(pack(folder))


def test_odd_names_come_back_escaped(folder: Path) -> None:
    (folder / os.fsdecode(b"src/\xff\n.rs")).write_bytes(b"// odd")
    crate = pack(folder)
    assert files(crate)["src/\\xff\\u{a}.rs"] == b"// odd"
    assert anomalies(crate) == ["non-utf8-name"]


# The zoo ----------------------------------------------------------------------------------------


def test_link_to_a_text_is_listed_and_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("secret")
    (folder / "LICENSE").symlink_to("../LICENSE")
    crate = pack(folder)
    assert gaps(crate) == [("LICENSE", False)]
    assert anomalies(crate) == ["link-in-folder"]
    assert b"secret" not in crate.data


@pytest.mark.parametrize("name", ["build.rs", "src/main.rs", "native/x.c"])
def test_link_in_the_place_of_code_is_a_blocking_gap(folder: Path, name: str) -> None:
    (folder / "native").mkdir()
    (folder / name).symlink_to("/nowhere")
    assert gaps(pack(folder)) == [(name, True)]


def test_linked_folder_is_a_blocking_gap(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (folder / "shared").symlink_to("../shared")
    assert gaps(pack(folder)) == [("shared", True)]


def test_link_loops_end(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "src/up").symlink_to("..")
    crate = pack(folder)
    assert gaps(crate) == [("loop", False), ("src/up", True)]
    assert sorted(files(crate)) == ["Cargo.toml", "src/lib.rs"]


def test_linked_manifest_leaves_a_blocking_gap(folder: Path) -> None:
    (folder / "Cargo.toml").rename(folder / "other.toml")
    (folder / "Cargo.toml").symlink_to("other.toml")
    crate = pack(folder)
    assert crate.ref == CrateRef("checkout", "0.0.0")
    assert ("Cargo.toml", True) in gaps(crate)


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFSOCK])
def test_pipes_and_sockets_are_not_opened(folder: Path, kind: int) -> None:
    os.mknod(folder / "odd", kind | 0o600)
    os.mknod(folder / "build.rs", kind | 0o600)
    crate = pack(folder)
    assert gaps(crate) == [("build.rs", True), ("odd", False)]
    assert anomalies(crate) == ["special-in-folder", "special-in-folder"]


def test_manifest_that_is_a_pipe_does_not_hang(folder: Path) -> None:
    (folder / "Cargo.toml").unlink()
    os.mkfifo(folder / "Cargo.toml")
    assert ("Cargo.toml", True) in gaps(pack(folder))


def swap(monkeypatch: pytest.MonkeyPatch, path: Path, other: Path) -> None:
    """Whoever opens `path` gets `other`, as when somebody renames files meanwhile."""
    real = os.open

    def swapped(name: str, flags: int) -> int:
        return real(other if Path(name) == path else name, flags)

    monkeypatch.setattr(os, "open", swapped)


def test_file_that_became_a_pipe_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe.rs")
    swap(monkeypatch, folder / "src/lib.rs", folder / "pipe.rs")
    assert gaps(pack(folder)) == [("pipe.rs", True), ("src/lib.rs", True)]


def test_file_that_became_a_link_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "real.txt").write_text("x")
    (folder / "link.txt").symlink_to("real.txt")
    swap(monkeypatch, folder / "src/lib.rs", folder / "link.txt")
    assert ("src/lib.rs", True) in gaps(pack(folder))


@pytest.mark.parametrize("change", [-4, 4])
def test_file_that_changes_while_read_is_a_gap(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: int
) -> None:
    library = folder / "src/lib.rs"
    inode, real = library.stat().st_ino, os.fstat

    def lying(handle: int) -> os.stat_result:
        status = real(handle)
        if status.st_ino != inode:
            return status
        return os.stat_result((*status[:6], status.st_size + change, *status[7:]))

    monkeypatch.setattr(os, "fstat", lying)
    crate = pack(folder)
    assert gaps(crate) == [("src/lib.rs", True)]
    assert files(crate)["src/lib.rs"] == library.read_bytes()[: 14 + min(change, 0)]


def test_huge_sparse_file_is_a_gap(folder: Path) -> None:
    for name in ("disk.img", "src/large.rs"):
        with (folder / name).open("wb") as file:
            file.truncate(1 << 33)
    crate = pack(folder)
    assert gaps(crate) == [("disk.img", False), ("src/large.rs", True)]
    assert {one.kind for one in crate.gaps} == {GapKind.TOO_LARGE}


def test_too_much_in_total_stops_the_reading(folder: Path) -> None:
    for number in range(5):
        (folder / f"a{number}").write_bytes(bytes(1000))
    limits = dataclasses.replace(DEFAULT_LIMITS, unpacked_size_bytes=2500)
    crate = folder_source(folder, limits=limits)
    assert gaps(crate) == [("a2", True)]
    assert len(crate.data) < 8000


def test_too_many_files_are_a_blocking_gap(folder: Path) -> None:
    for number in range(50):
        (folder / f"src/{number}.rs").touch()
    crate = folder_source(folder, limits=dataclasses.replace(DEFAULT_LIMITS, member_count=20))
    assert gaps(crate) == [("src/", True)]


def test_folders_nested_too_deeply_are_a_blocking_gap(folder: Path) -> None:
    (folder / ("d/" * 80)).mkdir(parents=True)
    assert [one.is_blocking for one in pack(folder).gaps] == [True]


def test_unreadable_files_and_folders_are_gaps(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "notes").write_text("x")
    (folder / "closed").mkdir()
    real_open, real_scan = os.open, os.scandir

    def refuse(real: Callable[..., object], *names: str) -> Callable[..., object]:
        def call(path: str, *rest: int) -> object:
            if Path(path).name in names:
                raise PermissionError(errno.EACCES, "Permission denied")
            return real(path, *rest)

        return call

    monkeypatch.setattr(os, "open", refuse(real_open, "notes", "lib.rs"))
    monkeypatch.setattr(os, "scandir", refuse(real_scan, "closed"))
    found = pack(folder).gaps
    assert [(one.path, one.is_blocking) for one in found] == [
        ("notes", False),
        ("closed/", True),
        ("src/lib.rs", True),
    ]
    assert {one.kind for one in found} == {GapKind.UNREADABLE}


def test_thousands_of_gaps_are_counted(folder: Path) -> None:
    for number in range(700):
        (folder / f"link{number}").symlink_to("x")
    found = pack(folder).gaps
    assert len(found) == 501
    assert "200 more" in found[-1].reason
    assert not found[-1].is_blocking


# Names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manifest", "name", "version"),
    [
        (MANIFEST, "demo", "1.2.3"),
        ('\ufeff[project]\nname = "old"\nversion = "0.1.0-a.1+b"\n', "old", "0.1.0-a.1+b"),
        ('[package]\nname = "demo"\n', "demo", "0.0.0"),
        ('[package]\nname = "demo"\nversion.workspace = true\n', "demo", "7.8.9"),
        ('[package]\nname = "demo"\nversion = { workspace = true }\n', "demo", "7.8.9"),
        ('[package]\nname = "../../etc"\nversion = "1/2"\n', "checkout", "0.0.0"),
        ("[package]\nname = 5\nversion = [1]\n", "checkout", "0.0.0"),
        ("package = 5\n", "checkout", "0.0.0"),
        ("this is no TOML", "checkout", "0.0.0"),
        ("", "checkout", "0.0.0"),
    ],
)
def test_name_and_version_come_from_the_manifest(
    folder: Path, manifest: str, name: str, version: str
) -> None:
    (folder.parent / "Cargo.toml").write_text('[workspace.package]\nversion = "7.8.9"\n')
    (folder / "Cargo.toml").write_text(manifest)
    crate = pack(folder)
    assert crate.ref == CrateRef(name, version)
    assert "src/lib.rs" in files(crate)
    assert anomalies(crate) == []


def test_version_may_come_from_the_own_workspace_table(folder: Path) -> None:
    text = '[workspace.package]\nversion = "2.0.0"\n[package]\nname = "demo"\nversion.workspace = true\n'
    (folder / "Cargo.toml").write_text(text)
    assert pack(folder).ref == CrateRef("demo", "2.0.0")


def test_workspace_without_a_package_names_its_members(folder: Path) -> None:
    (folder / "Cargo.toml").write_text('[workspace]\nmembers = ["one", "two"]\n')
    with pytest.raises(UsageError, match=r"workspace.*one, two") as caught:
        pack(folder)
    assert "audit" in caught.value.remedy


def test_folder_without_a_manifest_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no Cargo\.toml"):
        pack(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        pack(tmp_path / "absent")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="not a folder"):
        pack(tmp_path / "file")


# Archive files ----------------------------------------------------------------------------------


def archive(path: Path, root: str = "demo-2-1.2.3-rc.1") -> Path:
    path.write_bytes(gzip.compress(b"".join(member(f"{root}/Cargo.toml".encode(), b"")) + END))
    return path


def test_archive_is_called_as_the_folder_inside(tmp_path: Path) -> None:
    crate = archive_source(archive(tmp_path / "download"), limits=DEFAULT_LIMITS)
    assert crate.ref == CrateRef("demo-2", "1.2.3-rc.1")
    assert crate.origin is Origin.ARCHIVE
    assert crate.gaps == ()
    assert list(files(crate)) == ["Cargo.toml"]


def test_archive_under_another_name_is_a_gap(tmp_path: Path) -> None:
    crate = archive_source(archive(tmp_path / "serde-1.0.0.crate"), limits=DEFAULT_LIMITS)
    assert crate.ref.name == "demo-2"
    assert gaps(crate) == [("", False)]
    assert "serde-1.0.0" in crate.gaps[0].reason


@pytest.mark.parametrize(
    ("name", "root", "ref"),
    [
        ("demo-1.0.0.crate", "\x1b[2J", CrateRef("demo", "1.0.0")),
        ("demo.tar.gz", "folder", CrateRef("demo", "0.0.0")),
        ("a b.crate", "folder", CrateRef("unknown", "0.0.0")),
    ],
)
def test_archive_without_a_proper_root_is_called_as_its_file(
    tmp_path: Path, name: str, root: str, ref: CrateRef
) -> None:
    crate = archive_source(archive(tmp_path / name, root), limits=DEFAULT_LIMITS)
    assert crate.ref == ref
    assert "outside-root" in anomalies(crate)


def test_damaged_archive_is_still_a_source(tmp_path: Path) -> None:
    (tmp_path / "demo-1.0.0.crate").write_bytes(b"\x1f\x8b\x08\x00rubbish")
    crate = archive_source(tmp_path / "demo-1.0.0.crate", limits=DEFAULT_LIMITS)
    assert crate.ref == CrateRef("demo", "1.0.0")


@pytest.mark.parametrize("reason", ["No such file", "not a gzip", "larger than", "not a regular"])
def test_what_is_no_archive_is_a_usage_error(tmp_path: Path, reason: str) -> None:
    path = tmp_path / "x.crate"
    limits = DEFAULT_LIMITS
    if reason == "not a gzip":
        path.write_bytes(b"hello")
    elif reason == "larger than":
        archive(path)
        limits = dataclasses.replace(DEFAULT_LIMITS, archive_size_bytes=10)
    elif reason == "not a regular":
        os.mkfifo(path)
    with pytest.raises(UsageError, match=reason):
        archive_source(path, limits=limits)


def test_archive_behind_a_link_is_read(tmp_path: Path) -> None:
    archive(tmp_path / "real")
    (tmp_path / "demo.crate").symlink_to("real")
    assert archive_source(tmp_path / "demo.crate", limits=DEFAULT_LIMITS).ref.name == "demo-2"

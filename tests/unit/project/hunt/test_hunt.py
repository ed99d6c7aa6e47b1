"""What a hunt finds, and what it leaves alone."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from analyzer.project.hunt.model import Place
from analyzer.project.incident.load import load_knowledge
from analyzer.project.incident.model import BadCrate, Match
from tests.unit.project.hunt.conftest import REGISTRY, Project, Search, lock, write

Made = Callable[[str], Project]
KNOWN = load_knowledge(None)
HIJACKED = [one for one in KNOWN.crates if not one.is_any_version]
BAD = ("chrono_anchor", "0.1.0")


def places(result: object) -> set[Place]:
    return {each.place for one in result.findings for each in one.sightings}  # type: ignore[attr-defined]


# Working trees ------------------------------------------------------------------------------------


def test_every_listed_name_is_found_in_its_listed_versions(tmp_path: Path, search: Search) -> None:
    wanted = set()
    for number, one in enumerate(KNOWN.crates):
        for version in ("1.2.3",) if one.is_any_version else one.versions:
            write(tmp_path / f"p{number}-{version}/Cargo.lock", lock((one.name, version)))
            wanted.add((one.name, version))
    result = search()
    assert len({name for name, _ in wanted}) == 98
    assert {(one.name, each) for one in result.findings for each in one.versions} == wanted
    assert all(one.match is Match.LISTED for one in result.findings)


@pytest.mark.parametrize("crate", HIJACKED, ids=lambda one: one.name)
def test_other_versions_of_hijacked_crates_are_left_alone(
    crate: BadCrate, tmp_path: Path, search: Search
) -> None:
    write(tmp_path / "Cargo.lock", lock((crate.name, "0.0.1")))
    write(tmp_path / "Cargo.toml", f'[dependencies]\n{crate.name} = "0.0.1"\n')
    write(tmp_path / f"target/debug/.fingerprint/{crate.name}-0123456789abcdef/x")
    write(tmp_path / f".cargo/registry/cache/i-1/{crate.name}-0.0.1.crate")
    assert search().findings == ()


@pytest.mark.parametrize(
    "text",
    [
        '[dependencies]\nchrono_anchor = "0.1"\n',
        '[dependencies]\nclock = { package = "chrono-anchor", version = "*" }\n',
        '[dev-dependencies.clock]\npackage = "chrono_anchor"\nversion = "0.1"\n',
        '[target."cfg(unix)".build-dependencies]\n"chrono\\u005fanchor" = "0.1"\n',
        '[workspace.dependencies]\nchrono_anchor = { version = "0.1" }\n',
        '[dependencies]\nclock = { git = "https://example.invalid/x/chrono_anchor.git" }\n',
        '[patch.crates-io]\nchrono_anchor = { path = "x" }\n',
        '[replace]\n"chrono_anchor:0.1.0" = { path = "x" }\n',
    ],
)
def test_manifests_name_it_in_every_way_cargo_knows(
    text: str, tmp_path: Path, search: Search
) -> None:
    write(tmp_path / "Cargo.toml", f'[package]\nname = "app"\nversion = "0.1.0"\n{text}')
    (found,) = search().findings
    assert found.crate.name == "chrono_anchor"
    assert {one.place for one in found.sightings} == {Place.MANIFEST}


def test_a_renamed_dependency_is_told_with_both_names(tmp_path: Path, search: Search) -> None:
    write(tmp_path / "Cargo.toml", '[dependencies]\nclock = { package = "time-sync" }\n')
    (one,) = search().findings[0].sightings
    assert (one.name, one.detail, one.line) == ("time-sync", "asked for as clock", 2)


@pytest.mark.parametrize("name", ["timeapi", "time-api", "chrono_anchr", "timesync", "dnp3times2"])
def test_names_like_those_of_a_campaign_are_variants(
    name: str, tmp_path: Path, search: Search
) -> None:
    write(tmp_path / "Cargo.lock", lock((name, "0.1.0")))
    (found,) = search().findings
    assert (found.match, found.crate.campaign) == (Match.VARIANT, "time-utilities")


@pytest.mark.parametrize("name", ["serde", "lazy_static", "bitflags", "rust_decimal", "tracing"])
def test_the_names_that_were_imitated_are_left_alone(
    name: str, tmp_path: Path, search: Search
) -> None:
    write(tmp_path / "Cargo.lock", lock((name, "1.0.0")))
    assert search().findings == ()


@pytest.mark.parametrize(
    "source", ["", "git+https://example.invalid/x#1", "registry+https://r.invalid/"]
)
def test_the_same_name_from_elsewhere_is_a_namesake(
    source: str, tmp_path: Path, search: Search
) -> None:
    write(tmp_path / "Cargo.lock", lock(BAD, source=source))
    (found,) = search().findings
    assert found.match is Match.NAMESAKE


def test_a_campaign_alone_is_hunted_for(tmp_path: Path, search: Search) -> None:
    write(tmp_path / "Cargo.lock", lock(BAD, ("rustdecimal", "1.0.0")))
    assert [one.name for one in search(campaign="time-utilities").findings] == ["chrono_anchor"]


def test_names_of_ones_own_are_hunted_for(tmp_path: Path, search: Search) -> None:
    names = write(tmp_path / "names.txt", "# ours\nsome-thing@1.0.0\nother_thing\n")
    write(tmp_path / "Cargo.lock", lock(("some-thing", "1.0.1"), ("other-thing", "3.0.0")))
    assert [one.name for one in search(own=[names]).findings] == ["other-thing"]


# Histories ----------------------------------------------------------------------------------------


def test_what_was_committed_and_removed_is_found_with_its_days(
    project: Made, search: Search
) -> None:
    made = project("a")
    made.commit({"Cargo.lock": lock()}, "2024-01-01")
    added = made.commit({"Cargo.lock": lock(BAD)}, "2026-03-05")
    made.commit({"Cargo.lock": lock(BAD), "x": "y"}, "2026-03-06")
    made.commit({"Cargo.lock": lock()}, "2026-03-20")
    (found,) = search().findings
    (one,) = found.sightings
    assert one.place is Place.HISTORY_LOCKFILE
    assert (one.first[:10], one.first_commit, one.last[:10]) == ("2026-03-05", added, "2026-03-20")
    assert found.exposure.overlaps is True
    assert not found.exposure.is_locked


def test_a_lock_after_the_crates_life_is_told_so(project: Made, search: Search) -> None:
    made = project("a")
    made.commit({"Cargo.lock": lock(BAD)}, "2026-05-01")
    made.commit({"Cargo.lock": lock()}, "2026-05-02")
    assert search().findings[0].exposure.overlaps is False


def test_every_branch_is_read(project: Made, search: Search) -> None:
    made = project("a")
    made.commit({"sub/Cargo.toml": "[workspace]"}, "2026-01-01")
    made.commit({"sub/Cargo.toml": '[dependencies]\ntime-sync = "1"'}, "2026-03-04", "other")
    (found,) = search().findings
    assert found.sightings[0].place is Place.HISTORY_MANIFEST
    assert found.sightings[0].last == ""
    assert found.exposure.is_locked


def test_a_tip_that_the_reflog_alone_knows_is_read(project: Made, search: Search) -> None:
    made = project("a")
    good = made.commit({"Cargo.lock": lock()}, "2026-01-01")
    bad = made.commit({"Cargo.lock": lock(BAD)}, "2026-03-04")
    write(made.path / ".git/refs/heads/main", f"{good}\n")
    assert search().findings == ()
    line = f"{bad} {good} a <a@example.invalid> 1 +0000\treset\n"
    write(made.path / ".git/logs/HEAD", line)
    (found,) = search().findings
    assert not found.exposure.is_locked


def test_bare_and_packed_repositories_are_read(project: Made, search: Search) -> None:
    made = project("a")
    made.commit({"Cargo.lock": lock(BAD)}, "2026-03-05")
    made.commit({"Cargo.lock": lock()}, "2026-03-06")
    from dulwich.gc import garbage_collect

    garbage_collect(made.repo)
    made.repo.close()
    (made.path / ".git").rename(made.path.parent / "bare.git")
    assert [one.name for one in search().findings] == ["chrono_anchor"]


def test_an_object_that_is_missing_is_a_gap(project: Made, search: Search) -> None:
    made = project("a")
    made.commit({"Cargo.lock": lock(BAD)}, "2026-03-05")
    first = made.tips["main"].decode()
    made.commit({"Cargo.lock": lock()}, "2026-03-06")
    (made.path / ".git/objects" / first[:2] / first[2:]).unlink()
    (gap,) = search().gaps
    assert gap.is_blocking
    assert first in gap.reason


def test_a_shallow_clone_is_a_gap(project: Made, search: Search) -> None:
    made = project("a")
    tip = made.commit({"Cargo.lock": lock()}, "2026-03-05")
    write(made.path / ".git/shallow", f"{tip}\n")
    assert [one.is_blocking for one in search().gaps] == [True]


def test_nothing_of_a_hostile_repository_runs(project: Made, search: Search) -> None:
    made = project("a")
    mark = made.path.parent / "mark"
    made.commit({"Cargo.lock": lock(BAD), ".gitattributes": "* filter=x diff=x\n"}, "2026-03-05")
    trap = f"touch {mark}"
    write(
        made.path / ".git/config",
        f"[core]\n\tfsmonitor = {trap}\n\tsshCommand = {trap}\n[diff]\n\texternal = {trap}\n"
        f'[filter "x"]\n\tsmudge = {trap}\n[remote "o"]\n\tpromisor = true\n\turl = ext::{trap}\n',
    )
    assert search().findings
    assert not mark.exists()


# What cargo leaves behind -------------------------------------------------------------------------


def test_caches_and_installed_crates_of_a_home_are_found(tmp_path: Path, search: Search) -> None:
    home = tmp_path / ".cargo"
    write(home / "registry/cache/index-1/chrono_anchor-0.1.0.crate")
    write(home / "registry/src/index-1/chrono_anchor-0.1.0/Cargo.toml", _packed(*BAD))
    write(home / "registry/index/index-1/.cache/ch/ro/chrono_anchor")
    key = f"logs-update 0.1.0 ({REGISTRY})"
    write(home / ".crates.toml", f'[v1]\n"{key}" = ["logs-update"]\n')
    write(home / ".crates2.json", json.dumps({"installs": {key: {"bins": ["logs-update"]}}}))
    write(home / "bin/logs-update")
    result = search()
    by_name = {one.name: {each.place for each in one.sightings} for one in result.findings}
    caches = {Place.ARCHIVE_CACHE, Place.SOURCE_CACHE, Place.INDEX_CACHE}
    assert by_name == {
        "chrono_anchor": caches,
        "logs-update": {Place.INSTALLED, Place.BINARY},
    }
    assert [one.exposure.is_built for one in result.findings] == [False, True]


def _packed(name: str, version: str) -> str:
    head = "# THIS FILE IS AUTOMATICALLY GENERATED BY CARGO\n"
    return f'{head}[package]\nname = "{name}"\nversion = "{version}"\n'


def test_a_vendored_copy_is_found_and_is_the_listed_crate(tmp_path: Path, search: Search) -> None:
    write(tmp_path / "vendor/chrono_anchor/Cargo.toml", _packed(*BAD))
    write(tmp_path / "vendor/internment/Cargo.toml", _packed("internment", "0.8.6"))
    write(tmp_path / "vendor/x/Cargo.toml", _packed("internment", "0.8.7"))
    found = search().findings
    assert [(one.name, one.match) for one in found] == [
        ("chrono_anchor", Match.LISTED),
        ("internment", Match.LISTED),
    ]


def test_a_build_is_told_by_what_it_left(tmp_path: Path, search: Search) -> None:
    target = tmp_path / "target/debug"
    mark = write(target / ".fingerprint/chrono_anchor-0123456789abcdef/invoked.timestamp")
    write(target / "build/move-analyzer-build-0123456789abcdef/output")
    write(target / "deps/libdnp3times-0123456789abcdef.rlib")
    source = "/home/u/.cargo/registry/src/index-1/arrayref-0.3.10/src/lib.rs"
    write(target / "deps/arrayref-0123456789abcdef.d", f"x.d: {source}\n")
    os.utime(mark.parent, (1_772_600_000, 1_772_600_000))
    found = {one.name: one for one in search().findings}
    assert set(found) == {"chrono_anchor", "move-analyzer-build", "dnp3times", "arrayref"}
    assert found["chrono_anchor"].exposure.built_at == ("2026-03-04T04:53:20Z",)
    assert found["arrayref"].versions == ("0.3.10",)


# Archives -----------------------------------------------------------------------------------------


def _tar(files: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("ending", "mode"), [("tar", "w"), ("tgz", "w:gz"), ("tar.xz", "w:xz"), ("tar.bz2", "w:bz2")]
)
def test_archives_are_looked_into(ending: str, mode: str, tmp_path: Path, search: Search) -> None:
    data = _tar({"./.cargo/registry/src/i-1/time-sync-0.1.0/src/lib.rs": b"x"}, mode)
    write(tmp_path / f"cache.{ending}", data)
    (found,) = search().findings
    (one,) = found.sightings
    assert (one.place, one.version) == (Place.SOURCE_CACHE, "0.1.0")


def test_caches_of_services_packed_with_zstd_are_looked_into(
    tmp_path: Path, search: Search
) -> None:
    data = zstandard.ZstdCompressor().compress(_tar({"a/Cargo.lock": lock(BAD).encode()}))
    write(tmp_path / "cache.tzst", data)
    assert places(search()) == {Place.LOCKFILE}


def test_layers_of_a_saved_image_are_looked_into(tmp_path: Path, search: Search) -> None:
    layer = _tar({"root/.cargo/bin/logs-update": b"x"}, "w:gz")
    write(tmp_path / "image.tar", _tar({f"blobs/sha256/{'ab' * 32}": layer, "index.json": b"{}"}))
    (found,) = search().findings
    assert found.sightings[0].path.endswith(
        f"image.tar!/blobs/sha256/{'ab' * 32}!/root/.cargo/bin/logs-update"
    )


def test_zipped_trees_are_looked_into(tmp_path: Path, search: Search) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a/Cargo.lock", lock(BAD))
    assert places(search()) == {Place.LOCKFILE}


@pytest.mark.parametrize(
    "data", [b"\x1f\x8bnothing", _tar({"a/Cargo.lock": b"x" * 4000})[:2000], b"\x04\x22\x4d\x18"]
)
def test_an_archive_that_cannot_be_read_is_a_gap(
    data: bytes, tmp_path: Path, search: Search
) -> None:
    write(tmp_path / "a.tar.gz", data)
    assert [one.is_blocking for one in search().gaps] == [True]


# Gaps ---------------------------------------------------------------------------------------------


def test_a_lock_file_in_conflict_is_a_gap_and_still_read(tmp_path: Path, search: Search) -> None:
    write(tmp_path / "Cargo.lock", f"<<<<<<< a\n{lock(BAD)}\n=======\n>>>>>>> b\n")
    result = search()
    assert [one.name for one in result.findings] == ["chrono_anchor"]
    assert [one.is_blocking for one in result.gaps] == [True]


def test_links_are_not_followed_and_told(tmp_path: Path, search: Search) -> None:
    outside = tmp_path / "outside"
    write(outside / "Cargo.lock", lock(BAD))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    result = search(inside)
    assert result.findings == ()
    assert [(one.path, one.is_blocking) for one in result.gaps] == [(str(inside / "link"), False)]


def test_processes_bring_back_the_same(project: Made, search: Search, tmp_path: Path) -> None:
    for number in range(8):
        made = project(f"p{number}")
        made.commit({"Cargo.lock": lock(BAD)}, "2026-03-05")
        write(made.path / "Cargo.lock", lock(("time-sync", "1.0.0")))
    assert search(jobs=2) == search(jobs=1)


def test_since_leaves_out_what_was_over_before(project: Made, search: Search) -> None:
    made = project("a")
    made.commit({"Cargo.lock": lock(BAD)}, "2026-03-05")
    made.commit({"Cargo.lock": lock()}, "2026-03-07")
    assert search(since="2026-03-06").findings
    assert search(since="2026-03-08").findings == ()


# Secrets ------------------------------------------------------------------------------------------


def test_secrets_are_told_by_name_and_never_by_value(
    project: Made, search: Search, tmp_path: Path
) -> None:
    made = project("a")
    made.commit({"Cargo.lock": lock(BAD)}, "2026-03-05")
    write(made.path / ".env", "API_KEY=hunter2-value\nexport DB_PASSWORD='hunter2'\n# X=1\n")
    write(made.path / ".github/workflows/ci.yml", "env:\n  T: ${{ secrets.DEPLOY_TOKEN }}\n")
    home = tmp_path / "home"
    write(home / ".env", "Z=hunter2")
    (found,) = search(made.path, home=home).findings
    (dotenv,) = found.exposure.secrets
    names = [(one.what, one.name) for one in dotenv.present]
    assert names == [
        ("file", ".env"),
        ("key", "API_KEY"),
        ("key", "DB_PASSWORD"),
        ("pipeline", "DEPLOY_TOKEN"),
        ("file", "~/.env"),
    ]
    assert "hunter2" not in repr(found)


def test_nothing_read_says_so(search: Search) -> None:
    result = search()
    assert (result.findings, result.counts.lockfiles) == ((), 0)
    assert result.stale

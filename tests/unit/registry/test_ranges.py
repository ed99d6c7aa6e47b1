"""Ranges of advisories, against the table of the `rustsec` crate's own tests and the OSV text."""

from __future__ import annotations

import pytest

from analyzer.registry.ranges import ALL, Range, parse_requirement, ranges_of_events


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("^1.2.3", "1.2.3", "2.0.0-0"),
        ("^1.2", "1.2.0", "2.0.0-0"),
        ("1", "1.0.0", "2.0.0-0"),
        ("^0.2.3", "0.2.3", "0.3.0-0"),
        ("^0.2", "0.2.0", "0.3.0-0"),
        ("^0.0.3", "0.0.3", "0.0.4-0"),
        ("^0.0", "0.0.0", "0.1.0-0"),
        ("^0", "0.0.0", "1.0.0-0"),
        ("~1.2.3", "1.2.3", "1.3.0-0"),
        ("~1.2", "1.2.0", "1.3.0-0"),
        ("~1", "1.0.0", "2.0.0-0"),
        (">= 0.8.2, < 0.9", "0.8.2", "0.9.0"),
        ("< 0.9, >= 0.8.2", "0.8.2", "0.9.0"),
        (">= 0", "0.0.0", ""),
    ],
)
def test_requirements_are_ranges(text: str, start: str, end: str) -> None:
    assert parse_requirement(text) == Range(start, end)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("< 2.0.0", "2.0.0-rc.1 1.5.0-alpha 0.0.0", "2.0.0 2.0.0+x 2.0.1-0"),
        ("<= 0.0.7", "0.0.7 0.0.7+build 0.0.7-rc.1", "0.0.8-0 0.0.8"),
        ("> 1.4.1", "1.4.2 1.4.2-0 2.0.0", "1.4.1 1.4.1+x 1.4.1-rc.1"),
        (">= 1.0.0-rc.2", "1.0.0-rc.10 1.0.0", "1.0.0-rc.1 1.0.0-beta.3"),
        ("^1.2", "1.2.0 1.9.0-rc.1", "1.2.0-rc.1 2.0.0-alpha.1"),
        ("= 1.0", "1.0.0 1.0.0+x", "1.0.1 1.0.0-rc.1"),
        ("*", "0.0.0-0 9.9.9", ""),
    ],
)
def test_pre_releases_go_by_precedence(text: str, inside: str, outside: str) -> None:
    found = parse_requirement(text)
    assert [one for one in inside.split() if not found.covers(one)] == []
    assert [one for one in outside.split() if found.covers(one)] == []


@pytest.mark.parametrize(
    "text",
    [
        *["", ">", "x", "1.*", ">= 1.0, >= 2.0", "< 1, < 2", "^1.0, < 1.5", "1.2-rc", "1.0.0-"],
        *["1,,2", "1" * 400, "> 1.0.0-01", "!= 1.0.0", "01.2.3"],
    ],
)
def test_what_the_rustsec_crate_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_requirement(text)


def test_what_is_no_version_is_in_no_range() -> None:
    assert not ALL.covers("1.2")


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ("introduced 0", "0.0.0-0 7.0.0", ""),
        ("introduced 0.0.0-0 fixed 1.2.3", "0.0.0-0 1.2.3-rc.1", "1.2.3 2.0.0"),
        ("introduced 1.0.0 last_affected 1.4.0", "1.0.0 1.4.0", "1.4.1 0.9.0"),
        (
            "fixed 2.1.0 introduced 2.0.0 introduced 1.0.0 fixed 1.0.5",
            "1.0.0 1.0.4 2.0.0 2.0.9",
            "0.9.0 1.0.5 1.9.0 2.1.0",
        ),
        ("introduced 1.0.0 fixed 1.1.0 introduced 1.1.0 fixed 1.2.0", "1.0.0 1.1.0", "1.2.0"),
    ],
)
def test_events_make_ranges(events: str, inside: str, outside: str) -> None:
    words = events.split()
    found = ranges_of_events(zip(words[::2], words[1::2], strict=True))
    assert [one for one in inside.split() if not any(r.covers(one) for r in found)] == []
    assert [one for one in outside.split() if any(r.covers(one) for r in found)] == []


@pytest.mark.parametrize("event", [("limit", "1.0.0"), ("introduced", "1"), ("fixed", "")])
def test_odd_events_are_refused(event: tuple[str, str]) -> None:
    with pytest.raises(ValueError):
        ranges_of_events([event])

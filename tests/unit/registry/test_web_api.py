"""The web API's client against a server of the same shape: answers, manners, trouble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analyzer.config import Settings
from analyzer.errors import RegistryUnreachable, UnknownCrate, UsageError
from analyzer.model import Owner, Publication
from analyzer.registry.client import Client
from analyzer.registry.web_api import WebApi, parse_record

if TYPE_CHECKING:
    from tests.unit.registry.conftest import SparseServer

CRATE = {
    "crate": {
        "id": "quokka",
        "name": "quokka",
        "created_at": "2024-01-10T00:00:00.123456Z",
        "updated_at": "2026-11-20T12:00:00.123456Z",
        "downloads": 4711,
        "recent_downloads": 42,
        "repository": "https://git.invalid/quokka",
    },
    "versions": [
        {
            "num": "0.2.0",
            "created_at": "2026-11-20T12:00:00.1Z",
            "published_by": None,
            "trustpub_data": {"provider": "github", "repository": "hops/quokka", "run_id": "1"},
        },
        {"num": "0.1.0", "created_at": "2024-01-10T00:00:00.1Z", "published_by": {"login": "ann"}},
    ],
}
OWNERS = {
    "users": [
        {"id": 1, "login": "ann", "kind": "user", "name": "Ann"},
        {"id": 2, "login": "github:hops:core", "kind": "team"},
    ]
}


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, [0.0]

    def __call__(self) -> float:
        return self.now

    def sleep(self, pause_s: float) -> None:
        self.slept.append(pause_s)
        self.now += pause_s


@pytest.fixture
def own(settings: Settings, server: SparseServer) -> Settings:
    server.files["/api/crates/quokka"] = json.dumps(CRATE).encode()
    server.files["/api/crates/quokka/owners"] = json.dumps(OWNERS).encode()
    return replace(settings, web_api=f"{server.url}api/", contact="ops@team.invalid")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(own: Settings, clock: Clock) -> Iterator[WebApi]:
    made = make(own, clock)
    yield made
    made.close()


def make(settings: Settings, clock: Clock) -> WebApi:
    return WebApi(
        settings,
        opener=lambda known: Client(known, sleep=clock.sleep),
        clock=clock,
        sleep=clock.sleep,
    )


def test_owners_downloads_and_publishers_are_read(site: WebApi) -> None:
    found = site.record("quokka")
    assert (found.downloads, found.recent_downloads) == (4711, 42)
    assert found.repository == "https://git.invalid/quokka"
    assert found.owners == (Owner("ann", "user"), Owner("github:hops:core", "team"))
    assert found.publications == (
        Publication("0.1.0", "ann"),
        Publication("0.2.0", "hops/quokka", is_trusted=True),
    )


def test_a_second_lies_between_two_requests_of_any_process(
    site: WebApi, own: Settings, clock: Clock
) -> None:
    site.record("quokka")
    assert clock.slept == [0.0, 1.0]
    clock.now += 0.25
    other = make(own, clock)
    other.record("quokka")
    other.close()
    assert clock.slept == [0.0, 1.0, 0.75, 1.0]


def test_a_clock_that_was_set_back_does_not_wait_for_years(
    site: WebApi, own: Settings, clock: Clock
) -> None:
    site.record("quokka")
    clock.now -= 10_000
    site.record("quokka")
    assert max(clock.slept) <= 1.0


def test_who_asks_can_be_reached(site: WebApi, server: SparseServer) -> None:
    site.record("quokka")
    assert all("ops@team.invalid" in headers["user-agent"] for _, headers in server.asked)


@pytest.mark.parametrize("contact", ["", "  ", "Jörg"])
def test_without_a_contact_nothing_is_asked(own: Settings, contact: str) -> None:
    with pytest.raises(UsageError, match="whom to reach"):
        WebApi(replace(own, contact=contact))


def test_answers_are_kept_and_asked_for_by_etag(
    site: WebApi, server: SparseServer, own: Settings, clock: Clock
) -> None:
    first = site.record("quokka")
    assert site.record("quokka") == first
    assert all("if-none-match" in headers for _, headers in server.asked[2:])
    offline = make(replace(own, is_offline=True, contact=""), clock)
    assert offline.record("quokka") == first
    with pytest.raises(RegistryUnreachable, match="offline"):
        offline.record("bilby")


def test_too_many_requests_are_followed_by_patience(
    site: WebApi, server: SparseServer, clock: Clock
) -> None:
    server.say("/api/crates/quokka", 429, b"slow down", Retry_After="7")
    site.record("quokka")
    assert 7.0 in clock.slept


def test_trouble_is_one_line(site: WebApi, server: SparseServer) -> None:
    with pytest.raises(UnknownCrate):
        site.record("bilby")
    server.say("/api/crates/quokka", 403, b"blocked: tell us who you are")
    with pytest.raises(RegistryUnreachable, match="403: blocked"):
        site.record("quokka")
    with pytest.raises(UsageError):
        site.record("../quokka")


@pytest.mark.parametrize(
    ("crate", "owners"),
    [
        (b"", b"{}"),
        (b"[]", json.dumps(OWNERS).encode()),
        (json.dumps(CRATE).encode(), b'{"users": [1]}'),
        (b'{"crate": {}}', b'{"users": []}'),
        (b'{"crate": {"name": "x"}, "versions": [{}]}', b'{"users": []}'),
        (b"[" * 100_000, b"{}"),
    ],
)
def test_odd_answers_are_refused(crate: bytes, owners: bytes) -> None:
    with pytest.raises(RegistryUnreachable, match="cannot be read"):
        parse_record("x", crate, owners)


def test_odd_numbers_are_not_told() -> None:
    crate = json.dumps({"crate": {"name": "x", "downloads": "9", "recent_downloads": -4}}).encode()
    found = parse_record("x", crate, b'{"users": []}')
    assert (found.downloads, found.recent_downloads, found.publications) == (-1, -1, ())

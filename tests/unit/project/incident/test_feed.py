"""The feed of campaigns: what is taken, and what is not believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer.config import RegistryAccess, Settings
from analyzer.errors import RegistryUnreachable
from analyzer.project.incident.feed import ALL_READERS, CAMPAIGNS, read_campaigns
from analyzer.project.incident.load import load_knowledge, shipped
from analyzer.registry.advisories import AdvisoryKind
from analyzer.registry.advisory_store import FILE, open_store
from analyzer.registry.update import Outcome, Update
from tests.unit.project.incident.feeds import CAMPAIGN, LIST, campaign_feed
from tests.unit.registry.feeds import FULL, pack

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    registry = RegistryAccess("https://index.invalid/")
    return Settings(tmp_path / "cache", registry, data_dir=tmp_path / "data")


def update(
    own: Settings, tmp_path: Path, data: bytes, *, now: datetime = NOW, allows_older: bool = False
) -> Outcome:
    (tmp_path / "feed.tgz").write_bytes(data)
    run = Update(own, now, allows_older=allows_older, readers=ALL_READERS)
    (outcome,) = run.run({CAMPAIGNS: str(tmp_path / "feed.tgz")})
    return outcome


def test_listed_crates_become_entries_beside_advisories() -> None:
    feed = read_campaigns(campaign_feed())
    found = {one.package: one for one in feed.records}
    assert feed.as_of == "2026-11-25T00:00:00Z"
    assert [name for name, _ in feed.documents] == [
        "campaigns/quokka-ring.toml",
        "known-malicious-crates.toml",
    ]
    assert found["quokka-clock"].kind is AdvisoryKind.MALICIOUS
    assert found["quokka-clock"].covers("9.9.9")
    assert found["quokka-clock"].aliases == ("RUSTSEC-2026-9001",)
    assert found["hijacked"].covers("1.0.1")
    assert not found["hijacked"].covers("1.0.0")
    assert found["quokka-safe"].kind is AdvisoryKind.AFFILIATED
    assert found["quokka-extra"].title == "the ring of quokkas"


def test_an_archive_of_a_whole_repository_is_a_feed() -> None:
    more = {"signatures/rules/a/b.toml": "id = 1", "README.md": "x", "src/campaigns.toml": "x"}
    assert read_campaigns(campaign_feed(more)).files == 2


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"campaigns/a.toml": 'id = "a"'}, "no known-malicious-crates.toml"),
        ({"known-malicious-crates.toml": LIST, "campaigns/b.toml": CAMPAIGN}, "equal the file"),
        ({"known-malicious-crates.toml": LIST, "campaigns/c.toml": 'id = "c"\nx = 1'}, "unknown"),
        ({"known-malicious-crates.toml": LIST.replace("2026-11-25", "soon")}, "which day"),
        ({"known-malicious-crates.toml": LIST, "x/known-malicious-crates.toml": "a"}, "two files"),
        ({"known-malicious-crates.toml": "crate = 1"}, "list of tables"),
    ],
)
def test_a_feed_is_taken_whole_or_not_at_all(files: dict[str, str], reason: str) -> None:
    with pytest.raises(RegistryUnreachable, match=reason):
        read_campaigns(pack(files))


def test_no_archive_is_no_feed() -> None:
    with pytest.raises(RegistryUnreachable, match="no gzipped tar"):
        read_campaigns(b"<html>")


def test_what_was_fetched_is_known_beside_what_was_shipped(own: Settings, tmp_path: Path) -> None:
    assert update(own, tmp_path, campaign_feed()).error is None
    known = load_knowledge(own.data_dir)
    names = {one.name for one in known.crates}
    assert {"quokka-clock", "quokka-extra", "chrono_anchor"} <= names
    campaign = known.campaign("Quokka Ring")
    assert campaign is not None
    assert {one.name for one in known.members(campaign.id)} == {"quokka-clock", "quokka-extra"}
    fetched = [one for one in known.origins if "db update" in one.name]
    assert [one.fetched for one in fetched] == ["2026-11-26T12:00:00Z"]
    assert not fetched[0].is_stale(NOW)


@pytest.mark.parametrize(("day", "title"), [("2999-01-01", "told"), ("2000-01-01", "shipped")])
def test_of_two_descriptions_of_a_campaign_the_later_counts(
    day: str, title: str, own: Settings, tmp_path: Path
) -> None:
    files = {
        "known-malicious-crates.toml": LIST.replace("2026-11-25", day),
        "campaigns/time-utilities.toml": 'id = "time-utilities"\ntitle = "told"',
    }
    update(own, tmp_path, pack(files), now=NOW.replace(year=3000))
    before, after = (
        one.campaign("time-utilities") for one in (shipped(), load_knowledge(own.data_dir))
    )
    assert before is not None
    assert after is not None
    assert after.title == (title if title == "told" else before.title)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"known-malicious-crates.toml": LIST.replace("11-25", "11-24")}, "older"),
        ({"known-malicious-crates.toml": LIST.replace("11-25", "12-25")}, "in the future"),
        ({"known-malicious-crates.toml": LIST}, "gone: campaigns/quokka-ring.toml"),
        (
            {
                "known-malicious-crates.toml": LIST.replace('"hijacked"', '"other"'),
                "campaigns/quokka-ring.toml": CAMPAIGN,
            },
            "gone: known-bad:hijacked",
        ),
    ],
)
def test_the_list_never_goes_backwards(
    files: dict[str, str], reason: str, own: Settings, tmp_path: Path
) -> None:
    update(own, tmp_path, campaign_feed())
    assert reason in str(update(own, tmp_path, pack(files)).error)
    assert load_knowledge(own.data_dir).campaign("quokka-ring") is not None
    assert update(own, tmp_path, pack(files), allows_older=True).error is None


def test_a_bundle_carries_campaigns(own: Settings, tmp_path: Path) -> None:
    update(own, tmp_path, campaign_feed())
    assert own.data_dir is not None
    other = replace(own, data_dir=tmp_path / "closed")
    (outcome,) = Update(other, NOW, readers=ALL_READERS).take_in(own.data_dir / FILE)
    assert outcome.is_new
    assert load_knowledge(other.data_dir).campaign("quokka-ring") is not None


def test_a_feed_and_a_database_are_two_witnesses(own: Settings, tmp_path: Path) -> None:
    update(own, tmp_path, campaign_feed())
    advisory = FULL.replace("denial-of-service", "malicious").replace('"quokka"', '"quokka-clock"')
    advisory = advisory.replace("2026-0001", "2026-9001")
    rustsec = pack({"crates/quokka-clock/RUSTSEC-2026-9001.md": advisory})
    (tmp_path / "r.tgz").write_bytes(rustsec)
    Update(own, NOW, readers=ALL_READERS).run({"rustsec": str(tmp_path / "r.tgz")})
    store = open_store(own.data_dir)
    assert store is not None
    with store:
        (one,) = store.lookup("Quokka_Clock", "1.1.0")
    assert one.kind == "malicious"
    assert sorted(one.witnesses) == ["RUSTSEC-2026-9001", "known-bad:quokka-clock"]

"""`db`: what is told, and what a scan makes of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.unit.cli.conftest import MakeFolder, Run
from tests.unit.project.hunt.conftest import lock, write
from tests.unit.project.incident.feeds import campaign_feed
from tests.unit.registry.feeds import FULL, pack


def feed(tmp_path: Path, text: str = FULL, *, mtime: int = 1_780_000_000) -> Path:
    path = tmp_path / "feed.tar.gz"
    path.write_bytes(pack({"crates/quokka/RUSTSEC-2026-0001.md": text}, mtime=mtime))
    return path


def test_an_empty_machine_says_how_to_get_advisories(run: Run) -> None:
    done = run("db", "status")
    assert (done.code, "db update" in done.out) == (0, True)
    assert json.loads(run("db", "status", "--json").out)["sources"] == []
    assert run("db", "export", "x").code == 2


def test_an_update_tells_number_source_date_and_digest(run: Run, tmp_path: Path) -> None:
    done = run("db", "update", "--rustsec", feed(tmp_path))
    assert done.code == 0
    assert "1 advisories (0 malicious, 0 withdrawn) of 2026-05-28" in done.out
    assert "from feed.tar.gz  sha256 " in done.out
    (source,) = json.loads(run("db", "status", "--json").out)["sources"]
    assert (source["name"], source["advisories"]) == ("rustsec", 1)


def test_no_network_is_exit_30_for_each_feed(run: Run) -> None:
    done = run("db", "update", "--offline")
    assert done.code == 30
    assert done.err.count("error: offline, and https://") == 2


def test_an_older_state_is_refused_unless_allowed(run: Run, tmp_path: Path) -> None:
    run("db", "update", "--rustsec", feed(tmp_path))
    older = feed(tmp_path, mtime=1_700_000_000)
    done = run("db", "update", "--rustsec", older)
    assert (done.code, "--allow-older" in done.err) == (30, True)
    assert run("db", "update", "--rustsec", older, "--allow-older").code == 0


def test_a_bundle_goes_from_machine_to_machine(run: Run, tmp_path: Path) -> None:
    run("db", "update", "--rustsec", feed(tmp_path))
    assert run("db", "export", tmp_path / "bundle").code == 0
    assert run("db", "import", tmp_path / "bundle").code == 0
    assert run("db", "import", tmp_path / "absent").code == 2
    (tmp_path / "torn").write_bytes((tmp_path / "bundle").read_bytes()[:5000])
    assert run("db", "import", tmp_path / "torn").code == 2


def test_a_scan_tells_once_that_there_are_no_advisories(run: Run, make_folder: MakeFolder) -> None:
    done = run("scan", make_folder("one"), make_folder("two"))
    assert done.err.count("no database of advisories") == 1
    assert run("scan", "--quiet", make_folder("three")).err == ""


def test_a_weakness_is_information_and_malice_blocks(
    run: Run, tmp_path: Path, make_folder: MakeFolder
) -> None:
    folder = make_folder("quokka")
    run("db", "update", "--rustsec", feed(tmp_path, FULL.replace('"< 0.2"', '"< 0.0.1"')))
    done = run("scan", folder, "--format", "json", "--as-of", "2026-11-26")
    report = json.loads(done.out)
    assert (done.code, report["verdict"], report["score"]) == (0, "CLEAR", 0)
    assert [(one["rule"], one["severity"]) for one in report["findings"]] == [
        ("vulnerable-version", "info")
    ]
    assert report["provenance"]["as_of"] == "2026-11-26"
    assert report["provenance"]["sources"][0].startswith("rustsec 2026-05-28T20:26:40Z sha256 ")
    bad = FULL.replace("denial-of-service", "malicious").replace('"< 0.2"', '"< 0.0.1"')
    run("db", "update", "--rustsec", feed(tmp_path, bad, mtime=1_790_000_000))
    assert run("scan", folder).code == 20


def test_a_day_that_is_none_is_a_wrong_request(run: Run, make_folder: MakeFolder) -> None:
    assert run("scan", make_folder("one"), "--as-of", "soon").code == 2


def test_a_damaged_database_is_said(run: Run, tmp_path: Path, make_folder: MakeFolder) -> None:
    run("db", "update", "--rustsec", feed(tmp_path))
    (path,) = Path(os.environ["CRATESCOPE_DATA_DIR"]).glob("*.sqlite")
    path.write_bytes(b"torn")
    done = run("scan", make_folder("one"))
    assert (done.code, "db update" in done.err) == (2, True)


def test_the_web_api_is_not_asked_without_a_contact(run: Run, make_folder: MakeFolder) -> None:
    done = run("scan", make_folder("one"), "--online-metadata")
    assert (done.code, "CRATESCOPE_CONTACT" in done.err) == (2, True)


def test_campaigns_come_with_an_update_and_go_into_hunts_and_scans(
    run: Run, tmp_path: Path, make_folder: MakeFolder
) -> None:
    feed = write(tmp_path / "feed.tgz", campaign_feed())
    write(tmp_path / "p/Cargo.lock", lock(("quokka-extra", "1.0.0"), ("quokkaclocks", "1.0.0")))
    assert run("hunt", tmp_path / "p").code == 0
    done = run("db", "update", "--campaigns", feed)
    assert done.code == 0
    assert "campaigns: 4 known-bad crates, 1 campaigns of 2026-11-25" in done.out
    found = json.loads(run("hunt", tmp_path / "p", "--format", "json").out)["findings"]
    assert [(one["name"], one["match"]) for one in found] == [
        ("quokka-extra", "listed"),
        ("quokkaclocks", "variant"),
    ]
    assert run("queries", "--campaign", "quokka-ring").code == 0
    assert run("scan", make_folder("quokka-extra")).code == 20


def test_the_state_of_shipped_and_fetched_campaigns_is_told(run: Run, tmp_path: Path) -> None:
    run("db", "update", "--campaigns", write(tmp_path / "feed.tgz", campaign_feed()))
    shown = run("db", "status").out
    assert "campaigns: 4 known-bad crates, 1 campaigns" in shown
    assert "shipped: 98 known-bad crates" in shown
    document = json.loads(run("db", "status", "--json").out)
    assert document["shipped"]["as_of"] > "2026"
    assert document["sources"][0]["documents"] == 2


def test_a_setting_names_the_feed_of_campaigns(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRATESCOPE_CAMPAIGN_FEED", "https://feed.invalid/campaigns.tgz")
    done = run("db", "update", "--offline")
    assert "offline, and https://feed.invalid/campaigns.tgz is not a file" in done.err

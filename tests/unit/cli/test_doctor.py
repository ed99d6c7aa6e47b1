from __future__ import annotations

from pathlib import Path

import pytest

import analyzer.rules.ruleset
from analyzer.check import Check
from analyzer.errors import SignatureError

from .conftest import Run, Shelf, archive


def lines(text: str) -> dict[str, str]:
    """First word of each line by what it speaks of."""
    return {line.split()[1]: line.split()[0] for line in text.splitlines()}


def test_a_machine_without_network_is_well_offline(run: Run) -> None:
    done = run("doctor", "--offline")
    assert (done.code, done.err) == (0, "")
    found = lines(done.out)
    assert list(found) == "python rules worker confinement cache registry engine cargo".split()
    assert {found[one] for one in ("python", "rules", "worker", "cache")} == {"ok"}
    assert found["registry"] == "absent"


def test_a_registry_out_of_reach_is_missing_and_says_what_to_do(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRATESCOPE_REGISTRY", "http://127.0.0.1:9/")
    done = run("doctor")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert lines(done.out)["registry"] == "MISSING"
    assert "--offline" in done.out


def test_a_registry_that_answers_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, shelf: Shelf
) -> None:
    shelf.publish("serde", archive("serde"))
    monkeypatch.setenv("CRATESCOPE_REGISTRY", shelf.url)
    done = run("doctor")
    assert done.code == 0
    assert "answers (serde 0.1.0)" in done.out


def test_rules_that_cannot_be_read_are_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise SignatureError("broken\x1b")

    monkeypatch.setattr(analyzer.rules.ruleset, "load_ruleset", fail)
    done = run("doctor", "--offline")
    assert done.code == 1
    assert lines(done.out)["rules"] == "MISSING"
    assert "\x1b" not in done.out


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CRATESCOPE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    done = run("doctor", "--offline")
    assert done.code == 0
    assert lines(done.out)["cache"] == "absent"
    assert "set CRATESCOPE_CACHE_DIR" in done.out


@pytest.mark.parametrize(
    ("host", "mark"), [("unix:///nowhere.sock", "absent"), ("tcp://192.0.2.1:2375", "ok")]
)
def test_the_engine_is_looked_for_where_the_variable_says(
    run: Run, monkeypatch: pytest.MonkeyPatch, host: str, mark: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert lines(run("doctor", "--offline").out)["engine"] == mark


def test_the_way_to_get_a_thing_is_told_only_where_it_lacks() -> None:
    assert str(Check("cargo", True, "here", "buy one")) == "ok       cargo        here"
    assert str(Check("cargo", False, "no", "buy one")).endswith("no; buy one")

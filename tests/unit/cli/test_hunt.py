"""`hunt` and `queries`: exit codes, what is told, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run
from tests.unit.project.hunt.conftest import lock, write
from tests.unit.registry.feeds import pack

REMOVED = """```toml
[advisory]
id = "RUSTSEC-2026-0001"
package = "quokka"
date = "2026-01-02"
expect-deleted = true

[versions]
patched = []
```

# `quokka` was removed from crates.io for malicious code

It was.
"""
BAD = ("chrono_anchor", "0.1.0")


def test_nothing_found_is_0_and_something_20(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "good/Cargo.lock", lock(("serde", "1.0.0")))
    write(tmp_path / "bad/Cargo.lock", lock(BAD))
    assert run("hunt", tmp_path / "good").code == 0
    done = run("hunt", tmp_path / "bad")
    assert done.code == 20
    assert "chrono_anchor (0.1.0): on record, campaign time-utilities" in done.out
    assert "ROTATE: Rotate .env files" in done.out


def test_what_cannot_be_read_is_30_and_what_is_found_comes_first(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.tar.gz", b"\x1f\x8bno")
    assert run("hunt", tmp_path).code == 30
    write(tmp_path / "Cargo.lock", lock(BAD))
    assert run("hunt", tmp_path).code == 20


def test_a_path_that_is_not_there_is_2(run: Run, tmp_path: Path) -> None:
    assert run("hunt", tmp_path / "nothing").code == 2


@pytest.mark.parametrize(
    ("option", "value"), [("--campaign", "nothing"), ("--since", "yesterday"), ("--format", "x")]
)
def test_what_makes_no_sense_is_2(option: str, value: str, run: Run, tmp_path: Path) -> None:
    assert run("hunt", tmp_path, option, value).code == 2


def test_every_hunt_says_how_old_its_knowledge_is(run: Run, tmp_path: Path) -> None:
    done = run("hunt", tmp_path)
    assert "STALE: no advisories on this machine" in done.out
    assert "warning: no advisories" in done.err
    document = json.loads(run("hunt", tmp_path, "--format", "json").out)
    assert document["stale"]
    assert document["sources"][0]["as_of"]


def test_names_that_advisories_brought_are_hunted(run: Run, tmp_path: Path) -> None:
    feed = write(tmp_path / "f.tar.gz", pack({"crates/quokka/RUSTSEC-2026-0001.md": REMOVED}))
    write(tmp_path / "p/Cargo.lock", lock(("quokka", "1.0.0")))
    assert run("hunt", tmp_path / "p").code == 0
    assert run("db", "update", "--rustsec", feed).code == 0
    done = run("hunt", tmp_path / "p", "--format", "json")
    found = json.loads(done.out)["findings"]
    assert [one["name"] for one in found] == ["quokka"]
    assert found[0]["record"]["source"] == "advisories"


def test_a_campaign_of_ones_own_is_a_file(run: Run, tmp_path: Path) -> None:
    file = write(
        tmp_path / "c/ours.toml",
        'id = "ours"\nsecrets = ["ssh"]\n[[crate]]\nname = "quokka"\niocs = { domains = ["c2.invalid"] }\n',
    )
    write(tmp_path / "p/Cargo.lock", lock(("quokka", "1.0.0"), BAD))
    document = json.loads(run("hunt", tmp_path / "p", "--campaign", file, "--format", "json").out)
    assert [one["name"] for one in document["findings"]] == ["quokka"]
    done = run("queries", "--campaign", file)
    assert (done.code, '"c2.invalid"' in done.out) == (0, True)


def test_what_a_project_chose_reaches_no_terminal_raw(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "\x1b]0;x\x07[red]"
    write(folder / "Cargo.lock", lock(BAD))
    for name in ("human", "markdown", "json", "jsonl"):
        done = run("hunt", tmp_path, "--format", name)
        assert "\x1b" not in done.out
        assert "\x07" not in done.out


def test_the_markdown_form_has_boxes_to_tick(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "Cargo.lock", lock(BAD))
    stages = [
        line.split("**")[1]
        for line in run("hunt", tmp_path, "--format", "markdown").out.splitlines()
        if line.startswith("- [ ] **")
    ]
    order = ["stop", "preserve", "rotate", "look", "tell"]
    assert list(dict.fromkeys(stages)) == order
    assert stages == sorted(stages, key=order.index)


def test_the_window_to_look_at_is_a_day_wider_than_the_crates_life(
    run: Run, tmp_path: Path
) -> None:
    write(tmp_path / "Cargo.lock", lock(BAD))
    steps = json.loads(run("hunt", tmp_path, "--format", "json").out)["response"]
    looks = {(one["from"], one["to"]) for one in steps if one["stage"] == "look"}
    assert looks == {("2026-03-03", "")}


@pytest.mark.parametrize("words", [(), ("--campaign", "nothing"), ("--from", "nothing.json")])
def test_queries_of_nothing_are_2(words: tuple[str, ...], run: Run) -> None:
    assert run("queries", *words).code == 2


def test_queries_of_several_languages_go_to_files(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / "a.kql", tmp_path / "a.yml"]
    done = run(
        *("queries", "--campaign", "time-utilities", "--since", "2026-03-01", "--min-sent", "77"),
        *("--format", "kql", "-o", files[0], "--format", "sigma", "-o", files[1]),
    )
    assert done.code == 0
    assert "datetime(2026-03-01)" in files[0].read_text()
    assert "threshold = 77" in files[0].read_text()
    assert files[1].read_text().startswith("title:")

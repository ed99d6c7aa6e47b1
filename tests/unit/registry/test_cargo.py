"""Odd index lines before a real cargo: what we believe, cargo would build (threat model G3)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.config import Settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.lockfile import read_lockfile
from analyzer.registry.fetch import Registry

if TYPE_CHECKING:
    from tests.unit.registry.conftest import SparseServer

pytestmark = pytest.mark.cargo

OLD, NEW, OTHER = "aa" * 32, "bb" * 32, "cc" * 32


def row(crate: str, **fields: object) -> dict[str, object]:
    """A plain line's object, some fields changed."""
    plain = {"name": crate, "vers": "2.0.0", "deps": [], "cksum": NEW, "features": {}}
    return plain | {"yanked": False} | fields


def text(crate: str, **fields: object) -> str:
    return json.dumps(row(crate, **fields))


DEPENDENCY = {
    "name": "x",
    "req": "^1",
    "features": [],
    "optional": True,
    "default_features": True,
    "target": None,
    "kind": "normal",
}


def without(crate: str, key: str) -> str:
    return json.dumps({one: value for one, value in row(crate).items() if one != key})


def depends(crate: str, **fields: object) -> str:
    """A line with one dependency; a field that is `...` is left out."""
    edge = {key: value for key, value in (DEPENDENCY | fields).items() if value is not ...}
    return text(crate, deps=[edge])


def odd_lines(name: str) -> list[str]:
    """Ways to write the newest version of a crate that we and cargo read alike."""
    plain = text(name)
    missing = row(name)
    del missing["yanked"]
    return [
        plain,
        json.dumps(missing),
        text(name, yanked=None),
        text(name, yanked="false"),
        text(name, yanked=True),
        plain.replace('"yanked"', r'"\u0079anked"').replace("false", "true"),
        plain[:-1] + ', "yanked": true}',
        '{"yanked": true, ' + plain[1:],
        plain + "\n" + text(name, yanked=True),
        text(name, yanked=True) + "\n" + plain,
        text(name, vers="2.0.0+a") + "\n" + text(name, vers="2.0.0+b", cksum=OTHER),
        text(name, vers="2.0.0+b", cksum=OTHER) + "\n" + text(name, vers="2.0.0+a"),
        text(name, vers="2.0.0+b", cksum=OTHER) + "\n" + text(name),
        text(name, cksum=None),
        text(name, vers="2.0"),
        text(name, vers="02.0.0"),
        text(name, vers="2.0.0-01"),
        text(name, vers="18446744073709551616.0.0"),
        text(name, vers="2.0.0-rc.1"),
        text(name, name="other"),
        text(name, name=name.upper()),
        text(name, name=name.replace("-", "_")),
        text(name, v=1),
        text(name, v=2),
        text(name, v=3),
        text(name, v=None),
        text(name, deps=None),
        text(name, deps=[{"name": "x"}]),
        text(name, features=None),
        text(name, features2={"a": []}),
        text(name, links=1),
        text(name, pubtime="yesterday"),
        text(name, unknown={"a": [1]}),
        without(name, "deps"),
        without(name, "features"),
        text(name, features={"a": None}),
        text(name, features=[]),
        text(name, features2=None),
        text(name, links=None),
        text(name, rust_version=None),
        text(name, rust_version="1.60"),
        text(name, rust_version="new"),
        text(name, rust_version="1.60-beta"),
        text(name, pubtime=None),
        text(name, pubtime="2026-02-30T00:00:00Z"),
        text(name, pubtime="2026-01-02T03:04:05+00:00"),
        depends(name),
        *(depends(name, **{key: ...}) for key in DEPENDENCY),
        *(depends(name, **{key: None}) for key in DEPENDENCY),
        depends(name, kind="dev"),
        depends(name, req="odd"),
        depends(name, req=""),
        depends(name, req="= 1"),
        depends(name, req=">=1, <2"),
        depends(name, name="..", optional=True),
        depends(name, name="..", package="x"),
        depends(name, package=None),
        depends(name, registry=None),
        depends(name, registry=1),
        depends(name, target="cfg(unix)"),
        depends(name, target="cfg("),
        depends(name, target=""),
        depends(name, features=[1]),
        depends(name, features=["a b"]),
        depends(name, public=True),
        depends(name, odd=1),
        plain + " trailing",
        "\ufeff" + plain,
        "  " + plain + "\r",
        plain.replace("2.0.0", r"2.0\u002e0"),
    ]


def stricter(name: str) -> list[str]:
    """Ways that cargo takes and we refuse, with a stated problem."""
    return [
        text(name) + "\n" + text(name, cksum=OTHER),
        text(name, cksum="no checksum"),
        text(name, cksum=NEW.upper()),
        depends(name, kind="odd"),
        depends(name, name="9x"),
        depends(name, name="é"),
        depends(name, package="../x"),
    ]


@pytest.fixture
def locked(server: SparseServer, tmp_path: Path) -> dict[str, tuple[str, str]]:
    """Version and checksum that cargo takes for each odd crate, `0.9.0` where it skips the line."""
    odd = {f"odd-{number}": odd_lines for number in range(len(odd_lines("x")))}
    odd |= {f"strict-{number}": stricter for number in range(len(stricter("x")))}
    for name, lines in odd.items():
        first = text(name, vers="0.9.0", cksum=OLD)
        line = lines(name)[int(name.partition("-")[2])]
        server.files[f"/{name[:2]}/{name[2:4]}/{name}"] = f"{first}\n{line}\n".encode()
    server.files["/1/x"] = text("x", vers="1.0.0").encode()
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").touch()
    wanted = "".join(f'{name} = "*"\n' for name in odd)
    head = '[package]\nname = "asks"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n'
    (tmp_path / "Cargo.toml").write_text(head + wanted)
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "here"\n[source.here]\nregistry = "sparse+{server.url}"\n'
    )
    environment = os.environ | {"CARGO_HOME": str(home), "CARGO_NET_OFFLINE": "false"}
    command = ["cargo", "generate-lockfile", "--quiet"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    lock = read_lockfile((tmp_path / "Cargo.lock").read_bytes(), path="Cargo.lock")
    return {
        one.name: (one.version, one.checksum)
        for one in lock.packages
        if one.checksum and one.name != "x"
    }


def test_no_line_is_read_otherwise_than_by_cargo(
    locked: dict[str, tuple[str, str]], settings: Settings
) -> None:
    assert len(locked) > 80
    with Registry(settings, DEFAULT_LIMITS) as registry:
        for name, theirs in locked.items():
            entry, gaps = registry.resolve(name), registry.index_gaps(name)
            if name.startswith("odd-"):
                assert (entry.version, entry.checksum) == theirs, server_line(name)
            else:
                assert (entry.version, theirs[0]) == ("0.9.0", "2.0.0"), server_line(name)
                assert "2.0.0" in gaps[0].reason


def server_line(name: str) -> str:
    """The line that a failure is about."""
    kind, _, number = name.partition("-")
    return (odd_lines if kind == "odd" else stricter)(name)[int(number)]

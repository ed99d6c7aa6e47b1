"""Small crates whose build script acts, in the real sandbox, and what is left of it afterwards."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import folder_source
from analyzer.model import FactKind, Trace
from analyzer.signatures import load_signatures
from sandbox.engine import Room, connect
from sandbox.errors import SandboxError
from sandbox.fetch import Shelf
from sandbox.image import build_image
from sandbox.observe import Setting, observe
from sandbox.settings import SandboxOptions
from sandbox.toolchain import find_toolchain

if TYPE_CHECKING:
    from docker.client import DockerClient

MIB = 1 << 20
_PACKAGE = '[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{more}'
_SCRIPT = """
fn main() {
    let _ = std::process::Command::new("python3").args(["-c", include_str!("act.py")]).status();
    std::process::exit(CODE);
}
"""
ROOM = Room(512 * MIB, 2.0, 150, 320 * MIB, 64 * MIB)


def write_crate(
    folder: Path, act: str, *, name: str = "acts", code: int = 1, more: str = ""
) -> Path:
    """A crate whose build script runs a Python text, and fails so that its words are seen."""
    rows = {
        "Cargo.toml": _PACKAGE.format(name=name, more=more),
        "src/lib.rs": "",
        "build.rs": _SCRIPT.replace("CODE", str(code)),
        "act.py": act,
    }
    for path, text in rows.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@dataclass(frozen=True)
class Seen:
    """What became of a crate: its trace, and the log of each traced stage."""

    trace: Trace
    logs: Mapping[str, str]

    def told(self, stage: str = "build") -> Any:
        """The one line of JSON that the crate printed after the word `told`."""
        (line,) = [one for one in self.logs[stage].splitlines() if one.strip().startswith("told ")]
        return json.loads(line.strip().removeprefix("told "))

    def subjects(self, kind: FactKind) -> set[str]:
        return {one.subject for one in self.trace.facts if one.kind is kind}

    @property
    def gaps(self) -> str:
        return "\n".join(one.reason for one in self.trace.gaps)


Build = Callable[..., Seen]


@pytest.fixture(scope="session")
def client() -> Iterator[DockerClient]:
    try:
        made = connect()
    except SandboxError as error:
        pytest.skip(str(error))
    yield made
    made.close()


@pytest.fixture(scope="session")
def setting(client: DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """The image is built once for all, if it is not there."""
    image = build_image(client, print)
    shelf = Shelf(tmp_path_factory.mktemp("shelf"), find_toolchain(), is_offline=True)
    return Setting(client, image, shelf, load_signatures())


@pytest.fixture(scope="session")
def build(setting: Setting, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Observe a crate of one act; nothing may be left of it, whatever it did."""

    def run(act: str, *, code: int = 1, more: str = "", **options: Any) -> Seen:
        folder = tmp_path_factory.mktemp("crate")
        crate = folder_source(
            write_crate(folder / "acts", act, code=code, more=more), limits=DEFAULT_LIMITS
        )
        asked = SandboxOptions(
            runs_tests=False, room=ROOM, artifacts=folder / "artifacts", build_s=60.0
        )
        (folder / "temporary").mkdir()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(tempfile, "tempdir", str(folder / "temporary"))
            trace = observe(crate, setting, replace(asked, **options), lambda _: None)
        assert left(setting.client, os.getpid()) == []
        assert list((folder / "temporary").iterdir()) == []
        logs = {
            one.stem: one.read_text("utf-8", "replace")
            for one in (folder / "artifacts/acts-0.1.0").glob("*.log")
        }
        return Seen(trace, logs)

    return run


def left(client: DockerClient, pid: int) -> list[str]:
    """The containers of a process of this machine."""
    label = {"label": "cratescope.owner"}
    found = client.containers.list(all=True, filters=label, ignore_removed=True)
    mine = f"{socket.gethostname()} {pid} "
    return [one.name for one in found if one.labels["cratescope.owner"].startswith(mine)]

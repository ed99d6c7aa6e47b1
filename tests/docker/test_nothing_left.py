"""However a run ends, nothing of it stays: no container, no network, no file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.engine import reap

from .conftest import left, write_crate

if TYPE_CHECKING:
    from docker.client import DockerClient

    from sandbox.observe import Setting

pytestmark = [pytest.mark.docker]

ROOT = Path(__file__).parents[2]
_COMMAND = "from analyzer.cli.main import main; main()"
_WAITS = "import time\ntime.sleep(300)\n"
_READS = 'import os\nopen(os.path.expanduser("~/.aws/credentials")).read()\n'


@dataclass
class Machine:
    """A temporary folder and a cache of its own, and the command started in them."""

    folder: Path
    client: DockerClient

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    def start(self, crate: Path, *words: str) -> subprocess.Popen[str]:
        for name in ("temporary", "home"):
            (self.folder / name).mkdir(exist_ok=True)
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self.temporary),
            "CRATESCOPE_CACHE_DIR": str(self.folder / "cache"),
        }
        options = ("--sandbox", "--sandbox-no-tests", "--offline", "--format", "json", *words)
        return subprocess.Popen(
            [sys.executable, "-P", "-c", _COMMAND, "scan", str(crate), *options],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def until_building(self, process: subprocess.Popen[str]) -> None:
        """Until both containers are there and the build script runs."""
        until = time.monotonic() + 90
        while time.monotonic() < until and process.poll() is None:
            for name in left(self.client, process.pid):
                top = self.client.api.top(name) if self._runs(name) else {"Processes": []}
                if any("build-script-build" in " ".join(row) for row in top["Processes"]):
                    return
            time.sleep(0.3)
        raise AssertionError(process.communicate(timeout=5))

    def _runs(self, name: str) -> bool:
        return str(self.client.containers.get(name).status) == "running"


Start = Callable[[], Machine]


@pytest.fixture
def machine(tmp_path: Path, setting: Setting) -> Iterator[Machine]:
    made = Machine(tmp_path, setting.client)
    yield made
    reap(made.client)


@pytest.fixture
def networks(client: DockerClient) -> Iterator[None]:
    """No network is made, whatever happens."""
    before = {one.id for one in client.networks.list()}
    yield
    assert {one.id for one in client.networks.list()} <= before


def ended(process: subprocess.Popen[str]) -> tuple[int, Any, str]:
    out, errors = process.communicate(timeout=120)
    return process.returncode, json.loads(out) if out.startswith("{") else out, errors


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("code", [0, 1], ids=["a build that works", "a build that fails"])
def test_after_an_ordinary_end_nothing_is_left(machine: Machine, code: int) -> None:
    process = machine.start(write_crate(machine.folder / "crate", _READS, code=code))
    ended(process)
    assert left(machine.client, process.pid) == []
    assert list(machine.temporary.iterdir()) == []


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_an_interruption_nothing_is_left(machine: Machine, number: signal.Signals) -> None:
    process = machine.start(write_crate(machine.folder / "crate", _WAITS))
    machine.until_building(process)
    process.send_signal(number)
    code, _, errors = ended(process)
    assert code == 130, errors
    assert left(machine.client, process.pid) == []
    assert list(machine.temporary.iterdir()) == []


@pytest.mark.usefixtures("networks")
def test_what_a_killed_run_left_goes_with_the_next(machine: Machine) -> None:
    process = machine.start(write_crate(machine.folder / "crate", _WAITS))
    machine.until_building(process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert len(left(machine.client, process.pid)) == 2
    assert len(list(machine.temporary.iterdir())) == 1
    after = machine.start(write_crate(machine.folder / "other", _READS, code=0, name="other"))
    ended(after)
    assert left(machine.client, process.pid) == []
    assert left(machine.client, after.pid) == []
    assert list(machine.temporary.iterdir()) == []


def test_runs_side_by_side_see_only_their_own(machine: Machine) -> None:
    folder = machine.folder
    first = write_crate(folder / "first", _READS, name="first", code=0)
    text = 'import os\nopen(os.path.expanduser("~/.npmrc")).read()\n'
    second = write_crate(folder / "second", text, name="second", code=0)
    running = [machine.start(one) for one in (first, second, first)]
    texts = [json.dumps(ended(one)[1]) for one in running]
    for text, own, other in zip(
        texts,
        (".aws/credentials", ".npmrc", ".aws/credentials"),
        (".npmrc", ".aws/credentials", ".npmrc"),
        strict=True,
    ):
        reads = text.split('"observation"', 1)[-1]
        assert own in text
        assert other not in reads
    assert [left(machine.client, one.pid) for one in running] == [[], [], []]
    assert list(machine.temporary.iterdir()) == []

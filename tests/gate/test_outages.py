"""What goes on when analysis or queue do not: nothing that is new, and of the rest what was said."""

from __future__ import annotations

import stat
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.worker.pool import _command
from gate import probe
from gate.line import Urgency
from gate.model import Release, Ruling
from gate.settings import Outages, load_gate

if TYPE_CHECKING:
    from tests.gate.conftest import Live

Make = Callable[..., "Live"]


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    """A worker that is the real one until the file `broken` lies beside it."""
    real = _command(DEFAULT_LIMITS, None, ())
    path = tmp_path / "worker"
    path.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"os.path.exists({str(tmp_path / 'broken')!r}) and sys.exit(1)\n"
        f"command = {real!r}\nos.execv(command[0], command)\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def end_workers(one: Live) -> None:
    """As if the kernel had ended them: memory was short."""
    for each in tuple(one.gate.pool._living):
        each.kill()


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_broken_analysis_lets_nothing_new_in_and_mends_itself(
    make: Make, worker: Path, is_kept: bool
) -> None:
    one = make(worker_command=(str(worker),), outages=Outages(is_judged_kept=is_kept))
    wait_for(lambda: one.get("readyz").status == 200)
    known = one.publish("known", "1.0.0")
    new = one.publish("new", "1.0.0")
    assert one.archive("known", "1.0.0", known).status == 200
    (worker.parent / "broken").touch()
    end_workers(one)
    answer = one.get(f"crates/new/1.0.0/{new}.crate")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "the analysis does not work" in answer.text
    assert one.gate.store.rulings("crates-io", "new") == ()
    ready = one.get("readyz")
    assert ready.status == 503
    assert '"analysis": "does not work"' in ready.text
    assert "cratescope_gate_analysis_up 0" in one.get("metrics").text
    # Nobody waits for what is known not to work.
    began = time.monotonic()
    assert one.get(f"crates/new/1.0.0/{new}.crate").status == 503
    assert time.monotonic() - began < 2
    wanted = 200 if is_kept else 503
    assert one.get(f"crates/known/1.0.0/{known}.crate").status == wanted
    (worker.parent / "broken").unlink()
    wait_for(lambda: one.get("readyz").status == 200)
    assert one.archive("new", "1.0.0", new).status == 200
    assert one.archive("known", "1.0.0", known).status == 200


def test_a_kept_report_is_no_proof_that_a_worker_works(make: Make, worker: Path) -> None:
    one = make(worker_command=(str(worker),))
    wait_for(lambda: one.get("readyz").status == 200)
    one.archive(probe.NAME, probe.VERSION, probe.checksum())
    (worker.parent / "broken").touch()
    end_workers(one)
    assert not one.gate.judge.analysis.prove()


def test_a_full_queue_is_503_and_what_is_known_goes_on(make: Make) -> None:
    one = make(queue_size=1)
    known = one.publish("known", "1.0.0")
    new = one.publish("new", "1.0.0")
    assert one.archive("known", "1.0.0", known).status == 200
    end = threading.Event()

    def work(_: object) -> Ruling:
        end.wait(60)
        raise OSError

    busy = one.gate.line.ask(Release("m", "busy", "1.0.0", "0" * 64), work, Urgency.DOWNLOAD)
    answer = one.get(f"crates/new/1.0.0/{new}.crate")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "too much waits to be read" in answer.text
    assert one.get(f"crates/known/1.0.0/{known}.crate").status == 200
    end.set()
    wait_for(busy.future.done)
    assert one.archive("new", "1.0.0", new).status == 200


def test_how_long_a_download_waits_is_a_setting(make: Make) -> None:
    one = make(wait_s=1.0)
    new = one.publish("waits", "1.0.0")
    one.gate.line.close()
    began = time.monotonic()
    answer = one.get(f"crates/waits/1.0.0/{new}.crate")
    assert 0.9 < time.monotonic() - began < 10
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_the_settings_of_outages(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text('wait-s = 5\n[outages]\nanalysis-down = "closed"\n')
    told = load_gate({"config": str(file)}, {})
    assert told.wait_s == 5.0
    assert told.outages == Outages(is_judged_kept=False)
    assert load_gate({}, {}).outages == Outages()


def wait_for(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)

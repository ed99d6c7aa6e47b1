"""What a kept trace is kept under, and what is told where nothing can be observed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analyzer.model import CrateRef, CrateSource, GapKind, Observation, Origin, Trace
from sandbox import observer
from sandbox.bait import Profile
from sandbox.errors import SandboxError
from sandbox.observer import Observer
from sandbox.settings import SandboxOptions

OPTIONS = SandboxOptions()
SEEN = Trace(observation=Observation("image", "rustc", "both", (), (), (), (), ()))


def crate(data: bytes = b"x", *, version: str = "1.0.0") -> CrateSource:
    digest = hashlib.sha256(data).hexdigest()
    return CrateSource(CrateRef("a", version), digest, data, Origin.ARCHIVE)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[CrateSource]:
    """A machine with everything; each real observation is put on the list."""
    seen: list[CrateSource] = []

    def observe(one: CrateSource, *_: object) -> Trace:
        seen.append(one)
        return SEEN

    image = SimpleNamespace(digest="sha256:1")
    toolchain = SimpleNamespace(version="rustc 1")
    monkeypatch.setattr(observer, "connect", SimpleNamespace)
    monkeypatch.setattr(observer, "build_image", lambda *_: image)
    monkeypatch.setattr(observer, "find_toolchain", lambda: toolchain)
    monkeypatch.setattr(observer, "observe", observe)
    return seen


def made(folder: Path, options: SandboxOptions = OPTIONS) -> Observer:
    return Observer(folder, options, lambda _: None)


def test_the_same_bytes_are_not_built_again(tmp_path: Path, runs: list[CrateSource]) -> None:
    assert made(tmp_path)(crate()) == SEEN
    assert made(tmp_path)(crate()) == SEEN
    assert len(runs) == 1


@pytest.mark.parametrize(
    "other",
    [
        crate(b"y"),
        crate(version="1.0.1"),
        replace(crate(), origin=Origin.CRATES_IO),
    ],
    ids=["bytes", "version", "origin"],
)
def test_another_crate_is_built(
    tmp_path: Path, runs: list[CrateSource], other: CrateSource
) -> None:
    made(tmp_path)(crate())
    made(tmp_path)(other)
    assert len(runs) == 2


@pytest.mark.parametrize(
    "options",
    [
        replace(OPTIONS, profile=Profile.CI),
        replace(OPTIONS, environment=(("A", "1"),)),
        replace(OPTIONS, runs_tests=False),
        replace(OPTIONS, build_s=1.0),
        replace(OPTIONS, seed=b"1"),
    ],
    ids=["profile", "environment", "tests", "time", "seed"],
)
def test_other_options_are_another_run(
    tmp_path: Path, runs: list[CrateSource], options: SandboxOptions
) -> None:
    made(tmp_path)(crate())
    made(tmp_path, options)(crate())
    assert len(runs) == 2


@pytest.mark.parametrize("name", ["image", "toolchain", "program", "signatures"])
def test_another_machine_or_program_is_another_run(
    tmp_path: Path, runs: list[CrateSource], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made(tmp_path)(crate())
    changes: dict[str, Callable[[], None]] = {
        "image": lambda: monkeypatch.setattr(
            observer, "build_image", lambda *_: SimpleNamespace(digest="sha256:2")
        ),
        "toolchain": lambda: monkeypatch.setattr(
            observer, "find_toolchain", lambda: SimpleNamespace(version="rustc 2")
        ),
        "program": lambda: monkeypatch.setattr(observer, "program_digest", lambda: "2"),
        "signatures": lambda: monkeypatch.setattr(
            observer, "load_signatures", lambda: SimpleNamespace(digest="2")
        ),
    }
    changes[name]()
    made(tmp_path)(crate())
    assert len(runs) == 2


def test_artifacts_are_made_by_a_new_run(tmp_path: Path, runs: list[CrateSource]) -> None:
    made(tmp_path)(crate())
    made(tmp_path, replace(OPTIONS, artifacts=tmp_path / "kept"))(crate())
    assert len(runs) == 2


def test_what_was_not_built_is_tried_again(
    tmp_path: Path, runs: list[CrateSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(observer, "observe", lambda *_: Trace())
        assert made(tmp_path)(crate()) == Trace()
    assert made(tmp_path)(crate()) == SEEN
    assert len(runs) == 1


def test_a_damaged_trace_is_made_again(tmp_path: Path, runs: list[CrateSource]) -> None:
    made(tmp_path)(crate())
    for path in [one for one in tmp_path.rglob("*") if one.is_file()]:
        path.write_bytes(b"{")
    assert made(tmp_path)(crate()) == SEEN
    assert len(runs) == 2


def _raise(*_: object) -> Any:
    raise SandboxError("no engine", remedy="get one")


def test_without_an_engine_each_crate_has_a_gap_that_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "connect", _raise)
    (gap,) = made(tmp_path)(crate()).gaps
    assert gap.kind is GapKind.SANDBOX
    assert gap.is_blocking
    assert gap.reason == "no engine; get one"


def test_trouble_in_the_middle_is_a_gap_that_blocks_and_is_not_kept(
    tmp_path: Path, runs: list[CrateSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(observer, "observe", _raise)
        (gap,) = made(tmp_path)(crate()).gaps
    assert gap.is_blocking
    assert made(tmp_path)(crate()) == SEEN
    assert len(runs) == 1


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("name", ["connect", "observe"])
def test_required_and_not_to_be_had_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(observer, name, _raise)
    with pytest.raises(SandboxError, match="no engine"):
        made(tmp_path, replace(OPTIONS, is_required=True))(crate())

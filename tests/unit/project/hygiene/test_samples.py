"""Each system's pipelines: every habit at its line, marked in the samples by `#! CHECK...`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.model import Severity
from analyzer.project.hygiene import HygieneResult
from analyzer.project.hygiene.table import read_checks

SAMPLES = sorted(one for one in (Path(__file__).parent / "samples").iterdir() if one.is_dir())
GOOD = [one for one in SAMPLES if one.name.startswith("good-")]
_MARK = re.compile(r"#! ([\w -]+)")
# Where a comment would be part of the command: file of a sample, line, check.
UNMARKED = {
    "docker": {("Dockerfile", 9, "env-file-used"), ("Dockerfile", 11, "update-in-pipeline")},
    "github": {
        (".github/workflows/ci.yml", 18, "secret-in-build"),
        (".github/workflows/ci.yml", 18, "build-unlocked"),
        (".github/workflows/inline.yaml", 7, "build-unlocked"),
    },
    "scripts": {
        ("Makefile", 5, "build-unlocked"),
        ("Makefile", 7, "update-in-pipeline"),
        ("justfile", 4, "build-unlocked"),
    },
}


def files_of(sample: Path) -> dict[str, str]:
    paths = (one for one in sample.rglob("*") if one.is_file())
    return {one.relative_to(sample).as_posix(): one.read_text() for one in paths}


def marked(files: dict[str, str]) -> set[tuple[str, int, str]]:
    return {
        (name, number, check)
        for name, text in files.items()
        for number, line in enumerate(text.split("\n"), 1)
        for found in _MARK.findall(line)
        for check in found.split()
    }


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.name)
def test_every_habit_is_told_at_its_line(
    sample: Path, project: Callable[..., HygieneResult]
) -> None:
    files = files_of(sample)
    result = project(files)
    shown = {(one.file, one.line, one.check) for one in result.rows}
    assert shown == marked(files) | UNMARKED.get(sample.name, set())
    assert result.gaps == ()


def test_good_pipelines_are_left_alone() -> None:
    assert len(GOOD) >= 3
    assert all(marked(files_of(one)) == set() for one in GOOD)


def test_every_check_of_a_pipeline_has_a_sample() -> None:
    seen = {x[2] for one in SAMPLES for x in marked(files_of(one))}
    elsewhere = {"lock-missing", "lock-ignored", "lock-untracked", "git-unpinned"}
    assert seen | elsewhere | {"env-file-committed"} == set(read_checks())


def test_hygiene_never_weighs_more_than_medium() -> None:
    known = (Severity.INFO, Severity.LOW, Severity.MEDIUM)
    assert all(one.severity in known for one in read_checks().values())

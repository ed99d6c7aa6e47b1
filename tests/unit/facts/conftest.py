"""Facts of a crate written in a test, by the real pipeline."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Mapping

import pytest

from analyzer.model import CrateRef, CrateSource, Fact, Origin, Report
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import RuleSet, load_ruleset

MANIFEST = """
[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
description = "made for a test"
[dependencies]
ureq = "2"
curl = "0.4"
dirs = "6"
walkdir = "2"
base64 = "0.22"
hex = "0.4"
hex-literal = "0.4"
data-encoding = "2"
flate2 = "1"
lazy_static = "1"
serde = "1"
serde_json = "1"
toml = "0.8"
once_cell = "1"
reqwest = { version = "0.12", features = ["blocking"] }
post = { package = "ureq", version = "2" }
"""

ReportOf = Callable[[Mapping[str, str]], Report]
FactsOf = Callable[..., list[Fact]]


@pytest.fixture(scope="session")
def ruleset() -> RuleSet:
    return load_ruleset()


@pytest.fixture(scope="session")
def report_of(ruleset: RuleSet) -> ReportOf:
    """The report of a crate given as path -> text."""

    def run(files: Mapping[str, str]) -> Report:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            whole = {"Cargo.toml": MANIFEST, "src/lib.rs": "", **files}
            for path, text in whole.items():
                data = text.encode("utf-8", "surrogatepass")
                info = tarfile.TarInfo(f"sample-crate-0.1.0/{path}")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        data = buffer.getvalue()
        digest = hashlib.sha256(data).hexdigest()
        crate = CrateSource(CrateRef("sample-crate", "0.1.0"), digest, data, Origin.FOLDER)
        return analyze(crate, ruleset=ruleset)

    return run


@pytest.fixture(scope="session")
def facts_of(report_of: ReportOf) -> FactsOf:
    """The facts of one source text, by default a build script."""

    def run(code: str, path: str = "build.rs", **files: str) -> list[Fact]:
        return list(report_of({path: code, **files}).facts)

    return run

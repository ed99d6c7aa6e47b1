"""Powers that only the compiler knows of."""

from __future__ import annotations

from analyzer.facts.hidden import hidden
from analyzer.model import Fact, FactKind, Phase, Span


def fact(kind: FactKind, phase: Phase, api: str = "std::process::Command::new") -> Fact:
    return Fact(kind, "x", Span("a.rs", 1), (phase,), api=api)


def test_a_power_without_a_fact_in_the_sources_is_hidden() -> None:
    found = tuple(hidden((), (fact(FactKind.PROCESS_SPAWN, Phase.LIBRARY),)))
    assert [one.subject for one in found] == ["programs: std::process::Command::new"]
    assert found[0].kind is FactKind.CODE_HIDDEN


def test_a_power_that_the_sources_show_is_not_hidden() -> None:
    shown = (fact(FactKind.PROCESS_SHELL, Phase.LIBRARY),)
    assert not tuple(hidden(shown, (fact(FactKind.PROCESS_SPAWN, Phase.LIBRARY),)))


def test_a_power_shown_at_run_time_alone_is_hidden_at_build_time() -> None:
    shown = (fact(FactKind.NET_CONNECT, Phase.LIBRARY),)
    compiled = (fact(FactKind.NET_CONNECT, Phase.BUILD_SCRIPT, "std::net::TcpStream::connect"),)
    assert len(tuple(hidden(shown, compiled))) == 1


def test_reading_a_file_is_no_power() -> None:
    assert not tuple(hidden((), (fact(FactKind.FILE_READ, Phase.LIBRARY),)))


def test_each_power_is_told_once() -> None:
    compiled = (fact(FactKind.NET_CONNECT, Phase.LIBRARY), fact(FactKind.NET_SEND, Phase.LIBRARY))
    assert len(tuple(hidden((), compiled))) == 1

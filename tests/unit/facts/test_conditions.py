"""Guards, phases and compile-time reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Phase, Report

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[[Mapping[str, str]], Report]
SEND = 'std::net::TcpStream::connect("192.0.2.1:80");'


def _guards(facts: list[Fact]) -> list[tuple[str, str]]:
    (sent,) = [one for one in facts if one.kind is FactKind.NET_CONNECT]
    return [(one.kind.value, one.subject) for one in sent.guards]


@pytest.mark.parametrize(
    "code",
    [
        f'fn main() {{ if std::env::var("GITLAB_CI").is_ok() {{ {SEND} }} }}',
        f'fn main() {{ if let Ok(_) = std::env::var("GITLAB_CI") {{ {SEND} }} }}',
        f'fn main() {{ let ci = std::env::var("GITLAB_CI").is_ok(); if ci {{ {SEND} }} }}',
        f'fn main() {{ if std::env::var_os("GITLAB_CI").is_none() {{ return; }} {SEND} }}',
    ],
)
def test_code_behind_a_ci_variable_is_guarded(facts_of: FactsOf, code: str) -> None:
    assert _guards(facts_of(code)) == [("guard.ci", "GITLAB_CI")]


def test_an_unguarded_call_has_no_guard(facts_of: FactsOf) -> None:
    code = f'fn main() {{ if std::env::var("GITLAB_CI").is_ok() {{ f(); }} {SEND} }} fn f() {{}}'
    assert _guards(facts_of(code)) == []


def test_cfg_on_an_item_is_a_platform_guard(facts_of: FactsOf) -> None:
    code = f"#[cfg(windows)] fn f() {{ {SEND} }} fn main() {{}}"
    assert _guards(facts_of(code)) == [("guard.platform", "cfg(windows)")]


def test_presence_of_a_file_is_a_guard(facts_of: FactsOf) -> None:
    code = f'fn main() {{ if std::path::Path::new("/home/u/.sui").exists() {{ {SEND} }} }}'
    assert _guards(facts_of(code)) == [("guard.presence", "/home/u/.sui")]


def test_test_code_of_a_library_is_test_phase(report_of: ReportOf) -> None:
    report = report_of({"src/lib.rs": f"#[cfg(test)] mod t {{ fn f() {{ {SEND} }} }}"})
    assert {one.phases for one in report.facts if one.kind is FactKind.NET_CONNECT} == {
        (Phase.TEST,)
    }


def test_a_build_script_may_switch_test_code_on(report_of: ReportOf) -> None:
    code = f"#[cfg(test)] mod t {{ fn f() {{ {SEND} }} }}"
    report = report_of({"src/lib.rs": code, "build.rs": "fn main() {}"})
    (sent,) = [one for one in report.facts if one.kind is FactKind.NET_CONNECT]
    assert Phase.LIBRARY in sent.phases


def test_a_compile_time_include_outside_the_package_is_a_read(facts_of: FactsOf) -> None:
    code = 'const K: &str = include_str!(concat!(env!("HOME"), "/.aws/credentials"));'
    (read,) = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert read.subject == "{env:HOME}/.aws/credentials"
    assert Phase.COMPILE in read.phases


def test_an_include_inside_the_package_is_no_read(report_of: ReportOf) -> None:
    report = report_of({"src/lib.rs": 'const K: &str = include_str!("k.txt");', "src/k.txt": "x"})
    assert not [one for one in report.facts if one.kind is FactKind.FILE_READ]


def test_a_packaged_text_is_a_constant(report_of: ReportOf) -> None:
    code = 'fn f() { std::net::TcpStream::connect(include_str!("host.txt").trim()); }'
    report = report_of({"src/lib.rs": code, "src/host.txt": "x.invalid:80\n"})
    assert "x.invalid:80" in [
        one.subject for one in report.facts if one.kind is FactKind.NET_CONNECT
    ]


@pytest.mark.parametrize("line", ["cargo:rustc-link-lib=z", "cargo::rustc-link-lib=z"])
def test_directives_are_facts_of_build_time_code_only(facts_of: FactsOf, line: str) -> None:
    code = f'pub fn main() {{ println!("{line}"); }}'
    built = [one.subject for one in facts_of(code) if one.kind is FactKind.BUILD_DIRECTIVE]
    shipped = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.BUILD_DIRECTIVE]
    assert (built, shipped) == (["rustc-link-lib=z"], [])


def test_binaries_and_auto_run_files_are_facts(report_of: ReportOf) -> None:
    report = report_of({"lib/x.so": "\x7fELF...", ".vscode/tasks.json": "{}"})
    kinds = {(one.kind.value, one.subject) for one in report.facts}
    assert ("archive.binary", "lib/x.so") in kinds
    assert ("archive.autorun", ".vscode/tasks.json") in kinds


def test_direction_marks_in_source_are_a_fact(facts_of: FactsOf) -> None:
    facts = facts_of("fn main() { /* \u202e */ }")
    assert [one.subject for one in facts if one.kind is FactKind.ARCHIVE_UNICODE] == ["U+202E"]


def test_a_token_read_by_the_compiler_is_a_fact(facts_of: FactsOf) -> None:
    code = 'const T: Option<&str> = option_env!("CARGO_REGISTRY_TOKEN"); const N: &str = env!("CARGO_PKG_NAME");'
    read = [one.subject for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.ENV_READ]
    assert read == ["CARGO_REGISTRY_TOKEN"]

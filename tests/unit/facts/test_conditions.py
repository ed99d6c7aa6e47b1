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
        f'fn main() {{ match std::env::var("GITLAB_CI") {{ Ok(_) => {{ {SEND} }} _ => {{}} }} }}',
        f'fn main() {{ let Ok(_) = std::env::var("GITLAB_CI") else {{ return }}; {SEND} }}',
        f'fn main() {{ std::env::var("GITLAB_CI").is_ok().then(|| {{ {SEND} }}); }}',
        f'fn ci() -> bool {{ std::env::var("GITLAB_CI").is_ok() }} fn main() {{ if ci() {{ {SEND} }} }}',
        f'fn main() {{ if std::env::var("GITLAB_CI").is_ok() {{ go() }} }} fn go() {{ {SEND} }}',
        f"""static CI: std::sync::LazyLock<bool> =
            std::sync::LazyLock::new(|| std::env::var("GITLAB_CI").is_ok());
        fn main() {{ if *CI {{ {SEND} }} }}""",
        f"""struct Here {{ ci: bool }}
        fn main() {{
            let here = Here {{ ci: std::env::var("GITLAB_CI").is_ok() }};
            if here.ci && cfg_ok() {{ {SEND} }}
        }}
        fn cfg_ok() -> bool {{ true }}""",
        f"""struct Here;
        impl Here {{ fn is_ci(&self) -> bool {{ std::env::var("GITLAB_CI").is_ok() }} }}
        fn main() {{ let here = Here; if !here.is_ci() {{ return; }} {SEND} }}""",
    ],
)
def test_code_behind_a_ci_variable_is_guarded(facts_of: FactsOf, code: str) -> None:
    assert _guards(facts_of(code)) == [("guard.ci", "GITLAB_CI")]


def test_a_public_function_is_not_under_the_guard_of_one_caller(facts_of: FactsOf) -> None:
    code = f"""
        pub fn go() {{ {SEND} }}
        fn inner() {{ if std::env::var("GITLAB_CI").is_ok() {{ go() }} }}"""
    assert _guards(facts_of(code, "src/lib.rs")) == []


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
@pytest.mark.parametrize(
    "code",
    [
        'println!("LINE");',
        'print!("{}\\n", "LINE");',
        'let k = "link-lib"; println!("cargo::rustc-{k}=z");',
        'writeln!(std::io::stdout(), "LINE").unwrap();',
        'std::io::stdout().write_all(b"LINE\\n").unwrap();',
        'const LINES: &[&str] = &["LINE"]; for one in LINES { println!("{one}"); }',
    ],
)
def test_a_directive_is_a_fact_whoever_prints_it(facts_of: FactsOf, line: str, code: str) -> None:
    found = facts_of(f"fn main() {{ {code.replace('LINE', line)} }}")
    assert [one.subject for one in found if one.kind is FactKind.BUILD_DIRECTIVE] == [
        "rustc-link-lib=z"
    ]
    assert [one.subject for one in found if one.kind is FactKind.NATIVE_LINK] == ["z"]


def test_a_library_that_speaks_to_cargo_is_a_build_helper(facts_of: FactsOf) -> None:
    code = 'pub fn emit() { println!("cargo:rustc-link-lib=z"); }'
    found = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.BUILD_DIRECTIVE]
    assert [one.phases for one in found] == [(Phase.BUILD_HELPER, Phase.LIBRARY)]
    assert not [one for one in facts_of(code, "tests/a.rs") if one.kind is FactKind.BUILD_DIRECTIVE]


def test_a_library_that_includes_what_its_own_script_made_is_none(facts_of: FactsOf) -> None:
    code = 'include!(concat!(env!("OUT_DIR"), "/x.rs")); pub fn f() { std::fs::read("a"); }'
    phases = {phase for one in facts_of(code, "src/lib.rs") for phase in one.phases}
    assert Phase.BUILD_HELPER not in phases


@pytest.mark.parametrize(
    "text",
    [
        "#[ctor::ctor] fn start() { std::fs::read(x); }",
        "#[ctor] fn start() { std::fs::read(x); }",
        "#[ctor] fn start() { step() } fn step() { last() } fn last() { std::fs::read(x); }",
        '#[used] #[link_section = ".init_array"] static S: extern "C" fn() = start;'
        ' extern "C" fn start() { std::fs::read(x); }',
        '#[used] #[unsafe(link_section = "__DATA,__mod_init_func")] static S: extern "C" fn() ='
        ' { extern "C" fn start() { std::fs::read(x); } start };',
    ],
)
def test_a_constructor_runs_at_load_time(facts_of: FactsOf, text: str) -> None:
    found = [one for one in facts_of(text, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert found
    assert all(Phase.LOAD in one.phases for one in found)


def test_an_exported_macro_runs_in_its_consumer(facts_of: FactsOf) -> None:
    code = "#[macro_export] macro_rules! go { () => { std::fs::read(x) } }"
    found = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert [Phase.CONSUMER in one.phases for one in found] == [True]


@pytest.mark.parametrize(
    "text",
    [
        'const K: &str = include_str!("/home/u/.ssh/id_rsa");',
        'const K: &str = include_str!(concat!(env!("HOME"), "/.ssh/id_rsa"));',
        'std::arch::global_asm!(".incbin \\"/home/u/.ssh/id_rsa\\"");',
        'core::arch::global_asm!("x:", ".incbin \\"/home/u/.ssh/id_rsa\\"");',
        '#[doc = include_str!("/home/u/.ssh/id_rsa")] pub fn f() {}',
    ],
)
def test_what_the_compiler_reads_is_a_read_at_compile_time(facts_of: FactsOf, text: str) -> None:
    found = [one for one in facts_of(text, "src/lib.rs") if one.kind is FactKind.FILE_READ]
    assert [one.subject.endswith("/.ssh/id_rsa") for one in found] == [True]
    assert Phase.COMPILE in found[0].phases


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

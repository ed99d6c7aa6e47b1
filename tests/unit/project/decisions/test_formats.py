"""The decision on pages, and in SARIF."""

from __future__ import annotations

import json
from dataclasses import replace

from analyzer.project import audit_html
from analyzer.project.decisions.judge import decided_audit, decided_report
from analyzer.report import html, sarif

from .test_judge import HOSTILE, REACHES, WAIVER, Audit, audit, owner, report

__all__ = ["audit"]


def test_a_page_on_one_crate_shows_what_the_decision_rests_on() -> None:
    page = html.render((decided_report(report(REACHES), owner(), {}),))
    assert 'id="decision"' in page
    assert '<span class="chip review">HELD</span>' in page
    assert "verdict: REVIEW: build-time code reaches the network" in page
    assert 'id="decision"' not in html.render((report(REACHES),))


def test_a_clear_crate_that_is_held_is_told_among_several() -> None:
    young = decided_report(report(), owner("[policy.minimum-age-days]\nversion = 7\n"), {})
    page = html.render((young, decided_report(report(name="b"), owner(), {})))
    assert 'id="c1-decision"' in page
    assert 'id="c2-decision"' not in page


def test_a_page_on_an_audit_counts_and_names_what_is_not_simply_allowed(audit: Audit) -> None:
    found = audit("a 1.0.0", "bad-name 1.0.0", reports=(report(REACHES),), scan=True)
    stale = replace(WAIVER, version="9.0.0")
    decided = replace(found, decided=decided_audit(found, owner("", WAIVER, stale), {}))
    page = audit_html.render(decided)
    assert '<span class="chip block">DENIED</span>' in page
    assert "Crates: 1 denied, 0 held, 1 allowed." in page
    assert "waived by ann@example.invalid" in page
    assert "a 9.0.0 is not here" in page


def test_nothing_of_a_crate_or_policy_reaches_the_page_raw(audit: Audit) -> None:
    hostile = replace(REACHES, title=f"<script>{HOSTILE}", rule="<script>")
    waiver = replace(WAIVER, reason="<script>", version="9.0.0", crate="<script>")
    page = html.render((decided_report(report(hostile), owner("", waiver), {}),))
    found = audit("a 1.0.0", reports=(report(hostile),), scan=True)
    page += audit_html.render(replace(found, decided=decided_audit(found, owner("", waiver), {})))
    assert "<script" not in page
    assert "\u202e" not in page


def test_a_waived_result_is_a_suppressed_one_in_sarif() -> None:
    found = decided_report(report(REACHES), owner("", WAIVER), {})
    (run,) = json.loads(sarif.render((found,)))["runs"]
    assert run["results"][0]["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "read (ann@example.invalid, until 2026-12-31)",
        }
    ]
    held = decided_report(report(REACHES), owner(), {})
    (run,) = json.loads(sarif.render((held,)))["runs"]
    assert "suppressions" not in run["results"][0]

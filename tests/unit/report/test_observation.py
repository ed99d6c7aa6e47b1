"""What a build did, as people read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from analyzer.model import Fact, Moment, Observation, ObservedProcess, Payload, Report
from analyzer.report import html, human, markdown
from analyzer.report.html.page import style
from analyzer.report.human_run import EVENTS_SHOWN, PAYLOADS_SHOWN, PROCESSES_SHOWN
from analyzer.report.observation import QUIET, dump, events, tree

Compare = Callable[[str, str], None]
HOSTILE = "</pre><script>x</script>\x1b[31m\u202e[red]\n##[error]::stop::"


def _observation(report: Report) -> Observation:
    assert report.observation is not None
    return report.observation


def _page(report: Report) -> str:
    return html.render((report,)).replace(style(), "")


def _hostile(report: Report) -> Report:
    one = _observation(report)
    stage = replace(one.stages[0], name=HOSTILE, mode=HOSTILE, outcome=HOSTILE)
    process = replace(one.processes[0], owner=HOSTILE, argv=(HOSTILE,))
    payload = replace(
        one.payloads[1], endpoint=HOSTILE, owner=HOSTILE, text=HOSTILE, answer=HOSTILE,
        decoys=(HOSTILE,),
    )  # fmt: skip
    facts = tuple(replace(each, subject=HOSTILE, snippet=HOSTILE) for each in report.facts)
    ran = replace(
        one,
        image=HOSTILE,
        stages=(stage,),
        processes=(process,),
        payloads=(payload,),
        lookups=(HOSTILE,),
        altered=(HOSTILE,),
    )
    return replace(report, facts=facts, observation=ran)


def test_the_terminal_report_is_golden(compare: Compare, observed: Report) -> None:
    compare("human/observed.txt", human.render((observed,)))


def test_the_comment_is_golden(compare: Compare, observed: Report) -> None:
    compare("markdown/observed.md", markdown.render((observed,)))


def test_the_page_is_golden(compare: Compare, observed: Report) -> None:
    page = re.sub(r"sha256-[^']+", "sha256-DIGEST", _page(observed))
    compare("html/observed.html", page.replace("><", ">\n<"))


def test_a_quiet_build_says_so(observed: Report) -> None:
    quiet = replace(
        observed,
        facts=(),
        findings=(),
        observation=replace(_observation(observed), processes=(), payloads=(), lookups=()),
    )
    for render in (human.render, markdown.render, html.render):
        assert QUIET.split(" that ")[0] in render((quiet,))
        assert QUIET not in render((observed,))


def test_without_a_run_nothing_is_said(blocked: Report) -> None:
    for text in (human.render((blocked,)), html.render((blocked,)), markdown.render((blocked,))):
        assert "What the build did" not in text
        assert "in the sandbox" not in text


def test_hostile_words_stay_text(observed: Report) -> None:
    hostile = _hostile(observed)
    page, text, comment = _page(hostile), human.render((hostile,)), markdown.render((hostile,))
    assert "<script" not in page
    for shown in (page, text, comment):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "##[error]" not in shown
    assert "<script" not in comment
    assert not re.search(r"(?m)^ *::", text)


def test_a_wrapped_payload_cannot_pose_as_report(observed: Report) -> None:
    one = _observation(observed)
    payload = replace(one.payloads[1], text="x " * 60 + "Next:nothing-to-do")
    text = human.render((replace(observed, observation=replace(one, payloads=(payload,))),))
    (line,) = (each for each in text.split("\n") if "nothing-to-do" in each)
    assert line.startswith("      | ")


def test_a_finding_says_when_and_who(observed: Report) -> None:
    text = human.render((observed,))
    assert "build, +5.8 s  decoy.sent {home}/.aws/credentials" in text
    assert "| build script of x 1.2.3 > sh > curl" in text
    assert "By: <code>build script of x 1.2.3 &gt; sh &gt; curl" in _page(observed)


def test_what_was_seen_stands_in_the_order_of_time(observed: Report) -> None:
    def late(stage: str, at_ms: int) -> Fact:
        return replace(observed.facts[1], where=Moment(stage, 1, 0, at_ms))

    one = replace(observed, facts=(late("refused", 9), late("build", 7_000), late("build", 3)))
    order = [(each.where.stage, each.where.at_ms) for each in events(one)]
    assert order == [("build", 3), ("build", 7_000), ("refused", 9)]


def test_payloads_with_planted_secrets_come_first(observed: Report) -> None:
    text = human.render((observed,))
    assert text.index("sent to http://collector.invalid/c") < text.index("sent to 192.0.2.9:9")


def test_bytes_stand_beside_their_text() -> None:
    rows = list(dump(b"POST /c HTTP/1.1\r\n\x00\xff".hex()))
    assert rows[0] == (
        "0000",
        "50 4f 53 54 20 2f 63 20 48 54 54 50 2f 31 2e 31",
        "POST /c HTTP/1.1",
    )
    assert rows[1] == ("0010", "0d 0a 00 ff", "....")


@pytest.mark.parametrize("data", ["0", "zz", "00 11", "\u0660\u0660", "-1"])
def test_bytes_that_are_no_hex_are_not_shown(observed: Report, data: str) -> None:
    assert list(dump(data)) == []
    one = _observation(observed)
    payload = replace(one.payloads[1], data=data)
    assert html.render((replace(observed, observation=replace(one, payloads=(payload,))),))


def test_processes_stand_below_those_that_started_them(observed: Report) -> None:
    assert [depth for depth, _ in tree(_observation(observed))] == [0, 1, 2]


def test_a_family_that_claims_to_be_its_own_parent_ends(observed: Report) -> None:
    """Numbers of processes are used again; a log may hold any of them."""
    ring = tuple(
        ObservedProcess("build", pid, parent, 0, "o", ("x",))
        for pid, parent in [(5, 5), (5, 5), (6, 7), (7, 6), (6, 6), *pairwise(range(100))]
    )
    found = list(tree(replace(_observation(observed), processes=ring)))
    assert len(found) == len(ring)
    assert max(depth for depth, _ in found) <= 12


def test_what_is_left_out_is_counted(observed: Report) -> None:
    one = _observation(observed)
    many = replace(
        one,
        payloads=tuple(
            Payload(
                "build", 1, "tcp", f"h{n}.invalid:1", "", 0, "", "", is_readable=True, answer=""
            )
            for n in range(PAYLOADS_SHOWN + 3)
        ),
        processes=one.processes * (PROCESSES_SHOWN + 1),
    )
    text = human.render((replace(observed, observation=many),))
    assert "and 3 more payloads" in text
    assert f"and {3 * (PROCESSES_SHOWN + 1) - PROCESSES_SHOWN} more processes" in text
    assert EVENTS_SHOWN > 0

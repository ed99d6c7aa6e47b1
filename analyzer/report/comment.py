"""What every Markdown report has: a mark, a length that forges take, lines that nothing can forge.

No format by itself. A line begins with words of ours, never with text of a crate: forges obey lines
that begin with a command (`/approve`), as Markdown reads blocks from where a line begins. All
signs of markup in such texts are entities (`markdown_text`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzer.model import Decision, Evidence, Finding, Gap
from analyzer.report.decisions import by_whom, rows_of, word_of
from analyzer.report.text import markdown_text
from analyzer.report.wording import by_severity, by_weight, where_text

TOLD = 12
EVIDENCE_SHOWN = 4
ROWS_SHOWN = 60
LENGTH_MAX = 60_000
"""In characters. GitHub takes 65,536 and GitLab more; some room is left for what is put around."""
_COMMAND = re.compile(r"\bcratescope(?: [\w.+@-]{1,80}){1,4}\Z", re.ASCII)
_RULE = re.compile(r"[a-z0-9-]{1,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together, and the ones that must end them wherever they are cut."""

    lines: tuple[str, ...]
    end: tuple[str, ...] = ()


def block(lines: Iterable[str]) -> Block:
    """Lines that can be cut anywhere."""
    return Block(tuple(lines))


def folded(title: str, lines: Iterable[str]) -> Block:
    """Lines behind a title of ours that opens them; nothing where there are no lines."""
    inner = tuple(lines)
    head = ("<details>", f"<summary>{title}</summary>", "")
    return Block((*head, *inner), ("", "</details>", "")) if inner else Block(())


def comment(command: str, blocks: Iterable[Block]) -> str:
    """One comment: its first line is a mark by which a later run finds it and replaces it.

    Blocks come in the order of what matters; lines that do not fit are left out and counted. Ends
    with a line feed.
    """
    rows = [f"<!-- cratescope {command} -->"]
    size, left_out = len(rows[0]) + 1, 0
    for one in blocks:
        ending = sum(len(line) + 1 for line in one.end)
        took = 0
        for line in one.lines:
            if left_out or size + len(line) + 1 + ending > LENGTH_MAX:
                left_out += 1
                continue
            rows.append(line)
            size += len(line) + 1
            took += 1
        if took:
            rows += one.end
            size += ending
    if left_out:
        rows += ["", f"_Cut here: {left_out} lines more are left out; see `--format json`._"]
    return "\n".join(rows) + "\n"


def cell(text: str, *, max_characters: int = 160) -> str:
    """A text in a table or a list."""
    return markdown_text(text, max_characters=max_characters)


def advice(text: str) -> str:
    """What to do, with the command at its end as code, so that it can be copied as it is."""
    found = _COMMAND.search(text)
    if found is None:
        return markdown_text(text, max_characters=1000)
    head = markdown_text(text[: found.start()].rstrip(), max_characters=1000)
    return f"{head} `{found[0]}`".strip()


def rule_name(rule: str) -> str:
    """A rule's id as code, if it is one that rules have."""
    return f"`{rule}`" if _RULE.fullmatch(rule) else cell(rule)


def findings(found: Iterable[Finding]) -> Iterator[str]:
    """The worst findings as a list, each with its first evidence."""
    rows = by_severity(found)
    for one in rows[:TOLD]:
        yield f"- **{one.severity}** {cell(one.title)} ({rule_name(one.rule)})"
        yield from (f"  - {cited(each)}" for each in one.evidence[:EVIDENCE_SHOWN])
    yield from _more(len(rows) - TOLD)
    yield ""


def cited(one: Evidence) -> str:
    """One place and what is there."""
    return f"{cell(where_text(one.where))}: {one.kind} {cell(one.subject)}"


def gaps(missed: Iterable[Gap], *, is_blocking: bool) -> Iterator[str]:
    """What was not looked at: what keeps a verdict from being CLEAR, or the rest."""
    rows = [one for one in by_weight(missed) if one.is_blocking is is_blocking]
    for one in rows[:TOLD]:
        line = f":{one.line}" if one.line else ""
        where = f" ({cell(one.path + line)})" if one.path else ""
        remedy = f"; {cell(one.remedy)}" if one.remedy else ""
        yield f"- not looked at: {cell(one.reason, max_characters=400)}{where}{remedy}"
    yield from _more(len(rows) - TOLD)
    yield from [""] if rows else []


def decision(name: str, one: Decision) -> Iterator[str]:
    """What an owner's policy makes of one crate."""
    yield from policy_line(word_of(one), one.policy, one.digest)
    yield from ruling(name, one)
    yield ""


def policy_line(word: str, policy: str, digest: str) -> Iterator[str]:
    """The decision in one line, and whose it is."""
    yield f"Policy: **{word}** {cell(by_whom(policy, digest), max_characters=400)}"
    yield ""


def ruling(name: str, one: Decision) -> Iterator[str]:
    """A crate with what the decision on it rests on."""
    rows = list(rows_of(one))
    for label, text in rows[:TOLD]:
        yield f"- {cell(name)}: {label} {cell(text, max_characters=400)}"
    if len(rows) > TOLD:
        yield f"- {cell(name)}: and {len(rows) - TOLD} more"


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f"- and {number} more"


def table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table of cells that are ready; what is too much is counted."""
    several = list(rows)
    if not several:
        return
    yield f"| {' | '.join(titles)} |"
    yield f"|{' --- |' * len(titles)}"
    yield from (f"| {' | '.join(one)} |" for one in several[:ROWS_SHOWN])
    yield ""
    if len(several) > ROWS_SHOWN:
        yield f"and {len(several) - ROWS_SHOWN} more"
        yield ""

"""What is in use today, as a file: what crates can do (`learn`), findings to accept (`baseline`).

Neither takes in what is blocked or was not read (threat model V9): a compromise that is already
here must not become what is normal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.model import Verdict
from analyzer.policy.case import Case, claim_print, findings_print
from analyzer.policy.known import abilities_of, known_text
from analyzer.policy.terms import Adoption, KnownCrate
from analyzer.policy.weigh import FINAL_RULES

LEARNED_HEAD = """\
What crates could do on {day}, as cratescope read them. With `learned` in the policy
more than this is held, in these and in later versions, and other bytes for a version are denied."""
BASELINE_HEAD = """\
What was in use on {day}. With `baseline` in the policy the findings below are accepted
for these very bytes until the last day, and counted; whatever is found beyond them is shown."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """The file, and by name and version what it holds, what a person should read, and what was left
    out since it is blocked or was not read.
    """

    text: str
    taken: tuple[str, ...]
    to_read: tuple[str, ...]
    blocked: tuple[str, ...]
    unread: tuple[str, ...]
    findings: int = 0


def learned(cases: Iterable[Case], day: str) -> Adopted:
    """What crates can do, for `learned` in a policy."""
    return _adopted(tuple(cases), LEARNED_HEAD.format(day=day), None)


def baseline(cases: Iterable[Case], adoption: Adoption) -> Adopted:
    """What is found in crates now, for `baseline` in a policy."""
    return _adopted(tuple(cases), BASELINE_HEAD.format(day=adoption.created), adoption)


def _adopted(cases: tuple[Case, ...], head: str, adoption: Adoption | None) -> Adopted:
    groups: dict[Verdict, list[Case]] = {one: [] for one in Verdict}
    for one in cases:
        groups[_verdict(one)].append(one)
    taken = [*groups[Verdict.CLEAR], *groups[Verdict.REVIEW]]
    known = [_known(one, adoption) for one in taken]
    reviews = _labels(groups[Verdict.REVIEW])
    if reviews:
        head += f"\n\nThese ask for a REVIEW: {', '.join(reviews)}."
    return Adopted(
        text=known_text(known, head=head, adoption=adoption),
        taken=_labels(taken),
        to_read=reviews,
        blocked=_labels(groups[Verdict.BLOCK]),
        unread=_labels(groups[Verdict.INCOMPLETE]),
        findings=sum(len(one.findings) for one in known),
    )


def _verdict(one: Case) -> Verdict:
    """The worst of contents and claims; what was not read is INCOMPLETE, whatever its name."""
    said = {one.verdict, *(item.verdict for item in one.around.claims)}
    if Verdict.BLOCK in said:
        return Verdict.BLOCK
    if Verdict.INCOMPLETE in said or not one.is_read or not one.sha256:
        return Verdict.INCOMPLETE
    return Verdict.REVIEW if Verdict.REVIEW in said else Verdict.CLEAR


def _known(one: Case, adoption: Adoption | None) -> KnownCrate:
    abilities = abilities_of(one.capabilities)
    findings = _findings(one) if adoption is not None else ()
    return KnownCrate(one.name, one.version, one.sha256, abilities, findings, adoption)


def _findings(one: Case) -> tuple[str, ...]:
    """Each rule with the fingerprint of all that speaks for it."""
    rules = dict.fromkeys(item.rule for item in one.findings)
    rows = {
        rule: findings_print(item for item in one.findings if item.rule == rule) for rule in rules
    }
    rows |= {item.rule: claim_print(item) for item in one.around.claims}
    return tuple(f"{rule} {seen}" for rule, seen in sorted(rows.items()) if rule not in FINAL_RULES)


def _labels(cases: Iterable[Case]) -> tuple[str, ...]:
    return tuple(sorted(f"{one.name} {one.version}" for one in cases))

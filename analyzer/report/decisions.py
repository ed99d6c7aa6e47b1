"""A decision in words and as JSON: the same in every report that shows one.

It stands beside the verdict and never in its place. Texts are not yet fit for a terminal: whoever
shows them makes them `printable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.model import Clause, ClauseKind, Decision, Outcome, StaleWaiver, Waiver

Json = dict[str, object]
WORDS = {Outcome.ALLOW: "ALLOWED", Outcome.QUARANTINE: "HELD", Outcome.DENY: "DENIED"}
LABELS = {Outcome.ALLOW: "allows", Outcome.QUARANTINE: "holds", Outcome.DENY: "denies"}
_DIGEST_SHOWN = 16
_FIRST = (Outcome.DENY, Outcome.QUARANTINE)
_NEXT = {
    ClauseKind.AGE: "Wait until it is old enough, or make an exception under minimum-age-days.",
    ClauseKind.CAPABILITY: "Read what it needs that for; then add it to the crate's capabilities.",
    ClauseKind.SOURCE: "Take it from a registry that the policy lists, or list this one.",
    ClauseKind.PUBLISHER: "Find out who published it; then add them to trusted-publishers.",
    ClauseKind.CARGO_VET: "Stay on a version that no audit warns of.",
    ClauseKind.CHECKSUM: "Do not build it before it is known why the bytes are others.",
    ClauseKind.BASELINE: "Do not build it; what was accepted before is no longer acceptable.",
    ClauseKind.THRESHOLD: "Read the finding; then waive it, or choose another version.",
    ClauseKind.VERDICT: "Read the evidence; then waive it, or choose another version.",
}


def by_whom(policy: str, digest: str) -> str:
    """Which policy decided, so that two runs can be compared."""
    return f"by {policy} (sha256 {digest[:_DIGEST_SHOWN]})"


def word_of(one: Decision) -> str:
    """ALLOWED, HELD or DENIED; in observe mode what it would be."""
    return f"WOULD BE {WORDS[one.outcome]}" if one.is_observed else WORDS[one.outcome]


def rows_of(one: Decision) -> Iterator[tuple[str, str]]:
    """(label, text) of what the decision rests on, the worst first, then waivers of no use."""
    for clause in one.clauses:
        rule = f" ({clause.rule})" if clause.rule and clause.outcome in _FIRST else ""
        yield LABELS[clause.outcome], f"{clause.kind}: {clause.text}{rule}"
    for stale in one.stale:
        yield "unused", stale_text(stale)


def stale_text(one: StaleWaiver) -> str:
    """A waiver that did nothing, and why."""
    waiver = one.waiver
    at = f" at {waiver.place}" if waiver.place else ""
    version = waiver.version or waiver.versions
    return f"waiver{at} for {waiver.rule} in {waiver.crate} {version}: {one.why}"


def advice(found: Iterable[Decision]) -> tuple[str, ...]:
    """What to do about what holds or denies, each step once."""
    kinds = (
        item.kind
        for one in found
        for item in one.clauses
        if item.outcome is one.outcome and one.outcome is not Outcome.ALLOW
    )
    return tuple(dict.fromkeys(_NEXT[kind] for kind in kinds if kind in _NEXT))


def steps_of(one: Decision, target: str) -> Iterator[str]:
    """What to do next about a decision on `target` (`name@version`)."""
    if one.is_observed:
        yield "Nothing has to be done: the policy only observes (mode)."
    if one.outcome is not Outcome.ALLOW:
        yield from advice((one,))
        if any(item.evidence for item in one.clauses if item.outcome in _FIRST):
            yield f"A waiver to fill in: cratescope policy explain {target} {one.policy}"
    elif not one.is_observed:
        yield "Nothing to do: the policy lets it in."
    if one.stale:
        yield "Take out or renew the waivers that are of no use."


# JSON ---------------------------------------------------------------------------------------------


def plain(one: Decision) -> Json:
    """A decision in its public shape, `decision` of a report."""
    return {
        "outcome": one.outcome,
        "incomplete": one.is_incomplete,
        "observed": one.is_observed,
        "why": one.why,
        "clauses": [_clause(item) for item in one.clauses],
        "waivers": [_waiver(item) for item in one.used],
        "stale_waivers": [plain_stale(item) for item in one.stale],
        "adopted": one.adopted,
        "policy": plain_policy(one.policy, one.digest, one.sources),
    }


def plain_policy(name: str, digest: str, sources: Iterable[str]) -> Json:
    """Which files decided, with their sha256."""
    rows = [one.rpartition(" ") for one in sources]
    return {
        "file": name,
        "sha256": digest,
        "sources": [{"file": file, "sha256": sha256} for file, _, sha256 in rows],
    }


def plain_stale(one: StaleWaiver) -> Json:
    """A waiver that did nothing."""
    return {**_waiver(one.waiver), "why": one.why}


def _clause(one: Clause) -> Json:
    return {
        "kind": one.kind,
        "outcome": one.outcome,
        "text": one.text,
        "rule": one.rule,
        "evidence": one.evidence,
    }


def _waiver(one: Waiver) -> Json:
    return {
        "rule": one.rule,
        "crate": one.crate,
        "version": one.version,
        "versions": one.versions,
        "sha256": one.sha256,
        "evidence": one.evidence,
        "reason": one.reason,
        "author": one.author,
        "created": one.created,
        "expires": one.expires,
        "place": one.place,
    }

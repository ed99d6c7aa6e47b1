"""What is wrong with a policy that its reader does not refuse: unknown names, waivers of no use."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from analyzer.model import LockedPackage, Lockfile, Waiver
from analyzer.policy.case import INCOMPLETE
from analyzer.policy.decide import PUBLIC
from analyzer.policy.terms import Policy
from analyzer.policy.weigh import FINAL_RULES
from analyzer.project.audit import FOREIGN_NAME, KNOWN_AFFILIATED, TWO_CHECKSUMS
from analyzer.project.decisions.load import Owner
from analyzer.registry.ranges import parse_requirement

CHECKS = frozenset({FOREIGN_NAME, INCOMPLETE, KNOWN_AFFILIATED, TWO_CHECKSUMS})
"""What a waiver may name beside rules."""
SOON_DAYS = 14


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something about a policy, at `place` (file, and line if known). `is_wrong`: mend it now."""

    place: str
    text: str
    is_wrong: bool = True


def complaints(
    owner: Owner, rules: Collection[str], locks: Iterable[Lockfile] = ()
) -> Iterator[Complaint]:
    """All complaints, in the order of the file. With lock files: what is not in them, too."""
    policy = owner.policy
    known = {*rules, *CHECKS}
    for change in policy.changes:
        if change.rule not in rules:
            yield Complaint(policy.name, f"rules: {_unknown(change.rule, rules)}")
    yield from _words(policy)
    packages = [one for lock in locks for one in lock.packages]
    for one in owner.waivers:
        yield from _waiver(one, known, owner.today)
        if packages:
            yield from _unused(one, packages)
    adoption = next((one.adoption for one in policy.known if one.adoption is not None), None)
    if adoption is not None and owner.today.isoformat() > adoption.expires:
        yield Complaint(policy.name, f"baseline: expired on {adoption.expires}")
    if packages:
        yield from _strangers(owner, {one.name for one in packages})


def _unknown(word: str, known: Collection[str], what: str = "rule") -> str:
    near = difflib.get_close_matches(word[:100], known, n=1, cutoff=0.6)
    meant = f"; did you mean `{near[0]}`?" if near else ""
    return f"no {what} `{word}`{meant}"


def _words(policy: Policy) -> Iterator[Complaint]:
    """Words of the owner's own choice that lead nowhere."""
    for one in policy.registries or ():
        if one != PUBLIC and "://" not in one:
            text = f"registries: {_unknown(one, (PUBLIC,), 'registry')}; others are URLs"
            yield Complaint(policy.name, text)
    if policy.criteria and not policy.files.cargo_vet:
        text = "accept-cargo-vet: no store is named: cargo-vet = FOLDER"
        yield Complaint(policy.name, text)
    elif policy.files.cargo_vet:
        for one in policy.criteria:
            if one not in policy.audits.criteria:
                text = f"accept-cargo-vet: {_unknown(one, policy.audits.criteria, 'criteria')}"
                yield Complaint(policy.name, text)
    if policy.publishers:
        text = "trusted-publishers: publishers are known after `cratescope db update --dump -` only"
        yield Complaint(policy.name, text, is_wrong=False)


def _waiver(one: Waiver, known: Collection[str], today: date) -> Iterator[Complaint]:
    if one.rule in FINAL_RULES:
        yield Complaint(one.place, f"no waiver covers {one.rule}")
    elif one.rule not in known:
        yield Complaint(one.place, _unknown(one.rule, known))
    day = today.isoformat()
    if day > one.expires:
        yield Complaint(
            one.place, f"expired on {one.expires}: take it out, or read again and renew"
        )
    elif (today + timedelta(days=SOON_DAYS)).isoformat() > one.expires:
        yield Complaint(one.place, f"expires on {one.expires}", is_wrong=False)
    if day < one.created:
        yield Complaint(one.place, f"begins on {one.created}", is_wrong=False)


def _unused(one: Waiver, packages: Iterable[LockedPackage]) -> Iterator[Complaint]:
    """Whether the lock files hold what a waiver names, down to its bytes."""
    named = [each for each in packages if each.name == one.crate]
    if one.is_exact:
        fitting = [each for each in named if each.version == one.version]
    else:
        wanted = parse_requirement(one.versions)
        fitting = [each for each in named if wanted.covers(each.version)]
    if not fitting:
        here = ", ".join(sorted({each.version for each in named}))
        other = f"; {here} is" if here else ""
        text = f"{one.crate} {one.version or one.versions} is not locked{other}: of no use"
        yield Complaint(one.place, text)
    elif one.is_exact and all(each.checksum and each.checksum != one.sha256 for each in fitting):
        yield Complaint(one.place, f"the locked {one.crate} {one.version} has another sha256")


def _strangers(owner: Owner, names: Collection[str]) -> Iterator[Complaint]:
    """Entries for crates that no lock file holds: harmless, and often a slip of the pen."""
    policy = owner.policy
    entries = [("capabilities", one.crate) for one in policy.allowances if one.crate != "*"]
    entries += [("minimum-age-days.exceptions", one.crate) for one in policy.age_exceptions]
    for part, name in dict.fromkeys(entries):
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
            meant = f"; did you mean `{near[0]}`?" if near else ""
            yield Complaint(policy.name, f"{part}: {name} is not locked{meant}", is_wrong=False)

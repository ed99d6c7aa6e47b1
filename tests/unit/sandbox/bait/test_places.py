"""What is planted: something for every class of secret that our signatures know of."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import replace

import pytest

from analyzer.signatures import IndicatorEntry, IndicatorList, load_signatures
from sandbox.bait import Bait, Profile, Service, make_bait

INDICATORS = load_signatures().indicators
PATHS = INDICATORS["credential-paths"]
VARIABLES = INDICATORS["secret-variables"]
ALL = [
    make_bait(b"seed", profile, variant=variant, service=service)
    for profile in Profile
    for variant in (0, 1)
    for service in Service
]

# Why nobody plants these, by a pattern over the entry.
NOT_PLANTED = {
    r"(library|appdata|microsoft/(credentials|protect|vault)|login\.keychain|.*system32)\b.*": "another system's",
    r"cookies\.binarycookies|consolehost_history\.txt|winscp\.ini|_netrc": "another system's",
    r"/etc/(shadow|gshadow|sudoers|krb5\.keytab)": "root's alone: no build can read it, and the attempt is seen",
    r"/proc/\*/(environ|mem)": "the kernel's; its variables hold decoys of their own",
    r"id_dsa|id_(ed25519|ecdsa)_sk": "no longer made by OpenSSH; of no use without the token in a hand",
    r"\{env:cargo_home\}/credentials\*": "the engine sets CARGO_HOME; ~/.cargo holds decoys",
    r"mozilla/firefox/profiles": "another system's layout of .mozilla/firefox",
}


def _planted(only: IndicatorEntry) -> bool:
    """Whether a decoy stands where one entry of the list, taken alone, looks."""
    alone = IndicatorList("one", "path", "one", (only,))
    variable = re.fullmatch(r"\{env:(.*?)\}", only.value)
    if variable:
        return any(variable[1].upper() in dict(bait.environment) for bait in ALL)
    return any(alone.match(decoy.place) for bait in ALL for decoy in bait.decoys)


@pytest.mark.parametrize("entry", PATHS.entries, ids=lambda one: one.value)
def test_each_known_secret_path_holds_a_decoy(entry: IndicatorEntry) -> None:
    if any(re.fullmatch(pattern, entry.value) for pattern in NOT_PLANTED):
        assert not _planted(entry), "planted after all: the reason is out of date"
    else:
        assert _planted(entry)


@pytest.mark.parametrize("entry", VARIABLES.entries, ids=lambda one: one.value)
def test_each_known_secret_variable_is_set(entry: IndicatorEntry) -> None:
    names = {name for bait in ALL for name, _ in bait.environment}
    assert fnmatch.filter(names, entry.value)


def test_every_reason_speaks_of_an_entry() -> None:
    values = [one.value for one in PATHS.entries]
    for pattern in NOT_PLANTED:
        assert any(re.fullmatch(pattern, value) for value in values), pattern


def _texts(bait: Bait) -> list[bytes]:
    files = [*bait.files, *(one for commit in bait.commits for one in commit.files)]
    texts = [one.data for one in files]
    texts += [f"{name}={value}".encode() for name, value in bait.environment]
    return [*texts, *(one.message.encode() for one in bait.commits), repr(bait.persona).encode()]


@pytest.mark.parametrize("bait", ALL, ids=[str(at) for at in range(len(ALL))])
def test_no_planted_byte_says_what_it_is(bait: Bait) -> None:
    told = re.compile(
        rb"canary|decoy|honey|fake|sandbox|cratescope|example|dummy|placeholder|\.invalid|\.test\b",
        re.I,
    )
    assert [match[0] for text in _texts(bait) for match in [told.search(text)] if match] == []


@pytest.mark.parametrize("bait", ALL, ids=[str(at) for at in range(len(ALL))])
def test_no_template_is_left_unfilled(bait: Bait) -> None:
    holes = re.compile(rb"\{\{|<[a-z0-9-]+(:\d+(\+\d+)?)?(/[\w.-]*)?>\}")
    assert [text for text in _texts(bait) if holes.search(text)] == []


@pytest.mark.parametrize("profile", list(Profile))
def test_decoys_stand_in_the_files_and_variables_they_name(profile: Profile) -> None:
    from sandbox.leaks import Depth, LeakBudget, find_leaks

    bait = make_bait(b"seed", profile)
    variables = {f"env:{name}": value.encode() for name, value in bait.environment}
    files = [*bait.files, *(one for commit in bait.commits for one in commit.files)]
    shallow = LeakBudget(depth=Depth.SHALLOW)
    for decoy in bait.decoys:
        texts = [one.data for one in files if f"{one.path}/".startswith(f"{decoy.place}/")]
        texts += [variables[decoy.place]] if decoy.place in variables else []
        found = [one for text in texts for one in find_leaks(text, (decoy,), budget=shallow).leaks]
        assert found, decoy


def test_a_second_variant_is_of_another_length_almost_everywhere() -> None:
    one, two = (make_bait(b"seed", Profile.BOTH, variant=variant) for variant in (0, 1))
    secret = {decoy.place for decoy in one.decoys}
    sizes = [{file.path: len(file.data) for file in bait.files} for bait in (one, two)]
    changed = [path for path in sizes[0] if path in secret and sizes[0][path] != sizes[1].get(path)]
    assert len(changed) > 0.7 * len([path for path in sizes[0] if path in secret])


def test_settings_of_a_project_are_of_another_length_in_every_file() -> None:
    one, two = (make_bait(b"seed", Profile.BOTH, variant=variant) for variant in (0, 1))
    for first, second in zip(one.files, two.files, strict=True):
        if re.search(r"/\.env", first.path):
            assert len(first.data) != len(second.data), first.path


def test_an_agent_of_one_build_service_is_none_of_another() -> None:
    for bait in ALL:
        names = dict(bait.environment)
        assert not {"GITHUB_ACTIONS", "GITLAB_CI"} <= set(names)


def test_another_service_changes_no_secret_that_both_have() -> None:
    one, two, none = (make_bait(b"seed", Profile.BOTH, service=service) for service in Service)
    assert one.files == two.files
    assert dict(one.environment).items() & dict(two.environment).items() >= (
        dict(none.environment).items()
    )
    assert not {"CI", "GITHUB_ACTIONS", "GITLAB_CI"} & set(dict(none.environment))


def test_a_plain_machine_has_little() -> None:
    bait = make_bait(b"seed", Profile.PLAIN)
    assert len(bait.files) < 20
    assert not any("wallet" in one.path or "chrome" in one.path for one in bait.files)


def test_ages_lie_over_months_and_no_two_files_are_as_old() -> None:
    ages = [one.age_s for one in make_bait(b"seed", Profile.DEVELOPER).files]
    assert max(ages) - min(ages) > 180 * 86_400
    assert len(set(ages)) > 0.7 * len(ages)


def test_secret_files_are_their_owners_alone() -> None:
    bait = make_bait(b"seed", Profile.DEVELOPER)
    secret = {one.place for one in bait.decoys if one.place.startswith("~/")}
    assert {one.mode for one in bait.files if one.path in secret} == {0o600}


def test_commits_stand_oldest_first() -> None:
    ages = [one.age_s for one in make_bait(b"seed", Profile.PLAIN).commits]
    assert ages == sorted(ages, reverse=True)
    assert len(ages) >= 3


def test_a_project_has_the_name_that_was_asked_for() -> None:
    made, asked = (make_bait(b"seed", Profile.BOTH, project=one) for one in ("", "acme-wallet"))
    assert asked.persona.project == "acme-wallet"
    assert replace(asked.persona, project=made.persona.project) == made.persona

from __future__ import annotations

import pytest

from analyzer.errors import TomlError
from analyzer.model import Phase, Severity, Waiver
from analyzer.policy.known import known_text, read_known
from analyzer.policy.read import read_policy
from analyzer.policy.terms import Ability, Adoption, Git, KnownCrate, Policy, RuleChange, Threshold

WAIVER = f"""
[[waiver]]
rule = "build-uses-network"
crate = "torch-sys"
version = "0.26.0"
sha256 = "{"ab" * 32}"
evidence = "{"cd" * 16}"
reason = "it fetches libtorch, and we mirror it"
author = "ann@example.invalid"
created = 2026-11-01
expires = 2027-01-31
"""
WHOLE = f"""
[settings]
jobs = 2

[policy]
mode = "observe"
stale-waivers = "report"
registries = ["crates-io"]
git = "pinned"
trusted-publishers = ["someone"]
accept-cargo-vet = ["safe-to-deploy"]
cargo-vet = "supply-chain"
baseline = "cratescope-baseline.toml"
learned = "cratescope-learned.toml"

[policy.minimum-age-days]
version = 7
name = 30
exceptions = [{{ crate = "ours", versions = ">=1, <2", reason = "we wrote it" }}]

[policy.thresholds.build-script]
quarantine = "low"
deny = "high"

[policy.rules.build-uses-network]
severity = "low"
phases = ["library"]
reason = "known"

[policy.capabilities]
ring = ["native code", "build script: build-script"]
"*" = []
{WAIVER}"""


def read(text: str) -> tuple[Policy, tuple[Waiver, ...]]:
    return read_policy(text.encode(), name="p.toml")


def test_everything_is_read() -> None:
    policy, waivers = read(WHOLE)
    assert (policy.is_observing, policy.fails_on_stale) == (True, False)
    assert (policy.registries, policy.git) == (("crates-io",), Git.PINNED)
    assert (policy.version_age_days, policy.name_age_days) == (7, 30)
    assert policy.age_exceptions[0].versions.covers("1.5.0")
    assert not policy.age_exceptions[0].versions.covers("2.0.0")
    assert policy.thresholds == (Threshold(Phase.BUILD_SCRIPT, Severity.LOW, Severity.HIGH),)
    assert policy.changes == (
        RuleChange("build-uses-network", Severity.LOW, "known", (Phase.LIBRARY,)),
    )
    assert policy.allowances[0].abilities == (
        Ability("native code"),
        Ability("build script", (Phase.BUILD_SCRIPT,)),
    )
    assert policy.files.cargo_vet == "supply-chain"
    assert (waivers[0].created, waivers[0].expires) == ("2026-11-01", "2027-01-31")
    assert waivers[0].place == f"p.toml:{WHOLE[: WHOLE.index('[[waiver]]')].count(chr(10)) + 1}"
    assert hash(policy)


def test_nothing_asks_for_nothing() -> None:
    policy, waivers = read("")
    assert (waivers, policy.changes, policy.registries, policy.is_observing) == (
        (),
        (),
        None,
        False,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[polcy]", "p.toml:1: unknown key `polcy` in the file"),
        ("[policy]\n\nmdoe = 'x'", "p.toml:3: unknown key `mdoe` in policy"),
        ("[policy]\nmode = 'off'", "p.toml:2: `mode`: unknown `off`"),
        ("[policy]\ngit = 'yes'", "p.toml:2: `git`: unknown `yes`"),
        ("[policy]\nregistries = 'x'", "p.toml:2: `registries` must be a list of texts"),
        ("[policy.thresholds.build]", "p.toml:1: `quarantine`: unknown `build`"),
        ("[policy.thresholds.test]\ndeny = 'bad'", "p.toml:2: `deny`: unknown `bad`"),
        ("[policy.rules.a]\nseverity = 'low'", "p.toml:1: a: `reason` is missing"),
        ("[policy.rules.a]\nreason = 'x'", "p.toml:1: a: give a `severity`, or `disabled = true`"),
        ("[policy.rules.a]\nreason = 'x'\ndisabled = true\nseverity = 'low'", "p.toml:4: a: give"),
        ("[policy.capabilities]\nring = ['flying']", "p.toml:2: no capability `flying`"),
        ("[policy.capabilities]\n'ri ng' = []", "p.toml:2: `ri ng` is no crate's name"),
        ("[policy.capabilities]\nr\u0456ng = []", "p.toml:2: "),
        ("[policy.capabilities]\n'r\u0456ng' = []", "p.toml:2: `r\u0456ng` is no crate's name"),
        (
            "[policy.minimum-age-days]\nexceptions = [{ crate = 'r\u0456ng', reason = 'x' }]",
            "p.toml:2: `r\u0456ng` is no crate's name",
        ),
        ("[policy.capabilities]\n'ring@' = []", "p.toml:2: `ring@`: no versions behind the @"),
        ("[policy.capabilities]\n'ring@x' = []", "p.toml:2: `ring@x`: 'x' is no requirement"),
        ("[policy.minimum-age-days]\nversion = -1", "p.toml:2: `version` must be a whole number"),
        ("[policy.minimum-age-days]\nversion = true", "p.toml:2: `version` must be a whole number"),
        ("policy = 1", "p.toml:1: `policy` must be a table"),
        ("waiver = 1", "p.toml:1: `waiver` must be an array of tables, [[waiver]]"),
        ("[[waiver]]", "p.toml:1: waiver: `crate` is missing"),
        (WAIVER + WAIVER, "p.toml:13: two waivers for build-uses-network in torch-sys"),
        ("a = ", "p.toml:1: "),
    ],
)
def test_errors_name_the_line(text: str, said: str) -> None:
    with pytest.raises(TomlError) as raised:
        read(text)
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('version = "0.26.0"\n', "", "`version` is missing"),
        (f'sha256 = "{"ab" * 32}"\n', "", "`sha256` is missing"),
        (f'evidence = "{"cd" * 16}"\n', "", "`evidence` is missing"),
        ('reason = "it fetches libtorch, and we mirror it"\n', "", "`reason` is missing"),
        ('author = "ann@example.invalid"\n', "", "`author` is missing"),
        ("expires = 2027-01-31\n", "", "`expires` is missing"),
        ('crate = "torch-sys"\n', "", "`crate` is missing"),
        ('rule = "build-uses-network"\n', "", "`rule` is missing"),
        ('"0.26.0"', '"0.26"', "`0.26` is no exact version"),
        ('"0.26.0"', '"*"', "`*` is no exact version"),
        ("ab", "AB", "`sha256` must be 64 hexadecimal digits"),
        ("cdcd", "cd", "`evidence` must be 32 hexadecimal digits"),
        ("2027-01-31", '"2027-1-31"', "`expires` must be a date"),
        ("2027-01-31", "2027-01-31T00:00:00Z", "`expires` must be a text"),
        ("2027-01-31", "2026-10-31", "a waiver that expires before it begins"),
        ('"ann@example.invalid"', '" "', "`author` must be a text"),
        ('"ann@example.invalid"', r'"\u202e"', "`author` holds characters that cannot be seen"),
        ('version = "0.26.0"', 'versions = "0.26"', "a waiver for `versions` has no `sha256`"),
        ('crate = "torch-sys"', 'crate = "*"', "`*` is no crate's name"),
        ('crate = "torch-sys"', 'crate = "t\u043erch-sys"', "`t\u043erch-sys` is no crate's name"),
        ('crate = "torch-sys"', 'crate = "torch\u2010sys"', "is no crate's name"),
        ('crate = "torch-sys"', 'crate = "torch-sys\u200b"', "characters that cannot be seen"),
        ('crate = "torch-sys"', 'crate = "\uff54orch-sys"', "is no crate's name"),
    ],
)
def test_nothing_of_a_waiver_may_be_left_out(before: str, after: str, said: str) -> None:
    text = WAIVER.replace(before, after)
    assert text != WAIVER
    with pytest.raises(TomlError) as raised:
        read(text)
    assert str(raised.value).startswith("p.toml:2: ")
    assert said in str(raised.value)


def test_the_file_of_known_crates_reads_back() -> None:
    crates = (
        KnownCrate("a", "1.0.0", "ab" * 32, (Ability("network", (Phase.LIBRARY,)),)),
        KnownCrate("b", "1.0.0-\x7f\u202e\"'", "cd" * 32, ()),
    )
    text = known_text(reversed(crates), head="one\n\ntwo")
    assert text.startswith("# one\n#\n# two\n\n[[crate]]\n")
    assert read_known(known_text(crates[:1], head="x").encode(), name="k") == crates[:1]
    with pytest.raises(TomlError, match="characters that cannot be seen"):
        read_known(text.encode(), name="k")


def test_a_baseline_reads_back_and_says_who_adopted_it() -> None:
    adoption = Adoption("Ann", 'in "use"', "2026-11-26", "2027-05-26")
    rows = (f"a-rule {'0' * 32}", f"b-rule {'f' * 32}")
    crates = (KnownCrate("a", "1.0.0", "ab" * 32, (), rows, adoption),)
    text = known_text(crates, head="x", adoption=adoption)
    assert read_known(text.encode(), name="k", is_baseline=True) == crates
    with pytest.raises(TomlError, match="unknown key `baseline`"):
        read_known(text.encode(), name="k")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('author = "Ann"\n', "", "`author` is missing"),
        ('reason = "x"\n', "", "`reason` is missing"),
        ("expires = 2027-05-26\n", "", "`expires` is missing"),
        ("2027-05-26", "2026-05-26", "expires before it begins"),
        ("0" * 32, "0", "`findings` must be texts of a rule and its evidence"),
    ],
)
def test_nothing_of_a_baseline_may_be_left_out(before: str, after: str, said: str) -> None:
    adoption = Adoption("Ann", "x", "2026-11-26", "2027-05-26")
    crates = (KnownCrate("a", "1.0.0", "ab" * 32, (), (f"a-rule {'0' * 32}",), adoption),)
    text = known_text(crates, head="x", adoption=adoption)
    assert before in text
    with pytest.raises(TomlError, match=said):
        read_known(text.replace(before, after).encode(), name="k", is_baseline=True)


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "[[crate]]\nname = 'a'\nversion = '1.0.0'\nsha256 = 'ab'",
        f"[[crate]]\nname = 'a'\nversion = '1.0.0'\nsha256 = '{'ab' * 32}'\nverdict = 'CLEAR'",
        f"[[crate]]\nname = 'a'\nversion = '1.0.0'\nsha256 = '{'ab' * 32}'\n" * 2,
    ],
)
def test_a_changed_file_of_known_crates_is_refused(text: str) -> None:
    with pytest.raises(TomlError):
        read_known(text.encode(), name="k")

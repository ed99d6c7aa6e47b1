"""A cargo-vet store of our own, in the documented format."""

from __future__ import annotations

import pytest

from analyzer.errors import TomlError
from analyzer.policy.audits import Audits
from analyzer.policy.vet import read_store

AUDITS = """
# cargo-vet audits file

[criteria.crypto-reviewed]
description = "A cryptographer read it."
implies = "safe-to-deploy"

[criteria.looked-at]
description-url = "https://example.invalid/looked-at"

[[wildcard-audits.ours]]
who = "Ann <ann@example.invalid>"
criteria = "safe-to-deploy"
user-id = 4711
start = "2024-01-01"
end = "2027-01-01"
renew = false

[[audits.bar]]
who = ["Ann <ann@example.invalid>", "Bob <bob@example.invalid>"]
criteria = ["safe-to-deploy", "looked-at"]
version = "1.2.3"
notes = \"\"\"
Two lines,
the second.
\"\"\"

[[audits.bar]]
who = "Bob <bob@example.invalid>"
criteria = "crypto-reviewed"
delta = "1.2.3 -> 1.2.4"

[[audits.bar]]
criteria = "safe-to-run"
delta = "1.2.4 -> 1.3.0"
aggregated-from = "https://example.invalid/audits.toml"

[[audits.bar]]
criteria = "safe-to-deploy"
delta = "0.9.0 -> 1.0.0"

[[audits.bar]]
criteria = "safe-to-deploy"
violation = ">=2.0.0, <2.1.0"

[[audits.some]]
criteria = "safe-to-deploy"
version = "1.0.0"
targets = "cfg(unix)"

[[trusted.proc-macro2]]
criteria = "safe-to-deploy"
user-id = 3618 # a comment
start = "2019-04-23"
end = "2027-02-12"
notes = "widely used"

[[trusted.other]]
criteria = "safe-to-run"
trusted-publisher = "github:example/other"
start = "2025-01-01"
end = "2026-12-31"
"""
CONFIG = """
[cargo-vet]
version = "0.10"

[imports.peer]
url = "https://example.invalid/peer.toml"
exclude = ["left-out"]

[imports.strict]
url = ["https://example.invalid/a.toml", "https://example.invalid/b.toml"]

[imports.strict.criteria-map]
safe-to-deploy = "safe-to-run"
theirs = "crypto-reviewed"

[policy.app]
audit-as-crates-io = false
criteria = "safe-to-deploy"

[[exemptions.old]]
version = "0.1.0"
criteria = "safe-to-deploy"
suggest = false
"""
IMPORTS = """
[[publisher.proc-macro2]]
version = "1.0.86"
when = "2024-06-21"
user-id = 3618
user-login = "someone"

[audits.peer.criteria.theirs]
description = "x"

[[audits.peer.audits.baz]]
who = "Eve"
criteria = "safe-to-deploy"
version = "1.0.0"

[[audits.peer.audits.left-out]]
criteria = "safe-to-deploy"
version = "1.0.0"

[[audits.strict.audits.qux]]
criteria = "safe-to-deploy"
version = "1.0.0"

[[audits.strict.audits.qux]]
criteria = "safe-to-deploy"
violation = "3"

[[audits.gone.audits.baz]]
criteria = "safe-to-deploy"
version = "2.0.0"
"""


def store(audits: str = AUDITS, config: str = CONFIG, imports: str = IMPORTS) -> Audits:
    files = {"audits.toml": audits, "config.toml": config, "imports.lock": imports}
    return read_store({name: text.encode() for name, text in files.items()}, folder="sc")


@pytest.mark.parametrize(
    ("crate", "version", "criterion", "steps"),
    [
        ("bar", "1.2.3", "safe-to-deploy", 1),
        ("bar", "1.2.3", "safe-to-run", 1),
        ("bar", "1.2.3", "looked-at", 1),
        ("bar", "1.2.4", "safe-to-deploy", 2),
        ("bar", "1.2.4", "crypto-reviewed", 0),  # the delta alone: its base was read as less
        ("bar", "1.3.0", "safe-to-deploy", 0),
        ("bar", "1.3.0", "safe-to-run", 3),
        ("bar", "1.0.0", "safe-to-deploy", 0),  # a delta from nothing that was audited
        ("bar", "1.2.5", "safe-to-run", 0),
        ("some", "1.0.0", "safe-to-deploy", 0),  # on some targets only
        ("old", "0.1.0", "safe-to-deploy", 0),  # exempted is not audited
        ("proc-macro2", "1.0.86", "safe-to-deploy", 0),  # trusted is not audited
        ("baz", "1.0.0", "safe-to-deploy", 1),
        ("baz", "2.0.0", "safe-to-deploy", 0),  # of an import that is gone
        ("left-out", "1.0.0", "safe-to-deploy", 0),
        ("qux", "1.0.0", "safe-to-deploy", 0),  # mapped down
        ("qux", "1.0.0", "safe-to-run", 1),
    ],
)
def test_what_an_audit_covers(crate: str, version: str, criterion: str, steps: int) -> None:
    assert len(store().chain(crate, version, criterion)) == steps


def test_who_and_what_is_told() -> None:
    chain = store().chain("bar", "1.2.4", "safe-to-deploy")
    assert str(chain[0]).startswith("1.2.3 by Ann <ann@example.invalid>, Bob <bob@example.invalid>")
    assert str(chain[1]).startswith(
        "1.2.3 -> 1.2.4 by Bob <bob@example.invalid> as crypto-reviewed"
    )
    assert "(from peer)" in str(store().chain("baz", "1.0.0", "safe-to-run")[0])
    assert store().notes("old", "0.1.0") == ("exempted from audits as safe-to-deploy, safe-to-run",)
    assert "publisher 3618" in store().notes("proc-macro2", "1.0.86")[0]
    assert "publisher github:example/other" in store().notes("other", "1.0.0")[0]


@pytest.mark.parametrize(
    ("crate", "version", "is_violated"),
    [
        ("bar", "2.0.5", True),
        ("bar", "2.1.0", False),
        ("bar", "1.2.3", False),
        ("qux", "3.1.0", True),  # no map cuts a violation away
        ("baz", "2.0.5", False),
    ],
)
def test_violations(crate: str, version: str, *, is_violated: bool) -> None:
    assert (store().violation(crate, version) is not None) is is_violated


@pytest.mark.parametrize(
    ("audits", "said"),
    [
        ("[[audits.a]]\nversion = '1.0.0'", "`criteria` is missing"),
        ("[[audits.a]]\ncriteria = 'x'\nversion = '1.0.0'", "no criteria `x`"),
        ("[[audits.a]]\ncriteria = 'safe-to-run'", "give one of version, delta, violation"),
        ("[[audits.a]]\ncriteria = 'safe-to-run'\nversion = '1'\ndelta = '1 -> 2'", "give one of"),
        ("[[audits.a]]\ncriteria = 'safe-to-run'\ndelta = '1.0.0'", "`VERSION -> VERSION`"),
        ("[[audits.a]]\ncriteria = 'safe-to-run'\nversion = '1.0.0'\nwhoo = ''", "key `whoo`"),
        ("[audits.a]\ncriteria = 'safe-to-run'", "audits.a must be an array of tables"),
        ("[criteria.x]\nimplies = 'y'", "no criteria `y`"),
        ("[auditz]", "unknown key `auditz`"),
        ("[[trusted.a]]\ncriteria = 'safe-to-run'\nstart = 2020-01-01", "`trusted-publisher`"),
    ],
)
def test_what_cargo_vet_would_refuse_is_refused(audits: str, said: str) -> None:
    with pytest.raises(TomlError, match=r"^sc/audits\.toml") as raised:
        store(audits, "", "")
    assert said in str(raised.value)


def test_criteria_that_imply_each_other_end() -> None:
    text = "[criteria.a]\ndescription = ''\nimplies = 'b'\n[criteria.b]\nimplies = ['a']\n"
    text += "[[audits.x]]\ncriteria = 'a'\nversion = '1.0.0'\n"
    assert store(text, "", "").chain("x", "1.0.0", "b")


def test_deltas_in_a_circle_end() -> None:
    rows = ("1.0.0 -> 2.0.0", "2.0.0 -> 1.0.0", "2.0.0 -> 3.0.0")
    text = "".join(f"[[audits.x]]\ncriteria = 'safe-to-run'\ndelta = '{one}'\n" for one in rows)
    assert store(text, "", "").chain("x", "3.0.0", "safe-to-run") == ()
    text += "[[audits.x]]\ncriteria = 'safe-to-run'\nversion = '1.0.0'\n"
    assert len(store(text, "", "").chain("x", "3.0.0", "safe-to-run")) == 3

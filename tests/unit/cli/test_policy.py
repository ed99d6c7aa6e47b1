"""`cratescope policy` and `baseline`, as a person uses them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from analyzer.config import DEFAULT_INDEX
from analyzer.policy.read import read_policy
from analyzer.project.decisions.start import TEXT
from analyzer.registry.cache import Cache, CachedIndex

from .conftest import HONEST, THEFT, Run, archive

NETWORK = 'fn main() { std::net::TcpStream::connect("x.example.com:443").ok(); }\n'
HEAD = 'version = 4\n[[package]]\nname = "app"\nversion = "0.1.0"\n'
ADOPT = ("--author", "ann", "--reason", "in use", "--expires", "2027-01-31", "--offline", "-q")
DAY = ("--as-of", "2026-11-26")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("CRATESCOPE_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def lock(folder: Path, **crates: str) -> dict[str, str]:
    """Crates with these build scripts in the cache and in a lock file; their checksums."""
    cache = Cache(folder.parent / "cache")
    text, found = HEAD, {}
    for name, build in crates.items():
        data = archive(name, build)
        found[name] = hashlib.sha256(data).hexdigest()
        cache.keep_archive(found[name], data)
        line = (
            f'{{"name":"{name}","vers":"0.1.0","deps":[],"features":{{}},"cksum":"{found[name]}",'
            '"yanked":false,"pubtime":"2020-01-01T00:00:00Z"}\n'
        )
        cache.keep_index(DEFAULT_INDEX, name, CachedIndex(line.encode(), "", ""))
        text += (
            f'[[package]]\nname = "{name}"\nversion = "0.1.0"\nchecksum = "{found[name]}"\n'
            f'source = "sparse+{DEFAULT_INDEX}"\n'
        )
    (folder / "Cargo.lock").write_text(text)
    return found


# init, check --------------------------------------------------------------------------------------


def test_init_writes_once_and_what_it_wrote_is_sound(run: Run, here: Path) -> None:
    done = run("policy", "init")
    assert (done.code, done.out) == (
        0, "wrote cratescope.toml; next: cratescope policy check cratescope.toml\n",
    )  # fmt: skip
    before = (here / "cratescope.toml").read_text()
    (here / "cratescope.toml").write_text(before + "# mine\n")
    again = run("policy", "init")
    assert (again.code, "already there" in again.err) == (2, True)
    assert (here / "cratescope.toml").read_text().endswith("# mine\n")
    assert run("policy", "check").code == 0


def test_every_commented_line_of_the_first_file_can_be_taken_in() -> None:
    whole = re.sub(r"^# (?=[\[\w\"][\w.*\[\]\"-]* ?(=|$|\]))", "", TEXT, flags=re.MULTILINE)
    policy, waivers = read_policy(whole.encode(), name="p.toml")
    assert policy.is_observing
    assert (len(waivers), len(policy.thresholds), len(policy.changes)) == (1, 1, 1)
    assert (len(policy.age_exceptions), len(policy.allowances)) == (1, 2)
    assert (policy.files.baseline, policy.files.learned) != ("", "")
    assert (policy.files.cargo_vet, policy.criteria, policy.publishers) != ("", (), ())


WAIVER = (
    '[[waiver]]\nrule = "build-uses-network"\ncrate = "some"\nversion = "0.1.0"\nsha256 = "{}"\n'
    f'evidence = "{"0" * 32}"\nreason = "x"\nauthor = "a"\nexpires = 2026-12-31\n'
)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 0, "p.toml: sound; it decides; sha256 "),
        ('policy.mode = "observe"', 0, "p.toml: sound; it only observes; sha256 "),
        ("[polcy]", 2, "p.toml:1: unknown key `polcy` in the file; did you mean `policy`?"),
        (
            '[policy.rules.build-uses-netwrk]\ndisabled = true\nreason = "x"',
            10,
            "p.toml: wrong: rules: no rule `build-uses-netwrk`; did you mean `build-uses-network`?",
        ),
        (
            WAIVER.replace("build-uses-network", "build-uses-nets"),
            10,
            "p.toml:1: wrong: no rule `build-uses-nets`; did you mean `build-uses-network`?",
        ),
        (
            WAIVER.replace("build-uses-network", "known-malicious"),
            10,
            "p.toml:1: wrong: no waiver covers known-malicious",
        ),
        (
            WAIVER.replace("2026-12-31", "2026-11-25"),
            10,
            "p.toml:1: wrong: expired on 2026-11-25: take it out, or read again and renew",
        ),
        (
            'policy.registries = ["crates.io"]',
            10,
            "p.toml: wrong: registries: no registry `crates.io`; did you mean `crates-io`?",
        ),
        ('policy.registries = ["crates-io", "sparse+https://x.invalid/"]', 0, "p.toml: sound"),
        ('policy.accept-cargo-vet = ["safe-to-run"]', 10, "accept-cargo-vet: no store is named"),
        (
            'policy.trusted-publishers = ["ann"]',
            0,
            "note: trusted-publishers: publishers are known",
        ),
        (WAIVER.replace("2026-12-31", "2026-12-01"), 0, "p.toml:1: note: expires on 2026-12-01"),
        (WAIVER.replace("build-uses-network", "incomplete"), 0, "p.toml: sound"),
    ],
)
def test_check_says_what_to_mend(run: Run, here: Path, text: str, code: int, said: str) -> None:
    (here / "p.toml").write_text(text.format("ab" * 32))
    done = run("policy", "check", "p.toml", *DAY)
    assert done.code == code
    assert said in done.out + done.err


def test_check_knows_the_criteria_of_the_store(run: Run, here: Path) -> None:
    (here / "vet").mkdir()
    (here / "vet/audits.toml").write_text('[criteria.read]\ndescription = "x"\n')
    text = 'policy.cargo-vet = "vet"\npolicy.accept-cargo-vet = ["{}"]\n'
    (here / "p.toml").write_text(text.format("read"))
    assert run("policy", "check", "p.toml").code == 0
    (here / "p.toml").write_text(text.format("safe-to-deplay"))
    done = run("policy", "check", "p.toml")
    assert (done.code, "did you mean `safe-to-deploy`?" in done.out) == (10, True)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (WAIVER.replace('"some"', '"soma"'), 10, "soma 0.1.0 is not locked: of no use"),
        (WAIVER.replace("0.1.0", "0.2.0"), 10, "some 0.2.0 is not locked; 0.1.0 is: of no use"),
        (WAIVER.replace("{}", "cd" * 32), 10, "the locked some 0.1.0 has another sha256"),
        (WAIVER, 0, "sound"),
        (
            "[policy.capabilities]\nsoma = []",
            0,
            "note: capabilities: soma is not locked; did you mean",
        ),
    ],
)
def test_check_compares_with_what_is_locked(
    run: Run, here: Path, text: str, code: int, said: str
) -> None:
    sha256 = lock(here, some=HONEST)["some"]
    (here / "p.toml").write_text(text.format(sha256))
    done = run("policy", "check", "p.toml", "--lock", ".", *DAY)
    assert (done.code, said in done.out) == (code, True)


def test_a_policy_that_is_not_there_is_told_with_what_to_do(run: Run, here: Path) -> None:
    for command in (("check",), ("explain", "some@0.1.0")):
        done = run("policy", *command)
        assert (done.code, "cratescope policy init" in done.err) == (2, True)


# explain ------------------------------------------------------------------------------------------


def test_explain_prints_a_waiver_that_allows_once_it_is_filled_in(run: Run, here: Path) -> None:
    lock(here, reaches=NETWORK)
    policy = here / "p.toml"
    policy.write_text(
        "[policy.minimum-age-days]\nversion = 3\n[policy.capabilities]\nreaches = []\n"
    )
    done = run("policy", "explain", "reaches@0.1.0", "p.toml", "--offline", *DAY)
    assert done.code == 10
    assert done.out.startswith("reaches 0.1.0: HELD by p.toml (sha256 ")
    assert "the verdict is REVIEW" in done.out
    assert (
        "  minimum-age-days   this version: published 2020-01-01; 3 days are asked for" in done.out
    )
    assert "  capabilities       reaches: nothing" in done.out
    ready = done.out[done.out.index("[[waiver]]") : done.out.rindex("\n- ")].split("\n\n- ")[0]
    (allowance,) = re.findall(r'^"reaches@=0\.1\.0" = .*$', done.out, re.MULTILINE)
    policy.write_text(f"[policy.capabilities]\n{allowance}\n{ready}")
    refused = run("policy", "check", "p.toml")
    assert (refused.code, "`reason` must be a text" in refused.err) == (2, True)
    filled = ready.replace('reason = ""', 'reason = "read"').replace('author = ""', 'author = "a"')
    policy.write_text(f"[policy.capabilities]\n{allowance}\n{filled}")
    done = run("policy", "explain", "reaches@0.1.0", "p.toml", "--offline", *DAY)
    assert (done.code, " ALLOWED by " in done.out) == (0, True)
    assert run("audit", ".", "--scan", "--offline", "--policy", "p.toml", *DAY).code == 0


def test_explain_of_what_nobody_knows_is_a_wrong_request(run: Run, here: Path) -> None:
    (here / "cratescope.toml").write_text("")
    done = run("policy", "explain", "reaches@0.1.0", "--offline")
    assert (done.code, done.out) == (30, "")
    done = run("policy", "explain", "./nowhere")
    assert (done.code, done.out) == (2, "")


# learn, baseline ----------------------------------------------------------------------------------


def test_what_was_learned_holds_a_crate_that_can_do_more(run: Run, here: Path) -> None:
    lock(here, some=HONEST, reaches=NETWORK)
    done = run("policy", "learn", ".", "-o", "known.toml", "--offline", "-q")
    assert done.code == 0
    assert 'name it in the policy: learned = "known.toml"' in done.err
    assert "1 taken in, and should be read by a person: reaches 0.1.0" in done.err
    assert "# These ask for a REVIEW: reaches 0.1.0." in (here / "known.toml").read_text()
    (here / "p.toml").write_text('policy.learned = "known.toml"\n')
    arguments = ("audit", ".", "--scan", "--offline", "--policy", "p.toml")
    lock(here, some=HONEST)
    assert run(*arguments).code == 0
    text = (here / "known.toml").read_text()
    (here / "known.toml").write_text(re.sub(r'"build directives[^"]*"(, )?', "", text))
    done = run(*arguments)
    assert done.code == 10
    assert "build directives: build-script is not in what was learned of it" in done.out
    lock(here, some=HONEST + "// the same version, other bytes\n")
    done = run(*arguments)
    assert (done.code, "other bytes than were on record" in done.out) == (20, True)


def test_a_baseline_accepts_what_is_there_and_shows_what_is_new(run: Run, here: Path) -> None:
    lock(here, reaches=NETWORK)
    assert run("baseline", ".", *ADOPT, *DAY, "-o", "cratescope-baseline.toml").code == 0
    (here / "p.toml").write_text('policy.baseline = "cratescope-baseline.toml"\n')
    arguments = ("audit", ".", "--scan", "--offline", "--policy", "p.toml", "--as-of")
    done = run(*arguments, "2026-12-01")
    assert (done.code, "adopted 1 known findings of the baseline" in done.out) == (0, True)
    late = run(*arguments, "2027-02-01")
    assert (late.code, "the baseline held from 2026-11-26 to 2027-01-31" in " ".join(late.out.split())) == (
        10, True,
    )  # fmt: skip
    lock(here, reaches=NETWORK, fresh=NETWORK)
    done = run(*arguments, "2026-12-01")
    assert done.code == 10
    assert "1 held, 1 allowed" in done.out
    assert "HELD  fresh 0.1.0" in done.out


@pytest.mark.parametrize("command", [("policy", "learn"), ("baseline", *ADOPT)])
def test_what_is_blocked_or_unread_is_not_taken_in(
    run: Run, here: Path, command: tuple[str, ...]
) -> None:
    """V9: learning after the compromise must not bless it."""
    lock(here, some=HONEST, thief=THEFT)
    name, *rest = command[:2] if command[0] == "policy" else command[:1]
    options = command[len((name, *rest)) :]
    done = run(name, *rest, ".", *options, "--offline", "-q")
    assert done.code == 20
    assert "LEFT OUT, since they are BLOCK: do not build them: thief 0.1.0" in done.err
    assert 'name = "some"' in done.out
    assert "thief" not in done.out
    with (here / "Cargo.lock").open("a") as opened:
        opened.write(
            f'[[package]]\nname = "gone"\nversion = "1.0.0"\nchecksum = "{"ab" * 32}"\n'
            f'source = "sparse+{DEFAULT_INDEX}"\n'
        )
    lock_text = (here / "Cargo.lock").read_text()
    start = lock_text.index('[[package]]\nname = "thief"')
    end = lock_text.index('[[package]]\nname = "gone"')
    (here / "Cargo.lock").write_text(lock_text[:start] + lock_text[end:])
    done = run(name, *rest, ".", *options, "--offline", "-q")
    assert done.code == 30
    assert "left out, since they were not read whole: gone 1.0.0" in done.err


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("--author", ""), "baseline needs --author"),
        (("--reason", " "), "baseline needs --reason"),
        (("--reason", "\x1b[2J"), "baseline needs --reason"),
        (("--expires", ""), "baseline needs --expires"),
        (("--expires", "soon"), "no day"),
        (("--expires", "2026-11-25"), "that day is over"),
    ],
)
def test_somebody_has_to_answer_for_a_baseline(
    run: Run, here: Path, changed: tuple[str, str], said: str
) -> None:
    done = run("baseline", ".", *ADOPT, *DAY, *changed)
    assert (done.code, done.out, said in done.err) == (2, "", True)

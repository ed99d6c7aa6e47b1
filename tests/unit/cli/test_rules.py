from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from analyzer.cli.rules import app
from analyzer.errors import SignatureError, UsageError
from analyzer.rules.ruleset import load_ruleset

RUNNER = CliRunner()
HONEST = "pub fn f() {}"
FIRES = (
    'pub fn f() { let k = std::fs::read("/root/.npmrc").unwrap();'
    ' std::net::TcpStream::connect("192.0.2.1:1").ok(); }'
)


def run(*arguments: str | Path) -> tuple[int, str]:
    result = RUNNER.invoke(app, [str(one) for one in arguments])
    if isinstance(result.exception, UsageError):
        raise result.exception
    return result.exit_code, result.output


def new_rule(folder: Path) -> Path:
    run("new", "mine", "--rules", folder)
    return folder / "own" / "mine.toml"


def fill_in(path: Path, *, match: str) -> None:
    text = path.read_text()
    for line in text.split("\n"):
        if line.startswith("// TODO"):
            text = text.replace(line, match if "must find" in line else HONEST)
    path.write_text(text.replace("TODO ", ""))


def test_list_names_every_shipped_rule() -> None:
    code, output = run("list")

    assert code == 0
    assert len(output.splitlines()) == len(load_ruleset().rules)


def test_shipped_rules_pass_lint_and_samples() -> None:
    assert run("lint")[0] == 0
    assert run("test")[0] == 0


def test_new_rule_lacks_only_what_its_author_knows(tmp_path: Path) -> None:
    path = new_rule(tmp_path)
    code, output = run("lint", "mine", "--rules", tmp_path)

    assert code == 2
    assert "`why` says nothing yet" in output

    fill_in(path, match=FIRES)
    assert run("lint", "mine", "--rules", tmp_path) == (
        0,
        "1 rules, 0 errors, 0 complaints in all\n",
    )
    assert run("test", "mine", "--rules", tmp_path) == (0, "2 samples, 0 failed\n")


def test_sample_that_does_not_fire_fails_the_test(tmp_path: Path) -> None:
    fill_in(new_rule(tmp_path), match=HONEST)
    code, output = run("test", "mine", "--rules", tmp_path)

    assert code == 2
    assert "the rule stays quiet" in output


def test_new_never_overwrites(tmp_path: Path) -> None:
    new_rule(tmp_path)

    with pytest.raises(UsageError, match="already there"):
        new_rule(tmp_path)


@pytest.mark.parametrize("rule_id", ["near-name", "Mine", "../mine", "mine_two", ""])
def test_new_refuses_ids_that_cannot_be(tmp_path: Path, rule_id: str) -> None:
    with pytest.raises(UsageError):
        run("new", rule_id, "--rules", tmp_path)


def test_new_refuses_a_namespace_that_leaves_the_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="namespace"):
        run("new", "mine", "--rules", tmp_path, "--namespace", "../up")


def test_lint_shows_every_unreadable_file_and_no_terminal_commands(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('"\x1b[31mid" = [')
    (tmp_path / "b.toml").write_text('"\\u001B[31m" = 1\n')
    code, output = run("lint", "--rules", tmp_path)

    assert code == 2
    assert "a.toml" in output
    assert "b.toml" in output
    assert "\x1b" not in output


def test_broken_rule_ends_a_test_run(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("id = 3\n")

    with pytest.raises(SignatureError, match=r"a\.toml"):
        run("test", "--rules", tmp_path)

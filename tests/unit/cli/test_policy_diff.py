"""`diff --policy`, and the policy of the base commit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from dulwich import porcelain

from analyzer.config import DEFAULT_INDEX
from analyzer.registry.cache import Cache, CachedIndex

from .conftest import HONEST, THEFT, MakeFolder, Run, archive

NETWORK = 'fn main() { std::net::TcpStream::connect("x.example.com:443").ok(); }\n'
HEAD = 'version = 4\n[[package]]\nname = "app"\nversion = "0.1.0"\n'


def locked(tmp_path: Path, name: str, build: str, sha256: str = "") -> str:
    """A package of a lock file whose archive is in the cache."""
    data = archive(name, build)
    digest = hashlib.sha256(data).hexdigest()
    cache = Cache(tmp_path / "cache")
    cache.keep_archive(digest, data)
    row = {"name": name, "vers": "0.1.0", "deps": [], "features": {}, "cksum": digest}
    line = json.dumps(row | {"yanked": False, "pubtime": "2020-01-01T00:00:00Z"})
    cache.keep_index(DEFAULT_INDEX, name, CachedIndex(f"{line}\n".encode(), "", ""))
    return (
        f'[[package]]\nname = "{name}"\nversion = "0.1.0"\nchecksum = "{sha256 or digest}"\n'
        f'source = "sparse+{DEFAULT_INDEX}"\n'
    )


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRATESCOPE_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "p.toml"
    path.write_text("")
    return path


def test_a_step_is_decided_by_the_new_version_as_a_whole(
    run: Run, make_folder: MakeFolder, policy: Path
) -> None:
    """What the old version could do as well counts for no change, and for the decision it does."""
    old, new = make_folder("first", NETWORK), make_folder("second", NETWORK)
    assert run("diff", old, new).code == 0
    done = run("diff", old, new, "--policy", policy, "--format", "json")
    found = json.loads(done.out)
    assert (done.code, found["verdict"], found["decision"]["outcome"]) == (
        10,
        "CLEAR",
        "QUARANTINE",
    )
    shown = run("diff", old, new, "--policy", policy).out
    assert " HELD " in shown
    assert f"- A waiver to fill in: cratescope policy explain second@0.1.0 {policy}" in " ".join(
        shown.split()
    )
    comment = run("diff", old, new, "--policy", policy, "--format", "markdown").out
    assert "Policy: **HELD** by " in comment


def test_a_policy_inside_a_side_is_refused(run: Run, make_folder: MakeFolder) -> None:
    old, new = make_folder("first"), make_folder("second", THEFT)
    (new / "cratescope.toml").write_text('policy.mode = "observe"\n')
    done = run("diff", old, new, "--policy", new / "cratescope.toml")
    assert (done.code, "which it would judge" in done.err) == (2, True)


def locks(tmp_path: Path, *packages: str) -> tuple[Path, Path]:
    paths = (tmp_path / "old.lock", tmp_path / "new.lock")
    paths[0].write_text(HEAD)
    paths[1].write_text(HEAD + "".join(packages))
    return paths


def rulings(text: str) -> dict[str, tuple[str, str]]:
    found: dict[str, Any] = json.loads(text)["decision"]
    return {one["name"]: (one["outcome"], one["why"]) for one in found["crates"]}


def test_each_package_that_came_is_decided_on(run: Run, tmp_path: Path, policy: Path) -> None:
    old, new = locks(
        tmp_path,
        locked(tmp_path, "reaches", NETWORK),
        locked(tmp_path, "plain", HONEST),
        locked(tmp_path, "swapped", HONEST, "cd" * 32),
        '[[package]]\nname = "other"\nversion = "1.0.0"\nsource = "git+https://x.invalid/r#ab"\n',
    )
    policy.write_text('policy.git = "deny"\n')
    options = ("--offline", "--policy", policy, "--format", "json")
    done = run("diff", old, new, *options)
    assert done.code == 20
    found = rulings(done.out)
    assert {name: outcome for name, (outcome, _) in found.items()} == {
        "reaches": "QUARANTINE", "plain": "ALLOW", "swapped": "DENY", "other": "DENY",
    }  # fmt: skip
    assert "from git, which is denied" in found["other"][1]
    old.write_text(new.read_text())
    assert run("diff", old, new, *options).code == 0


def test_other_bytes_for_a_locked_version_are_denied_whatever_is_waived(
    run: Run, tmp_path: Path, policy: Path
) -> None:
    package = locked(tmp_path, "plain", HONEST)
    old, new = locks(tmp_path, package)
    digest = package.split('checksum = "')[1][:64]
    old.write_text(HEAD + package.replace(digest, "cd" * 32))
    policy.write_text(
        f'[[waiver]]\nrule = "checksum-mismatch"\ncrate = "plain"\nversion = "0.1.0"\n'
        f'sha256 = "{digest}"\nevidence = "{"0" * 32}"\nreason = "x"\nauthor = "a"\n'
        "expires = 2099-01-01\n"
    )
    done = run("diff", old, new, "--offline", "--policy", policy)
    assert (done.code, "no waiver covers this rule" in " ".join(done.out.split())) == (20, True)


# The base commit ----------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path, policy: Path) -> Path:
    path = tmp_path / "repository"
    path.mkdir()
    porcelain.init(str(path))
    return path


def commit(repository: Path, **files: str) -> None:
    for name, text in files.items():
        path = repository / name.replace("__", "/").replace("_toml", ".toml").replace(
            "_lock", ".lock"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        porcelain.add(str(repository), paths=[str(path)])
    porcelain.commit(str(repository), b"x", author=b"a <a@x.invalid>", committer=b"a <a@x.invalid>")


GIT = '[[package]]\nname = "other"\nversion = "1.0.0"\nsource = "git+https://x.invalid/r#ab"\n'


def test_the_policy_of_the_base_commit_decides_on_a_range(run: Run, repository: Path) -> None:
    """V10: a pull request that brings a crate and the policy that lets it in."""
    commit(repository, Cargo_lock=HEAD, cratescope_toml='policy.git = "deny"\n')
    commit(repository, Cargo_lock=HEAD + GIT, cratescope_toml='policy.mode = "observe"\n')
    done = run("diff", repository, "--git", "HEAD~1..HEAD", "--offline", "--format", "json")
    found = json.loads(done.out)
    assert (done.code, found["decision"]["outcome"]) == (20, "DENY")
    assert found["decision"]["policy"]["file"].startswith("cratescope.toml of ")
    text = b'policy.git = "deny"\n'
    assert found["decision"]["policy"]["sha256"] == hashlib.sha256(text).hexdigest()


def test_files_that_the_base_policy_names_are_those_of_the_base(run: Run, repository: Path) -> None:
    named = 'policy.learned = "known/k.toml"\n'
    commit(repository, Cargo_lock=HEAD, cratescope_toml=named, known__k_toml="")
    commit(repository, Cargo_lock=HEAD + GIT, known__k_toml="broken =")
    done = run("diff", repository, "--git", "HEAD~1..HEAD", "--offline", "--format", "json")
    (source,) = json.loads(done.out)["decision"]["policy"]["sources"]
    assert source == {"file": "known/k.toml", "sha256": hashlib.sha256(b"").hexdigest()}
    commit(repository, cratescope_toml='policy.learned = "gone.toml"\n')
    commit(repository, Cargo_lock=HEAD)
    done = run("diff", repository, "--git", "HEAD~1..HEAD", "--offline")
    assert (done.code, "gone.toml: no such file in the base commit" in done.err) == (2, True)


def test_a_named_policy_comes_before_that_of_the_base(
    run: Run, repository: Path, policy: Path
) -> None:
    commit(repository, Cargo_lock=HEAD, cratescope_toml='policy.git = "deny"\n')
    commit(repository, Cargo_lock=HEAD + GIT)
    policy.write_text('policy.mode = "observe"\n')
    arguments = ("diff", repository, "--git", "HEAD~1..HEAD", "--offline")
    assert run(*arguments, "--policy", policy).code == 0
    assert run(*arguments).code == 20


def test_without_a_policy_in_the_base_the_verdict_decides(run: Run, repository: Path) -> None:
    commit(repository, Cargo_lock=HEAD)
    commit(repository, Cargo_lock=HEAD + GIT, cratescope_toml='policy.mode = "observe"\n')
    done = run("diff", repository, "--git", "HEAD~1..HEAD", "--offline", "--format", "json")
    assert (done.code, "decision" in json.loads(done.out)) == (30, False)

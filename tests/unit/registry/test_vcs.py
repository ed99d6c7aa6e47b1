"""Commits are read from clones and servers, and nothing that a repository names is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from analyzer.config import RegistryAccess, Settings
from analyzer.errors import RegistryUnreachable, UsageError
from analyzer.registry.vcs import read_commit

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
ABSENT = "0" * 40


def git(folder: Path, *words: str) -> str:
    """A git of the test's own."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{
            f"GIT_{who}_{what}": "a@b.invalid"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    command = ["git", "-c", "init.defaultBranch=main", *words]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return done.stdout.decode().strip()


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q")
    write(
        folder,
        {"one/src/lib.rs": "a\n", "one/Cargo.toml": "x\n", "two/b.rs": "b\n", "LICENSE": "l\n"},
    )
    (folder / "one/LICENSE").symlink_to("../LICENSE")
    (folder / "one/shared").symlink_to("../two")
    (folder / "one/out").symlink_to("/etc/passwd")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "cache", RegistryAccess("http://r.invalid/"))


def head(clone: Path) -> str:
    return git(clone, "rev-parse", "HEAD")


def test_files_below_the_package_are_listed_and_links_are_followed(
    clone: Path, own: Settings
) -> None:
    found = read_commit(str(clone), head(clone), "one", own)
    assert found.is_found
    names = [path for path, _ in found.files]
    assert names == ["Cargo.toml", "LICENSE", "shared/b.rs", "src/lib.rs"]
    blobs = dict(found.files)
    assert blobs["src/lib.rs"] == git(clone, "rev-parse", "HEAD:one/src/lib.rs")
    assert blobs["LICENSE"] == git(clone, "rev-parse", "HEAD:LICENSE")


@pytest.mark.parametrize("folder", ["", ".", "one/..", "./"])
def test_the_root_is_a_package_too(clone: Path, own: Settings, folder: str) -> None:
    names = [path for path, _ in read_commit(str(clone), head(clone), folder, own).files]
    assert "LICENSE" in names
    assert "one/src/lib.rs" in names


def test_packed_objects_bare_clones_and_linked_trees_are_read(
    clone: Path, own: Settings, tmp_path: Path
) -> None:
    commit = head(clone)
    git(clone, "worktree", "add", "-q", "../linked")
    git(clone, "gc", "-q", "--prune=now")
    git(tmp_path, "clone", "-q", "--bare", str(clone), "bare")
    for place in (clone, tmp_path / "linked", tmp_path / "bare"):
        assert read_commit(str(place), commit, "two", own).files == (
            ("b.rs", git(clone, "rev-parse", "HEAD:two/b.rs")),
        )


def test_what_is_not_there_or_no_commit_is_an_answer(clone: Path, own: Settings) -> None:
    for commit in (ABSENT, git(clone, "rev-parse", "HEAD:one"), "main", ""):
        found = read_commit(str(clone), commit, "", own)
        assert (found.is_found, bool(found.problem)) == (False, True)


def test_what_is_no_repository_is_a_wrong_request(tmp_path: Path, own: Settings) -> None:
    with pytest.raises(UsageError, match="no git repository"):
        read_commit(str(tmp_path), ABSENT, "", own)


@pytest.mark.parametrize(
    "url", ["ssh://a.invalid/b", "ext::sh://x", "file:///etc", "git://a.invalid/"]
)
def test_other_protocols_are_refused(own: Settings, url: str) -> None:
    with pytest.raises(UsageError, match="only http"):
        read_commit(url, ABSENT, "", own)


def test_offline_asks_no_server(own: Settings) -> None:
    with pytest.raises(RegistryUnreachable, match="offline"):
        read_commit("https://a.invalid/b", ABSENT, "", replace(own, is_offline=True))


def arm(clone: Path, mark: Path) -> None:
    """Everything by which a repository can name a program, each leaving a mark."""
    run = f"touch {mark}"
    git(clone, "config", "core.fsmonitor", run)
    for key in ("core.pager", "core.sshCommand", "core.editor", "core.gitProxy", "diff.external"):
        git(clone, "config", key, run)
    git(clone, "config", "core.alternateRefsCommand", run)
    git(clone, "config", "filter.x.clean", run)
    git(clone, "config", "filter.x.smudge", run)
    git(clone, "config", "diff.x.textconv", run)
    git(clone, "config", "uploadpack.packObjectsHook", run)
    git(clone, "config", "credential.helper", f"!{run}")
    git(clone, "config", "alias.cat-file", f"!{run}")
    git(clone, "config", "extensions.partialClone", "origin")
    git(clone, "config", "remote.origin.promisor", "true")
    git(clone, "config", "remote.origin.url", f"ext::sh -c '{run}'")
    git(clone, "config", "protocol.ext.allow", "always")
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "fsmonitor-watchman"):
        path = clone / ".git/hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{run}\n")
        path.chmod(0o755)


def test_a_hostile_clone_leaves_no_mark(clone: Path, own: Settings, tmp_path: Path) -> None:
    attributes = "* filter=x diff=x\n"
    modules = '[submodule "m"]\n path = m\n url = https://a.invalid\n update = !touch mark\n'
    write(clone, {".gitattributes": attributes, ".gitmodules": modules})
    git(clone, "add", ".")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{ABSENT[:-1]}1,m")
    git(clone, "commit", "-qm", "second")
    commit, mark = head(clone), tmp_path / "mark"
    blob = git(clone, "rev-parse", "HEAD:two/b.rs")
    arm(clone, mark)
    (clone / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()  # a lazy fetch would run a program
    found = read_commit(str(clone), commit, "", own)
    assert found.is_found
    assert found.submodules == ("m",)
    assert not mark.exists()
    with pytest.raises(subprocess.CalledProcessError):
        git(clone, "-c", "alias.x=!false", "status", "-s", "--no-such")
    subprocess.run(["git", "status"], cwd=clone, capture_output=True, check=False)
    assert mark.exists(), "the trap must be one"


class _Backend(BaseHTTPRequestHandler):
    """git's own HTTP server."""

    root: ClassVar[Path]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        size = int(self.headers.get("Content-Length", 0))
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"],
            input=self.rfile.read(size),
            env=environment,
            capture_output=True,
            check=False,
        )
        head_, _, body = done.stdout.partition(b"\r\n\r\n")
        status = 200
        lines = [one.decode().partition(": ") for one in head_.split(b"\r\n")]
        for key, _, value in lines:
            status = int(value.split()[0]) if key == "Status" else status
        self.send_response(status)
        for key, _, value in lines:
            if key != "Status":
                self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the server calls it so

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def remote(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    handler = type("_Own", (_Backend,), {"root": clone.parent})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/clone/.git"
        server.shutdown()
        thread.join()


def test_a_commit_is_fetched_from_a_server(clone: Path, remote: str, own: Settings) -> None:
    first = head(clone)
    write(clone, {"three.rs": ""})
    git(clone, "add", ".")
    git(clone, "commit", "-qm", "second")
    found = read_commit(remote, first, "two", own)
    assert [path for path, _ in found.files] == ["b.rs"]
    missing = read_commit(remote, "1" * 40, "", own)
    assert missing.problem == "the repository has no such commit"


def test_a_server_that_is_none_is_out_of_reach(remote: str, own: Settings) -> None:
    with pytest.raises(RegistryUnreachable):
        read_commit(f"{remote}-not", ABSENT, "", own)

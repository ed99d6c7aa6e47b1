from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from analyzer.cli.sources import Sources
from analyzer.config import load_settings
from analyzer.errors import UnknownCrate
from analyzer.model import Report
from analyzer.registry.context import Contexts
from analyzer.registry.targets import parse_target
from analyzer.worker.pool import Pool

from .conftest import THEFT, MakeFolder, Run, Shelf, archive


def reports(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def judged(text: str) -> list[tuple[str, str]]:
    return [(one["crate"]["name"], one["verdict"]) for one in reports(text)]


def test_a_crate_that_only_prints_directives_is_clear(run: Run, make_folder: MakeFolder) -> None:
    done = run("scan", make_folder("plain"))
    assert (done.code, done.err.count("\n")) == (0, 1)
    assert "no database of advisories" in done.err
    assert done.out.startswith(" CLEAR  plain@0.1.0  risk 0/100  folder sha256 ")


def test_a_thief_is_blocked_with_its_lines(run: Run, make_folder: MakeFolder) -> None:
    done = run("scan", make_folder("thief", THEFT))
    assert done.code == 20
    assert "build.rs:1  file.read /root/.aws/credentials" in done.out
    assert "build.rs:2  net.connect 198.51.100.7:443" in done.out


def test_an_archive_is_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "thief-0.1.0.crate"
    path.write_bytes(archive("thief", THEFT))
    (report,) = reports(run("scan", path, "--format", "jsonl").out)
    assert report["verdict"] == "BLOCK"
    assert report["crate"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert report["crate"]["origin"] == "archive"


def test_the_same_crate_gives_the_same_bytes(run: Run, make_folder: MakeFolder) -> None:
    folder = make_folder("thief", THEFT)
    assert len({run("scan", folder, "--format", "json").out for _ in range(2)}) == 1


def test_reports_stand_in_the_order_of_the_targets(run: Run, make_folder: MakeFolder) -> None:
    names = ["delta", "alpha", "echo", "bravo", "charlie"]
    folders = [make_folder(one, THEFT if one == "bravo" else "fn main() {}\n") for one in names]
    done = run("scan", *folders, "--jobs", "2", "--format", "jsonl")
    assert done.code == 20
    assert [name for name, _ in judged(done.out)] == names


def test_targets_come_from_standard_input(run: Run, make_folder: MakeFolder) -> None:
    first, second = make_folder("one"), make_folder("two")
    done = run("scan", "-", "--format", "jsonl", stdin=f"{first}\n# a word\n\n{second} # more\n")
    assert judged(done.out) == [("one", "CLEAR"), ("two", "CLEAR")]


def test_no_target_on_standard_input_is_a_wrong_request(run: Run) -> None:
    assert run("scan", "-").code == 2


def test_a_wrong_target_ends_the_run_before_any_work(run: Run, make_folder: MakeFolder) -> None:
    done = run("scan", make_folder("plain"), "./nowhere")
    assert (done.code, done.out) == (2, "")


def test_a_folder_without_a_package_does_not_stop_the_others(
    run: Run, make_folder: MakeFolder, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    done = run("scan", tmp_path / "empty", make_folder("thief", THEFT))
    assert done.code == 20
    assert "cratescope: error: " in done.err
    assert "BLOCK  thief@0.1.0" in done.out


def test_formats_go_to_their_files(run: Run, make_folder: MakeFolder, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    done = run("scan", make_folder("plain"), "--format", "json", "--format", "human", "-o", path)
    assert done.out.startswith(" CLEAR  plain@0.1.0")
    assert json.loads(path.read_text())["verdict"] == "CLEAR"


def test_clear_crates_are_in_full_when_asked(run: Run, make_folder: MakeFolder) -> None:
    folders = [make_folder("one"), make_folder("two")]
    assert run("scan", *folders).out.count("Read ") == 0
    assert run("scan", *folders, "-v").out.count("Read ") == 2


def test_rules_of_ones_own_hold(run: Run, make_folder: MakeFolder, tmp_path: Path) -> None:
    reads = 'fn main() { std::fs::read("/x/.npmrc").ok(); }\n'
    sends = 'pub fn f() { std::net::TcpStream::connect("192.0.2.1:1").ok(); }\n'
    folder, rules = make_folder("apart", reads), tmp_path / "rules"
    (folder / "src/lib.rs").write_text(sends)
    assert run("rules", "new", "mine", "--rules", rules).code == 0
    (path,) = rules.rglob("mine.toml")
    path.write_text(path.read_text().replace('scope = "function"', 'scope = "crate"'))
    done = run("scan", folder, "--rules", rules, "--format", "json")
    assert "mine" in {one["rule"] for one in json.loads(done.out)["findings"]}


def test_a_broken_rule_is_one_line(run: Run, make_folder: MakeFolder, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.toml").write_text("id = 3\n")
    done = run("scan", make_folder("plain"), "--rules", tmp_path / "rules")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "a.toml" in done.err


def test_lines_go_out_as_crates_are_read(
    run: Run, make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    monkeypatch.setattr("analyzer.cli.scan.write", lambda got, _: written.append(len(got)))
    done = run("scan", make_folder("one"), make_folder("two", THEFT), "--format", "jsonl")
    assert (done.code, written) == (20, [1, 1])


# Registry -----------------------------------------------------------------------------------------


def test_a_named_crate_is_fetched_and_read(run: Run, shelf: Shelf) -> None:
    shelf.publish("thief", archive("thief", THEFT))
    done = run("scan", "thief", "--registry", shelf.url, "--format", "json", "--quiet")
    report = json.loads(done.out)
    assert (done.code, done.err, report["verdict"]) == (20, "", "BLOCK")
    assert report["crate"]["origin"] == "registry"


def test_what_was_fetched_is_read_again_offline(run: Run, shelf: Shelf) -> None:
    shelf.publish("plain", archive("plain"))
    online = run("scan", "plain", "--registry", shelf.url)
    shelf.files.clear()
    offline = run("scan", "plain", "--registry", shelf.url, "--offline")
    assert (online.code, offline.code) == (0, 0)
    assert online.out == offline.out


def test_a_checksum_mismatch_is_a_blocking_report(run: Run, shelf: Shelf) -> None:
    shelf.publish("plain", archive("plain"), checksum="0" * 64)
    done = run("scan", "plain", "--registry", shelf.url, "--format", "json")
    report = json.loads(done.out)
    assert (done.code, report["verdict"], report["facts"]) == (20, "BLOCK", [])
    assert [one["rule"] for one in report["findings"]] == ["checksum-mismatch"]
    assert "explain" not in run("scan", "plain", "--registry", shelf.url).out


def test_a_pinned_checksum_that_differs_is_a_blocking_report(run: Run, shelf: Shelf) -> None:
    shelf.publish("plain", archive("plain"))
    target = f"pkg:cargo/plain@0.1.0?checksum=sha256:{'1' * 64}"
    done = run("scan", target, "--registry", shelf.url)
    assert done.code == 20
    assert "another checksum than the one pinned" in done.out


@pytest.mark.parametrize("target", ["nobody", "plain@9.9.9"])
def test_an_unknown_crate_or_version_is_a_wrong_request(
    run: Run, shelf: Shelf, target: str
) -> None:
    shelf.publish("plain", archive("plain"))
    done = run("scan", target, "--registry", shelf.url)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_a_crate_of_yanked_versions_only_is_named_exactly(run: Run, shelf: Shelf) -> None:
    shelf.publish("plain", archive("plain"), is_yanked=True)
    assert run("scan", "plain", "--registry", shelf.url).code == 2
    assert "yanked" in run("scan", "plain@0.1.0", "--registry", shelf.url, "--format", "json").out


def test_no_network_is_incomplete_and_one_line(run: Run) -> None:
    done = run("scan", "plain", "--registry", "http://127.0.0.1:9/")
    assert (done.code, done.out, done.err.count("\n")) == (30, "", 1)


def test_offline_without_a_cache_is_incomplete_and_one_line(run: Run) -> None:
    done = run("scan", "plain", "--offline")
    assert (done.code, done.out, done.err.count("\n")) == (30, "", 1)


def test_trouble_with_one_target_hides_no_other(
    run: Run, shelf: Shelf, make_folder: MakeFolder
) -> None:
    shelf.publish("aaaa", archive("aaaa"))
    shelf.publish("bbbb", archive("bbbb"), checksum="0" * 64)
    shelf.publish("cccc", b"no archive at all")
    here = make_folder("here")
    targets = ["aaaa", "nobody", here, "bbbb", "cccc"]
    done = run("scan", *targets, "--registry", shelf.url, "--format", "jsonl")
    assert done.code == 20
    assert judged(done.out) == [
        ("aaaa", "CLEAR"),
        ("here", "CLEAR"),
        ("bbbb", "BLOCK"),
        ("cccc", "INCOMPLETE"),
    ]
    assert done.err.count("cratescope: error: ") == 1


def test_a_cache_that_cannot_be_written_is_a_warning(
    run: Run, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CRATESCOPE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    shelf.publish("plain", archive("plain"))
    loud = run("scan", "plain", "--registry", shelf.url)
    assert (loud.code, loud.err.count("cannot be written")) == (0, 1)
    assert run("scan", "plain", "--registry", shelf.url, "--quiet").err == ""


def test_several_registries_in_one_run_keep_the_order(shelf: Shelf) -> None:
    shelf.publish("aaaa", archive("aaaa"))
    own = load_settings({"CRATESCOPE_CACHE_DIR": "/nowhere"}, registry="http://127.0.0.1:9/")
    texts = (f"pkg:cargo/aaaa@0.1.0?repository_url={shelf.url}", "aaaa@0.1.0", "pkg:cargo/nobody")
    targets = tuple(parse_target(one) for one in (texts[0], texts[1], texts[0]))
    with Pool() as pool:
        answers = list(
            Sources(targets, own, lambda _: None, Contexts(None, "2026-11-26")).answers(pool)
        )
    assert [isinstance(one, Report) for one in answers] == [True, False, True]
    assert not any(isinstance(one, UnknownCrate) for one in answers)


def _committed(folder: Path) -> str:
    """A commit of the folder without its build script."""
    (folder / ".gitignore").write_text("build.rs\n.*.json\n")
    known = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"]
    for words in (["init", "-q"], ["add", "."], [*known, "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True)
    return told.stdout.decode().strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_build_script_that_nobody_committed_is_found(run: Run, make_folder: MakeFolder) -> None:
    folder = make_folder("plain")
    commit = _committed(folder)
    note = folder / ".cargo_vcs_info.json"
    note.write_text(json.dumps({"git": {"sha1": commit}, "path_in_vcs": ""}))
    done = run("scan", folder, "--vcs", folder, "--format", "json")
    assert done.code == 10
    (found,) = json.loads(done.out)["findings"]
    assert (found["rule"], found["evidence"][0]["subject"]) == (
        "build-code-not-in-repository",
        "build.rs",
    )
    note.write_text(json.dumps({"git": {"sha1": "1" * 40}}))
    assert "not in the repository" in run("scan", folder, "--vcs", folder).out
    assert run("scan", folder, folder, "--vcs", folder).code == 2
    assert run("scan", folder, "--vcs", folder / "src").code == 2


def test_a_page_is_written_to_a_file_that_ends_so(
    run: Run, make_folder: MakeFolder, tmp_path: Path
) -> None:
    target = tmp_path / "report.html"
    folders = [make_folder("plain"), make_folder("thief", THEFT)]
    assert run("scan", folders[1], "-o", target).code == 20
    assert 'id="f1-e1"' in target.read_text()
    assert run("scan", *folders, "-o", target).code == 20
    assert 'id="c1-top"' not in target.read_text()
    assert run("scan", *folders, "-o", target, "--verbose").code == 20
    assert 'id="c1-top"' in target.read_text()


def test_sarif_names_files_from_the_current_folder_and_tells_what_failed(
    run: Run, make_folder: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder("thief", THEFT)
    monkeypatch.chdir(tmp_path)
    targets = ("./crates/thief", "nosuchcrate@1.0.0")
    done = run("scan", *targets, "--offline", "-o", "a.sarif", "--quiet")
    (log,) = json.loads((tmp_path / "a.sarif").read_text())["runs"]
    places = [one["locations"][0]["physicalLocation"] for one in log["results"]]
    assert {one["artifactLocation"]["uri"] for one in places} == {"crates/thief/build.rs"}
    told = log["invocations"][0]["toolExecutionNotifications"]
    assert [one["descriptor"]["id"] for one in told] == ["failure"]
    assert (done.code, done.out) == (20, "")

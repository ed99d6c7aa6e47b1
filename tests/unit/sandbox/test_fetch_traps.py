"""Traps for whoever lets cargo loose on a stranger's folder; the fetch springs none of them.

Every trap has a control: the same files under a plain cargo in the crate's folder do leave a mark,
or make cargo open what lies outside. Watched by strace, so nothing rests on the trap's own word.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.toolchain import Toolchain, find_toolchain

pytestmark = [pytest.mark.cargo]

ROOT = Path(__file__).parents[3]
_PACKAGE = '[package]\nname = "trap"\nversion = "0.1.0"\nedition = "2021"\n'
_BUILD = 'fn main() { std::fs::write("MARK", "build").unwrap(); }\n'
_FETCH = """
import sys
from pathlib import Path
from analyzer.limits import DEFAULT_LIMITS as limits
from analyzer.local import archive_source, folder_source
from analyzer.manifest import read_manifest
from analyzer.unpack import unpack
from sandbox.fetch import NotFetched, Shelf, fetch
from sandbox.toolchain import Toolchain
target, shelf, sysroot = map(Path, sys.argv[1:])
read = folder_source if target.is_dir() else archive_source
crate = read(target, limits=limits)
tree = unpack(crate, limits=limits)
try:
    with fetch(
        crate, tree, read_manifest(tree, limits=limits), Shelf(shelf, Toolchain(sysroot, ""), True)
    ).folder as folder:
        print("fetched", sorted(one.name for one in folder.path.iterdir()))
except NotFetched as error:
    print("not fetched", error)
"""


@dataclass(frozen=True)
class Trap:
    """`files` of the crate; MARK, OUTSIDE and PROGRAM stand for paths. `control`: how a plain
    cargo springs it; empty where that needs more than every machine has.
    """

    files: dict[str, str] = field(default_factory=dict)
    control: str = "build"
    manifest: str = _PACKAGE
    is_fetched: bool = True


def _config(text: str, control: str = "build", name: str = ".cargo/config.toml") -> Trap:
    return Trap({name: text}, control)


TRAPS = {
    "rustc-wrapper": _config('[build]\nrustc-wrapper = "PROGRAM"\n', "metadata"),
    "workspace wrapper": _config('[build]\nrustc-workspace-wrapper = "PROGRAM"\n'),
    "old name of settings": _config('[build]\nrustc-wrapper = "PROGRAM"\n', name=".cargo/config"),
    "rustc": _config('[build]\nrustc = "PROGRAM"\n', "metadata"),
    "runner": _config("[target.'cfg(all())']\nrunner = \"PROGRAM\"\n", "test --lib"),
    "linker": _config("[target.'cfg(all())']\nlinker = \"PROGRAM\"\n", "test --lib --no-run"),
    "alias": _config('[alias]\nfetch = "build"\ngo = "build"\n', "go"),
    "paths": _config('paths = ["OUTSIDE/helper"]\n'),
    "included settings": _config('include = ["OUTSIDE/more.toml"]\n', ""),
    "source replacement": Trap(
        {
            ".cargo/config.toml": '[source.crates-io]\nreplace-with = "near"\n'
            '[source.near]\nlocal-registry = "OUTSIDE/registry"\n'
        },
        manifest=f'{_PACKAGE}[dependencies]\nhelper = "1"\n',
        is_fetched=False,
    ),
    "credential provider": _config(
        '[registry]\nglobal-credential-providers = ["PROGRAM"]\n', "logout"
    ),
    # rustup alone obeys it, and not every machine's cargo is rustup's.
    "toolchain file": Trap({"rust-toolchain.toml": '[toolchain]\npath = "OUTSIDE/tools"\n'}, ""),
    "old toolchain file": Trap({"rust-toolchain": "OUTSIDE/tools\n"}, ""),
    "build script": Trap({"build.rs": _BUILD}),
    "build script elsewhere": Trap(manifest=f'{_PACKAGE}build = "OUTSIDE/helper/build.rs"\n'),
    "path dependency": Trap(
        manifest=f'{_PACKAGE}[dependencies]\nhelper = {{ path = "OUTSIDE/helper" }}\n'
    ),
    "path for tests": Trap(
        manifest=f'{_PACKAGE}[dev-dependencies]\nhelper = {{ path = "OUTSIDE/helper" }}\n'
    ),
    "path below a target": Trap(
        manifest=f"{_PACKAGE}[target.'cfg(all())'.build-dependencies]\n"
        'helper = { path = "OUTSIDE/helper" }\n'
    ),
    "patch": Trap(
        manifest=f'{_PACKAGE}[patch.crates-io]\nhelper = {{ path = "OUTSIDE/helper" }}\n'
    ),
    "git dependency": Trap(
        manifest=f'{_PACKAGE}[dependencies]\nhelper = {{ git = "file://OUTSIDE/helper" }}\n',
        control="",
    ),
    "workspace above": Trap(manifest=f'{_PACKAGE}workspace = "OUTSIDE/above"\n'),
    "workspace member": Trap(
        manifest=f'{_PACKAGE}[workspace]\nmembers = ["OUTSIDE/helper"]\n', control="build --workspace"
    ),
    "library elsewhere": Trap(manifest=f'{_PACKAGE}[lib]\npath = "OUTSIDE/helper/src/lib.rs"\n'),
    "library above": Trap(manifest=f'{_PACKAGE}[lib]\npath = "../outside/helper/src/lib.rs"\n'),
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """A folder with a trap in it, and what is outside."""

    folder: Path
    toolchain: Toolchain

    @property
    def crate(self) -> Path:
        return self.folder / "crate"

    @property
    def mark(self) -> Path:
        return self.folder / "mark"

    @property
    def outside(self) -> Path:
        return self.folder / "outside"

    def filled(self, text: str) -> str:
        """A text with the paths of this scene."""
        program = self.outside / "tools/bin/cargo"
        words = {"MARK": self.mark, "OUTSIDE": self.outside, "PROGRAM": program}
        return re.sub("MARK|OUTSIDE|PROGRAM", lambda found: str(words[found[0]]), text)

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.filled(text))

    def traced(self, argv: list[str], cwd: Path, environment: dict[str, str]) -> tuple[str, str]:
        """What a program printed, and the calls by which it opened and started things."""
        log = self.folder / "calls"
        calls = "trace=execve,open,openat,chdir"
        strace = ["strace", "-f", "-q", "-y", "-s", "4096", "-e", calls, "-o", str(log)]
        done = subprocess.run(
            [*strace, *argv],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout, log.read_text()

    def fetch(self, target: Path) -> tuple[str, str]:
        """The same for the fetch. Its shelf and its temporary folder are its own."""
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
        shelf, sysroot = self.folder / "shelf", self.toolchain.root
        argv = [sys.executable, "-c", _FETCH, str(target), str(shelf), str(sysroot)]
        return self.traced(argv, self.folder, environment)

    def is_sprung(self, calls: str) -> bool:
        """Whether it left its mark, or somebody went outside."""
        return self.mark.exists() or re.search(rf"[\"<]{self.outside}/[^\"]*\"?", calls) is not None


def started(calls: str) -> set[str]:
    """The programs that were really started, but for the first, which is our own."""
    return set(re.findall(r'execve\("([^"]+)".* = 0$', calls, re.MULTILINE)[1:])


@pytest.fixture(scope="module")
def toolchain() -> Toolchain:
    return find_toolchain()


@pytest.fixture
def scene(tmp_path: Path, toolchain: Toolchain) -> Scene:
    made = Scene(tmp_path, toolchain)
    helper = _PACKAGE.replace('"trap"', '"helper"').replace("0.1.0", "1.0.0")
    made.write(made.outside / "helper/Cargo.toml", helper)
    made.write(made.outside / "helper/src/lib.rs", "")
    made.write(made.outside / "helper/build.rs", _BUILD)
    made.write(made.outside / "above/Cargo.toml", "[workspace]\nmembers = []\n")
    made.write(made.outside / "more.toml", '[build]\nrustc = "PROGRAM"\n')
    made.write(made.outside / "registry/index/he/lp/helper", "")
    for name in ("cargo", "rustc"):
        program = made.outside / "tools/bin" / name
        made.write(program, "#!/bin/sh\ntouch MARK\nexit 1\n")
        program.chmod(0o755)
    return made


def plant(scene: Scene, trap: Trap) -> None:
    rows = {"src/lib.rs": "", "build.rs": "fn main() {}\n", **trap.files}
    for name, text in {**rows, "Cargo.toml": trap.manifest}.items():
        scene.write(scene.crate / name, text)


@pytest.mark.parametrize("name", [name for name, trap in TRAPS.items() if trap.control])
def test_a_plain_cargo_in_the_folder_springs_the_trap(scene: Scene, name: str) -> None:
    trap = TRAPS[name]
    plant(scene, trap)
    if name == "alias":
        scene.write(scene.crate / "build.rs", _BUILD)
    environment = os.environ | {"CARGO_HOME": str(scene.folder / "home")}
    argv = [scene.toolchain.cargo, *trap.control.split(), "--offline"]
    _, calls = scene.traced(argv, scene.crate, environment)
    assert scene.is_sprung(calls)


@pytest.mark.parametrize("name", TRAPS)
def test_the_fetch_springs_no_trap_and_starts_only_cargo_and_rustc(scene: Scene, name: str) -> None:
    plant(scene, TRAPS[name])
    said, calls = scene.fetch(scene.crate)
    assert said.startswith("fetched" if TRAPS[name].is_fetched else "not fetched"), said
    # Everything of the crate was read before cargo is there at all.
    head, _, after = calls.partition(f'execve("{scene.toolchain.cargo}"')
    assert after
    assert not scene.is_sprung(after)
    assert str(scene.crate) not in after
    programs = {f"{scene.toolchain.root}/bin/{one}" for one in ("cargo", "rustc")}
    assert started(head + f'execve("{scene.toolchain.cargo}"' + after) <= programs
    assert not list((scene.folder / "temporary").iterdir())


def _archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def _link(name: str, to: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member, b""


def _file(name: str, text: str = "x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), text.encode()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE], ids=["symbolic", "hard"])
def test_links_in_an_archive_lead_nowhere(scene: Scene, kind: bytes) -> None:
    manifest = _file("trap-0.1.0/Cargo.toml", _PACKAGE)
    path = _archive(
        scene.folder / "trap-0.1.0.crate",
        manifest,
        _link("trap-0.1.0/src", str(scene.outside), kind),
        _file("trap-0.1.0/src/lib.rs", "written"),
        _link("trap-0.1.0/build.rs", str(scene.outside / "helper/build.rs"), kind),
    )
    _, calls = scene.fetch(path)
    assert not (scene.outside / "lib.rs").exists()
    assert not scene.is_sprung(calls)


def test_absolute_and_parent_names_in_an_archive_are_written_nowhere(scene: Scene) -> None:
    path = _archive(
        scene.folder / "trap-0.1.0.crate",
        _file("trap-0.1.0/Cargo.toml", _PACKAGE),
        _file("trap-0.1.0/src/lib.rs", ""),
        _file(str(scene.mark)),
        _file("trap-0.1.0/../../mark"),
        _file("../mark"),
        _file("trap-0.1.0/../../../.cargo/config.toml", "[build]\n"),
    )
    before = {one.name for one in scene.folder.iterdir()}
    said, calls = scene.fetch(path)
    assert said.startswith("not fetched"), said
    assert not scene.is_sprung(calls)
    after = {one.name for one in scene.folder.iterdir()}
    assert after - before == {"calls", "shelf", "temporary"}


def test_settings_above_the_temporary_folder_end_the_fetch(scene: Scene) -> None:
    plant(scene, TRAPS["build script"])
    scene.write(scene.folder / ".cargo/config.toml", '[build]\nrustc-wrapper = "PROGRAM"\n')
    said, calls = scene.fetch(scene.crate)
    assert "cargo would obey" in said
    assert "bin/cargo" not in calls
    assert not scene.is_sprung(calls)
    assert not list((scene.folder / "temporary").iterdir())


def test_a_wrapper_in_our_own_environment_is_not_handed_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(scene, TRAPS["build script"])
    for name in ("RUSTC_WRAPPER", "CARGO_BUILD_RUSTC", "RUSTC", "CARGO_BUILD_RUSTC_WRAPPER"):
        monkeypatch.setenv(name, scene.filled("PROGRAM"))
    said, calls = scene.fetch(scene.crate)
    assert said.startswith("fetched"), said
    assert not scene.is_sprung(calls)


def test_strace_is_here() -> None:
    """All claims above rest on it."""
    assert shutil.which("strace")

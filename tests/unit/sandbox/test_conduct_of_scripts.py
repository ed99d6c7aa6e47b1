"""A tracer's lines to facts: who is told of, and what no honest build does, by lines of our own."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from analyzer.model import Fact, FactKind, Phase
from analyzer.signatures import load_signatures
from sandbox.conduct import Conduct, Reader
from sandbox.lineage import Lineage, Part, Places
from sandbox.observers.strace import read_calls

HOME = "/home/ada"
PLACES = Places(HOME, f"{HOME}/work/shop", f"{HOME}/work/shop/target", "/opt/rust")
SOURCE = f"{PLACES.sources}/index-1/trig-0.1.0"
SCRIPT = f"{PLACES.target}/debug/build/trig-0a1b"
DECOYS = {f"{HOME}/.aws/credentials": "{home}/.aws/credentials"}
CARGO = (
    '100 execve("/usr/sbin/init", ["init"], 0x1 /* 9 vars */) = 0',
    '100 execve("/opt/rust/bin/cargo", ["cargo", "build"], 0x1 /* 9 vars */) = 0',
    "100 clone3({flags=CLONE_VM|CLONE_VFORK}, 88) = 101",
    f'101 execve("/opt/rust/bin/rustc", ["rustc", "--crate-name", "build_script_build",'
    f' "{SOURCE}/build.rs", "--out-dir", "{SCRIPT}"], 0x1 /* 9 vars */) = 0',
    "101 +++ exited with 0 +++",
    "100 clone3({flags=CLONE_VM|CLONE_VFORK}, 88) = 102",
    f'102 execve("{SCRIPT}/build-script-build", ["build-script-build"], 0x1 /* 9 vars */) = 0',
)
MACRO = (
    "100 clone3({flags=CLONE_VM|CLONE_VFORK}, 88) = 103",
    '103 execve("/opt/rust/bin/rustc", ["rustc", "--crate-name", "shop", "src/main.rs"], 0x1) = 0',
)


def seen(*lines: str) -> Conduct:
    """What lines after cargo's own show."""
    text = [
        f"{pid} {1_000 + number}.000000 {rest}".encode()
        for number, line in enumerate((*CARGO, *lines))
        for pid, _, rest in [line.partition(" ")]
    ]
    calls, lost = read_calls(text)
    assert lost == 0
    lineage = Lineage(PLACES, "shop", Part.CARGO)
    return Reader("build", PLACES, DECOYS, load_signatures()).read(lineage, calls)


def told(facts: Iterable[Fact]) -> list[tuple[FactKind, str]]:
    return [(one.kind, one.subject) for one in facts]


def opened(path: str, flags: str = "O_RDONLY|O_CLOEXEC", *, pid: int = 102) -> str:
    return f'{pid} openat(AT_FDCWD<{SOURCE}>, "{path}", {flags}) = 3<{path}>'


def test_a_decoy_opened_by_a_build_script_is_told_of_with_its_owner() -> None:
    (fact,) = seen(opened(f"{HOME}/.aws/credentials")).facts
    assert (fact.kind, fact.subject) == (FactKind.FILE_READ, "{home}/.aws/credentials")
    assert (fact.owner, fact.phases) == ("build: build script of trig 0.1.0", (Phase.BUILD_SCRIPT,))


def test_a_macro_that_opens_a_decoy_acts_in_the_compiler_of_its_user() -> None:
    (fact,) = seen(*MACRO, opened(f"{HOME}/.aws/credentials", pid=103)).facts
    assert (fact.owner, fact.phases) == ("build: compiler of shop", (Phase.PROC_MACRO,))


@pytest.mark.parametrize(
    ("path", "kind", "subject"),
    [
        ("/proc/102/status", FactKind.GUARD_DEBUGGER, "/proc/self/status"),
        ("/proc/102/task/104/status", FactKind.GUARD_DEBUGGER, "/proc/self/status"),
        ("/.dockerenv", FactKind.GUARD_DEBUGGER, "/.dockerenv"),
        ("/proc/102/environ", FactKind.ENV_READ_ALL, "*"),
        (f"{HOME}/notes.txt", FactKind.FILE_READ, "{home}/notes.txt"),
    ],
)
def test_what_a_build_script_reads_of_the_machine(path: str, kind: FactKind, subject: str) -> None:
    assert told(seen(opened(path)).facts) == [(kind, subject)]


def test_the_compiler_may_read_its_own_status() -> None:
    assert told(seen(*MACRO, opened("/proc/103/status", pid=103)).facts) == []


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        (f"{HOME}/.bashrc", "{home}/.bashrc"),
        (f"{PLACES.project}/.git/hooks/post-checkout", ".git/hooks/post-checkout"),
        (f"{HOME}/.cargo/config.toml", "{home}/.cargo/config.toml"),
        (
            f"{PLACES.target}/debug/build/other-9f/out/x.rs",
            "{target}/debug/build/other-9f/out/x.rs",
        ),
    ],
)
def test_a_build_script_that_writes_elsewhere_is_told_of(path: str, subject: str) -> None:
    found = seen(opened(path, "O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0666")).facts
    assert told(found) == [(FactKind.FILE_WRITE, subject)]


def test_a_build_script_that_writes_where_cargo_lets_it_is_not() -> None:
    flags = "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0666"
    assert not seen(opened(f"{SCRIPT}/out/table.rs", flags), opened("/tmp/x", flags)).facts


def test_a_file_written_in_this_run_and_started_says_so() -> None:
    (fact,) = seen(
        opened("/tmp/.x", "O_WRONLY|O_CREAT|O_CLOEXEC, 0666"),
        "102 clone3({flags=CLONE_VM|CLONE_VFORK}, 88) = 105",
        '105 execve("/tmp/.x", ["/tmp/.x", "--quiet"], 0x1 /* 9 vars */) = 0',
    ).facts
    assert (fact.kind, fact.subject) == (FactKind.PROCESS_SPAWN, "{temp}/.x")
    assert "written in this run" in fact.data


def test_a_child_of_a_build_script_is_its_owner_s_doing() -> None:
    found = seen(
        "102 clone3({flags=CLONE_VM|CLONE_VFORK}, 88) = 105",
        '105 execve("/usr/bin/curl", ["curl", "-T", "x"], 0x1 /* 9 vars */) = 0',
        opened(f"{HOME}/.aws/credentials", pid=105),
    ).facts
    assert told(found)[0] == (FactKind.PROCESS_SPAWN, "curl")
    assert {one.owner for one in found} == {"build: build script of trig 0.1.0"}


def test_a_program_from_memory_is_told_of() -> None:
    (fact,) = seen(
        "102 clone3({flags=CLONE_VM|CLONE_VFORK}, 88) = 105",
        '105 execve("/proc/self/fd/3", ["/proc/self/fd/3"], 0x1 /* 9 vars */) = 0',
    ).facts
    assert fact.kind is FactKind.CODE_EXECUTE_MEMORY


def test_long_sleeps_are_counted_and_short_ones_are_not() -> None:
    sleep = "102 clock_nanosleep(CLOCK_MONOTONIC, 0, {{tv_sec={}, tv_nsec=0}}, NULL) = 0"
    assert seen(sleep.format(30), sleep.format(1)).long_sleeps == 1

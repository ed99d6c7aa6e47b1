"""Parts of a build are given where cargo starts something, and inherited."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.guest.folding import Folder
from sandbox.lineage import Lineage, Part, Process
from sandbox.observers.strace import read_calls

from .traces import FOLDER, PLACES, conduct, recorded

CARGO = f"{PLACES.toolchain}/bin/cargo"
PREAMBLE = (FOLDER / "theft.strace").read_bytes().splitlines(keepends=True)[:8]


def processes(lines: Iterable[bytes], root: Part = Part.CARGO) -> list[Process]:
    calls, _ = read_calls(lines)
    lineage = Lineage(PLACES, "orders", root)
    list(lineage.follow(calls))
    return lineage.processes


def run(pid: int, program: str, *argv: str) -> bytes:
    words = ", ".join(f'"{one}"' for one in argv)
    return f'{pid}  9.000001 execve("{program}", [{words}], 0x1 /* 1 var */) = 0\n'.encode()


def fork(pid: int, child: int) -> bytes:
    return f"{pid}  9.000000 vfork() = {child}\n".encode()


def test_a_build_script_is_known_by_cargos_own_order() -> None:
    last = processes(PREAMBLE)[-1]
    assert last.owner == "build script of trig 0.1.0"


def test_a_program_where_scripts_lie_is_no_script_unless_cargo_ordered_it() -> None:
    program = f"{PLACES.target}/debug/build/other-9/build-script-build"
    (*_, last) = processes([*PREAMBLE, fork(60, 91), run(91, program, "build-script-build")])
    assert last.part is not Part.BUILD_SCRIPT


def test_what_a_build_script_starts_is_its_own_whatever_it_is_called() -> None:
    """Also a compiler that is given another crate's source (S16)."""
    rustc = f"{PLACES.toolchain}/bin/rustc"
    source = f"{PLACES.sources}/index-0a1b/other-2.0.0/build.rs"
    order = run(91, rustc, "rustc", "--crate-name", "build_script_build", source)
    (*_, last) = processes([*PREAMBLE, fork(70, 91), order])
    assert (last.owner, last.ancestors) == ("build script of trig 0.1.0", ("build-script-build",))


def test_a_second_cargo_gives_no_parts() -> None:
    program = f"{PLACES.target}/debug/build/x-1/build-script-build"
    lines = [fork(70, 91), run(91, CARGO, "cargo", "build"), fork(91, 92), run(92, program, "x")]
    (*_, last) = processes([*PREAMBLE, *lines])
    assert last.owner == "build script of trig 0.1.0"


def test_a_process_from_nowhere_is_looked_at() -> None:
    """S14: its reads of cargo's credentials were once taken for ours."""
    owners = {one.owner for one in recorded("noise").facts}
    assert "build: process of unknown origin" in owners


def test_a_number_that_is_used_again_is_another_process() -> None:
    lines = [b"70  9.000000 +++ exited with 0 +++\n", fork(60, 70)]
    program = f"{PLACES.target}/debug/deps/orders-1"
    (*_, last) = processes([*PREAMBLE, *lines, run(70, program, "orders-1")])
    assert last.part is Part.TEST


def test_an_entry_that_is_no_cargo_is_the_stages_own_program() -> None:
    lines = [
        run(5, "/sbin/init", "init", "enter"),
        run(5, f"{PLACES.target}/debug/orders", "orders"),
    ]
    (*_, last) = processes(lines, Part.PROGRAM)
    assert last.owner == "program of orders"


def test_four_addresses_are_four_contacts() -> None:
    """S15: likeness of calls never folds away where they go."""
    lines = [
        f"70  9.00000{n} connect(3<TCP:[1]>, {{sa_family=AF_INET, sin_port=htons(443), "
        f'sin_addr=inet_addr("192.0.2.{n}")}}, 16) = 0\n'.encode()
        for n in range(1, 5)
    ]
    kept = Folder(("/usr/",), room_bytes=1 << 20).fold([*PREAMBLE, *lines])
    reached = {one.address for one in conduct(kept).contacts}
    assert reached == {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"}

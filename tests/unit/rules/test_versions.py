"""What is new: by what a fact says and when it runs, never by where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer.model import UNKNOWN, Fact, FactKind, Field, Phase, Span
from analyzer.rules.versions import folded, newness

LIBRARY, BUILD = Phase.LIBRARY, Phase.BUILD_SCRIPT


def fact(
    subject: str,
    kind: FactKind = FactKind.NET_CONNECT,
    *,
    line: int = 1,
    file: str = "src/lib.rs",
    phases: tuple[Phase, ...] = (LIBRARY,),
    snippet: str = "",
) -> Fact:
    return Fact(kind, subject, Span(file, line), phases, f"{file}::f", snippet=snippet)


def new(facts: Iterable[Fact], before: Iterable[Fact]) -> list[Fact]:
    facts = tuple(facts)
    is_new = newness(facts, tuple(before))
    return [one for one in facts if is_new(one, ())]


def test_a_fact_that_moved_to_another_line_and_file_is_old() -> None:
    old = fact("a.invalid:443")

    assert new([replace(old, where=Span("src/other.rs", 90), owner="src/other.rs::g")], [old]) == []


def test_another_subject_is_new() -> None:
    assert len(new([fact("b.invalid:443")], [fact("a.invalid:443")])) == 1


def test_code_that_moves_to_the_build_script_is_new_there() -> None:
    moved = fact("a.invalid:443", phases=(LIBRARY, BUILD))

    is_new = newness((moved,), (fact("a.invalid:443"),))

    assert is_new(moved, (BUILD,))
    assert not is_new(moved, (LIBRARY,))


def test_code_that_lay_unreached_is_new_when_it_ships() -> None:
    asleep = fact("a.invalid:443", phases=(Phase.UNREACHED,))

    assert len(new([replace(asleep, phases=(LIBRARY,))], [asleep])) == 1


def test_library_and_binary_are_one_place_to_ship() -> None:
    assert new([fact("a.invalid:443", phases=(Phase.BINARY,))], [fact("a.invalid:443")]) == []


def test_an_unknown_subject_is_compared_with_its_line() -> None:
    old = fact(UNKNOWN, FactKind.PROCESS_SPAWN, snippet="Command::new(compiler)")

    assert new([replace(old, snippet="Command::new( compiler )")], [old]) == []
    assert len(new([replace(old, snippet="Command::new(other)")], [old])) == 1


def test_copying_an_honest_line_makes_its_copy_no_older() -> None:
    old = fact(UNKNOWN, FactKind.PROCESS_SPAWN, snippet="Command::new(program)")
    copy = replace(old, where=Span("src/lib.rs", 40), owner="src/lib.rs::hidden")

    assert new([old, copy], [old]) == [copy]


def test_a_second_read_of_a_secret_is_new_and_a_second_connection_is_not() -> None:
    secret, host = fact("~/.ssh", FactKind.PATH_SECRET), fact("a.invalid:443")
    twice = [secret, replace(secret, owner="x"), host, replace(host, owner="x")]

    assert new(twice, [secret, host]) == [twice[1]]


def test_padding_with_other_facts_makes_nothing_old() -> None:
    padding = [fact(f"h{n}.invalid:443", line=n) for n in range(200)]

    assert len(new([*padding, fact("evil.invalid:443")], padding)) == 1


def test_a_hidden_value_is_not_the_plain_one() -> None:
    plain = fact("a.invalid:443")

    assert len(new([replace(plain, derivation=("base64",))], [plain])) == 1


def test_what_a_program_is_told_is_part_of_what_is_done() -> None:
    old = replace(fact("curl", FactKind.PROCESS_SPAWN), data=("-O", "https://files.invalid/1.2"))

    assert new([replace(old, data=("-O", "https://files.invalid/1.3"))], [old]) == []
    assert len(new([replace(old, data=("-T", "/root/.ssh/id_rsa"))], [old])) == 1


def test_a_dependency_is_the_same_edge_whatever_is_known_of_it() -> None:
    where = Field("Cargo.toml", "dependencies.libc")
    old = Fact(FactKind.MANIFEST_DEPENDENCY, "libc", where, api="normal")
    told = Fact(FactKind.REGISTRY_DEPENDENCY, "libc", where, api="normal unnamed young")

    assert new([told], [old]) == []
    assert len(new([replace(told, api="build unnamed")], [old])) == 1


def test_a_step_told_of_the_version_before_makes_no_later_step_old() -> None:
    step = Fact(FactKind.VERSION_STEP, "patch", Field("version", "step"))

    assert new([step], [step]) == [step]


def test_version_numbers_fold_behind_a_host_only() -> None:
    assert (
        folded("https://files.invalid/v1.2.3/lib-1.2.tgz") == "https://files.invalid/v#/lib-#.tgz"
    )
    assert folded("https://192.0.2.7/x") == "https://192.0.2.7/x"
    assert folded("192.0.2.7:443") == "192.0.2.7:443"
    assert folded("https://1.2.invalid/x") != folded("https://1.3.invalid/x")

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from analyzer.codec import CodecError, from_plain, to_plain
from analyzer.limits import Limits
from analyzer.model import (
    Capability,
    Context,
    Coverage,
    CrateInfo,
    Fact,
    FactKind,
    Field,
    Gap,
    GapKind,
    Guard,
    IndexEntry,
    Member,
    Moment,
    Origin,
    Phase,
    Provenance,
    Report,
    Span,
    Verdict,
)

FACT = Fact(
    kind=FactKind.FILE_READ,
    subject="{home}/.ssh/id_rsa",
    where=Span("build.rs", 3, 5, 3, 40, 80),
    phases=(Phase.BUILD_SCRIPT,),
    owner="build.rs::main",
    api="std::fs::read",
    data=("a", "b"),
    guards=(Guard(FactKind.GUARD_CI, "CI"),),
)
REPORT = Report(
    crate=CrateInfo("small", "0.1.0", "00" * 32, Origin.ARCHIVE),
    verdict=Verdict.REVIEW,
    score=30,
    summary="text",
    findings=(),
    capabilities=(Capability("reads files", (Phase.LIBRARY,), 2, Member("a.o", 4)),),
    indicators=(),
    facts=(FACT,),
    gaps=(Gap(GapKind.MACRO, "why", "build.rs", 4, (Phase.BUILD_SCRIPT,), is_blocking=True),),
    coverage=Coverage(files=3, phases=((Phase.LIBRARY, 2), (Phase.TEST, 1))),
    points=(),
    provenance=Provenance("0.1.0", "r", "l"),
)


def through_json(value: object) -> Any:
    return json.loads(json.dumps(to_plain(value)))


def test_report_comes_back_equal() -> None:
    assert from_plain(Report, through_json(REPORT)) == REPORT


def test_context_with_optional_and_nested_values_comes_back_equal() -> None:
    entry = IndexEntry("a", "1.0.0", "ff", features=(("default", ("x", "y")), ("x", ())))
    context = Context(as_of="2026-11-25", index_entries=(entry,), previous=REPORT)
    assert from_plain(Context, through_json(context)) == context
    assert from_plain(Context, through_json(Context())) == Context()


@pytest.mark.parametrize(
    "where",
    [Span("a.rs", 1), Member("a.o", 9), Moment("build", 1, 2, 3), Field("Cargo.toml", "a.b", 2)],
)
def test_every_kind_of_place_comes_back_as_itself(where: Span | Member | Moment | Field) -> None:
    fact = replace(FACT, where=where)
    assert from_plain(Fact, through_json(fact)) == fact


def test_plain_form_holds_texts_and_no_enums() -> None:
    plain = to_plain(FACT)
    assert type(plain["kind"]) is str
    assert type(plain["phases"][0]) is str


def test_lone_surrogates_survive_as_escapes() -> None:
    fact = replace(FACT, subject="a\ud800b\udcffc")
    text = json.dumps(to_plain(fact))
    assert text.isascii()
    assert from_plain(Fact, json.loads(text)) == fact


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("kind",), "file.eat"),
        (("kind",), 3),
        (("kind",), ["file.read"]),
        (("subject",), None),
        (("subject",), 7),
        (("where",), None),
        (("where",), {}),
        (("where",), {"file": "a"}),
        (("where",), []),
        (("where", "line"), "3"),
        (("where", "line"), True),
        (("where", "line"), 3.0),
        (("where", "line"), 2**70),
        (("where", "member"), "both"),
        (("phases",), "library"),
        (("phases",), ["library", "nowhere"]),
        (("phases",), {"library": 1}),
        (("data",), ["a", 1]),
        (("guards",), [{"kind": "guard.ci"}]),
        (("more",), "unknown key"),
    ],
)
def test_what_the_type_does_not_say_is_refused(path: tuple[str, ...], wrong: object) -> None:
    plain = to_plain(FACT)
    inner = plain
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = wrong
    with pytest.raises(CodecError):
        from_plain(Fact, plain)


def test_missing_key_is_refused() -> None:
    plain = to_plain(FACT)
    del plain["snippet"]
    with pytest.raises(CodecError, match="Fact: keys differ"):
        from_plain(Fact, plain)


def test_error_names_the_place() -> None:
    plain = to_plain(REPORT)
    plain["facts"][0]["where"]["line"] = "3"
    with pytest.raises(CodecError, match=r"^Report\.facts: Fact\.where: Span\.line: int expected"):
        from_plain(Report, plain)


@pytest.mark.parametrize("pair", [[], ["library"], ["library", 1, 2], ["library", "1"], "li"])
def test_pair_of_another_shape_is_refused(pair: object) -> None:
    plain = to_plain(Coverage())
    plain["phases"] = [pair]
    with pytest.raises(CodecError):
        from_plain(Coverage, plain)


def test_decoding_leaves_its_input_alone() -> None:
    plain = through_json(REPORT)
    from_plain(Report, plain)
    assert plain == through_json(REPORT)


@dataclass(frozen=True)
class _Odd:
    ratio: float


@pytest.mark.parametrize("value", [1.5, b"bytes", {"a": 1}, {1}, _Odd(1.5), object()])
def test_what_the_model_never_holds_has_no_plain_form(value: object) -> None:
    with pytest.raises(CodecError):
        to_plain(value)


def test_limits_come_back_equal() -> None:
    assert from_plain(Limits, through_json(Limits(worker_cpu_s=7))) == Limits(worker_cpu_s=7)

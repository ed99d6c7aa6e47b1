"""Whatever the model can hold comes back equal; whatever JSON can hold is refused or fits."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import types
import typing
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from analyzer.codec import CodecError, from_plain, to_plain
from analyzer.model import Context, Fact, Report

TEXTS = st.text(st.characters(exclude_categories=()))  # lone surrogates too
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@functools.cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value that a type hint of the model allows."""
    simple = {str: TEXTS, int: NUMBERS, bool: st.booleans(), types.NoneType: st.none()}
    if hint in simple:
        return simple[hint]
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        if arguments[1:] == (Ellipsis,):
            return st.lists(values(arguments[0]), max_size=3).map(tuple)
        return st.tuples(*map(values, arguments))
    if arguments:
        return st.one_of(*map(values, arguments))
    if issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    hints = typing.get_type_hints(hint)
    return st.builds(hint, *(values(hints[one.name]) for one in dataclasses.fields(hint)))


@given(values(Fact))
def test_any_fact_comes_back_equal(fact: Fact) -> None:
    assert from_plain(Fact, json.loads(json.dumps(to_plain(fact)))) == fact


@given(values(Report))
def test_any_report_comes_back_equal(report: Report) -> None:
    assert from_plain(Report, json.loads(json.dumps(to_plain(report)))) == report


@given(values(Context))
def test_any_context_comes_back_equal(context: Context) -> None:
    assert from_plain(Context, json.loads(json.dumps(to_plain(context)))) == context


@given(JSON)
def test_any_other_data_is_refused(plain: object) -> None:
    try:
        from_plain(Report, plain)
    except CodecError:
        return
    raise AssertionError("random data is no report")


@given(values(Fact), st.data())
def test_one_replaced_value_is_refused_or_comes_back_as_it_is(
    fact: Fact, data: st.DataObject
) -> None:
    plain = to_plain(fact)
    key = data.draw(st.sampled_from(sorted(plain)))
    plain[key] = data.draw(JSON)
    try:
        decoded = from_plain(Fact, plain)
    except CodecError:
        return
    assert to_plain(decoded) == plain

from __future__ import annotations

from analyzer.rules.ruleset import load_ruleset
from analyzer.syntax.flat import flatten
from analyzer.syntax.telling import holding, telling, told
from analyzer.syntax.vocabulary import compiled


def test_each_text_that_holds_something_is_told_once_and_in_order() -> None:
    texts = [b"", b"a key", b"none", b"key key", b"key", b""]
    assert list(holding(compiled(b"key"), texts)) == [1, 3, 4]
    assert list(holding(compiled(b"other"), texts)) == []
    assert list(holding(compiled(b"key"), [])) == []


def test_what_is_found_across_texts_is_asked_of_each() -> None:
    assert list(holding(compiled(rb"(?m:^\s*ab$)"), [b"", b" ", b"ab", b"xab", b"ab\n"])) == [2, 4]


def test_a_text_is_told_wherever_it_stands_but_as_documentation() -> None:
    lists = load_ruleset().signatures.indicators
    data = b'f("https://x.invalid"); #[doc = "https://x.invalid"] g("https://x.invalid", "quiet");'
    found = told(
        telling(lists["credential-paths"], lists["telling-texts"]), data, flatten(data).texts
    )
    assert found == [2, 55]

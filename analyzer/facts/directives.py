"""What build-time code tells cargo: the `cargo::` lines it prints, and libraries they link.

Any constant text that begins like such a line counts, whoever writes it out: a macro, `write_all`,
or a table of lines (threat model E1 to E5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from analyzer.facts.native_files import linked_file
from analyzer.facts.view import PRINTING, CrateView
from analyzer.model import BUILD_TIME, Fact, FactKind, Phase, Span
from analyzer.syntax.texts import MacroSite, TextSite
from analyzer.syntax.vocabulary import compiled

_LINE = re.compile(r"(?m)^cargo::?([a-zA-Z][\w-]*=.*|\{\}.*)$")
_BEGINNING = compiled(rb"(?m:^cargo:)")
_MAY_PRINT = BUILD_TIME | {Phase.LIBRARY}


def facts(view: CrateView) -> Iterator[Fact]:
    """`build.directive` for each line, `native.link` for each library."""
    seen: set[tuple[str, int, str]] = set()
    found = tuple(_directives(view))
    searched = " ".join(one.subject for one in found if "link-search" in one.subject)
    for fact in found:
        if isinstance(fact.where, Span):
            place = (fact.where.file, fact.where.line, fact.subject)
            if place in seen:
                continue
            seen.add(place)
        yield fact
        linked = linked_file(fact.subject, searched, view.tree.files)
        if linked:
            yield replace(fact, kind=FactKind.NATIVE_LINK, subject=linked, api="packaged")
        key, _, value = fact.subject.partition("=")
        if key == "rustc-link-lib":
            yield replace(fact, kind=FactKind.NATIVE_LINK, subject=value)


def _directives(view: CrateView) -> Iterator[Fact]:
    for name in PRINTING:
        for site in view.macros.get(name, ()):
            if not site.value.is_unknown:
                yield from _lines(view, site, site.value.text, f"{name}!")
    for text in view.texts(_BEGINNING):
        if text.value.is_constant:
            yield from _lines(view, text, text.value.text, "")


def _lines(view: CrateView, site: MacroSite | TextSite, text: str, api: str) -> Iterator[Fact]:
    if "cargo:" not in text or not _MAY_PRINT & set(view.phases_at(site.file, site.start)):
        return
    for match in _LINE.finditer(text):
        yield view.fact(FactKind.BUILD_DIRECTIVE, match[1], site, api=api)

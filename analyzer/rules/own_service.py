"""Whether a secret goes to the service that it belongs to: then nobody steals by it.

A variable and a host may bear one name; a place of secrets has its service in a list; and the
user's environment may name the service beside the secret (`VAULT_ADDR` beside `.vault-token`), as
long as the crate does not set that variable itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence

from analyzer.addresses import host_of
from analyzer.model import HIDDEN_CONSTANT, Fact, FactKind
from analyzer.signatures import IndicatorEntry, Signatures

_SHORTEST = 4
_WORD = re.compile(r"[a-z0-9]{3,}")
_FROM_VARIABLE = re.compile(r"\A(?:[a-z][a-z0-9+]*://)?\{env:(\w+)\}(?:[:/?#]|\Z)")
"""A host that is a variable's whole value, in a URL or alone."""
_SETTING = "rustc-env="
_DOTENV = "dotenv"


class OwnServices:
    """Answers for one crate, from `secret-variables`, `credential-paths` and `own-services`."""

    def __init__(self, facts: Sequence[Fact], signatures: Signatures) -> None:
        lists = signatures.indicators
        self._variables = lists.get("secret-variables")
        self._places = lists.get("credential-paths")
        self._listed = lists.get("own-services")
        self._hidden = {one.where for one in facts if one.subject == HIDDEN_CONSTANT}
        self._set = frozenset(name for one in facts for name in _sets(one))

    @functools.cached_property
    def _known(self) -> frozenset[str]:
        """The first words of the variables that the list of secrets names."""
        entries = self._variables.entries if self._variables is not None else ()
        words = (one.value.partition("_")[0].casefold() for one in entries)
        return frozenset(one for one in words if "*" not in one)

    @functools.cached_property
    def _services(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Hosts by a word of the place whose secrets are theirs."""
        entries = self._listed.entries if self._listed is not None else ()
        return tuple((one.group, _labels(one.value)) for one in entries)

    def is_own(self, source: Fact, sink: Fact) -> bool:
        """Whether the sink is the own service of the source's secret; not where somebody hides a
        part of the host.
        """
        if sink.where in self._hidden:
            return False
        if source.kind is FactKind.ENV_READ:
            return self._is_namesake(source, sink) or self._is_told_by(
                source.subject.casefold(), sink, same=source.subject
            )
        place = self._places.match(source.subject) if self._places is not None else None
        if place is None:
            return False
        return self._is_listed(place, sink.subject) or self._is_told_by(
            f"{place.group} {place.value}", sink, is_any=place.group == _DOTENV
        )

    def _is_namesake(self, source: Fact, sink: Fact) -> bool:
        """Whether variable and host bear one name that is no known service's: whoever wants the
        key of a service has no host of exactly that name.
        """
        word = source.subject.partition("_")[0].casefold()
        labels = host_of(sink.subject).split(".")
        is_named = len(word) >= _SHORTEST and len(labels) > 1 and labels[-2] == word
        return is_named and word not in self._known

    def _is_told_by(self, secret: str, sink: Fact, *, same: str = "", is_any: bool = False) -> bool:
        """Whether the user's environment names the host under a word of the secret's name."""
        found = _FROM_VARIABLE.match(sink.subject)
        if found is None or found[1] in self._set:
            return False
        word = _WORD.match(found[1].casefold())
        return is_any or found[1] == same or (word is not None and word[0] in _words(secret))

    def _is_listed(self, place: IndicatorEntry, subject: str) -> bool:
        """Whether the list names the host for a word of the place."""
        words, host = _words(place.value), host_of(subject)
        return any(group in words and labels.match(host) for group, labels in self._services)


def _labels(pattern: str) -> re.Pattern[str]:
    """A host of these labels; `*` is one of them, whatever it is."""
    labels = (r"[^.]+" if one == "*" else re.escape(one) for one in pattern.split("."))
    return re.compile(r"\.".join(labels) + r"\Z")


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _sets(fact: Fact) -> Iterable[str]:
    """Variables that a crate sets itself, for its process or for what it compiles."""
    if fact.kind is FactKind.ENV_WRITE:
        yield fact.subject
    elif fact.kind is FactKind.BUILD_DIRECTIVE and fact.subject.startswith(_SETTING):
        yield fact.subject[len(_SETTING) :].partition("=")[0]

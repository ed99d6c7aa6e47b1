"""Whether a variable is the own key of the service that it is sent to: both bear one name.

Nobody steals by it: whoever wants the key of a service has no host of exactly that name, and the
variables that everybody has are named in the list of secrets, as their words are.
"""

from __future__ import annotations

from analyzer.model import Fact, FactKind
from analyzer.signatures import IndicatorList, host_of

_SHORTEST = 4
LIST = "secret-variables"


def is_own_key(source: Fact, sink: Fact, secrets: IndicatorList) -> bool:
    """Whether the host of a sink is named like the variable of a source, and no known service."""
    if source.kind is not FactKind.ENV_READ:
        return False
    word = source.subject.partition("_")[0].casefold()
    labels = host_of(sink.subject).split(".")
    is_named = len(word) >= _SHORTEST and len(labels) > 1 and labels[-2] == word
    return is_named and word not in _known(secrets)


def _known(secrets: IndicatorList) -> frozenset[str]:
    """The first words of the variables that the list names."""
    words = (one.value.partition("_")[0].casefold() for one in secrets.entries)
    return frozenset(one for one in words if "*" not in one)

"""Clock and local databases of one run, for every command that judges crates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from analyzer.config import Settings
from analyzer.errors import UsageError
from analyzer.model import Gap
from analyzer.registry.advisory_store import open_store
from analyzer.registry.context import Contexts, parse_day


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`gaps`: what this run has to say once about its databases."""

    contexts: Contexts
    gaps: tuple[Gap, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The gaps as lines for a person."""
        return tuple(f"{one.reason}; {one.remedy}" for one in self.gaps)


def surroundings(settings: Settings, as_of: str = "") -> Surroundings:
    """What is known on this machine; `as_of` as a person wrote it. Raises UsageError."""
    now = datetime.now(UTC)
    try:
        day = parse_day(as_of) if as_of else now.strftime("%Y-%m-%d")
    except ValueError:
        raise UsageError(f"--as-of {as_of!r}: no day", remedy="write YYYY-MM-DD") from None
    contexts = Contexts(open_store(settings.data_dir), day)
    return Surroundings(contexts, contexts.gaps(now))

"""Clock and local databases of one run, for every command that judges crates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from analyzer.config import Settings
from analyzer.errors import UsageError
from analyzer.model import Gap
from analyzer.registry.advisory_store import open_store
from analyzer.registry.context import Contexts, parse_day
from analyzer.registry.dump import open_names


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`gaps`: what this run has to say once about its databases."""

    contexts: Contexts
    gaps: tuple[Gap, ...]

    def close(self) -> None:
        """End what was opened for this run."""
        for one in (self.contexts.store, self.contexts.names, self.contexts.site):
            if one is not None:
                one.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """The gaps as lines for a person."""
        return tuple(f"{one.reason}; {one.remedy}" for one in self.gaps)


def surroundings(settings: Settings, as_of: str = "", *, asks_site: bool = False) -> Surroundings:
    """What is known on this machine; `as_of` as a person wrote it; `asks_site`: and the web API.

    Raises UsageError.
    """
    now = datetime.now(UTC)
    try:
        day = parse_day(as_of) if as_of else now.strftime("%Y-%m-%d")
    except ValueError:
        raise UsageError(f"--as-of {as_of!r}: no day", remedy="write YYYY-MM-DD") from None
    names = open_names(settings.data_dir)
    site = None
    if asks_site:
        from analyzer.registry.web_api import WebApi

        site = WebApi(settings)
    contexts = Contexts(open_store(settings.data_dir), day, names, site)
    return Surroundings(contexts, contexts.gaps(now))
